//! The index of all machines of a user, in Vagrant's format: `data/machine-index/index`, JSON, version 1.
//!
//! Entries that others wrote are kept as they are, fields that we do not know included.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{Error, Result, create_folder, open_own, read_optional, sweep, write_atomically};

/// The index on disk.
#[derive(Debug, Clone)]
pub struct MachineIndex {
    folder: PathBuf,
}

/// What the index says of a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The machine's name in its Vagrantfile.
    pub name: String,
    /// The provider's name.
    pub provider: String,
    /// The word of its state when it was last looked at.
    pub state: String,
    /// The project's folder.
    pub vagrantfile_path: PathBuf,
    /// The name of the Vagrantfile, where it is not the usual one.
    pub vagrantfile_name: Option<String>,
    /// The project's `.vagrant`.
    pub local_data_path: PathBuf,
    /// The box: name, provider, version.
    pub machine_box: Option<(String, String, String)>,
}

impl MachineIndex {
    /// The index in its folder; neither need be there.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// All machines with their keys, in the order of the file.
    pub fn list(&self) -> Result<Vec<(String, Entry)>> {
        let machines = self.read()?;
        Ok(machines
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), entry_from(value)?)))
            .collect())
    }

    /// What is noted of a machine; `None` where it is not in the index.
    pub fn get(&self, key: &str) -> Result<Option<Entry>> {
        Ok(self.read()?.get(key).and_then(entry_from))
    }

    /// The key of a machine by its name, its provider and its project's `.vagrant`: what finds it where its own note was spoilt.
    pub fn key_of(&self, name: &str, provider: &str, local_data_path: &Path) -> Result<Option<String>> {
        let is_it = |it: &Entry| it.name == name && it.provider == provider && it.local_data_path == local_data_path;
        Ok(self.list()?.into_iter().find(|(_, it)| is_it(it)).map(|(key, _)| key))
    }

    /// Writes an entry under a key.
    pub fn set(&self, key: &str, entry: &Entry, now: &str) -> Result<()> {
        self.change(|machines| {
            let mut value = machines.get(key).cloned().unwrap_or_else(|| json!({}));
            write_entry(&mut value, entry, now);
            machines.insert(key.to_owned(), value);
        })
    }

    /// Removes an entry; one that is not there is removed already.
    pub fn remove(&self, key: &str) -> Result<()> {
        if !self.path().exists() {
            return Ok(());
        }
        self.change(|machines| {
            machines.shift_remove(key);
        })
    }

    fn change(&self, change: impl FnOnce(&mut Map<String, Value>)) -> Result<()> {
        create_folder(&self.folder)?;
        let _lock = self.lock()?;
        sweep(&self.folder);
        let mut machines = self.read()?;
        change(&mut machines);
        let text = json!({ "version": 1, "machines": machines }).to_string();
        write_atomically(&self.path(), text.as_bytes())
    }

    fn read(&self) -> Result<Map<String, Value>> {
        let path = self.path();
        let Some(text) = read_optional(&path)? else {
            return Ok(Map::new());
        };
        parse(&path, &text)
    }

    /// Waits for its turn: holders keep the lock for one read and one write.
    fn lock(&self) -> Result<File> {
        // Vagrant 2.3 locks the file `index.lock` with flock, and so do we: both may work in one home.
        let path = self.folder.join("index.lock");
        let file = open_own(&path)?;
        file.lock().map_err(Error::file("lock", &path))?;
        Ok(file)
    }

    fn path(&self) -> PathBuf {
        self.folder.join("index")
    }
}

fn parse(path: &Path, text: &str) -> Result<Map<String, Value>> {
    let damaged = |reason: String| Error::Damaged {
        path: path.to_owned(),
        reason,
    };
    let mut index: Value = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
    match index.get("version").and_then(Value::as_i64) {
        Some(1) => {}
        _ => return Err(damaged("it is not an index of version 1".to_owned())),
    }
    match index["machines"].take() {
        Value::Object(machines) => Ok(machines),
        _ => Err(damaged("it has no table of machines".to_owned())),
    }
}

fn entry_from(value: &Value) -> Option<Entry> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let of_box = |key: &str| {
        value
            .pointer(&format!("/extra_data/box/{key}"))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    Some(Entry {
        name: text("name")?,
        provider: text("provider")?,
        state: text("state").unwrap_or_else(|| "unknown".to_owned()),
        vagrantfile_path: text("vagrantfile_path")?.into(),
        vagrantfile_name: value
            .pointer("/vagrantfile_name/0")
            .and_then(Value::as_str)
            .map(str::to_owned),
        local_data_path: text("local_data_path")?.into(),
        machine_box: of_box("name")
            .zip(of_box("provider"))
            .zip(of_box("version"))
            .map(|((a, b), c)| (a, b, c)),
    })
}

fn write_entry(value: &mut Value, entry: &Entry, now: &str) {
    value["local_data_path"] = json!(entry.local_data_path);
    value["name"] = json!(entry.name);
    value["provider"] = json!(entry.provider);
    value["architecture"] = value.get("architecture").cloned().unwrap_or(Value::Null);
    value["state"] = json!(entry.state);
    value["vagrantfile_name"] = entry.vagrantfile_name.as_ref().map_or(Value::Null, |it| json!([it]));
    value["vagrantfile_path"] = json!(entry.vagrantfile_path);
    value["updated_at"] = json!(now);
    if let Some((name, provider, version)) = &entry.machine_box {
        value["extra_data"]["box"] = json!({ "name": name, "provider": provider, "version": version });
    } else if value.get("extra_data").is_none() {
        value["extra_data"] = json!({});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Entry {
        Entry {
            name: name.to_owned(),
            provider: "qemu".to_owned(),
            state: "running".to_owned(),
            vagrantfile_path: "/project".into(),
            vagrantfile_name: None,
            local_data_path: "/project/.vagrant".into(),
            machine_box: Some(("debian".to_owned(), "libvirt".to_owned(), "0".to_owned())),
        }
    }

    #[test]
    fn entries_of_others_keep_what_we_do_not_know() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = r#"{"version":1,"machines":{"a":{"name":"x","provider":"virtualbox","vagrantfile_path":"/x","local_data_path":"/x/.vagrant","future":7}}}"#;
        std::fs::write(folder.path().join("index"), theirs).unwrap();
        let index = MachineIndex::new(folder.path().to_owned());

        index.set("b", &entry("web"), "now").unwrap();
        index.remove("b").unwrap();
        index.set("c", &entry("db"), "now").unwrap();

        let text = std::fs::read_to_string(folder.path().join("index")).unwrap();
        assert!(text.contains("\"future\":7"), "{text}");
        let names: Vec<_> = index.list().unwrap().into_iter().map(|(_, it)| it.name).collect();
        assert_eq!(names, ["x", "db"]);
    }

    #[test]
    fn a_damaged_index_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index"), "{\"version\":1,").unwrap();
        let index = MachineIndex::new(folder.path().to_owned());

        let error = index.set("a", &entry("web"), "now").unwrap_err();

        assert!(error.to_string().contains("cannot be understood"), "{error}");
        assert_eq!(
            std::fs::read_to_string(folder.path().join("index")).unwrap(),
            "{\"version\":1,"
        );
    }
}
