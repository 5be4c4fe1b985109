//! Folders inside folders.

use crate::Folder;

/// Leaves out of every folder what another one puts below it, as a mount would hide it.
///
/// With `.` at `/vagrant` and `../data` at `/vagrant/data`, the first neither sends nor removes its `data`: without this the
/// two would undo each other at every sync.
pub fn exclude_nested(folders: &mut [Folder]) {
    let guests: Vec<String> = folders.iter().map(|it| trimmed(&it.guest).to_owned()).collect();
    for folder in folders {
        let own = trimmed(&folder.guest).to_owned();
        let below = guests.iter().filter_map(|it| it.strip_prefix(&own)?.strip_prefix('/'));
        folder.exclude.splice(0..0, below.map(|it| format!("/{}", escaped(it))));
    }
}

fn trimmed(guest: &str) -> &str {
    guest.trim_end_matches('/')
}

/// The path as a pattern that matches it alone: a backslash counts only where a wildcard stands.
fn escaped(path: &str) -> String {
    if !path.contains(['*', '?', '[']) {
        return path.to_owned();
    }
    path.chars()
        .flat_map(|it| "*?[\\".contains(it).then_some('\\').into_iter().chain([it]))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use expect_test::{Expect, expect};

    use super::*;

    fn check(guests: &[&str], expected: Expect) {
        let folder = |guest: &&str| Folder {
            id: (*guest).to_owned(),
            host: PathBuf::from("/host"),
            guest: (*guest).to_owned(),
            owner: None,
            group: None,
            exclude: vec!["own".to_owned()],
        };
        let mut folders: Vec<Folder> = guests.iter().map(folder).collect();

        exclude_nested(&mut folders);

        let lines: Vec<String> = folders
            .iter()
            .map(|it| format!("{} {:?}", it.guest, it.exclude))
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_folder_inside_another_is_left_to_itself() {
        check(
            &["/vagrant", "/vagrant/data/", "/vagrant_data"],
            expect![[r#"
                /vagrant ["/data", "own"]
                /vagrant/data/ ["own"]
                /vagrant_data ["own"]"#]],
        );
    }

    #[test]
    fn wildcards_in_its_name_are_no_wildcards() {
        check(
            &["/v", "/v/a*b\\c"],
            expect![[r#"
                /v ["/a\\*b\\\\c", "own"]
                /v/a*b\c ["own"]"#]],
        );
    }
}
