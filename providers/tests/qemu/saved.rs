//! Memory and disks that are saved, and what comes of them.

use std::fs;
use std::time::Duration;

use providers::{Error, MachineId, MachineSpec, Provider, Snapshots, State, Stop, Suspend};
use rustix::process::Signal;

use crate::guests;
use crate::place::{self, Place, accepts, forward, free_port};

const POWER_BUTTON: Stop = Stop::PowerButton {
    patience: Duration::from_secs(20),
};

async fn up(place: &Place) -> (MachineId, MachineSpec) {
    let (id, mut spec) = (place.id(), place.spec(guests::OBEDIENT));
    spec.forwards = vec![forward("ssh", 22, free_port())];
    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();
    place.wait_for_console(&id, "guest is up").await;
    (id, spec)
}

/// The guest has not booted again, and is there: it takes the power button.
async fn assert_woken(place: &Place, id: &MachineId) {
    let console = place.qemu.console_tail(id, 10).await.unwrap();
    assert_eq!(console, [""; 0]);
    place.qemu.stop(id, POWER_BUTTON).await.unwrap();
    assert_eq!(place.qemu.console_tail(id, 10).await.unwrap(), [""; 0]);
}

async fn names(place: &Place, id: &MachineId) -> Vec<String> {
    place
        .qemu
        .list(id)
        .await
        .unwrap()
        .into_iter()
        .map(|it| it.name)
        .collect()
}

#[tokio::test]
async fn a_suspended_machine_wakes_up_where_it_was_in_the_hardware_it_had() {
    let place = Place::new();
    let (id, mut spec) = up(&place).await;

    place.qemu.save_memory(&id).await.unwrap();
    place.qemu.save_memory(&id).await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Saved);
    assert!(!accepts(spec.forwards[0].host_port));
    spec.memory_mib = 64;
    let bound = place.qemu.start(&id, &spec).await.unwrap();

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    assert!(accepts(bound[0].host.port()));
    assert_woken(&place, &id).await;
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
}

#[tokio::test]
async fn a_suspended_machine_that_is_stopped_boots_anew() {
    let place = Place::new();
    let (id, spec) = up(&place).await;
    place.qemu.save_memory(&id).await.unwrap();

    place.qemu.stop(&id, POWER_BUTTON).await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
    place.qemu.start(&id, &spec).await.unwrap();

    place.wait_for_console(&id, "guest is up").await;
}

#[tokio::test]
async fn a_suspended_machine_can_be_destroyed() {
    let place = Place::new();
    let (id, _) = up(&place).await;
    place.qemu.save_memory(&id).await.unwrap();

    place.qemu.destroy(&id).await.unwrap();

    assert_eq!(place.leftovers(&id), [""; 0]);
}

#[tokio::test]
async fn a_guest_that_is_held_is_paused_and_goes_on_where_it_was() {
    let place = Place::new();
    let (id, spec) = up(&place).await;

    place::command(&place.control_socket(&id), "stop");
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Paused);
    place.qemu.start(&id, &spec).await.unwrap();

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    place::command(&place.control_socket(&id), "stop");
    place.qemu.save_memory(&id).await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Saved);
    place.qemu.start(&id, &spec).await.unwrap();
    assert_woken(&place, &id).await;
}

#[tokio::test]
async fn what_does_not_run_cannot_be_suspended() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::DEAF));

    assert!(matches!(place.qemu.save_memory(&id).await, Err(Error::NotCreated)));
    place.qemu.create(&id, &spec).await.unwrap();
    assert!(matches!(place.qemu.save_memory(&id).await, Err(Error::NotRunning)));
}

#[tokio::test]
async fn a_taken_port_leaves_a_suspended_machine_suspended() {
    let place = Place::new();
    let (id, spec) = up(&place).await;
    place.qemu.save_memory(&id).await.unwrap();
    let listener = std::net::TcpListener::bind(("127.0.0.1", spec.forwards[0].host_port)).unwrap();

    let error = place.qemu.start(&id, &spec).await.unwrap_err();
    assert!(matches!(error, Error::PortTaken { .. }), "{error}");
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Saved);
    drop(listener);
    place.qemu.start(&id, &spec).await.unwrap();

    assert_woken(&place, &id).await;
}

#[tokio::test]
async fn memory_that_may_have_run_since_is_not_woken_a_second_time() {
    let place = Place::new();
    let (id, spec) = up(&place).await;
    place.qemu.save_memory(&id).await.unwrap();
    let note = fs::read(id.folder.join("memory.json")).unwrap();
    place.qemu.start(&id, &spec).await.unwrap();
    // As it is when a command dies right after the guest was let go, and QEMU dies later.
    fs::write(id.folder.join("memory-waking.json"), note).unwrap();
    place::signal(&id, Signal::KILL);

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
    place.qemu.start(&id, &spec).await.unwrap();

    place.wait_for_console(&id, "guest is up").await;
    assert!(!id.folder.join("memory-waking.json").exists());
}

#[tokio::test]
async fn a_snapshot_of_a_running_machine_is_gone_back_to_from_any_state() {
    let place = Place::new();
    let (id, spec) = up(&place).await;
    place.qemu.save(&id, "1").await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    assert!(place.qemu.list(&id).await.unwrap()[0].has_memory);

    go_back(&place, &id, &spec).await;
    assert_woken(&place, &id).await;
    go_back(&place, &id, &spec).await;
    place.qemu.save_memory(&id).await.unwrap();
    go_back(&place, &id, &spec).await;
    assert_woken(&place, &id).await;

    assert_eq!(names(&place, &id).await, ["1"]);
}

/// Goes back to the snapshot `1`, and on from there.
async fn go_back(place: &Place, id: &MachineId, spec: &MachineSpec) {
    assert_eq!(place.qemu.restore(id, "1").await.unwrap(), State::Saved);
    assert_eq!(place.qemu.state(id).await.unwrap(), State::Saved);
    place.qemu.start(id, spec).await.unwrap();
    assert_eq!(place.qemu.state(id).await.unwrap(), State::Running);
}

#[tokio::test]
async fn memory_of_a_snapshot_that_is_thrown_away_leaves_the_disk_of_its_time() {
    let place = Place::new();
    let (id, spec) = up(&place).await;
    place.qemu.save(&id, "1").await.unwrap();
    place.qemu.restore(&id, "1").await.unwrap();

    place.qemu.stop(&id, Stop::Power).await.unwrap();

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
    assert_eq!(names(&place, &id).await, ["1"]);
    place.qemu.start(&id, &spec).await.unwrap();
    place.wait_for_console(&id, "guest is up").await;
}

#[tokio::test]
async fn a_snapshot_of_a_stopped_machine_leaves_it_stopped() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::OBEDIENT));
    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.save(&id, "fresh").await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();

    assert_eq!(place.qemu.restore(&id, "fresh").await.unwrap(), State::Stopped);

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
    assert!(!place.qemu.list(&id).await.unwrap()[0].has_memory);
}

#[tokio::test]
async fn snapshots_have_any_name_once() {
    let place = Place::new();
    let (id, _) = up(&place).await;
    for name in ["a b", "-d", "1", "ünï,code"] {
        place.qemu.save(&id, name).await.unwrap();
    }

    let error = place.qemu.save(&id, "a b").await.unwrap_err();
    assert_eq!(error.to_string(), "there is a snapshot `a b` already");
    assert_eq!(names(&place, &id).await, ["a b", "-d", "1", "ünï,code"]);
    place.qemu.delete(&id, "-d").await.unwrap();
    place.qemu.delete(&id, "-d").await.unwrap();
    place.qemu.stop(&id, Stop::Power).await.unwrap();
    place.qemu.delete(&id, "1").await.unwrap();

    assert_eq!(names(&place, &id).await, ["a b", "ünï,code"]);
}

#[tokio::test]
async fn a_snapshot_that_is_not_there_is_named() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::DEAF));
    place.qemu.create(&id, &spec).await.unwrap();

    let error = place.qemu.restore(&id, "gone").await.unwrap_err();

    assert_eq!(error.to_string(), "there is no snapshot `gone`");
}
