//! `jaunt init`: writes a first Vagrantfile.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;

use super::template::{Values, render};
use crate::context::Context;
use crate::error::{Error, Result};

/// Write a Vagrantfile for a box into this folder
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The box's name
    #[arg(default_value = "base")]
    name: String,

    /// Where the box can be had
    url: Option<String>,

    /// The box's version, or a constraint on it
    #[arg(long, value_name = "VERSION")]
    box_version: Option<String>,

    /// Replace a Vagrantfile that is there
    #[arg(short, long)]
    force: bool,

    /// Leave the comments out
    #[arg(short, long)]
    minimal: bool,

    /// The file to write; `-` prints it
    #[arg(long, value_name = "FILE", default_value = "Vagrantfile")]
    output: String,

    /// The file to write is made from this ERB template, which knows `box_name`, `box_url` and `box_version`
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
}

impl InitArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        let text = match self.template(context) {
            Some(path) => render(&path, &self.values())?,
            None => self.vagrantfile(),
        };
        if self.output == "-" {
            context.ui.data(&text);
            return Ok(0);
        }
        let path = context.environment.working_folder().join(&self.output);
        self.write(&path, &text)?;
        context.ui.data(&format!(
            "{} is written. Look at it, then run `jaunt up`: the machine comes up as the file says.\n",
            path.display()
        ));
        Ok(0)
    }

    fn template(&self, context: &Context) -> Option<PathBuf> {
        let named = self.template.clone();
        let usual = || {
            context
                .environment
                .variable("VAGRANT_DEFAULT_TEMPLATE")
                .map(PathBuf::from)
        };
        let path = named.or_else(|| usual().filter(|_| !self.minimal))?;
        Some(context.environment.absolute(&path))
    }

    fn values(&self) -> Values<'_> {
        Values {
            box_name: &self.name,
            box_url: self.url.as_deref(),
            box_version: self.box_version.as_deref(),
        }
    }

    fn write(&self, path: &PathBuf, text: &str) -> Result<()> {
        let mut options = OpenOptions::new();
        options.write(true);
        if self.force {
            options.create(true).truncate(true)
        } else {
            options.create_new(true)
        };
        let written = options.open(path).and_then(|mut it| it.write_all(text.as_bytes()));
        written.map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => Error::VagrantfileExists { path: path.clone() },
            _ => Error::WriteFile {
                path: path.clone(),
                source,
            },
        })
    }

    fn vagrantfile(&self) -> String {
        let mut lines = vec![format!("  config.vm.box = {}", ruby_string(&self.name))];
        lines.extend(
            self.box_version
                .as_ref()
                .map(|it| format!("  config.vm.box_version = {}", ruby_string(it))),
        );
        lines.extend(
            self.url
                .as_ref()
                .map(|it| format!("  config.vm.box_url = {}", ruby_string(it))),
        );
        let examples = if self.minimal { "" } else { EXAMPLES };
        format!(
            "Vagrant.configure(\"2\") do |config|\n{}\n{examples}end\n",
            lines.join("\n")
        )
    }
}

const EXAMPLES: &str = r#"
  # A port of the machine, reachable on this computer:
  # config.vm.network "forwarded_port", guest: 80, host: 8080

  # A folder of this computer, copied into the machine:
  # config.vm.synced_folder "../data", "/vagrant_data"

  # The machine's size:
  # config.vm.provider "qemu" do |qemu|
  #   qemu.memory = 1024
  #   qemu.cpus = 2
  # end

  # What makes the machine yours, at the first `up` and at every `provision`:
  # config.vm.provision "shell", inline: "apt-get update && apt-get install -y nginx"
"#;

/// A string of Ruby's without interpolation or escapes that could do anything.
fn ruby_string(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|it| {
            if matches!(it, '"' | '\\' | '#') {
                vec!['\\', it]
            } else {
                vec![it]
            }
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_minimal_file_has_the_box_and_where_it_is() {
        let init = InitArgs {
            name: "debian/12".to_owned(),
            url: Some("http://example.com/a.box".to_owned()),
            box_version: Some(">= 1".to_owned()),
            force: false,
            minimal: true,
            output: "-".to_owned(),
            template: None,
        };
        expect![[r#"
            Vagrant.configure("2") do |config|
              config.vm.box = "debian/12"
              config.vm.box_version = ">= 1"
              config.vm.box_url = "http://example.com/a.box"
            end
        "#]]
        .assert_eq(&init.vagrantfile());
    }

    #[test]
    fn names_cannot_leave_their_string() {
        assert_eq!(ruby_string("a\"#{x}\\"), "\"a\\\"\\#{x}\\\\\"");
    }
}
