//! KVM is used where it works; where it does not, that is found out once and said.

use std::fs;
use std::time::Instant;

use providers::{Provider, State, Stop};

use crate::guests;
use crate::place::Place;

#[tokio::test]
async fn a_machine_runs_whatever_dev_kvm_is_worth() {
    let place = Place::new();
    let (id, mut spec) = (place.id(), place.spec(guests::OBEDIENT));
    spec.qemu.accelerator = None;
    place.qemu.create(&id, &spec).await.unwrap();

    place.qemu.start(&id, &spec).await.unwrap();
    place.wait_for_console(&id, "guest is up").await;
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Running);

    let arguments = fs::read_to_string(format!("/proc/{}/cmdline", crate::place::pid(&id).as_raw_nonzero())).unwrap();
    let notices = place.notices();
    match arguments.contains("-accel\0kvm\0") {
        true => assert_eq!(notices, [""; 0]),
        false => assert!(
            notices[0].ends_with("the machine is emulated (TCG), which is slow"),
            "{notices:?}"
        ),
    }
}

#[tokio::test]
async fn kvm_is_measured_once() {
    let place = Place::new();
    let (id, mut spec) = (place.id(), place.spec(guests::DEAF));
    spec.qemu.accelerator = None;
    place.qemu.create(&id, &spec).await.unwrap();
    let begin = Instant::now();
    place.qemu.start(&id, &spec).await.unwrap();
    let measured = begin.elapsed();
    place.qemu.stop(&id, Stop::Power).await.unwrap();
    let cache = place.path("cache");
    // Without a payload nothing could be measured again.
    let _no_kvm_here = fs::remove_file(cache.join("qemu-probe.img"));

    let begin = Instant::now();
    place.qemu.start(&id, &spec).await.unwrap();

    assert!(!cache.join("qemu-probe.img").exists(), "measured again");
    println!("the first start took {measured:?}, the second {:?}", begin.elapsed());
}
