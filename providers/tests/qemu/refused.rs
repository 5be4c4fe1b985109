//! What cannot work is refused in words that say what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use providers::{Error, Provider, State};

use crate::guests;
use crate::place::Place;

#[tokio::test]
async fn a_missing_program_is_named_with_what_installs_it() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::DEAF));

    let error = place.with_search_path(Vec::new()).create(&id, &spec).await.unwrap_err();

    let Error::NotInstalled { program, advice } = error else {
        panic!("{error}")
    };
    assert_eq!(program, "qemu-img");
    assert!(advice.contains("install"), "{advice}");
    assert_eq!(place.leftovers(&id), [""; 0]);
}

#[tokio::test]
async fn an_argument_that_qemu_does_not_know_is_an_error_in_its_words() {
    let place = Place::new();
    let (id, mut spec) = (place.id(), place.spec(guests::DEAF));
    place.qemu.create(&id, &spec).await.unwrap();
    spec.qemu.extra_arguments = vec!["-no-such-option".to_owned()];

    let error = place.qemu.start(&id, &spec).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "qemu-system-x86_64 failed (exit status: 1): -no-such-option: invalid option"
    );
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::Stopped);
}

#[tokio::test]
async fn a_disk_that_is_not_there_makes_no_machine() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::DEAF));
    fs::remove_file(spec.disks[0].path()).unwrap();

    let error = place.qemu.create(&id, &spec).await.unwrap_err();

    assert!(matches!(error, Error::Command { .. }), "{error}");
    assert_eq!(place.qemu.state(&id).await.unwrap(), State::NotCreated);
}

#[tokio::test]
async fn a_runtime_folder_that_others_can_write_to_is_refused() {
    let place = Place::new();
    let (id, spec) = (place.id(), place.spec(guests::DEAF));
    place.qemu.create(&id, &spec).await.unwrap();
    fs::create_dir(place.path("run")).unwrap();
    fs::set_permissions(place.path("run"), fs::Permissions::from_mode(0o777)).unwrap();

    let error = place.qemu.start(&id, &spec).await.unwrap_err();

    assert!(
        error
            .to_string()
            .ends_with("is not a folder that this user alone can write to"),
        "{error}"
    );
}
