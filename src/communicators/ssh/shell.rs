//! How a script becomes the one line of text that an SSH server runs. Pure text; nothing here talks to a guest.
//!
//! **Invariant:** whatever a script or a path holds, it reaches the guest's shell as data, inside single quotes.

/// Which shell runs scripts in a guest, and how it becomes root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellOptions {
    /// `config.ssh.shell`: a command that takes `-c SCRIPT`, or a file.
    pub shell: String,
    /// `config.ssh.sudo_command`, with `%c` where the shell goes.
    pub sudo_command: String,
    /// `config.ssh.pty`: whether scripts get a terminal.
    pub pty: bool,
    /// Whether the guest may use the agent, which `sudo` often forgets.
    pub forward_agent: bool,
}

impl Default for ShellOptions {
    fn default() -> Self {
        Self {
            shell: "bash -l".to_owned(),
            sudo_command: "sudo -E -H %c".to_owned(),
            pty: false,
            forward_agent: false,
        }
    }
}

/// The longest command line that every server takes: dropbear stops at 9000 bytes.
const LONGEST_COMMAND_LINE: usize = 8000;

/// How a script travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Travel {
    /// In the command line.
    Inline(String),
    /// As a file that is written first, to the path that the command line names.
    File(String),
}

impl ShellOptions {
    /// The command line for a script; `file` is where the script goes if it cannot be part of the line.
    pub(super) fn command_line(&self, script: &str, as_root: bool, private: bool, file: &str) -> Travel {
        let inline = self.wrap(&format!("-c {}", quote(script)), as_root);
        // A template that quotes `%c` itself, as in `su -c "%c"`, breaks on a script's own quotes.
        let template_quotes = as_root && self.sudo_command.contains(['\'', '"', '`', '\\']);
        if inline.len() <= LONGEST_COMMAND_LINE && !template_quotes && !private {
            return Travel::Inline(inline);
        }
        Travel::File(format!(
            "{}; code=$?; rm -f {file}; exit $code",
            self.wrap(file, as_root)
        ))
    }

    /// What `ssh -c` runs: the configured shell, with the command as its `-c`.
    pub fn login_command(&self, command: &str) -> String {
        format!("{} -c {}", self.shell, quote(command))
    }

    fn wrap(&self, arguments: &str, as_root: bool) -> String {
        let shell = format!("{} {arguments}", self.shell);
        // Vagrant sets TERM too: scripts that call `tput` or `clear` fail without it.
        match (as_root, self.forward_agent) {
            (false, _) => format!("TERM=vt100 {shell}"),
            (true, false) => format!("TERM=vt100 {}", self.sudo_command.replace("%c", &shell)),
            (true, true) => {
                let shell = format!("env SSH_AUTH_SOCK=\"$SSH_AUTH_SOCK\" {shell}");
                format!("TERM=vt100 {}", self.sudo_command.replace("%c", &shell))
            }
        }
    }
}

/// A text as one word of a POSIX shell.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A path of the guest as one word, with a leading `~/` meaning the home of the login user.
pub(super) fn quote_path(path: &str) -> String {
    match path.strip_prefix("~/") {
        Some("") => "\"$HOME\"".to_owned(),
        Some(rest) => format!("\"$HOME\"/{}", quote(rest)),
        None if path == "~" => "\"$HOME\"".to_owned(),
        // Else a path that begins with a dash is an option to whatever gets it.
        None if path.starts_with('-') => quote(&format!("./{path}")),
        None => quote(path),
    }
}

/// A script that first says, on each stream there is, that it begins and in which process; what its shell's profile says
/// comes before.
pub(super) fn mark(script: &str, pty: bool) -> String {
    // Written in two halves, so that a terminal's echo of this line, or `set -x`, is not taken for the marker.
    let (half, rest) = MARKER.split_at(MARKER.len() / 2);
    match pty {
        true => format!("stty raw -echo 2>/dev/null; printf '%s%s%s\\n' {half} {rest} $$\n{script}"),
        false => format!("printf '%s%s%s\\n' {half} {rest} $$; printf '%s%s%s\\n' {half} {rest} $$ >&2\n{script}"),
    }
}

const MARKER: &str = "jaunt-begin-5e0c1d6f9a:";

/// A script that ends another one with all that this has started, but not what it has made a daemon of: politely, and after two
/// seconds with force. It ends when they have.
///
/// Parents come before their children, since a script whose command is ended goes on with the next one. What has ended and was not
/// yet collected by its parent counts as ended.
pub(super) fn end_with_children(process: u32) -> String {
    // By parents and not by process groups: `sudo` may open a group of its own, and dropbear none for each command. The second
    // `ps` is that of busybox, which knows no `-e`.
    format!(
        r#"running() {{ {{ ps -e -o pid= -o ppid= -o stat= 2>/dev/null || ps -o pid,ppid,stat; }} | awk '$1 ~ /^[0-9]+$/ && $3 !~ /^Z/'; }}
set -- $(running | awk '{{ parent[$1] = $2 }}
  END {{
    for (it in parent) {{
      depth = 0
      for (up = it; up in parent && up != {process}; up = parent[up]) depth++
      if (up == {process}) print depth, it
    }}
  }}' | sort -n | awk '{{ print $2 }}')
for how in TERM KILL; do
  [ $# -gt 0 ] && kill -$how "$@" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8; do
    [ "$(running | awk -v those=" $* " 'index(those, " " $1 " ")')" ] || exit 0
    sleep 0.25
  done
done"#
    )
}

/// How much a profile may say before the marker is given up.
const LONGEST_PROFILE: usize = 256 * 1024;

/// Takes away what a shell's profile says before a marked script begins, and the marker with its process number.
///
/// Where the marker never comes, because the shell or `sudo` failed, nothing is lost: [`finish`](Self::finish) gives
/// out what was held back.
#[derive(Debug, Default)]
pub(super) struct MarkerFilter {
    held: Vec<u8>,
    passed: bool,
    process: Option<u32>,
}

impl MarkerFilter {
    /// Takes what a stream said and returns what of it the script said.
    pub(super) fn pass<'a>(&'a mut self, said: &'a [u8]) -> &'a [u8] {
        if self.passed {
            return said;
        }
        self.held.extend_from_slice(said);
        if let Some((process, rest)) = marker(&self.held) {
            self.passed = true;
            self.process = process;
            return self.held.get(rest..).unwrap_or_default();
        }
        self.passed = self.held.len() > LONGEST_PROFILE;
        if self.passed { &self.held } else { &[] }
    }

    /// The process that runs the script, once it has said so.
    pub(super) fn process(&self) -> Option<u32> {
        self.process
    }

    /// What is still held back when the stream ends.
    pub(super) fn finish(self) -> Vec<u8> {
        if self.passed { Vec::new() } else { self.held }
    }
}

/// The process that a whole marker names, and where the marker ends.
fn marker(held: &[u8]) -> Option<(Option<u32>, usize)> {
    let number = find(held, MARKER.as_bytes())? + MARKER.len();
    let length = held.iter().skip(number).position(|it| *it == b'\n')?;
    let digits = held.get(number..number + length).unwrap_or_default();
    let process = std::str::from_utf8(digits)
        .ok()
        .and_then(|it| it.trim_end().parse().ok());
    Some((process, number + length + 1))
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|it| it == needle)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(options: &ShellOptions, script: &str, as_root: bool, expected: Expect) {
        let line = match options.command_line(script, as_root, false, "/tmp/jaunt-x") {
            Travel::Inline(line) => format!("inline: {line}"),
            Travel::File(line) => format!("file: {line}"),
        };
        expected.assert_eq(&line);
    }

    #[test]
    fn a_script_is_one_quoted_word() {
        let options = ShellOptions::default();
        check(
            &options,
            "echo 'a b' $HOME",
            false,
            expect![[r#"inline: TERM=vt100 bash -l -c 'echo '\''a b'\'' $HOME'"#]],
        );
    }

    #[test]
    fn root_gets_the_shell_through_sudo() {
        let options = ShellOptions::default();
        check(
            &options,
            "id",
            true,
            expect![[r#"inline: TERM=vt100 sudo -E -H bash -l -c 'id'"#]],
        );
    }

    #[test]
    fn a_template_that_quotes_the_shell_gets_a_file() {
        let options = ShellOptions {
            sudo_command: "su -m root -c \"%c\"".to_owned(),
            ..ShellOptions::default()
        };
        check(
            &options,
            "echo \"it's\"",
            true,
            expect![[
                r#"file: TERM=vt100 su -m root -c "bash -l /tmp/jaunt-x"; code=$?; rm -f /tmp/jaunt-x; exit $code"#
            ]],
        );
    }

    #[test]
    fn a_long_script_gets_a_file() {
        let options = ShellOptions {
            shell: "sh".to_owned(),
            ..ShellOptions::default()
        };
        check(
            &options,
            &"true\n".repeat(2000),
            false,
            expect![[r#"file: TERM=vt100 sh /tmp/jaunt-x; code=$?; rm -f /tmp/jaunt-x; exit $code"#]],
        );
    }

    #[test]
    fn a_forwarded_agent_survives_sudo() {
        let options = ShellOptions {
            forward_agent: true,
            ..ShellOptions::default()
        };
        check(
            &options,
            "id",
            true,
            expect![[r#"inline: TERM=vt100 sudo -E -H env SSH_AUTH_SOCK="$SSH_AUTH_SOCK" bash -l -c 'id'"#]],
        );
    }

    #[test]
    fn paths_are_words_and_only_a_leading_tilde_is_the_home() {
        let quoted = ["~/a b", "~", "/tmp/$(id)", "-rf", "~root/x"]
            .map(quote_path)
            .join("\n");
        expect![[r#"
            "$HOME"/'a b'
            "$HOME"
            '/tmp/$(id)'
            './-rf'
            '~root/x'"#]]
        .assert_eq(&quoted);
    }

    #[test]
    fn what_a_profile_says_is_taken_away_wherever_the_stream_is_cut() {
        let said = format!("motd\n{MARKER}4711\nthe output");
        for cut in 0..said.len() {
            let (first, second) = said.as_bytes().split_at(cut);
            let mut filter = MarkerFilter::default();
            let mut passed = filter.pass(first).to_vec();
            passed.extend_from_slice(filter.pass(second));

            assert_eq!(passed, b"the output", "cut at {cut}");
            assert_eq!(filter.process(), Some(4711));
            assert_eq!(filter.finish(), b"");
        }
    }

    #[test]
    fn a_stream_without_the_marker_is_given_out_at_the_end() {
        let mut filter = MarkerFilter::default();

        assert_eq!(filter.pass(b"sudo: a password is required\n"), b"");
        assert_eq!(filter.finish(), b"sudo: a password is required\n");
    }
}
