//! Commands as a trusted Vagrantfile runs them: what is run, with which streams, and how it ended.

use super::Connection;
use std::io;
use std::path::PathBuf;

/// A command of the machine that reads the Vagrantfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What is run.
    pub line: CommandLine,
    /// What the program is told that it is called, where that is not its name.
    pub called: Option<String>,
    /// The permissions that files which it makes do not get.
    pub mask: Option<u32>,
    /// The folder it is run in.
    pub directory: PathBuf,
    /// What is added to the environment; `None` takes a variable away.
    pub environment: Vec<(String, Option<String>)>,
    /// Whether it has nothing else in its environment.
    pub clears_environment: bool,
    /// Whether it leads a group of processes of its own, which an interrupt on the terminal does not reach.
    pub leads_group: bool,
    /// Where it reads from.
    pub input: Redirect,
    /// Where it writes to.
    pub output: Redirect,
    /// Where it writes errors to.
    pub errors: Redirect,
}

/// How a command is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLine {
    /// One text for the shell.
    Shell(String),
    /// A program and its arguments, no shell.
    Program(Vec<String>),
}

/// What one of a command's standard streams is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirect {
    /// That of the program that reads the Vagrantfile. Output goes to the standard error output: the standard output is data.
    Inherit,
    /// Nothing.
    Null,
    /// What the file wants to have of it, as [`Output`].
    Capture,
    /// This text, to be read.
    Text(Vec<u8>),
    /// A file that is read.
    Read(PathBuf),
    /// A file that has nothing else in it.
    Write(PathBuf),
    /// A file that is added to.
    Append(PathBuf),
    /// An end of a pipe, by its number.
    Pipe(u64),
    /// The same as the command's output.
    Output,
    /// The same as the command's errors.
    Errors,
}

/// What a command left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The number of its process.
    pub id: u32,
    /// How it ended.
    pub ended: Ended,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error output.
    pub stderr: Vec<u8>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with a code.
    Exit(i32),
    /// By a signal.
    Signal(i32),
}

/// An end of a pipe.
pub struct PipeEnd {
    /// What [`Redirect::Pipe`] knows it by.
    pub number: u64,
    /// What is done with it.
    pub connection: Box<dyn Connection>,
}

/// A command that was started.
pub trait Child {
    /// The number of its process.
    fn id(&self) -> u32;

    /// How it ended; `None` as long as it runs.
    fn ended(&mut self) -> io::Result<Option<Ended>>;
}

impl CommandLine {
    /// A line as Ruby runs it: by the shell only where it has anything for the shell (`rb_exec_fillarg` of Ruby 3.3's `process.c`).
    pub fn of_line(line: &str) -> Self {
        const OF_THE_SHELL: &[&str] = &[
            "!", ".", ":", "break", "case", "continue", "do", "done", "elif", "else", "esac", "eval", "exec", "exit",
            "export", "fi", "for", "if", "in", "readonly", "return", "set", "shift", "then", "times", "trap", "unset",
            "until", "while",
        ];
        let words: Vec<String> = line
            .split([' ', '\t'])
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect();
        let is_for_the_shell = match words.first() {
            None => true,
            Some(first) => OF_THE_SHELL.contains(&first.as_str()) || first.contains('='),
        };
        match is_for_the_shell || line.contains(|it| "*?{}[]<>()~&|\\$;'`\"\n#".contains(it)) {
            true => Self::Shell(line.to_owned()),
            false => Self::Program(words),
        }
    }

    /// The command as a person would type it, for messages.
    pub fn text(&self) -> String {
        match self {
            CommandLine::Shell(line) => line.clone(),
            CommandLine::Program(words) => words.join(" "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_anything_for_the_shell_is_a_program_and_its_arguments() {
        for line in ["git rev-parse  HEAD", "true", "ls -l a=b", "\techo a%b"] {
            assert!(matches!(CommandLine::of_line(line), CommandLine::Program(_)), "{line}");
        }
        for line in [
            "",
            "A=b true",
            "echo $HOME",
            "exit 3",
            "a | b",
            "echo 'x'",
            "a\nb",
            "ls *",
            ": x",
        ] {
            assert!(matches!(CommandLine::of_line(line), CommandLine::Shell(_)), "{line}");
        }
    }
}
