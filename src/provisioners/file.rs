//! The file provisioner: a file or a folder of the host, copied into the guest as the login user.

use std::path::{Path, PathBuf};

use super::{Action, GuestPath};

/// A file or a folder for the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The file or folder on the host, absolute.
    pub source: PathBuf,
    /// The source as it was written: `folder/.` means what is in the folder.
    pub written_source: String,
    /// Where it goes in the guest, as it was written.
    pub destination: String,
}

impl File {
    /// What is done; the caller has looked whether the source is a folder.
    ///
    /// A folder becomes the destination. It goes *into* the destination where that ends with a slash, unless the source ends
    /// with a dot.
    pub fn actions(&self, is_folder: bool) -> Vec<Action> {
        let say = Action::Say(format!("{} => {}", self.written_source, self.destination));
        let from = self.source.clone();
        let upload = match is_folder {
            true => Action::UploadFolder {
                from,
                to: GuestPath(self.target()),
            },
            false => Action::UploadFile {
                from,
                to: GuestPath(self.destination.clone()),
            },
        };
        vec![say, upload]
    }

    fn target(&self) -> String {
        let contents_only = self.written_source.ends_with('.') || !self.destination.ends_with('/');
        match name(&self.source) {
            Some(name) if !contents_only => format!("{}{name}", self.destination),
            _ => self.destination.clone(),
        }
    }
}

fn name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

impl GuestPath {
    /// Whether the guest's shell has to be asked what the path is. A leading `~/` is understood without.
    pub fn needs_shell(&self) -> bool {
        let foreign_home = self.0.starts_with('~') && self.0 != "~" && !self.0.starts_with("~/");
        foreign_home || self.0.contains(['$', '`'])
    }

    /// A script that says what the path is: blanks belong to it, everything else is the shell's.
    pub fn expansion(&self) -> String {
        format!("printf %s {}", self.0.replace(' ', "\\ "))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::run::show;
    use super::*;

    fn check(written_source: &str, destination: &str, is_folder: bool, expected: Expect) {
        let source = Path::new("/project").join(written_source.trim_end_matches("/."));
        let file = File {
            source,
            written_source: written_source.to_owned(),
            destination: destination.to_owned(),
        };
        expected.assert_eq(&show(&file.actions(is_folder)));
    }

    #[test]
    fn a_file_goes_where_it_is_told() {
        check(
            "a.conf",
            "~/my conf",
            false,
            expect![[r#"
            say: a.conf => ~/my conf
            upload /project/a.conf to ~/my conf
        "#]],
        );
    }

    #[test]
    fn a_folder_becomes_the_destination() {
        check(
            "conf",
            "/tmp/new",
            true,
            expect![[r#"
            say: conf => /tmp/new
            unpack /project/conf into /tmp/new
        "#]],
        );
    }

    #[test]
    fn a_folder_goes_into_a_destination_that_ends_with_a_slash() {
        check(
            "conf",
            "/tmp/new/",
            true,
            expect![[r#"
            say: conf => /tmp/new/
            unpack /project/conf into /tmp/new/conf
        "#]],
        );
    }

    #[test]
    fn a_source_that_ends_with_a_dot_is_its_contents() {
        check(
            "conf/.",
            "/tmp/new/",
            true,
            expect![[r#"
            say: conf/. => /tmp/new/
            unpack /project/conf into /tmp/new/
        "#]],
        );
    }

    #[test]
    fn only_variables_and_other_homes_are_asked_of_the_guest() {
        let asked = |path: &str| GuestPath(path.to_owned()).needs_shell();
        assert!(!asked("/tmp/a b") && !asked("~/x") && !asked("~"));
        assert!(asked("$HOME/x") && asked("~www/x") && asked("`id`"));
        assert_eq!(GuestPath("$HOME/a b".to_owned()).expansion(), "printf %s $HOME/a\\ b");
    }
}
