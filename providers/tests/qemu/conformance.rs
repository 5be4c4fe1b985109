//! The contract, kept by the real QEMU.

use providers::conformance::Subject;

use crate::guests;
use crate::place::{Place, forward, free_port, taken_port};

#[tokio::test]
async fn qemu_keeps_the_contract() {
    let place = Place::new();
    let (_listener, taken_port) = taken_port();
    let mut spec = place.spec(guests::OBEDIENT);
    spec.forwards = vec![forward("ssh", 22, free_port()), forward("tcp8080", 80, free_port())];
    let subject = Subject {
        provider: &|| Box::new(place.qemu.clone()),
        new_machine: &|| place.id(),
        spec,
        taken_port,
    };

    assert_eq!(subject.check().await, []);
}
