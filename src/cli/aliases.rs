//! Names that the user has given to commands: `~/.vagrant.d/aliases`, or the file that VAGRANT_ALIAS_FILE names.
//!
//! Each line is `NAME = COMMAND ARGUMENTS`, or `NAME = !SHELL COMMAND`; `#` begins a comment. The program's own commands keep their
//! meaning.

use std::ffi::OsString;

/// What stands in the place of an alias.
#[derive(Debug, PartialEq, Eq)]
pub enum Expansion {
    /// Arguments of this program.
    Arguments(Vec<OsString>),
    /// A command for the shell, and the arguments that follow it.
    Shell { script: String, arguments: Vec<OsString> },
}

/// What the arguments mean, if their first word is an alias; the program's name is the first of them. `is_known` tells the program's
/// own commands.
pub fn expand(file: &str, arguments: &[OsString], is_known: impl Fn(&str) -> bool) -> Option<Expansion> {
    let place = arguments.iter().skip(1).position(|it| !is_flag(it))? + 1;
    let name = arguments[place].to_str().filter(|it| !is_known(it))?;
    let meaning = file.lines().find_map(|line| meaning_of(line, name))?;
    let after = &arguments[place + 1..];
    Some(match meaning.strip_prefix('!') {
        Some(script) => Expansion::Shell {
            script: script.trim().to_owned(),
            arguments: after.to_vec(),
        },
        None => {
            let words = meaning.split_whitespace().map(OsString::from);
            let before = arguments[..place].iter().cloned();
            Expansion::Arguments(before.chain(words).chain(after.iter().cloned()).collect())
        }
    })
}

fn is_flag(argument: &OsString) -> bool {
    argument.to_str().is_some_and(|it| it.starts_with('-'))
}

fn meaning_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (left, right) = line.split_once('=')?;
    let is_it = left.trim() == name && !left.trim_start().starts_with('#');
    Some(right.trim()).filter(|it| is_it && !it.is_empty())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const FILE: &str = "# mine\nstart = up --provision\nst=status\nup = halt\neach = !ls -l\nempty =\n#off = halt\n";

    fn check(line: &str, expected: Expect) {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let shown = match expand(FILE, &arguments, |it| it == "up") {
            None => "nothing".to_owned(),
            Some(Expansion::Arguments(words)) => words.join(" ".as_ref()).to_string_lossy().into_owned(),
            Some(Expansion::Shell { script, arguments }) => format!("sh: {script} {arguments:?}"),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn an_alias_stands_for_a_command_with_its_arguments() {
        check("jaunt start web", expect!["jaunt up --provision web"]);
        check("jaunt --debug st", expect!["jaunt --debug status"]);
    }

    #[test]
    fn an_exclamation_mark_is_for_the_shell() {
        check("jaunt each /tmp", expect![[r#"sh: ls -l ["/tmp"]"#]]);
    }

    #[test]
    fn own_commands_comments_and_empty_meanings_are_none() {
        for line in ["jaunt up", "jaunt off", "jaunt empty", "jaunt other", "jaunt --version"] {
            check(line, expect!["nothing"]);
        }
    }
}
