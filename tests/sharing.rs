//! Boxes pushed to others and pulled from there: real registries, folders behind a web server, and what of it is moved.

#![cfg(test)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use support::registry::{Guard, PASSWORD, Registry, size_of};
use support::web::Web;
use support::{Ran, World};

const MIB: usize = 1 << 20;
/// Of the disk of the boxes here.
const DISK: usize = 48 * MIB;

/// Bytes that do not compress, the same for the same seed.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A disk with data, a hole, and data.
fn disk() -> Vec<u8> {
    let mut disk = noise(DISK, 1);
    disk[8 * MIB..12 * MIB].fill(0);
    // The signature of a boot sector, so that it is known for a raw disk.
    disk[..446].fill(0);
    disk[446..510].fill(0);
    disk[446] = 0x80;
    disk[450] = 0x83;
    disk[454..458].copy_from_slice(&2048u32.to_le_bytes());
    disk[458..462].copy_from_slice(&65536u32.to_le_bytes());
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    disk
}

/// The same with one percent of its clusters of 64 KiB written anew, here and there.
fn changed(mut disk: Vec<u8>) -> Vec<u8> {
    const CLUSTER: usize = 64 << 10;
    let count = disk.len() / CLUSTER;
    for number in 0..count / 100 {
        let start = (number * 97 + 31) % count * CLUSTER;
        disk[start..start + CLUSTER].copy_from_slice(&noise(CLUSTER, 1000 + number as u64));
    }
    disk
}

/// A catalog of `team/web` in some versions, in a folder of the world; returns its path.
fn catalog(world: &World, versions: &[(&str, &[u8])]) -> PathBuf {
    let folder = world.home().parent().unwrap().join("made");
    fs::create_dir_all(&folder).unwrap();
    let version = |(version, disk): &(&str, &[u8])| {
        let file = format!("{version}.box");
        write_box(&folder.join(&file), disk);
        format!(r#"{{"version":"{version}","providers":[{{"name":"qemu","url":"{file}"}}]}}"#)
    };
    let versions: Vec<String> = versions.iter().map(version).collect();
    let path = folder.join("catalog.json");
    fs::write(
        &path,
        format!(r#"{{"name":"team/web","versions":[{}]}}"#, versions.join(",")),
    )
    .unwrap();
    path
}

fn write_box(path: &Path, disk: &[u8]) {
    let folder = path.with_extension("contents");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("metadata.json"),
        r#"{"provider":"qemu","disks":[{"path":"disk.raw","format":"raw"}]}"#,
    )
    .unwrap();
    fs::write(folder.join("Vagrantfile"), "# of the box\n").unwrap();
    fs::write(folder.join("disk.raw"), disk).unwrap();
    let mut command = Command::new("tar");
    let status = command.arg("-cf").arg(path).arg("-C").arg(&folder).arg(".").status();
    assert!(status.unwrap().success());
    fs::remove_dir_all(folder).unwrap();
}

fn add(world: &World, catalog: &Path, version: &str) {
    let path = catalog.display().to_string();
    world.run(["box", "add", &path, "--box-version", version]).success();
}

/// The files of a box in a world, but for Jaunt's own note.
fn contents(world: &World, version: &str) -> Vec<(String, Vec<u8>)> {
    let folder = world
        .home()
        .join("boxes/team-VAGRANTSLASH-web")
        .join(version)
        .join("qemu");
    let names = support::names_in(&folder).into_iter().filter(|it| it != ".jaunt.json");
    names
        .map(|it| (it.clone(), fs::read(folder.join(it)).unwrap()))
        .collect()
}

/// The settings that let the user into a registry; the password is in a file of its own.
fn let_in(world: &World, address: &str) {
    write_private(&world.home().join("password"), PASSWORD);
    let settings = format!("[[boxes.account]]\nurl = \"{address}\"\nuser = \"team\"\npassword_file = \"password\"\n");
    fs::write(world.home().join("settings.toml"), settings).unwrap();
}

fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[track_caller]
fn says_no_secret(ran: Ran) -> Ran {
    for stream in [&ran.stdout, &ran.stderr] {
        assert!(!stream.contains(PASSWORD), "{stream}");
    }
    ran
}

#[test]
fn a_box_goes_through_a_registry_and_its_next_version_moves_what_is_new() {
    let (giver, taker) = (World::new(), World::new());
    let registry = Registry::start(&giver.home().join("registry"), Guard::Open);
    let (first, second) = (disk(), changed(disk()));
    let catalog = catalog(&giver, &[("1.0", &first), ("1.1", &second)]);
    let address = registry.address("team/web");

    add(&giver, &catalog, "1.0");
    giver.run(["box", "push", "team/web", &address]).success();
    let size_of_first = registry.size();
    taker
        .run(["box", "add", &registry.address("team/nothing")])
        .fails_with("the box `team/nothing` was not found at oci://");
    taker
        .run(["box", "add", &address, "--box-version", "> 1.0"])
        .fails_with("the box `team/web` has no version that satisfies `> 1.0`; it has: 1.0");
    taker.run(["box", "pull", "team/web", &address]).success();
    assert!(
        contents(&taker, "1.0") == contents(&giver, "1.0"),
        "the box is the same"
    );

    add(&giver, &catalog, "1.1");
    let pushed = giver.run(["box", "push", "team/web", &address]).success();
    let moved = registry.size() - size_of_first;
    assert!(moved * 20 < DISK as u64, "{moved} bytes moved: {}", pushed.stdout);
    let before = registry.size();
    let again = giver.run(["box", "push", "team/web", &address]).success();
    assert!(again.stdout.contains("It is there already"), "{}", again.stdout);
    assert_eq!(registry.size(), before);

    let outdated = taker.run(["box", "outdated", "--global"]).success();
    assert_eq!(
        outdated.stdout,
        "* 'team/web' for 'qemu' is outdated! Current: 1.0. Latest: 1.1\n"
    );
    let pulled = taker.run(["box", "update", "--box", "team/web"]).success();
    assert!(
        contents(&taker, "1.1") == contents(&giver, "1.1"),
        "the box is the same"
    );
    let fetched = fetched_mib(&pulled);
    assert!(fetched * 20.0 < (DISK / MIB) as f64, "{}", pulled.stdout);
    taker
        .run(["box", "add", &format!("{address}:1.0"), "--force"])
        .success();
    taker
        .run(["box", "add", &format!("{address}:7.0")])
        .fails_with("the server answered 404");
}

/// What the command says that it fetched.
fn fetched_mib(ran: &Ran) -> f64 {
    let line = ran
        .stdout
        .lines()
        .find(|it| it.contains("Fetched "))
        .expect(&ran.stdout);
    line.split_whitespace()
        .skip_while(|it| *it != "Fetched")
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn a_registry_with_a_password_lets_in_who_has_it_and_nobody_else() {
    let (giver, taker) = (World::new(), World::new());
    let registry = Registry::start(&giver.home().join("registry"), Guard::Password);
    let catalog = catalog(&giver, &[("1.0", &disk()[..4 * MIB])]);
    let address = registry.address("team/web");
    add(&giver, &catalog, "1.0");
    giver
        .run(["box", "push", "team/web", &address])
        .fails_with("is denied: the server answered 401");

    let_in(&giver, &address);
    says_no_secret(giver.run(["--debug", "box", "push", "team/web", &address]).success());
    taker
        .run(["box", "pull", "team/web", &address])
        .fails_with("is denied: the server answered 401");
    let_in(&taker, &address);
    says_no_secret(taker.run(["--debug", "box", "pull", "team/web", &address]).success());
    assert!(
        contents(&taker, "1.0") == contents(&giver, "1.0"),
        "the box is the same"
    );

    write_private(&taker.home().join("password"), "wrong");
    taker
        .run(["box", "pull", "team/web", &address, "--force"])
        .fails_with("is denied: the server answered 401");
    let with_password = address.replace("oci://", &format!("oci://team:{}@", PASSWORD.replace(' ', "%20")));
    let refused = says_no_secret(taker.run(["box", "add", &with_password])).fails_with("seen by everybody");
    assert!(!refused.stderr.contains("correct"), "{}", refused.stderr);
}

#[test]
fn a_registry_over_tls_is_trusted_by_its_certificate_alone() {
    let (giver, taker) = (World::new(), World::new());
    let registry = Registry::start(&giver.home().join("registry"), Guard::Tls);
    let catalog = catalog(&giver, &[("1.0", &disk()[..4 * MIB])]);
    let address = registry.address("team/web");
    add(&giver, &catalog, "1.0");
    let_in(&giver, &address);
    giver
        .run(["box", "push", "team/web", &address])
        .fails_with("nobody who is trusted has signed the server's certificate");
    let certificate = registry.certificate();
    giver
        .run(["box", "push", "team/web", &address, "--cacert", &certificate])
        .success();
    let_in(&taker, &address);
    taker.run(["box", "pull", "team/web", &address, "--insecure"]).success();
    assert!(
        contents(&taker, "1.0") == contents(&giver, "1.0"),
        "the box is the same"
    );
}

#[test]
fn a_folder_behind_a_web_server_is_a_place_of_boxes() {
    let (giver, taker, local) = (World::new(), World::new(), World::new());
    let (first, second) = (disk(), changed(disk()));
    let catalog = catalog(&giver, &[("1.0", &first), ("1.1", &second)]);
    let shelf = giver.home().parent().unwrap().join("shelf");
    let destination = shelf.display().to_string();
    let web = Web::of(&shelf);
    add(&giver, &catalog, "1.0");
    giver.run(["box", "push", "team/web", &destination]).success();
    let size_of_first = size_of(&shelf);
    taker.run(["box", "add", &web.url("team/web.json")]).success();
    let sent: u64 = web.asked().iter().map(|it| it.sent).sum();
    assert!(sent < DISK as u64, "{sent} bytes, and the disk has a hole");

    add(&giver, &catalog, "1.1");
    giver.run(["box", "push", "team/web", &destination]).success();
    let moved = size_of(&shelf) - size_of_first;
    assert!(moved * 20 < DISK as u64, "{moved} bytes moved");
    taker
        .run(["box", "pull", "team/web", web.url("").trim_end_matches('/')])
        .success();
    let sent: u64 = web.asked().iter().map(|it| it.sent).sum();
    assert!(sent * 20 < DISK as u64, "{sent} bytes fetched");
    assert!(
        contents(&taker, "1.1") == contents(&giver, "1.1"),
        "the box is the same"
    );

    local.run(["box", "pull", "team/web", &destination]).success();
    assert!(
        contents(&local, "1.1") == contents(&giver, "1.1"),
        "the box is the same"
    );
}

/// Writes anew how the box in a shelf's only version was cut, as though it had been pushed so; `None` is a box that does not say.
fn say_how_it_was_cut(shelf: &Path, usual_chunk: Option<u32>) {
    let catalog = fs::read_to_string(shelf.join("team/web.json")).unwrap();
    let digest = serde_json::from_str::<Value>(&catalog).unwrap()["versions"][0]["providers"][0]["checksum"].clone();
    let digest = digest.as_str().unwrap();
    let mut manifest = blob(shelf, digest);
    let mut config = blob(shelf, &manifest["config"]["digest"].as_str().unwrap()[7..]);
    match usual_chunk {
        Some(usual) => config["usual_chunk"] = usual.into(),
        None => drop(config.as_object_mut().unwrap().remove("usual_chunk")),
    }
    manifest["config"]["digest"] = format!("sha256:{}", put_blob(shelf, &config)).into();
    manifest["config"]["size"] = config.to_string().len().into();
    let catalog = catalog.replace(digest, &put_blob(shelf, &manifest));
    fs::write(shelf.join("team/web.json"), catalog).unwrap();
}

fn blob(shelf: &Path, digest: &str) -> Value {
    serde_json::from_slice(&fs::read(shelf.join("blobs/sha256").join(digest)).unwrap()).unwrap()
}

fn put_blob(shelf: &Path, value: &Value) -> String {
    let text = value.to_string();
    let digest: String = Sha256::digest(&text).iter().map(|it| format!("{it:02x}")).collect();
    fs::write(shelf.join("blobs/sha256").join(&digest), text).unwrap();
    digest
}

#[test]
fn a_box_that_was_cut_otherwise_is_read_and_its_next_version_is_cut_alike() {
    let (giver, taker) = (World::new(), World::new());
    let first = disk()[..12 * MIB].to_vec();
    let catalog = catalog(&giver, &[("1.0", &first), ("1.1", &changed(first.clone()))]);
    let shelf = giver.home().parent().unwrap().join("shelf");
    let destination = shelf.display().to_string();
    add(&giver, &catalog, "1.0");
    giver.run(["box", "push", "team/web", &destination]).success();

    say_how_it_was_cut(&shelf, Some(7));
    taker
        .run(["box", "pull", "team/web", &destination])
        .fails_with("was cut in a way that there is not");
    say_how_it_was_cut(&shelf, None);
    taker.run(["box", "pull", "team/web", &destination]).success();
    assert!(
        contents(&taker, "1.0") == contents(&giver, "1.0"),
        "the box is the same"
    );

    add(&giver, &catalog, "1.1");
    giver.run(["box", "push", "team/web", &destination]).success();
    let size_of_second = size_of(&shelf);
    giver.run(["box", "push", "team/web", &destination]).success();
    assert_eq!(size_of(&shelf), size_of_second, "the same box makes the same chunks");
    taker.run(["box", "pull", "team/web", &destination]).success();
    assert!(
        contents(&taker, "1.1") == contents(&giver, "1.1"),
        "the box is the same"
    );
}

#[test]
fn a_shelf_that_lies_is_refused_and_nothing_is_left() {
    let (giver, taker) = (World::new(), World::new());
    let catalog = catalog(&giver, &[("1.0", &disk()[..4 * MIB])]);
    let shelf = giver.home().parent().unwrap().join("shelf");
    let destination = shelf.display().to_string();
    add(&giver, &catalog, "1.0");
    giver.run(["box", "push", "team/web", &destination]).success();
    let largest = fs::read_dir(shelf.join("blobs/sha256"))
        .unwrap()
        .map(|it| it.unwrap().path());
    let pack = largest.max_by_key(|it| it.metadata().unwrap().len()).unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let refused = taker.run(["box", "pull", "team/web", &destination]);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert_eq!(taker.run(["box", "list"]).stdout.lines().count(), 1);
    assert_eq!(support::names_in(&taker.home().join("boxes")), [".jaunt"]);
    assert_eq!(support::names_in(&taker.home().join("boxes/.jaunt")), ["lock"]);
}

#[test]
fn a_rescue_sends_every_box_once_and_what_comes_back_is_the_same() {
    let (giver, taker) = (World::new(), World::new());
    let catalog = catalog(
        &giver,
        &[("1.0", &disk()[..4 * MIB]), ("1.1", &changed(disk())[..8 * MIB])],
    );
    add(&giver, &catalog, "1.0");
    add(&giver, &catalog, "1.1");
    // One that Vagrant itself installed, of a name that no repository can have.
    let vagrants = giver
        .home()
        .parent()
        .unwrap()
        .join(".vagrant.d/boxes/Old-VAGRANTSLASH-Web/2.0/qemu");
    fs::create_dir_all(&vagrants).unwrap();
    let ours = giver.home().join("boxes/team-VAGRANTSLASH-web/1.0/qemu");
    for name in ["metadata.json", "disk.raw"] {
        fs::copy(ours.join(name), vagrants.join(name)).unwrap();
    }
    let shelf = giver.home().parent().unwrap().join("shelf").display().to_string();
    let registry = Registry::start(&giver.home().join("registry"), Guard::Open);
    for destination in [shelf, registry.address("rescued")] {
        let first = giver.run(["box", "rescue", &destination]).success();
        assert!(
            first.stdout.ends_with("3 boxes: 3 sent, 0 there already, 0 failed\n"),
            "{}",
            first.stdout
        );
        let again = giver.run(["box", "rescue", &destination]).success();
        assert!(
            again.stdout.ends_with("3 boxes: 0 sent, 3 there already, 0 failed\n"),
            "{}",
            again.stdout
        );
        let settings = match destination.strip_prefix("oci") {
            Some(_) => format!("[[boxes.place]]\nkind = \"oci\"\nurl = \"{destination}\"\n"),
            None => format!("[[boxes.place]]\nkind = \"catalog\"\nurl = \"{destination}\"\n"),
        };
        fs::write(taker.home().join("settings.toml"), settings).unwrap();
        for version in ["1.0", "1.1"] {
            taker
                .run(["box", "add", "team/web", "--box-version", version, "--force"])
                .success();
            assert!(
                contents(&taker, version) == contents(&giver, version),
                "{version} is the same"
            );
        }
        taker.run(["box", "add", "Old/Web", "--force"]).success();
        let back = taker.home().join("boxes/Old-VAGRANTSLASH-Web/2.0/qemu");
        for name in ["metadata.json", "disk.raw"] {
            assert!(
                fs::read(back.join(name)).unwrap() == fs::read(vagrants.join(name)).unwrap(),
                "{name}"
            );
        }
    }
}

#[test]
fn a_pull_that_broke_off_goes_on_where_it_was() {
    let (giver, taker) = (World::new(), World::new());
    let catalog = catalog(&giver, &[("1.0", &disk())]);
    let shelf = giver.home().parent().unwrap().join("shelf");
    add(&giver, &catalog, "1.0");
    giver
        .run(["box", "push", "team/web", &shelf.display().to_string()])
        .success();
    // A pack that is missing breaks the pull off for good; with it, the rest is fetched.
    let blobs = shelf.join("blobs/sha256");
    let packs = fs::read_dir(&blobs).unwrap().map(|it| it.unwrap().path());
    let mut packs: Vec<PathBuf> = packs.filter(|it| it.metadata().unwrap().len() > MIB as u64).collect();
    packs.sort_by_key(|it| it.metadata().unwrap().modified().unwrap());
    let last = packs.pop().unwrap();
    let aside = shelf.join("aside");
    fs::rename(&last, &aside).unwrap();
    let web = Web::of(&shelf);
    let broken = taker.run(["box", "add", &web.url("team/web.json")]);
    assert_eq!(broken.code, 1, "{}", broken.stdout);
    let before: u64 = web.asked().iter().map(|it| it.sent).sum();
    assert!(before > (DISK / 2) as u64, "{before} bytes came first");
    fs::rename(&aside, &last).unwrap();
    taker.run(["box", "add", &web.url("team/web.json")]).success();
    let after: u64 = web.asked().iter().map(|it| it.sent).sum();
    assert!(after < (10 * MIB) as u64, "{after} bytes came then");
    assert!(
        contents(&taker, "1.0") == contents(&giver, "1.0"),
        "the box is the same"
    );
}

/// Runs a command and kills it as soon as something is so; it must not be faster than that.
#[track_caller]
fn kill_when(world: &World, arguments: &[&str], mut is_so: impl FnMut() -> bool) {
    use std::os::unix::process::ExitStatusExt;
    let mut command = world.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !is_so() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(9), "it was over before it was killed: {status}");
}

/// Bytes that a push says it moved.
fn moved_mib(ran: &Ran) -> f64 {
    let (before, _) = ran.stdout.split_once(" MiB of ").expect(&ran.stdout);
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_push_that_is_killed_shows_nothing_and_the_next_one_goes_on() {
    let (giver, taker) = (World::new(), World::new());
    let catalog = catalog(&giver, &[("1.0", &disk())]);
    add(&giver, &catalog, "1.0");
    let shelf = giver.path().join("shelf");
    let registry = Registry::start(&giver.home().join("registry"), Guard::Open);
    let stored = || registry.size();
    let (shelf_name, address) = (shelf.display().to_string(), registry.address("team/web"));
    let sizes: [(&str, &dyn Fn() -> u64); 2] = [(&shelf_name, &|| size_of(&shelf)), (&address, &stored)];
    for (destination, size) in sizes {
        for arrived in [1, 9, 25] {
            kill_when(&giver, &["box", "push", "team/web", destination], || {
                size() > (arrived * MIB) as u64
            });
            taker.run(["box", "pull", "team/web", destination]).fails_with("");
            assert_eq!(taker.run(["box", "list"]).stdout.lines().count(), 1, "nothing is there");
        }
        // What a push leaves that is killed while it writes.
        if destination == shelf_name {
            fs::write(shelf.join("blobs/sha256/.new-killed"), "half").unwrap();
        }

        let pushed = giver.run(["box", "push", "team/web", destination]).success();

        // 44 MiB are not zeros. A registry keeps whole packs alone: of what had arrived, the beginning of one is sent again.
        let rest = 40.0;
        assert!(
            moved_mib(&pushed) < rest,
            "what had arrived is not sent again: {}",
            pushed.stdout
        );
        taker.run(["box", "pull", "team/web", destination, "--force"]).success();
        assert!(
            contents(&taker, "1.0") == contents(&giver, "1.0"),
            "the box is the same"
        );
        taker.run(["box", "remove", "team/web"]).success();
    }
    let unfinished = support::names_in(&shelf.join("blobs/sha256"));
    assert!(!unfinished.iter().any(|it| it.starts_with('.')), "{unfinished:?}");
}

#[test]
fn a_pull_that_is_killed_installs_nothing_and_the_next_one_goes_on() {
    let (giver, taker) = (World::new(), World::new());
    let catalog = catalog(&giver, &[("1.0", &disk())]);
    add(&giver, &catalog, "1.0");
    let shelf = giver.path().join("shelf");
    giver
        .run(["box", "push", "team/web", &shelf.display().to_string()])
        .success();
    let web = Web::of(&shelf);
    let place = web.url("");
    let pull = ["box", "pull", "team/web", place.trim_end_matches('/')];
    let downloads = taker.home().join("tmp");
    for arrived in [1, 9, 25] {
        kill_when(&taker, &pull, || size_of(&downloads) > (arrived * MIB) as u64);
        assert_eq!(
            taker.run(["box", "list"]).stdout.lines().count(),
            1,
            "nothing is installed"
        );
    }
    web.asked();

    taker.run(pull).success();

    let sent: u64 = web.asked().iter().map(|it| it.sent).sum();
    assert!(sent < (DISK - 24 * MIB) as u64, "{sent} bytes came once more");
    assert!(
        contents(&taker, "1.0") == contents(&giver, "1.0"),
        "the box is the same"
    );
    assert_eq!(support::names_in(&downloads), [] as [&str; 0]);
    assert_eq!(support::names_in(&taker.home().join("boxes/.jaunt")), ["lock"]);
}
