//! The house's arrows: which crate of the workspace may know which, read from `cargo metadata`.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// Every arrow that is allowed inside the workspace; dependencies for tests count too.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "jaunt",
        &[
            "jaunt-boxes",
            "jaunt-providers",
            "jaunt-synced-folders",
            "jaunt-vagrantfile",
            "jaunt-vagrantfile-schema",
        ],
    ),
    ("jaunt-boxes", &[]),
    ("jaunt-providers", &["jaunt-vagrantfile-schema"]),
    ("jaunt-synced-folders", &["jaunt-vagrantfile-schema"]),
    ("jaunt-vagrantfile", &["jaunt-vagrantfile-schema"]),
    ("jaunt-vagrantfile-schema", &[]),
];

#[test]
fn crates_know_only_what_the_house_allows() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let packages = workspace_packages();

    let names: Vec<&str> = packages.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        allowed.keys().copied().collect::<Vec<_>>(),
        "every crate of the workspace has its row"
    );
    for (name, dependencies) in &packages {
        for dependency in dependencies.iter().filter(|it| allowed.contains_key(it.as_str())) {
            assert!(
                allowed[name.as_str()].contains(&dependency.as_str()),
                "{name} must not know {dependency}"
            );
        }
    }
}

#[test]
fn the_crates_have_one_crypto_backend() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    for other in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls"] {
        assert!(
            !lock.contains(&format!("name = \"{other}\"")),
            "{other} has come in beside ring"
        );
    }
}

fn workspace_packages() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|it| (it["name"].as_str().unwrap().to_owned(), names(&it["dependencies"])))
        .collect()
}
