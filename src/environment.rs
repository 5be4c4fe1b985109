//! The process's surroundings: environment variables, working folder and terminal, read once at the start and passed on.
//!
//! **Invariant:** nothing else reads the process's environment, so that a test can give any.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Component, Path, PathBuf};

/// What the process was started with.
#[derive(Debug, Clone)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    working_folder: PathBuf,
    program: PathBuf,
    /// Whether somebody can answer a question.
    pub stdin_is_terminal: bool,
    /// Whether somebody looks at the output.
    pub stdout_is_terminal: bool,
    /// Whether somebody looks at the messages.
    pub stderr_is_terminal: bool,
}

impl Environment {
    /// The surroundings of this process. The error says that the working folder is gone.
    pub fn of_process() -> std::io::Result<Self> {
        Ok(Self {
            variables: std::env::vars_os().collect(),
            working_folder: std::env::current_dir()?,
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("jaunt")),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        })
    }

    /// A variable's value; an empty one counts as not set, as Vagrant takes it.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        self.variables
            .get(std::ffi::OsStr::new(name))
            .filter(|it| !it.is_empty())
            .cloned()
    }

    /// A variable's value as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.variable(name).and_then(|it| it.into_string().ok())
    }

    /// All variables that are text.
    pub fn text_variables(&self) -> BTreeMap<String, String> {
        let text = |it: &OsString| it.to_str().map(str::to_owned);
        self.variables
            .iter()
            .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
            .collect()
    }

    /// The folder where the command was typed, or the one that `VAGRANT_CWD` names.
    pub fn working_folder(&self) -> PathBuf {
        match self.variable("VAGRANT_CWD") {
            Some(folder) => normalized(&self.working_folder.join(folder)),
            None => self.working_folder.clone(),
        }
    }

    /// A path that was typed, from the folder where it was typed.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        normalized(&self.working_folder.join(path))
    }

    /// The user's home folder.
    pub fn user_home(&self) -> Option<PathBuf> {
        directories::BaseDirs::new().map(|it| it.home_dir().to_owned())
    }

    /// The folder for what may be lost at a restart.
    pub fn temporary_folder(&self) -> PathBuf {
        std::env::temp_dir()
    }

    /// The running program's own file.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The folders of `PATH`.
    pub fn search_path(&self) -> Vec<PathBuf> {
        self.variable("PATH")
            .map(|it| std::env::split_paths(&it).collect())
            .unwrap_or_default()
    }

    /// A program on `PATH`.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        self.search_path()
            .into_iter()
            .map(|it| it.join(name))
            .find(|it| it.is_file())
    }
}

/// The path without `.` and `..`, as text: links are not followed, as in Ruby's `File.expand_path`.
pub fn normalized(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_taken_out_of_paths() {
        assert_eq!(normalized(Path::new("/a/./b/../../../c/")), Path::new("/c"));
    }
}
