//! The fixtures: what the real Vagrant makes of a file, held against ours, and our three languages against one another.

use std::fs;
use std::path::{Path, PathBuf};

use vagrantfile::host::MemoryHost;
use vagrantfile::{FileId, Plugins, Role, Session};

use super::*;

/// The files of a fixture, and those in its folders.
pub fn with_files(mut host: MemoryHost, folder: &Path, below: &Path) -> MemoryHost {
    for entry in fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = below.join(entry.file_name());
        host = if entry.path().is_dir() {
            with_files(host, folder, &name)
        } else {
            host.with_file(&name.to_string_lossy(), &fs::read_to_string(entry.path()).unwrap())
        };
    }
    host
}

/// The machines of a file of a fixture as `config --json` shows them.
fn resolve(folder: &Path, file: &str) -> Result<Json, String> {
    let host = with_files(MemoryHost::default(), folder, Path::new(""));
    let settings = crate::options::settings(Plugins::BuiltIn);
    let session = Session::new(Box::new(host), settings).map_err(|it| it.to_string())?;
    let load = |file: &str, role: Role| {
        let loaded = folder
            .join(file)
            .exists()
            .then(|| session.load(&Path::new("/project").join(file), role));
        loaded.transpose().map_err(|it| it.to_string())
    };
    let of_the_box = load("box/Vagrantfile", Role::Box)?;
    let own = [load("home/Vagrantfile", Role::Home)?, load(file, Role::Project)?];
    let own: Vec<_> = own.into_iter().flatten().collect();
    let all: Vec<_> = of_the_box.into_iter().chain(own.clone()).collect();
    shown(&session, &own, &all)
}

/// The machines of a file that stands alone.
pub fn machines_of(host: MemoryHost, file: &str) -> Result<Json, String> {
    let settings = crate::options::settings(Plugins::BuiltIn);
    let session = Session::new(Box::new(host), settings).map_err(|it| it.to_string())?;
    let file = session.load(&Path::new("/project").join(file), Role::Project);
    let files = [file.map_err(|it| it.to_string())?];
    shown(&session, &files, &files)
}

fn shown(session: &Session, own: &[FileId], all: &[FileId]) -> Result<Json, String> {
    let mut machines = Vec::new();
    for machine in session.machines(own).map_err(|it| it.to_string())? {
        let merged = |provider: &str| {
            session
                .layers(all, &machine.name, provider)
                .map(|it| Merged::of(&it))
                .map_err(|it| it.to_string())
        };
        let first = merged("virtualbox")?;
        let provider = usual_provider(&first).to_owned();
        let merged = if provider == "virtualbox" {
            first
        } else {
            merged(&provider)?
        };
        let facts = MachineFacts {
            name: &machine.name,
            primary: machine.primary,
            autostart: machine.autostart,
            provider: &provider,
            folder: Path::new("/project"),
            home: None,
        };
        machines.push(of_machine(&facts, &merged));
    }
    Ok(json!({ "machines": machines }))
}

/// Where an object lacks what is expected of it, or has something else. Ours may show more.
fn differences(path: &str, expected: &Json, given: Option<&Json>, found: &mut Vec<String>) {
    match (expected, given) {
        (Json::Null, None) => {}
        (Json::Object(expected), Some(Json::Object(given))) => {
            expected
                .iter()
                .for_each(|(key, value)| differences(&format!("{path}.{key}"), value, given.get(key), found));
        }
        (Json::Array(expected), Some(Json::Array(given))) if expected.len() == given.len() => {
            for (index, (one, other)) in expected.iter().zip(given).enumerate() {
                differences(&format!("{path}[{index}]"), one, Some(other), found);
            }
        }
        (expected, Some(given)) if expected == given => {}
        (expected, given) => found.push(format!(
            "{path}: Vagrant has {expected}, ours {}",
            given.unwrap_or(&Json::Null)
        )),
    }
}

/// The folders of all fixtures.
pub fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vagrantfiles");
    let mut folders: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.is_dir())
        .collect();
    folders.sort();
    folders
}

fn check_against_vagrant(file: &str, least: usize) {
    let mut found = Vec::new();
    let mut count = 0;
    for folder in fixtures().iter().filter(|it| it.join(file).exists()) {
        count += 1;
        let expected: Json = serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
        let name = folder.file_name().unwrap().to_string_lossy();
        match resolve(folder, file) {
            Ok(given) => differences(&name, &expected, Some(&given), &mut found),
            Err(report) => found.push(format!("{name}: {report}")),
        }
    }
    assert!(count >= least, "only {count} fixtures");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn lua_resolves_as_vagrant_does() {
    check_against_vagrant("Vagrantfile.lua", 55);
}

#[test]
fn toml_resolves_as_vagrant_does() {
    check_against_vagrant("Vagrantfile.toml", 50);
}

#[test]
fn ruby_resolves_as_vagrant_does() {
    check_against_vagrant("Vagrantfile", 90);
}

#[test]
fn the_three_languages_give_the_same_bytes() {
    let mut found = Vec::new();
    for folder in fixtures() {
        let shown = |file: &str| folder.join(file).exists().then(|| resolve(&folder, file).unwrap());
        let ruby = shown("Vagrantfile").unwrap();
        let name = folder.file_name().unwrap().to_string_lossy();
        for twin in ["Vagrantfile.lua", "Vagrantfile.toml"] {
            match shown(twin) {
                Some(shown) if format!("{shown:#}") != format!("{ruby:#}") => {
                    found.push(format!("{name}/{twin}:\n{ruby:#}\n{shown:#}"));
                }
                _ => {}
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
