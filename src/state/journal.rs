//! What a command was about to do with a machine, written before it does it.
//!
//! One JSON object a line, synced after each. A command that was killed leaves a plan of which not every step is done; the next
//! command unites what it sees with what is unfinished.
//!
//! **Invariant:** a torn last line is cut off, since it was never acted on. Any other line that cannot be read makes the journal
//! damaged, and a damaged journal is never taken for an empty one.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use providers::BoundForward;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Error, Result, open_own, read_optional, sync_folder, write_atomically};
use crate::faults;
use crate::lifecycle::plan::Step;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// The machine's identity; it is on disk before a provider hears of it.
    Claim {
        /// The machine's name at its backend.
        claim: Uuid,
    },
    /// The user has chosen whose blocks of the Vagrantfile are applied.
    SettingsOf {
        /// The provider's name.
        provider: String,
    },
    /// A command begins.
    Plan {
        /// The command: `up`, `halt`.
        command: String,
        /// What it is about to do, in order.
        steps: Vec<Step>,
    },
    /// A step begins.
    Begin {
        /// The step.
        step: Step,
    },
    /// A step is done.
    Done {
        /// The step.
        step: Step,
    },
    /// The ports that the machine was given.
    Ports {
        /// The forwards as they were bound.
        forwards: Vec<BoundForward>,
    },
    /// The plan that comes next is about this snapshot.
    Snapshot {
        /// The snapshot's name.
        name: String,
    },
    /// A provisioner has run to its end, within the plan that is under way.
    Provisioned {
        /// Its place among those that were due, its title, and a digest of its settings.
        provisioner: String,
    },
    /// The machine is gone: what was said before counts no longer.
    Gone,
}

/// The journal of one machine, open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    entries: Vec<Entry>,
}

/// What a journal says, for those who only read.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Memory {
    /// The machine's identity, if it was given one.
    pub claim: Option<Uuid>,
    /// The provider whose blocks are applied, if the user has chosen one.
    pub settings_of: Option<String>,
    /// What the last command meant to do and did not.
    pub unfinished: Vec<Step>,
    /// The ports that the machine was given last.
    pub ports: Vec<BoundForward>,
    /// The snapshot that the last plan with one was about.
    pub snapshot: Option<String>,
    /// The provisioners that the unfinished command has run to their end.
    pub provisioned: Vec<String>,
}

impl Journal {
    /// Opens the journal, cutting off a torn last line.
    pub fn open(path: &Path) -> Result<Self> {
        let text = read_optional(path)?.unwrap_or_default();
        let (entries, whole) = parse(path, &text)?;
        let is_new = !path.exists();
        let file = open_own(path)?;
        file.set_len(whole).map_err(Error::file("write", path))?;
        if is_new {
            let folder = path.parent().unwrap_or(Path::new("."));
            sync_folder(folder).map_err(Error::file("write", folder))?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            length: whole,
            entries,
        })
    }

    /// Adds a line; when this returns it is on disk.
    pub fn append(&mut self, entry: Entry) -> Result<()> {
        let mut line = serde_json::to_vec(&entry).map_err(|error| Error::Damaged {
            path: self.path.clone(),
            reason: error.to_string(),
        })?;
        line.push(b'\n');
        if let Err(error) = self.write(&line) {
            // Half a line at the end of a full disk: whoever appends next must not write behind it.
            let _ = self.file.set_len(self.length);
            return Err(Error::file("write", &self.path)(error));
        }
        self.length += line.len() as u64;
        self.entries.push(entry);
        Ok(())
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        faults::pass_file("append", &self.path)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        faults::write_torn(&mut self.file, line, "tear journal")?;
        self.file.sync_data()
    }

    /// What the journal says now.
    pub fn memory(&self) -> Memory {
        remember(&self.entries)
    }

    /// Rewrites a long journal without what no longer matters; only between commands.
    pub fn compact(&mut self) -> Result<()> {
        if self.entries.len() < COMPACT_FROM {
            return Ok(());
        }
        let kept = self.memory().entries();
        let mut text = Vec::new();
        for entry in &kept {
            serde_json::to_writer(&mut text, entry).map_err(|error| Error::Damaged {
                path: self.path.clone(),
                reason: error.to_string(),
            })?;
            text.push(b'\n');
        }
        write_atomically(&self.path, &text)?;
        *self = Self::open(&self.path)?;
        Ok(())
    }
}

impl Memory {
    /// The shortest journal that says the same.
    fn entries(self) -> Vec<Entry> {
        let mut entries = Vec::new();
        entries.extend(self.settings_of.map(|provider| Entry::SettingsOf { provider }));
        entries.extend(self.claim.map(|claim| Entry::Claim { claim }));
        if !self.ports.is_empty() {
            entries.push(Entry::Ports { forwards: self.ports });
        }
        entries.extend(self.snapshot.map(|name| Entry::Snapshot { name }));
        if !self.unfinished.is_empty() {
            entries.push(Entry::Plan {
                command: "an earlier one".to_owned(),
                steps: self.unfinished,
            });
        }
        let provisioned = self.provisioned.into_iter();
        entries.extend(provisioned.map(|provisioner| Entry::Provisioned { provisioner }));
        entries
    }
}

/// A journal of so many lines is rewritten by the next command.
const COMPACT_FROM: usize = 64;

/// Reads what the journal says and changes nothing.
pub fn read(path: &Path) -> Result<Memory> {
    let text = read_optional(path)?.unwrap_or_default();
    Ok(remember(&parse(path, &text)?.0))
}

/// The entries, and how many bytes of the text are whole lines.
fn parse(path: &Path, text: &str) -> Result<(Vec<Entry>, u64)> {
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let entries = text[..whole]
        .lines()
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| Error::Damaged {
                path: path.to_owned(),
                reason: format!("line {}: {error}", index + 1),
            })
        })
        .collect::<Result<_>>()?;
    Ok((entries, whole as u64))
}

fn remember(entries: &[Entry]) -> Memory {
    let mut memory = Memory::default();
    // What commands before the last one left. It is dropped when the machine has become another one, and not when somebody plans that.
    let (mut earlier, mut planned): (Vec<Step>, Vec<Step>) = Default::default();
    for entry in entries {
        match entry {
            Entry::Claim { claim } => memory.claim = Some(*claim),
            Entry::SettingsOf { provider } => memory.settings_of = Some(provider.clone()),
            Entry::Plan { steps, .. } => {
                earlier = memory.unfinished.clone();
                // Only the same command again goes on with these, and it has looked before it planned.
                earlier.retain(|it| !matches!(it, Step::SaveSnapshot | Step::DeleteSnapshot));
                planned = steps.clone();
                memory.unfinished = [earlier.as_slice(), planned.as_slice()].concat();
                memory.provisioned.clear();
            }
            Entry::Begin { .. } => {}
            Entry::Done { step } => {
                planned.retain(|it| it != step);
                earlier.retain(|it| it != step);
                if step.begins_anew() {
                    earlier.clear();
                }
                if matches!(step, Step::Create | Step::Start) {
                    // It is wanted again: should its disk be missing one day, nobody was about to remove it.
                    earlier.retain(|it| !matches!(it, Step::Destroy | Step::Forget));
                }
                memory.unfinished = [earlier.as_slice(), planned.as_slice()].concat();
            }
            Entry::Ports { forwards } => memory.ports = forwards.clone(),
            Entry::Snapshot { name } => memory.snapshot = Some(name.clone()),
            Entry::Provisioned { provisioner } => memory.provisioned.push(provisioner.clone()),
            Entry::Gone => {
                // A command that died right here has left the files that name the machine.
                (earlier, planned) = (Vec::new(), vec![Step::Forget]);
                memory = Memory {
                    unfinished: planned.clone(),
                    ..Memory::default()
                };
            }
        }
    }
    memory.unfinished.sort();
    memory.unfinished.dedup();
    memory
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim() -> Entry {
        Entry::Claim {
            claim: Uuid::from_u128(7),
        }
    }

    #[test]
    fn a_plan_that_was_broken_off_is_remembered_without_its_finished_steps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path).unwrap();
        journal.append(claim()).unwrap();
        journal
            .append(Entry::Plan {
                command: "up".to_owned(),
                steps: vec![Step::Create, Step::Start],
            })
            .unwrap();
        journal.append(Entry::Begin { step: Step::Create }).unwrap();
        journal.append(Entry::Done { step: Step::Create }).unwrap();
        journal.append(Entry::Begin { step: Step::Start }).unwrap();

        let memory = read(&path).unwrap();

        assert_eq!(memory.claim, Some(Uuid::from_u128(7)));
        assert_eq!(memory.unfinished, [Step::Start]);
    }

    #[track_caller]
    fn check_unfinished(entries: &[Entry], expected: &[Step]) {
        assert_eq!(remember(entries).unfinished, expected);
    }

    fn plan(steps: &[Step]) -> Entry {
        Entry::Plan {
            command: "any".to_owned(),
            steps: steps.to_vec(),
        }
    }

    #[test]
    fn a_halt_that_is_broken_off_does_not_forget_what_an_up_left() {
        let up = plan(&[Step::SyncFolders, Step::Provision]);
        let halt = plan(&[Step::ShutDown]);
        check_unfinished(
            &[up.clone(), halt.clone()],
            &[Step::ShutDown, Step::SyncFolders, Step::Provision],
        );
        let done = Entry::Done { step: Step::ShutDown };
        check_unfinished(&[up, halt, done], &[]);
    }

    #[test]
    fn a_reload_forgets_what_an_up_left_and_keeps_its_own_steps() {
        let up = plan(&[Step::SetHostname, Step::Provision]);
        let reload = plan(&[Step::ShutDown, Step::Start, Step::SyncFolders]);
        let done = Entry::Done { step: Step::ShutDown };
        check_unfinished(&[up, reload, done], &[Step::Start, Step::SyncFolders]);
    }

    #[test]
    fn a_removal_that_died_is_remembered_until_the_machine_is_there_again() {
        let destroy = plan(&[Step::Destroy, Step::Forget]);
        let destroyed = Entry::Done { step: Step::Destroy };
        let up = plan(&[Step::Create, Step::Provision]);
        let created = Entry::Done { step: Step::Create };
        let mut entries = vec![claim(), destroy, destroyed, Entry::Gone];
        check_unfinished(&entries, &[Step::Forget]);
        entries.push(up);
        check_unfinished(&entries, &[Step::Create, Step::Provision, Step::Forget]);
        entries.push(created);
        check_unfinished(&entries, &[Step::Provision]);
    }

    #[test]
    fn the_journal_cut_at_any_byte_is_read_up_to_its_last_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path).unwrap();
        journal.append(claim()).unwrap();
        journal
            .append(Entry::Plan {
                command: "up".to_owned(),
                steps: vec![Step::Create],
            })
            .unwrap();
        let text = std::fs::read(&path).unwrap();
        let first = text.iter().position(|it| *it == b'\n').unwrap() + 1;

        for cut in 0..text.len() {
            std::fs::write(&path, &text[..cut]).unwrap();

            let memory = read(&path).unwrap();

            assert_eq!(memory.claim.is_some(), cut >= first, "cut at {cut}");
            assert_eq!(memory.unfinished, [], "cut at {cut}");
        }
    }

    #[test]
    fn noise_is_never_taken_for_an_empty_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        std::fs::write(&path, "{\"entry\":\"gone\"}\n\u{1}noise\n").unwrap();

        let error = Journal::open(&path).unwrap_err();

        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn compacting_keeps_all_that_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path).unwrap();
        journal.append(claim()).unwrap();
        for _ in 0..COMPACT_FROM {
            journal
                .append(Entry::Plan {
                    command: "up".to_owned(),
                    steps: vec![Step::Start],
                })
                .unwrap();
            journal.append(Entry::Done { step: Step::Start }).unwrap();
        }
        journal.append(plan(&[Step::Provision])).unwrap();
        let provisioner = "0 shell".to_owned();
        journal.append(Entry::Provisioned { provisioner }).unwrap();
        let before = journal.memory();

        journal.compact().unwrap();

        assert_eq!(journal.memory(), before);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);
    }
}
