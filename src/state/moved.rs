//! Where a folder went that was moved: it is looked for beside the places that lay on its path, by its number in the file system.
//!
//! No disk is searched: what was renamed on the way, put into a folder beside, or taken out of folders is found, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

/// How many folders are looked at before the search is given up.
const PATIENCE: usize = 20_000;

/// The first place that is the folder, of those where it may have gone.
pub fn find(folder: &Path, is_it: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    candidates(folder).take(PATIENCE).find(|it| is_it(it))
}

fn candidates(folder: &Path) -> impl Iterator<Item = PathBuf> {
    folder.ancestors().skip(1).flat_map(move |above| {
        let below = folder.strip_prefix(above).unwrap_or(folder);
        let first = below.components().next().map(|it| it.as_os_str().to_owned());
        let rest: PathBuf = below.components().skip(1).collect();
        let out = above.ancestors().skip(1).map(|it| it.join(below)).collect::<Vec<_>>();
        let beside = fs::read_dir(above).into_iter().flatten().flatten().map(|it| it.path());
        out.into_iter().chain(beside.flat_map(move |it| {
            let into = first.iter().map(|first| it.join(first).join(&rest)).collect::<Vec<_>>();
            std::iter::once(it.join(&rest)).chain(into)
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(to: &str) {
        let home = tempfile::tempdir().unwrap();
        let from = home.path().join("work/site/.vagrant/machines/default/qemu");
        let to = home.path().join(to);
        fs::create_dir_all(from.parent().unwrap()).unwrap();
        fs::create_dir_all(&to).unwrap();
        fs::write(to.join("it"), "").unwrap();
        assert_eq!(find(&from, |it| it.join("it").exists()), Some(to));
    }

    #[test]
    fn a_renamed_folder_is_found() {
        check("work/page/.vagrant/machines/default/qemu");
        check("play/site/.vagrant/machines/default/qemu");
    }

    #[test]
    fn so_is_one_that_was_put_into_another_or_taken_out() {
        check("work/archive/site/.vagrant/machines/default/qemu");
        check("site/.vagrant/machines/default/qemu");
    }
}
