//! Create, start, stop, destroy: once, twice, and after something was killed.

use std::time::Duration;

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
