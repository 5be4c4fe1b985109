//! What runs: the texts that Vagrantfiles were made of, by their digests. A host that is asked for trust is told of all of them.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many texts of `eval` one reading keeps apart. The last one stands for all that follow.
const MOST_EVALUATED: usize = 1_000;

/// A text that runs: a file, or what a file hands to `eval`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The Vagrantfile that loaded it, directly or not; itself, for a Vagrantfile.
    pub vagrantfile: Arc<Path>,
    /// The file, links resolved; for an evaluated text the file that evaluates it.
    pub file: PathBuf,
    /// Whether it is a text that the file evaluates, and not the file.
    pub is_evaluated: bool,
    /// The SHA-256 of the text, in hexadecimal.
    pub digest: String,
}

/// The code of one interpreter, each text once.
#[derive(Debug, Default)]
pub struct CodeList {
    all: Vec<Code>,
    texts: Vec<Arc<[u8]>>,
    evaluated: usize,
}

impl CodeList {
    /// All of it, in the order of loading.
    pub fn all(&self) -> &[Code] {
        &self.all
    }

    /// Notes a file.
    pub fn add_file(&mut self, vagrantfile: Arc<Path>, file: PathBuf, text: &[u8]) {
        let digest = hexadecimal(Sha256::digest(text).as_slice());
        if self.add(Code {
            vagrantfile,
            file,
            is_evaluated: false,
            digest,
        }) {
            self.texts.push(text.into());
        }
    }

    /// Notes a text that a file evaluates. What stands in a file that is noted anyway is no code of its own.
    pub fn add_evaluated(&mut self, vagrantfile: Arc<Path>, file: PathBuf, text: &[u8]) {
        if self.texts.iter().any(|it| contains(it, text)) {
            return;
        }
        let mut hasher = Sha256::new();
        hasher.update(text);
        let is_full = self.evaluated >= MOST_EVALUATED;
        if let (true, Some(last)) = (is_full, self.all.iter_mut().rfind(|it| it.is_evaluated)) {
            hasher.update(&last.digest);
            last.digest = hexadecimal(hasher.finalize().as_slice());
            return;
        }
        let digest = hexadecimal(hasher.finalize().as_slice());
        self.evaluated += usize::from(self.add(Code {
            vagrantfile,
            file,
            is_evaluated: true,
            digest,
        }));
    }

    fn add(&mut self, code: Code) -> bool {
        let is_new = !self.all.contains(&code);
        if is_new {
            self.all.push(code);
        }
        is_new
    }
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    match (std::str::from_utf8(whole), std::str::from_utf8(part)) {
        (Ok(whole), Ok(part)) => whole.contains(part),
        _ => whole == part,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(list: &CodeList) -> Vec<(String, bool)> {
        list.all()
            .iter()
            .map(|it| (it.file.display().to_string(), it.is_evaluated))
            .collect()
    }

    #[test]
    fn a_text_counts_once_and_what_stands_in_a_file_is_no_code_of_its_own() {
        let mut list = CodeList::default();
        let vagrantfile: Arc<Path> = Path::new("/p/Vagrantfile").into();
        list.add_file(vagrantfile.clone(), "/p/Vagrantfile".into(), b"eval 'system(1)'");
        list.add_evaluated(vagrantfile.clone(), "/p/Vagrantfile".into(), b"system(1)");
        for _ in 0..2 {
            list.add_evaluated(vagrantfile.clone(), "/p/Vagrantfile".into(), b"system(2)");
        }

        assert_eq!(
            shown(&list),
            [
                ("/p/Vagrantfile".to_owned(), false),
                ("/p/Vagrantfile".to_owned(), true)
            ]
        );
    }

    #[test]
    fn what_is_evaluated_without_an_end_is_one_text_that_changes() {
        let list_of = |count: usize| {
            let mut list = CodeList::default();
            for index in 0..count {
                list.add_evaluated(Path::new("/f").into(), "/f".into(), format!("x{index}").as_bytes());
            }
            list.all().to_vec()
        };
        let (one, other) = (list_of(MOST_EVALUATED + 1), list_of(MOST_EVALUATED + 2));

        assert_eq!((one.len(), other.len()), (MOST_EVALUATED, MOST_EVALUATED));
        assert_ne!(one.last(), other.last());
    }
}
