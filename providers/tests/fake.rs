//! The fake provider keeps the contract, and breaks it only where it is told to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic anywhere")]

use std::fs;
use std::net::Ipv4Addr;
use std::time::Duration;

use providers::conformance::Subject;
use providers::fake::{Fake, FakeSettings};
use providers::{Devices, Forward, MachineId, MachineSpec, Protocol, Provider, QemuOptions, State};
use tempfile::TempDir;
use uuid::Uuid;

fn new_machine(folder: &TempDir) -> MachineId {
    let claim = Uuid::new_v4();
    let folder = folder.path().join(claim.to_string());
    fs::create_dir(&folder).unwrap();
    MachineId { claim, folder }
}

fn spec() -> MachineSpec {
    let ssh = Forward {
        id: "ssh".to_owned(),
        protocol: Protocol::Tcp,
        guest_address: None,
        guest_port: 22,
        host_address: Ipv4Addr::LOCALHOST.into(),
        host_port: 2222,
        correct_within: None,
    };
    MachineSpec {
        name: "default".to_owned(),
        disks: Vec::new(),
        empty_disks: Vec::new(),
        media: Vec::new(),
        seed: None,
        memory_mib: 512,
        cpus: 1,
        forwards: vec![ssh],
        architecture: "x86_64".to_owned(),
        devices: Devices::default(),
        qemu: QemuOptions::default(),
    }
}

fn misbehaving(how: &str) -> Fake {
    Fake::new(FakeSettings {
        misbehaviours: vec![how.parse().unwrap()],
        taken_ports: Vec::new(),
    })
}

#[tokio::test]
async fn the_fake_provider_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    let settings = FakeSettings {
        taken_ports: vec![8080],
        ..FakeSettings::default()
    };
    let subject = Subject {
        provider: &|| Box::new(Fake::new(settings.clone())),
        new_machine: &|| new_machine(&folder),
        spec: spec(),
        taken_port: 8080,
    };

    assert_eq!(subject.check().await, []);
}

#[tokio::test]
async fn a_call_that_fails_before_its_effect_has_none() {
    let folder = TempDir::new().unwrap();
    let id = new_machine(&folder);

    misbehaving("fail before create")
        .create(&id, &spec())
        .await
        .unwrap_err();

    assert_eq!(Fake::default().state(&id).await.unwrap(), State::NotCreated);
    assert_eq!(Fake::calls(&id), ["create"]);
}

#[tokio::test]
async fn a_call_that_fails_after_its_effect_is_found_to_have_worked() {
    let folder = TempDir::new().unwrap();
    let id = new_machine(&folder);

    misbehaving("fail after create").create(&id, &spec()).await.unwrap_err();

    assert_eq!(Fake::default().state(&id).await.unwrap(), State::Stopped);
}

#[tokio::test]
async fn a_call_that_hangs_never_returns() {
    let folder = TempDir::new().unwrap();
    let id = new_machine(&folder);
    let hanging = misbehaving("hang after start");
    hanging.create(&id, &spec()).await.unwrap();

    let returned = tokio::time::timeout(Duration::from_millis(50), hanging.start(&id, &spec())).await;

    assert!(returned.is_err());
    assert_eq!(Fake::default().state(&id).await.unwrap(), State::Running);
}

#[tokio::test]
async fn a_machine_that_crashed_is_stopped() {
    let folder = TempDir::new().unwrap();
    let id = new_machine(&folder);
    let fake = Fake::default();
    fake.create(&id, &spec()).await.unwrap();
    fake.start(&id, &spec()).await.unwrap();

    Fake::crash(&id).unwrap();

    assert_eq!(fake.state(&id).await.unwrap(), State::Stopped);
}
