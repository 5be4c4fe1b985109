//! Create, start, stop, destroy: once, twice, and after something was killed.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use providers::{Error, Provider, State, Stop};
use rustix::process::Signal;

use crate::guests;
use crate::place::{self, Place, accepts, forward, free_port};

const POWER_BUTTON: Stop = Stop::PowerButton {
    patience: Duration::from_secs(20),
};

#[tokio::test]
async fn a_machine_goes_through_its_life() {
    let place = Place::new();
    let (id, port) = (place.id(), free_port());
    let mut spec = place.spec(guests::OBEDIENT);
    spec.forwards = vec![forward("ssh", 22, port)];
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::NotCreated);

    place.qemu.create(&id, &spec).await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);

    let bound = place.qemu.start(&id, &spec).await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    assert_eq!(bound[0].host.port(), port);
    assert_eq!(place.qemu.endpoint(&id).await.unwrap().forwards, bound);
    assert!(accepts(port));
    place.wait_for_console(&id, "guest is up").await;

    place.qemu.stop(&id, POWER_BUTTON).await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
    assert!(!accepts(port));
    assert!(matches!(place.qemu.endpoint(&id).await, Err(Error::NotRunning)));

    place.qemu.destroy(&id).await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::NotCreated);
    assert_eq!(place.leftovers(&id), [""; 0]);
}

#[tokio::test]
async fn every_call_may_be_made_twice() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::OBEDIENT));

    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();
    let process = place::pid(&id);
    place.qemu.start(&id, &spec).await.unwrap();
    assert_eq!(place::pid(&id), process);
    place.qemu.stop(&id, Stop::Power).await.unwrap();
    place.qemu.stop(&id, Stop::Power).await.unwrap();
    place.qemu.destroy(&id).await.unwrap();
    place.qemu.destroy(&id).await.unwrap();

    assert_eq!(place.leftovers(&id), [""; 0]);
}

#[tokio::test]
async fn a_machine_whose_qemu_was_killed_is_stopped_and_starts_again() {
    let place = Place::new();
    let (id, port) = (place.id(), free_port());
    let mut spec = place.spec(guests::OBEDIENT);
    spec.forwards = vec![forward("ssh", 22, port)];
    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();
    place::signal(&id, Signal::KILL);

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
    place.qemu.start(&id, &spec).await.unwrap();
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
    assert!(accepts(port));
}

#[tokio::test]
async fn a_new_machine_costs_next_to_nothing_and_leaves_its_box_alone() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::OBEDIENT));
    let image = spec.disks[0].path().to_owned();
    let before = fs::read(&image).unwrap();

    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();
    place.wait_for_console(&id, "guest is up").await;

    let disk = id.folder.join("disk.qcow2").metadata().unwrap();
    assert!(disk.len() < 1024 * 1024, "{} bytes", disk.len());
    assert_eq!(disk.mode() & 0o777, 0o600);
    assert!(before == fs::read(&image).unwrap());
}

#[tokio::test]
async fn a_disk_may_be_larger_than_that_of_the_box() {
    let place = Place::new();
    let (id, mut spec) = (place.id(), place.spec(guests::OBEDIENT));
    spec.qemu.disk_size_mib = Some(64);

    place.qemu.create(&id, &spec).await.unwrap();

    let header = fs::read(id.folder.join("disk.qcow2")).unwrap();
    assert_eq!(u64::from_be_bytes(header[24..32].try_into().unwrap()), 64 * 1024 * 1024);
}

#[tokio::test]
async fn a_guest_that_reboots_itself_goes_on() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::REBOOTING));
    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();

    place.wait_for_console(&id, "12").await;

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
}

#[tokio::test]
async fn a_guest_that_powers_itself_off_is_a_stopped_machine() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::OBEDIENT));
    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();
    place.wait_for_console(&id, "guest is up").await;
    place::command(&place.control_socket(&id), "system_powerdown");

    place.wait_for_state(&id, State::Stopped).await;
    place.qemu.start(&id, &spec).await.unwrap();

    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);
}

#[tokio::test]
async fn a_guest_that_ignores_its_power_button_is_cut_off_in_time() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::DEAF));
    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();
    let patience = Duration::from_millis(300);
    let begin = Instant::now();

    place.qemu.stop(&id, Stop::PowerButton { patience }).await.unwrap();

    assert!(begin.elapsed() >= patience);
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
}

#[tokio::test]
async fn qemu_has_a_session_of_its_own_and_nothing_of_the_command() {
    let place = Place::new();
    // A descriptor that every child would inherit.
    let (reader, _writer) = rustix::pipe::pipe().unwrap();
    rustix::io::fcntl_setfd(&reader, rustix::io::FdFlags::empty()).unwrap();
    let pipe = fs::read_link(format!("/proc/self/fd/{}", reader.as_raw_fd())).unwrap();
    let (id, spec) = (place.id(), place.spec(guests::DEAF));
    place.qemu.create(&id, &spec).await.unwrap();
    place.qemu.start(&id, &spec).await.unwrap();

    let pid = place::pid(&id);
    let open = |name: &str| fs::read_link(format!("/proc/{}/fd/{name}", pid.as_raw_nonzero())).unwrap();
    let all = fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())).unwrap();
    let names: Vec<String> = all.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();

    assert_eq!(rustix::process::getsid(Some(pid)).unwrap(), pid);
    assert_eq!(
        ["0", "1", "2"].map(open),
        ["/dev/null".into(), "/dev/null".into(), id.folder.join("qemu.log")]
    );
    assert!(names.iter().all(|it| open(it) != pipe));
}
