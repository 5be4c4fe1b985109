//! `jaunt upload`, to machines that take no seconds; what goes over the wire is counted by whoever sits between the two.

#![cfg(test)]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::stand_in::StandIn;

/// Passes on what comes to a port of its own, and counts the bytes that go to the guest.
fn counted(guest: u16) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counter = count.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", guest)).unwrap();
            let (back, forth) = (
                (server.try_clone().unwrap(), client.try_clone().unwrap()),
                (client, server),
            );
            let (counter, unused) = (counter.clone(), Arc::new(AtomicUsize::new(0)));
            std::thread::spawn(move || pass_on(back.0, back.1, &unused));
            std::thread::spawn(move || pass_on(forth.0, forth.1, &counter));
        }
    });
    (port, count)
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, count: &AtomicUsize) {
    let mut piece = [0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        count.fetch_add(length, Ordering::SeqCst);
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn a_compressed_upload_sends_less_and_brings_the_same() {
    let stand_in = StandIn::new();
    let (port, count) = counted(stand_in.port());
    stand_in.write_vagrantfile(&format!("config.ssh.port = {port}"));
    stand_in.run(&["up"]).success();
    let content = "what is said again and again is short when it is compressed\n".repeat(20_000);
    stand_in.world.write("folder/large", &content);
    let target = stand_in.guest().join("here");
    let moved = |options: &[&str]| {
        let _ = fs::remove_dir_all(&target);
        let before = count.load(Ordering::SeqCst);
        let target = target.display().to_string();
        stand_in
            .run(&[&["upload"], options, &["folder", &target]].concat())
            .success();
        assert_eq!(
            fs::read_to_string(stand_in.guest().join("here/large")).unwrap(),
            content
        );
        count.load(Ordering::SeqCst) - before
    };

    let (plain, compressed) = (moved(&[]), moved(&["--compress"]));

    assert!(plain > content.len(), "{plain}");
    assert!(compressed < content.len() / 10, "{compressed}");
    assert!(moved(&["-C", "zip"]) < content.len() / 10);
}
