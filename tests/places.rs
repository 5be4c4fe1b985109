//! Where boxes come from: the places of the settings in their order, mirrors, and the lock file that keeps to one box.

#![cfg(test)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::web::Web;
use support::{Ran, World};

/// A world with a web server of a folder of its own.
struct Town {
    world: World,
    shelf: PathBuf,
    web: Web,
}

impl Town {
    fn new() -> Self {
        let world = World::with_vagrantfile("Vagrant.configure(\"2\") { |config| config.vm.box = \"team/web\" }\n");
        let shelf = world.home().parent().unwrap().join("shelf");
        fs::create_dir(&shelf).unwrap();
        let web = Web::of(&shelf);
        Self { world, shelf, web }
    }

    /// Puts a file on the server.
    fn put(&self, path: &str, content: &str) {
        let path = self.shelf.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.replace("SERVER", self.web.url("").trim_end_matches('/'))).unwrap();
    }

    /// Puts a box file on the server; its bytes follow from the mark.
    fn put_box(&self, path: &str, mark: &str) {
        let path = self.shelf.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let folder = self.shelf.join("contents");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("metadata.json"), r#"{"provider":"libvirt"}"#).unwrap();
        fs::write(folder.join("info.json"), format!(r#"{{"mark":"{mark}"}}"#)).unwrap();
        fs::copy(disk(&self.world), folder.join("box.img")).unwrap();
        tar(&path, &folder);
    }

    fn catalog(&self, path: &str, versions: &[&str]) {
        let version = |it: &&str| {
            format!(r#"{{"version":"{it}","providers":[{{"name":"libvirt","url":"SERVER/files/{it}.box"}}]}}"#)
        };
        let versions: Vec<String> = versions.iter().map(version).collect();
        self.put(
            path,
            &format!(r#"{{"name":"team/web","versions":[{}]}}"#, versions.join(",")),
        );
    }

    fn settings(&self, text: &str) {
        let text = text.replace("SERVER", self.web.url("").trim_end_matches('/'));
        fs::write(self.world.home().join("settings.toml"), text).unwrap();
    }

    /// What a run says, with the server's name for what it is.
    fn shown(&self, ran: &Ran) -> String {
        ran.stdout.replace(self.web.url("").trim_end_matches('/'), "SERVER")
    }

    fn list(&self) -> String {
        self.world.run(["box", "list"]).success().stdout
    }

    /// `up` without QEMU: the box is found and locked, and no machine comes of it.
    fn up(&self, arguments: &[&str]) -> Ran {
        let mut command = self.world.command(["up"].iter().chain(arguments));
        command.env("PATH", "/nowhere");
        let ran = self.world.ran(command.output().unwrap());
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        ran
    }

    fn lock(&self) -> Option<String> {
        let text = fs::read_to_string(self.world.project().join("Vagrantfile.lock")).ok()?;
        Some(text.replace(self.web.url("").trim_end_matches('/'), "SERVER"))
    }
}

/// A small disk that no test changes.
fn disk(world: &World) -> PathBuf {
    let path = world.home().parent().unwrap().join("disk.qcow2");
    if !path.exists() {
        let mut command = Command::new("qemu-img");
        let status = command
            .args(["create", "-q", "-f", "qcow2"])
            .arg(&path)
            .arg("1M")
            .status();
        assert!(status.unwrap().success());
    }
    path
}

fn tar(path: &Path, folder: &Path) {
    let mut command = Command::new("tar");
    command
        .args(["--sort=name", "--mtime=@0", "-cf"])
        .arg(path)
        .arg("-C")
        .arg(folder);
    assert!(command.arg(".").status().unwrap().success());
}

#[test]
fn places_are_asked_in_their_order_and_those_passed_over_are_told_of_with_the_reason() {
    let town = Town::new();
    town.put_box("files/1.0.box", "one");
    town.catalog("second/team/web", &["1.0"]);
    town.settings(
        "[[boxes.place]]\nkind = \"catalog\"\nurl = \"SERVER/first\"\n\n[[boxes.place]]\nkind = \"catalog\"\nurl = \"SERVER/second\"\n",
    );
    let added = town.world.run(["box", "add", "team/web"]).success();
    expect_test::expect![[r#"
        ==> box: Loading the catalog of the box: SERVER/first/team/web
        ==> box: Loading the catalog of the box: SERVER/first/team/web.json
        ==> box: Passing over SERVER/first: the box `team/web` was not found at SERVER/first
        ==> box: Loading the catalog of the box: SERVER/second/team/web
        ==> box: Adding box 'team/web' (v1.0) for provider: libvirt
        ==> box: Unpacking: SERVER/files/1.0.box
        ==> box: Successfully added box 'team/web' (v1.0) for 'libvirt'!
    "#]]
    .assert_eq(&town.shown(&added));
}

#[test]
fn a_box_for_another_processor_is_taken_where_the_catalog_or_the_vagrantfile_says_so() {
    let town = Town::new();
    town.put_box("files/1.0.box", "one");
    let entry = |name: &str, default: bool| {
        format!(
            r#"{{"name":"libvirt","url":"SERVER/files/1.0.box","architecture":"{name}","default_architecture":{default}}}"#
        )
    };
    let entries = [entry("arm64", true), entry("amd64", false), entry("s390x", false)].join(",");
    town.put(
        "team/web",
        &format!(r#"{{"name":"team/web","versions":[{{"version":"1.0","providers":[{entries}]}}]}}"#),
    );
    town.settings("[[boxes.place]]\nkind = \"catalog\"\nurl = \"SERVER\"\n");
    for (wanted, expected) in [("nil", "arm64"), ("\"s390x\"", "s390x"), (":auto", host_architecture())] {
        town.world.write(
            "Vagrantfile",
            &format!(
                "Vagrant.configure(\"2\") do |config|\n  config.vm.box = \"team/web\"\n  config.vm.box_architecture = {wanted}\nend\n"
            ),
        );
        for _ in 0..2 {
            let up = town.up(&[]);
            assert!(up.stderr.contains("is not installed, or not on PATH"), "{}", up.stderr);
        }
        assert_eq!(
            town.list(),
            format!("team/web (libvirt, 1.0, ({expected}))\n"),
            "{wanted}"
        );
        town.world.run(["box", "remove", "team/web", "--force"]).success();
        fs::remove_file(town.world.project().join("Vagrantfile.lock")).unwrap();
    }
}

fn host_architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    }
}

#[test]
fn a_mirror_comes_first_and_one_that_has_nothing_is_passed_over() {
    let town = Town::new();
    town.put_box("files/1.0.box", "one");
    town.catalog("team/web", &["1.0"]);
    town.settings(
        "[[boxes.mirror]]\nof = \"https://boxes.invalid/\"\nat = \"SERVER/empty/\"\n\n[[boxes.mirror]]\nof = \"https://boxes.invalid/\"\nat = \"SERVER/\"\n",
    );
    let added = town
        .world
        .run(["box", "add", "https://boxes.invalid/team/web"])
        .success();
    assert!(
        town.shown(&added).contains(
            "Passing over SERVER/empty/team/web: SERVER/empty/team/web cannot be fetched: the server answered 404"
        ),
        "{}",
        added.stdout
    );
}

#[test]
fn files_that_a_web_server_lists_are_versions() {
    let town = Town::new();
    town.put_box("boxes/team/web/1.9/libvirt.box", "1.9");
    town.put_box("boxes/team/web/1.10/amd64/libvirt.box", "1.10");
    town.put_box("boxes/team/web/2.0/virtualbox.box", "2.0");
    town.settings("[[boxes.place]]\nkind = \"files\"\nurl = \"SERVER/boxes\"\n");
    town.world
        .run([
            "box",
            "add",
            "team/web",
            "--provider",
            "libvirt",
            "--architecture",
            "amd64",
        ])
        .success();
    assert_eq!(town.list(), "team/web (libvirt, 1.10, (amd64))\n");
}

#[test]
fn gitea_and_hcp_are_asked_with_their_tokens_and_these_are_never_shown() {
    let token = "very-secret-token";
    let town = Town::new();
    town.put_box("files/1.0.box", "one");
    town.put_box("files/2.0.box", "two");
    fs::write(town.shelf.join(".token"), token).unwrap();
    town.catalog("api/packages/team/vagrant/web", &["1.0"]);
    let hcp = r#"{"versions":[
        {"name":"v2.0","state":"ACTIVE","providers":[{"name":"libvirt","architectures":[{"architecture_type":"amd64",
            "default":true,"box_data":{"checksum_type":"NONE","download_url":"SERVER/files/2.0.box"}}]}]},
        {"name":"v3.0","state":"UNRELEASED","providers":[]}],"pagination":{"next_page_token":""}}"#;
    town.put("vagrant/2022-09-30/registry/team/box/web/versions", hcp);
    for (kind, expected) in [
        ("gitea", "team/web (libvirt, 1.0)\n"),
        ("hcp", "team/web (libvirt, 2.0, (amd64))\n"),
    ] {
        town.settings(&format!(
            "[[boxes.place]]\nkind = \"{kind}\"\nurl = \"SERVER\"\ntoken_env = \"BOX_TOKEN\"\n"
        ));
        let mut command = town.world.command(["--debug", "box", "add", "team/web"]);
        let ran = town
            .world
            .ran(command.env("BOX_TOKEN", token).output().unwrap())
            .success();
        assert!(
            !ran.stdout.contains(token) && !ran.stderr.contains(token),
            "{}{}",
            ran.stdout,
            ran.stderr
        );
        assert_eq!(town.list(), expected);
        town.world.run(["box", "remove", "team/web"]).success();
        town.world
            .run(["box", "add", "team/web"])
            .fails_with("the server answered 401");
    }
    assert!(!holds(&town.world.home(), token), "the token is in no file");
}

/// Whether a file below a folder holds a text.
fn holds(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|it| {
        let path = it.unwrap().path();
        match path.is_dir() {
            true => holds(&path, text),
            false => fs::read(&path)
                .unwrap()
                .windows(text.len())
                .any(|it| it == text.as_bytes()),
        }
    })
}

#[test]
fn a_distributions_image_is_fetched_by_its_short_name_and_checked() {
    let town = Town::new();
    let folder = "cloud.debian.org/images/cloud/bookworm/latest";
    let image = fs::read(disk(&town.world)).unwrap();
    town.put(&format!("{folder}/x"), "");
    fs::write(
        town.shelf.join(folder).join("debian-12-genericcloud-amd64.qcow2"),
        image,
    )
    .unwrap();
    let sums = Command::new("sha512sum")
        .arg("debian-12-genericcloud-amd64.qcow2")
        .current_dir(town.shelf.join(folder))
        .output()
        .unwrap();
    let sums = String::from_utf8(sums.stdout).unwrap();
    town.put(&format!("{folder}/SHA512SUMS"), &sums);
    town.settings("[[boxes.place]]\nkind = \"images\"\nurl = \"SERVER\"\n");
    let arguments = ["box", "add", "debian/12", "--architecture", "amd64"];
    town.world.run(arguments).success();
    assert_eq!(town.list(), "debian/12 (libvirt, 0, (amd64))\n");

    let wrong = format!("{}{}", "0".repeat(128), &sums[128..]);
    town.put(&format!("{folder}/SHA512SUMS"), &wrong);
    let mut again = arguments.to_vec();
    again.push("--force");
    town.world.run(again).fails_with("the sha512 of");
}

#[test]
fn offline_no_connection_is_made() {
    let town = Town::new();
    town.put_box("files/1.0.box", "one");
    town.catalog("team/web", &["1.0"]);
    let url = town.web.url("team/web");
    town.settings("[[boxes.place]]\nkind = \"catalog\"\nurl = \"SERVER\"\n");
    town.world
        .run(["--offline", "box", "add", &url])
        .fails_with("`--offline` makes no connections");
    let up = town.up(&["--offline"]);
    assert!(up.stderr.contains("`--offline` makes no connections"), "{}", up.stderr);
    town.world.run(["box", "outdated", "--offline", "--global"]);
    assert_eq!(town.web.asked().len(), 0);

    town.world.run(["box", "add", &url]).success();
    town.web.asked();
    let up = town.up(&["--offline"]);
    assert!(up.stderr.contains("is not installed, or not on PATH"), "{}", up.stderr);
    assert_eq!(town.web.asked().len(), 0);
}

#[test]
fn up_takes_the_box_of_the_lock_file_elsewhere_too() {
    let (here, elsewhere) = (Town::new(), World::new());
    here.put_box("files/1.0.box", "one");
    here.catalog("team/web", &["1.0"]);
    here.settings("[[boxes.place]]\nkind = \"catalog\"\nurl = \"SERVER\"\n");
    here.up(&[]);
    let lock = here.lock().expect("`up` writes the lock file");
    let digest = sha256(&here.shelf.join("files/1.0.box"));
    expect_test::expect![[r##"
        # The boxes that this project uses. Written by Jaunt; keep it with the project.
        version = 1

        [[box]]
        name = "team/web"
        provider = "libvirt"
        version = "1.0"
        sha256 = "DIGEST"
        source = "SERVER/files/1.0.box"
    "##]]
    .assert_eq(&lock.replace(&digest, "DIGEST"));

    // A newer version comes, and somebody else takes the project: the lock keeps the older one.
    here.put_box("files/2.0.box", "two");
    here.catalog("team/web", &["1.0", "2.0"]);
    fs::copy(
        here.world.home().join("settings.toml"),
        elsewhere.home().join("settings.toml"),
    )
    .unwrap();
    for name in ["Vagrantfile", "Vagrantfile.lock"] {
        fs::copy(here.world.project().join(name), elsewhere.project().join(name)).unwrap();
    }
    let up = |arguments: &[&str]| {
        let mut command = elsewhere.command(["up"].iter().chain(arguments));
        elsewhere.ran(command.env("PATH", "/nowhere").output().unwrap())
    };
    up(&["--locked"]);
    assert_eq!(elsewhere.run(["box", "list"]).stdout, "team/web (libvirt, 1.0)\n");
    assert_eq!(here.lock(), Some(lock));
}

#[test]
fn locked_refuses_another_box_and_a_project_without_a_lock() {
    let town = Town::new();
    town.put_box("files/1.0.box", "one");
    town.catalog("team/web", &["1.0"]);
    town.settings("[[boxes.place]]\nkind = \"catalog\"\nurl = \"SERVER\"\n");
    let refused = town.up(&["--locked"]);
    assert!(
        refused.stderr.contains("Vagrantfile.lock has no box for"),
        "{}",
        refused.stderr
    );
    assert_eq!(town.list().lines().count(), 1, "nothing was fetched");
    town.up(&[]);

    // The same version has other bytes now.
    town.put_box("files/1.0.box", "another");
    town.world.run(["box", "remove", "team/web"]).success();
    let refused = town.up(&["--locked"]);
    assert!(refused.stderr.contains("and what is there is"), "{}", refused.stderr);
    assert_eq!(town.list().lines().count(), 1, "nothing was kept");
    let up = town.up(&[]);
    assert!(up.stdout.contains("Vagrantfile.lock is changed"), "{}", up.stdout);
    let refused = town.up(&["--locked"]);
    assert!(refused.stderr.contains("not on PATH"), "{}", refused.stderr);
}

#[test]
fn a_box_that_was_added_by_hand_is_fetched_again_from_where_the_lock_says_it_came() {
    let town = Town::new();
    town.put_box("files/1.0.box", "one");
    town.world.write(
        "Vagrantfile",
        "Vagrant.configure(\"2\") { |config| config.vm.box = \"web\" }\n",
    );
    town.world
        .run(["box", "add", "web", &town.web.url("files/1.0.box")])
        .success();
    town.up(&[]);
    town.world.run(["box", "remove", "web"]).success();

    let up = town.up(&["--locked"]);
    assert!(
        up.stdout.contains("Passing over web: there is no box `web`"),
        "{}",
        up.stdout
    );
    assert_eq!(town.list(), "web (libvirt, 0)\n");
}

#[test]
fn the_settings_may_do_without_a_lock_file() {
    let town = Town::new();
    town.put_box("files/1.0.box", "one");
    town.catalog("team/web", &["1.0"]);
    town.settings("[boxes]\nlock = false\n\n[[boxes.place]]\nkind = \"catalog\"\nurl = \"SERVER\"\n");
    town.up(&[]);
    assert_eq!(town.lock(), None);
}

#[test]
fn a_box_update_writes_the_newer_box_into_the_lock_file() {
    let town = Town::new();
    town.put_box("files/1.0.box", "one");
    town.catalog("team/web", &["1.0"]);
    town.settings("[[boxes.place]]\nkind = \"catalog\"\nurl = \"SERVER\"\n");
    town.up(&[]);
    town.put_box("files/2.0.box", "two");
    town.catalog("team/web", &["1.0", "2.0"]);
    town.world.run(["box", "update"]).success();
    assert!(town.lock().unwrap().contains("version = \"2.0\""), "{:?}", town.lock());
}

fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned()
}
