//! Forwarded ports: where they are bound, and what happens when they cannot be.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};

use providers::{Error, Forward, MachineId, MachineSpec, Protocol, Provider, State};

use crate::guests;
use crate::place::{self, Place, accepts, forward, free_port, taken_port};

async fn created(place: &Place, forwards: Vec<Forward>) -> (MachineId, MachineSpec) {
    let (id, mut spec) = (place.id(), place.spec(guests::DEAF));
    spec.forwards = forwards;
    place.qemu.create(&id, &spec).await.unwrap();
    (id, spec)
}

#[tokio::test]
async fn a_taken_port_is_an_error_about_it_and_leaves_no_process() {
    let place = Place::new();
    let (free, (_listener, taken)) = (free_port(), taken_port());
    let (id, spec) = created(&place, vec![forward("ssh", 22, free), forward("web", 80, taken)]).await;

    let error = place.qemu.start(&id, &spec).await.unwrap_err();

    let expected = format!("port {taken} on 127.0.0.1 is taken: it cannot be forwarded to port 80 of the guest");
    assert_eq!(error.to_string(), expected);
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
    assert!(!accepts(free));
    assert_eq!(
        place.leftovers(&id),
        [
            "console.log",
            "disk.qcow2",
            "firmware.json",
            "hardware.json",
            "qemu.log"
        ]
    );
}

#[tokio::test]
async fn a_taken_port_that_may_be_corrected_becomes_the_next_free_one() {
    let place = Place::new();
    let (_listener, taken) = taken_port();
    let next = free_port();
    let range = (next.min(taken), next.max(taken));
    let (id, spec) = created(
        &place,
        vec![Forward {
            correct_within: Some(range),
            ..forward("ssh", 22, taken)
        }],
    )
    .await;

    let bound = place.qemu.start(&id, &spec).await.unwrap();

    let port = bound[0].host.port();
    assert!(
        port != taken && (range.0..=range.1).contains(&port),
        "{port} of {range:?}"
    );
    assert!(accepts(port));
    assert_eq!(place.qemu.endpoint(&id).await.unwrap().forwards, bound);
}

#[tokio::test]
async fn a_range_without_a_free_port_is_an_error_about_the_range() {
    let place = Place::new();
    let (_listener, taken) = taken_port();
    let (id, spec) = created(
        &place,
        vec![Forward {
            correct_within: Some((taken, taken)),
            ..forward("ssh", 22, taken)
        }],
    )
    .await;

    let error = place.qemu.start(&id, &spec).await.unwrap_err();

    assert!(
        matches!(error, Error::NoFreePort { first, last, guest_port: 22 } if (first, last) == (taken, taken)),
        "{error}"
    );
}

#[tokio::test]
async fn tcp_and_udp_have_the_same_port_and_a_taken_one_of_udp_is_noticed() {
    let place = Place::new();
    let port = free_port();
    let udp = Forward {
        protocol: Protocol::Udp,
        ..forward("dns-udp", 53, port)
    };
    let (id, spec) = created(&place, vec![forward("dns", 53, port), udp.clone()]).await;
    assert_eq!(place.qemu.start(&id, &spec).await.unwrap().len(), 2);
    place.qemu.destroy(&id).await.unwrap();

    let _taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let (id, spec) = created(&place, vec![udp]).await;
    let error = place.qemu.start(&id, &spec).await.unwrap_err();

    assert!(
        matches!(error, Error::PortTaken { port: it, .. } if it == port),
        "{error}"
    );
}

#[tokio::test]
async fn two_machines_cannot_have_the_same_port() {
    let place = Place::new();
    let port = free_port();
    let (first, spec) = created(&place, vec![forward("ssh", 22, port)]).await;
    let (second, _) = created(&place, Vec::new()).await;
    place.qemu.start(&first, &spec).await.unwrap();

    let error = place.qemu.start(&second, &spec).await.unwrap_err();

    assert!(matches!(error, Error::PortTaken { .. }), "{error}");
    assert_eq!(place.qemu.state(&first).await.unwrap(), State::Running);
}

#[tokio::test]
async fn an_address_that_the_host_does_not_have_is_no_taken_port() {
    let place = Place::new();
    let elsewhere = Forward {
        host_address: Ipv4Addr::new(192, 0, 2, 1).into(),
        ..forward("ssh", 22, 2222)
    };
    let (id, spec) = created(&place, vec![elsewhere]).await;

    let error = place.qemu.start(&id, &spec).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "this host has no address 192.0.2.1 to forward to port 22 of the guest"
    );
}

#[tokio::test]
async fn what_the_file_says_and_qemu_does_not_is_no_forward() {
    let place = Place::new();
    let (id, spec) = created(&place, vec![forward("ssh", 22, free_port())]).await;
    let bound = place.qemu.start(&id, &spec).await.unwrap();
    let file = id.folder.join("forwards.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(&bound[0].host.port().to_string(), "1")).unwrap();

    assert_eq!(place.qemu.endpoint(&id).await.unwrap().forwards, []);
    assert!(place::pid(&id).as_raw_nonzero().get() > 0);
}
