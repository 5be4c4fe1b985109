//! Templates of Vagrantfiles, for `jaunt init --template`: ERB, with the box's name, address and version.
//!
//! A template may compute and nothing more: it is rendered in a world that has no files but itself, runs nothing and connects to
//! nothing.

use std::path::{Path, PathBuf};

use vagrantfile::host::MemoryHost;
use vagrantfile::{Report, Role, Session, Settings};

use crate::error::{Error, Result};
use crate::state::read_optional;

/// What a template is told. It sees what is absent as `nil`.
pub struct Values<'a> {
    pub box_name: &'a str,
    pub box_url: Option<&'a str>,
    pub box_version: Option<&'a str>,
}

/// Vagrant's way: the values are local variables, and a dash takes the line's end away.
const PROGRAM: &str = r#"values = { box_name: ENV["box_name"], box_url: ENV["box_url"], box_version: ENV["box_version"] }
print ERB.new(File.read("/project/template"), trim_mode: "-").result_with_hash(values)
"#;

/// The template's text with the values in it. The path may be given without its `.erb`.
pub fn render(path: &Path, values: &Values<'_>) -> Result<String> {
    let (path, template) = find(path)?;
    let mut host = MemoryHost::default()
        .with_file("Vagrantfile", PROGRAM)
        .with_file("template", &template)
        .with_variable("box_name", values.box_name);
    for (name, value) in [("box_url", values.box_url), ("box_version", values.box_version)] {
        if let Some(value) = value {
            host = host.with_variable(name, value);
        }
    }
    let printed = host.printed();
    let rendered = Session::new(Box::new(host), Settings::default())
        .and_then(|session| session.load(Path::new("/project/Vagrantfile"), Role::Project));
    rendered.map_err(|report| Error::Template {
        path,
        reason: reason(report),
    })?;
    Ok(printed.lock().map(|it| it.clone()).unwrap_or_default())
}

/// Without places: they are those of the Ruby that the template became.
fn reason(report: Report) -> String {
    let messages = report.mistakes.into_iter().map(|it| it.message);
    messages.collect::<Vec<_>>().join("; ")
}

fn find(path: &Path) -> Result<(PathBuf, String)> {
    let mut with_ending = path.as_os_str().to_owned();
    with_ending.push(".erb");
    for path in [PathBuf::from(with_ending), path.to_owned()] {
        if let Some(text) = read_optional(&path)? {
            return Ok((path, text));
        }
    }
    Err(Error::NoTemplate { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(template: &str, box_url: Option<&str>, expected: Expect) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.erb"), template).unwrap();
        let values = Values {
            box_name: "debian/12",
            box_url,
            box_version: Some("1.2"),
        };
        let rendered = render(&folder.path().join("mine"), &values);
        let shown = rendered.unwrap_or_else(|error| error.to_string());
        expected.assert_eq(&shown.replace(&*folder.path().to_string_lossy(), "FOLDER"));
    }

    const TEMPLATE: &str = r##"Vagrant.configure("2") do |config|
  config.vm.box = "<%= box_name %>"
<% if box_version -%>
  config.vm.box_version = "<%= box_version %>"
<% end -%>
<% if box_url.nil? -%>
  # config.vm.box_url = "http://..."
<% else -%>
  config.vm.box_url = "<%= box_url %>"
<% end -%>
end
"##;

    #[test]
    fn a_template_is_told_the_boxs_name_address_and_version() {
        check(
            TEMPLATE,
            Some("http://example.com/a.box"),
            expect![[r#"
                Vagrant.configure("2") do |config|
                  config.vm.box = "debian/12"
                  config.vm.box_version = "1.2"
                  config.vm.box_url = "http://example.com/a.box"
                end
            "#]],
        );
    }

    #[test]
    fn what_was_not_given_is_nil() {
        check(
            TEMPLATE,
            None,
            expect![[r#"
                Vagrant.configure("2") do |config|
                  config.vm.box = "debian/12"
                  config.vm.box_version = "1.2"
                  # config.vm.box_url = "http://..."
                end
            "#]],
        );
    }

    #[test]
    fn a_template_runs_no_commands_and_reads_no_files() {
        check(
            "<%= `id` %>",
            None,
            expect!["the template FOLDER/mine.erb cannot be rendered: this file wants to run a command: id"],
        );
        check(
            "<%= File.read('/etc/passwd') %>",
            None,
            expect![
                "the template FOLDER/mine.erb cannot be rendered: No such file or directory @ rb_sysopen - /etc/passwd (Errno::ENOENT)"
            ],
        );
        check(
            "<%= undefined_name %>",
            None,
            expect![
                "the template FOLDER/mine.erb cannot be rendered: undefined local variable or method `undefined_name' for #<Object> (NameError)"
            ],
        );
    }
}
