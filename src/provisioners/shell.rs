//! The shell provisioner: a script from the Vagrantfile, a file or a URL, run in the guest.
//!
//! Arguments in a list and variables reach the script as they are written. (Vagrant's own quoting lets the guest's shell look
//! for `$` in them, which its documentation denies.) Arguments in one text are read by the guest's shell, as documented.

use std::path::PathBuf;

use super::{Action, Error, Script, assignments, quote};
use crate::digest;

/// A script for the guest.
#[derive(Debug, Clone, PartialEq)]
pub struct Shell {
    /// Where the script comes from; `None` where the provisioner only reboots or resets.
    pub source: Option<Source>,
    /// Its arguments.
    pub args: Args,
    /// Variables that it sees.
    pub env: Vec<(String, String)>,
    /// Whether it runs as root.
    pub privileged: bool,
    /// Whether its line ends are left as they are.
    pub binary: bool,
    /// Whether its output brings colours of its own.
    pub keep_color: bool,
    /// What it is called in the output.
    pub name: Option<String>,
    /// Whether the values of `env` are kept out of the output.
    pub sensitive: bool,
    /// Where the script is put in the guest and left; `None` is a place of its own, and it is removed.
    pub upload_path: Option<String>,
    /// Whether the guest is rebooted afterwards.
    pub reboot: bool,
    /// Whether the connection is opened anew afterwards.
    pub reset: bool,
}

/// Where a script comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It stands in the Vagrantfile.
    Inline(String),
    /// A file of the host, absolute.
    Path(PathBuf),
    /// It is downloaded.
    Url {
        /// Where it is.
        url: String,
        /// The digest that it must have.
        checksum: Option<Checksum>,
    },
}

/// The digest that a download must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// The digest's kind: `md5`, `sha1`, `sha256`, `sha384`, `sha512`.
    pub kind: String,
    /// The digest in hex.
    pub digest: String,
}

/// The arguments of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Args {
    /// None.
    None,
    /// As the guest's shell reads them.
    Text(String),
    /// One by one, as they are.
    List(Vec<String>),
}

impl Shell {
    /// What is done with the script's content.
    pub fn actions(&self, content: &[u8]) -> Result<Vec<Action>, Error> {
        let Some(source) = &self.source else {
            return Ok(Vec::new());
        };
        let content = if self.binary {
            content.to_vec()
        } else {
            with_line_feeds(content)
        };
        let mut actions = vec![Action::Say(format!("Running: {}", self.title(source)))];
        let text = match std::str::from_utf8(&content) {
            Ok(text) if !text.contains('\0') => format!("{}{}", self.place(), write(text)),
            // No shell can carry these bytes: they travel as a file.
            _ => {
                let to = self.upload_path.clone().unwrap_or_else(|| named_by(&content));
                actions.push(Action::UploadBytes {
                    content: content.clone(),
                    to: to.clone(),
                });
                format!("path={}\n", quote(&to))
            }
        };
        actions.push(Action::Script(Script {
            text: text + &self.call()?,
            as_root: self.privileged,
            keep_color: self.keep_color,
            secrets: if self.sensitive {
                self.env.iter().map(|(_, value)| value.clone()).collect()
            } else {
                Vec::new()
            },
            ..Script::default()
        }));
        Ok(actions)
    }

    fn title(&self, source: &Source) -> String {
        match (&self.name, source) {
            (Some(name), _) => format!("script: {name}"),
            (None, Source::Inline(_)) => "inline script".to_owned(),
            (None, Source::Path(path)) => path.display().to_string(),
            (None, Source::Url { url, .. }) => boxes::shown_address(url),
        }
    }

    /// Text that finds a place for the script. What lies there may be another user's, and writing into it refused.
    fn place(&self) -> String {
        match &self.upload_path {
            None => "path=$(mktemp /tmp/vagrant-shell.XXXXXX) || exit\n".to_owned(),
            Some(path) => format!(
                "path={}\nmkdir -p \"$(dirname \"$path\")\" && rm -f \"$path\" || exit\n",
                quote(path)
            ),
        }
    }

    /// Text that runs the script, and removes it where nobody asked for the place.
    fn call(&self) -> Result<String, Error> {
        let env = assignments(self.env.iter().map(|(name, value)| (&**name, &**value)))?;
        let args = match &self.args {
            Args::None => String::new(),
            Args::Text(text) => format!(" {text}"),
            Args::List(list) => list.iter().map(|it| format!(" {}", quote(it))).collect(),
        };
        let own = "[ -z \"$SUDO_UID\" ] || chown \"$SUDO_UID:$SUDO_GID\" \"$path\"\n";
        let (trap, remove) = if self.upload_path.is_none() {
            ("trap 'rm -f \"$path\"; exit 143' TERM\n", "rm -f \"$path\"\n")
        } else {
            ("", "")
        };
        Ok(format!(
            "{trap}chmod 0755 \"$path\" || exit\n{own}{env}\"$path\"{args} </dev/null\ncode=$?\n{remove}exit $code\n"
        ))
    }
}

fn write(text: &str) -> String {
    format!("printf %s {} > \"$path\" || exit\n", quote(text))
}

/// Line ends as the guest's shell wants them.
fn with_line_feeds(content: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(content.len());
    for line in content.split_inclusive(|it| *it == b'\n') {
        match line {
            [body @ .., b'\r', b'\n'] => clean.extend_from_slice(&[body, b"\n"].concat()),
            _ => clean.extend_from_slice(line),
        }
    }
    clean
}

/// A path that only this content has: it is written before a script could ask for a fresh one.
fn named_by(content: &[u8]) -> String {
    format!("/tmp/vagrant-shell-{:.16}", digest::sha256(content))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::run::show;
    use super::*;

    fn inline(text: &str) -> Shell {
        Shell {
            source: Some(Source::Inline(text.to_owned())),
            args: Args::None,
            env: Vec::new(),
            privileged: true,
            binary: false,
            keep_color: false,
            name: None,
            sensitive: false,
            upload_path: None,
            reboot: false,
            reset: false,
        }
    }

    fn check(shell: &Shell, content: &[u8], expected: Expect) {
        let text = match shell.actions(content) {
            Ok(actions) => show(&actions),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn an_inline_script_is_one_script() {
        check(
            &inline(""),
            b"echo \"it's\"\r\napt-get update\n",
            expect![[r#"
                say: Running: inline script
                run as root, 0 and [] are good:
                path=$(mktemp /tmp/vagrant-shell.XXXXXX) || exit
                printf %s 'echo "it'\''s"
                apt-get update
                ' > "$path" || exit
                trap 'rm -f "$path"; exit 143' TERM
                chmod 0755 "$path" || exit
                [ -z "$SUDO_UID" ] || chown "$SUDO_UID:$SUDO_GID" "$path"
                "$path" </dev/null
                code=$?
                rm -f "$path"
                exit $code
            "#]],
        );
    }

    #[test]
    fn variables_and_arguments_arrive_as_they_are() {
        let shell = Shell {
            args: Args::List(vec!["a b".to_owned(), "$HOME".to_owned(), String::new()]),
            env: vec![("KEY".to_owned(), "it's $x".to_owned())],
            privileged: false,
            sensitive: true,
            name: Some("web".to_owned()),
            upload_path: Some("/opt/my script".to_owned()),
            ..inline("")
        };
        check(
            &shell,
            b"true",
            expect![[r#"
            say: Running: script: web
            run, 0 and [] are good, hides ["it's $x"]:
            path='/opt/my script'
            mkdir -p "$(dirname "$path")" && rm -f "$path" || exit
            printf %s 'true' > "$path" || exit
            chmod 0755 "$path" || exit
            [ -z "$SUDO_UID" ] || chown "$SUDO_UID:$SUDO_GID" "$path"
            KEY='it'\''s $x' "$path" 'a b' '$HOME' '' </dev/null
            code=$?
            exit $code
        "#]],
        );
    }

    #[test]
    fn arguments_in_one_text_are_read_by_the_guests_shell() {
        let shell = Shell {
            args: Args::Text("-v \"$HOME\"".to_owned()),
            ..inline("")
        };
        check(
            &shell,
            b"true\r\n",
            expect![[r#"
                say: Running: inline script
                run as root, 0 and [] are good:
                path=$(mktemp /tmp/vagrant-shell.XXXXXX) || exit
                printf %s 'true
                ' > "$path" || exit
                trap 'rm -f "$path"; exit 143' TERM
                chmod 0755 "$path" || exit
                [ -z "$SUDO_UID" ] || chown "$SUDO_UID:$SUDO_GID" "$path"
                "$path" -v "$HOME" </dev/null
                code=$?
                rm -f "$path"
                exit $code
            "#]],
        );
    }

    #[test]
    fn a_binary_travels_as_a_file() {
        let shell = Shell {
            source: Some(Source::Path("/host/tool".into())),
            binary: true,
            ..inline("")
        };
        check(
            &shell,
            b"\x7fELF\0\r\n",
            expect![[r#"
                say: Running: /host/tool
                upload 7 bytes to /tmp/vagrant-shell-3cc36e4e377c1585
                run as root, 0 and [] are good:
                path='/tmp/vagrant-shell-3cc36e4e377c1585'
                trap 'rm -f "$path"; exit 143' TERM
                chmod 0755 "$path" || exit
                [ -z "$SUDO_UID" ] || chown "$SUDO_UID:$SUDO_GID" "$path"
                "$path" </dev/null
                code=$?
                rm -f "$path"
                exit $code
            "#]],
        );
    }

    #[test]
    fn a_variable_cannot_smuggle_in_a_command() {
        let shell = Shell {
            env: vec![("A=1; reboot; B".to_owned(), String::new())],
            ..inline("")
        };
        check(
            &shell,
            b"true",
            expect![[r#""A=1; reboot; B" cannot be the name of an environment variable"#]],
        );
    }

    #[test]
    fn without_a_script_nothing_is_done() {
        check(
            &Shell {
                source: None,
                reboot: true,
                ..inline("")
            },
            b"",
            expect![""],
        );
    }
}
