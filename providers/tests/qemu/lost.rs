//! What is found again when something died, hangs, or is not what it seems.

use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, process};

use providers::{Error, Export, MachineId, MachineSpec, Provider, Snapshots, State, Stop};
use rustix::process::Signal;

use crate::guests;
use crate::place::{self, Place, accepts, forward, free_port};

async fn running(place: &Place) -> (MachineId, MachineSpec) {
    let (id, mut spec) = (place.id(), place.spec(guests::OBEDIENT));
    spec.forwards = vec![forward("ssh", 22, free_port())];
    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();
    (id, spec)
}

/// Starts the machine's QEMU as a command does that dies before it lets the guest go.
async fn left_unreleased(place: &Place, id: &MachineId) {
    let text = fs::read_to_string(format!("/proc/{}/cmdline", place::pid(id).as_raw_nonzero())).unwrap();
    let words: Vec<&str> = text.trim_end_matches('\0').split('\0').collect();
    place.qemu.stop(id, Stop::Power).await.unwrap();
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let mut child = command.spawn().unwrap();
    std::thread::spawn(move || child.wait());
    while !place.reader_socket(id).exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_qemu_that_was_never_released_is_a_stopped_machine_and_the_next_start_replaces_it() {
    let place = Place::new();
    let (id, spec) = running(&place).await;
    left_unreleased(&place, &id).await;
    place.wait_for_state(&id, State::Stopped).await;
    let left = place::pid(&id);

    let bound = place.qemu.start(&id, &spec).await.unwrap();

    assert_ne!(place::pid(&id), left);
    assert!(accepts(bound[0].host.port()));
    place.wait_for_console(&id, "guest is up").await;
}

#[tokio::test]
async fn a_qemu_that_was_just_killed_is_not_taken_for_a_running_one() {
    let place = Place::new();
    let (id, spec) = running(&place).await;
    for round in 0..6 {
        let pid = place::pid(&id);
        rustix::process::kill_process(pid, Signal::KILL).unwrap();
        // Its memory goes first, and for a while the rest of it is still there.
        let command_line = format!("/proc/{}/cmdline", pid.as_raw_nonzero());
        while fs::read(&command_line).is_ok_and(|it| !it.is_empty()) {
            std::hint::spin_loop();
        }

        assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped, "round {round}");
        place.qemu.start(&id, &spec).await.unwrap();
    }
}

#[tokio::test]
async fn a_qemu_that_was_never_released_goes_with_its_machine() {
    let place = Place::new();
    let (id, _) = running(&place).await;
    left_unreleased(&place, &id).await;
    let left = place::pid(&id);

    place.qemu.destroy(&id).await.unwrap();

    assert!(place::is_ended(left));
    assert_eq!(place.leftovers(&id), [""; 0]);
}

#[tokio::test]
async fn looking_does_not_wait_for_one_who_holds_the_main_monitor() {
    let place = Place::new();
    let (id, _) = running(&place).await;
    let _held = UnixStream::connect(place.control_socket(&id)).unwrap();

    let begin = Instant::now();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    assert_eq!(place.qemu.endpoint(&id).await.unwrap().forwards.len(), 1);

    assert!(begin.elapsed() < Duration::from_millis(900), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn fifty_may_look_at_once() {
    let place = Place::new();
    let (id, _) = running(&place).await;

    let looks = (0..50).map(|_| {
        let (qemu, id) = (place.qemu.clone(), id.clone());
        tokio::spawn(async move { qemu.state(&id).await.unwrap() })
    });
    for look in looks.collect::<Vec<_>>() {
        assert_eq!(look.await.unwrap(), State::Running);
    }
}

#[tokio::test]
async fn a_machine_whose_monitors_are_both_held_still_runs_and_can_be_stopped() {
    let place = Place::new();
    let (id, _) = running(&place).await;
    let _control = UnixStream::connect(place.control_socket(&id)).unwrap();
    let _reader = UnixStream::connect(place.reader_socket(&id)).unwrap();

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    assert!(matches!(place.qemu.endpoint(&id).await, Err(Error::NoAnswer { .. })));
    place.qemu.stop(&id, Stop::Power).await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
}

#[tokio::test]
async fn a_qemu_that_hangs_still_runs_and_can_be_destroyed() {
    let place = Place::new();
    let (id, _) = running(&place).await;
    place::signal(&id, Signal::STOP);

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    place.qemu.destroy(&id).await.unwrap();
    assert_eq!(place.leftovers(&id), [""; 0]);
}

#[tokio::test]
async fn the_monitor_of_another_machine_is_not_taken_for_ones_own() {
    let place = Place::new();
    let (one, _) = running(&place).await;
    let (other, _) = running(&place).await;
    place.qemu.stop(&one, Stop::Power).await.unwrap();
    fs::rename(place.reader_socket(&other), place.reader_socket(&one)).unwrap();

    assert_eq!(place.qemu.state(&one).await.unwrap(), State::Stopped);
    place.qemu.destroy(&one).await.unwrap();
    assert_eq!(place.qemu.state(&other).await.unwrap(), State::Running);
}

#[tokio::test]
async fn a_pid_alone_is_nobody() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::DEAF));
    place.qemu.create(&id, &spec).await.unwrap();
    fs::write(id.folder.join("qemu.pid"), process::id().to_string()).unwrap();

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
    // Were the number believed, this test would end itself here.
    place.qemu.destroy(&id).await.unwrap();
}

#[tokio::test]
async fn a_machine_is_found_without_its_sockets() {
    let place = Place::new();
    let (id, _) = running(&place).await;
    fs::remove_dir_all(place.path("run")).unwrap();

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    place.qemu.destroy(&id).await.unwrap();
    assert_eq!(place.leftovers(&id), [""; 0]);
}

#[tokio::test]
async fn a_machine_is_found_without_its_pid_file() {
    let place = Place::new();
    let (id, _) = running(&place).await;
    let pid = place::pid(&id);
    fs::remove_file(id.folder.join("qemu.pid")).unwrap();

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    place.qemu.destroy(&id).await.unwrap();
    assert!(place::is_ended(pid));
}

/// Does something to a machine's disk or the image below it; starting it is refused, and works again when that is taken back.
async fn check_spoilt(spoil: fn(&Path), is_base: bool, reason: &str) {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::DEAF));
    place.qemu.create(&id, &spec).await.unwrap();
    let disk = id.folder.join("disk.qcow2");
    let spoilt = if is_base { spec.disks[0].path() } else { &disk };
    let copy = place.path("copy");
    fs::copy(spoilt, &copy).unwrap();
    spoil(spoilt);

    let errors = [
        place.qemu.start(&id, &spec).await.unwrap_err(),
        place.qemu.list(&id).await.unwrap_err(),
        Export::export(&place.qemu, &id, &place.path("out")).await.unwrap_err(),
    ];

    for error in errors {
        let text = error.to_string();
        assert!(
            text.contains(&*spoilt.to_string_lossy()) && text.contains(reason),
            "{text}"
        );
    }
    fs::rename(&copy, spoilt).unwrap();
    place.qemu.start(&id, &spec).await.unwrap();
    place.qemu.destroy(&id).await.unwrap();
}

#[tokio::test]
async fn a_disk_that_was_cut_off_is_named_and_not_booted() {
    let cut = |it: &Path| {
        fs::OpenOptions::new()
            .write(true)
            .open(it)
            .unwrap()
            .set_len(70_000)
            .unwrap()
    };
    check_spoilt(cut, false, "it was cut off").await;
}

#[tokio::test]
async fn a_disk_full_of_noise_is_named() {
    check_spoilt(
        |it| fs::write(it, [7; 70_000]).unwrap(),
        false,
        "does not begin as an image",
    )
    .await;
}

#[tokio::test]
async fn an_image_below_that_is_gone_or_empty_is_named_with_the_disk_that_lies_on_it() {
    check_spoilt(|it| fs::remove_file(it).unwrap(), true, "it is gone").await;
    let empty = |it: &Path| {
        fs::remove_file(it).unwrap();
        fs::write(it, "").unwrap();
    };
    check_spoilt(empty, true, "it is empty").await;
}
