//! The commands on boxes, with catalogs that a local web server has.

#![cfg(test)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::expect;
use support::World;
use support::web::Web;

/// A box file for libvirt with a small disk, whose bytes follow from the mark.
fn write_box(path: &Path, mark: &str) {
    let folder = path.with_extension("contents");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("metadata.json"),
        r#"{"provider":"libvirt","format":"qcow2","virtual_size":1}"#,
    )
    .unwrap();
    fs::write(folder.join("info.json"), format!(r#"{{"mark":"{mark}"}}"#)).unwrap();
    let disk = folder.join("box.img");
    let status = Command::new("qemu-img")
        .args(["create", "-q", "-f", "qcow2"])
        .arg(&disk)
        .arg("1M")
        .status();
    assert!(status.unwrap().success());
    let status = Command::new("tar")
        .arg("-czf")
        .arg(path)
        .arg("-C")
        .arg(&folder)
        .arg(".")
        .status();
    assert!(status.unwrap().success());
    fs::remove_dir_all(folder).unwrap();
}

/// A folder with a catalog of `team/web` in these versions, and a server of it.
fn catalog(world: &World, versions: &[&str]) -> (PathBuf, Web) {
    let folder = world.home().parent().unwrap().join("web");
    fs::create_dir_all(folder.join("team")).unwrap();
    write_catalog(&folder, versions);
    let web = Web::of(&folder);
    (folder, web)
}

fn write_catalog(folder: &Path, versions: &[&str]) {
    let version = |it: &&str| {
        write_box(&folder.join(format!("team/web-{it}.box")), it);
        format!(r#"{{"version":"{it}","providers":[{{"name":"libvirt","url":"web-{it}.box"}}]}}"#)
    };
    let versions: Vec<String> = versions.iter().map(version).collect();
    let json = format!(r#"{{"name":"team/web","versions":[{}]}}"#, versions.join(","));
    fs::write(folder.join("team/web"), json).unwrap();
}

const VAGRANTFILE: &str = "Vagrant.configure(\"2\") { |config| config.vm.box = \"team/web\" }\n";

#[test]
fn an_older_box_is_outdated_until_it_is_updated_and_then_pruned() {
    let world = World::with_vagrantfile(VAGRANTFILE);
    let (folder, web) = catalog(&world, &["1.9"]);
    let shown = |it: support::Ran| it.stdout.replace(&web.url(""), "SERVER/");
    world.run(["box", "add", &web.url("team/web")]).success();
    let before = world.run(["box", "outdated", "--global"]).success();
    assert_eq!(before.stdout, "* 'team/web' for 'libvirt' (v1.9) is up to date\n");

    write_catalog(&folder, &["1.9", "1.10"]);
    expect![[r#"
        * 'team/web' for 'libvirt' is outdated! Current: 1.9. Latest: 1.10
    "#]]
    .assert_eq(&shown(world.run(["box", "outdated", "--global"]).success()));
    expect![[r#"
        ==> default: Checking if box 'team/web' version '1.9' is up to date...
        ==> default: A newer version of the box 'team/web' for provider 'libvirt' is available! You currently have version '1.9'. The latest is version '1.10'. Run `jaunt box update` to update.
    "#]]
    .assert_eq(&shown(world.run(["box", "outdated"]).success()));
    expect![[r#"
        ==> box: Checking for updates to 'team/web'
            box: Version installed: 1.9
        ==> box: Updating 'team/web' with provider 'libvirt' from version '1.9' to '1.10'...
        ==> box: Loading the catalog of the box: SERVER/team/web
        ==> box: Adding box 'team/web' (v1.10) for provider: libvirt
        ==> box: Unpacking: SERVER/team/web-1.10.box
        ==> box: Successfully added box 'team/web' (v1.10) for 'libvirt'!
    "#]]
    .assert_eq(&shown(world.run(["box", "update"]).success()));
    expect![[r#"
        ==> box: Checking for updates to 'team/web'
            box: Version installed: 1.10
        ==> box: Box 'team/web' (v1.10) is running the latest version.
    "#]]
    .assert_eq(&shown(world.run(["box", "update", "--box", "team/web"]).success()));

    expect![[r#"
        The following boxes will be kept...
        team/web (libvirt, 1.10)

        Checking for older boxes...
        Would remove team/web libvirt 1.9
    "#]]
    .assert_eq(&world.run(["box", "prune", "-n"]).success().stdout);
    expect![[r#"
        The following boxes will be kept...
        team/web (libvirt, 1.10)

        Checking for older boxes...
        Removing box 'team/web' (v1.9) with provider 'libvirt'...
    "#]]
    .assert_eq(&world.run(["box", "prune", "-f"]).success().stdout);
    assert_eq!(
        world.run(["box", "list"]).success().stdout,
        "team/web (libvirt, 1.10)\n"
    );
}

#[test]
fn an_update_keeps_to_the_constraint_of_the_vagrantfile() {
    let world = World::with_vagrantfile(
        "Vagrant.configure(\"2\") do |config|\n  config.vm.box = \"team/web\"\n  config.vm.box_version = \"~> 1.0\"\nend\n",
    );
    let (folder, web) = catalog(&world, &["1.0"]);
    world.run(["box", "add", &web.url("team/web")]).success();
    write_catalog(&folder, &["1.0", "1.5", "2.0"]);
    world.run(["box", "update"]).success();
    assert_eq!(
        world.run(["box", "list"]).stdout,
        "team/web (libvirt, 1.0)\nteam/web (libvirt, 1.5)\n"
    );
}

#[test]
fn a_box_of_no_catalog_is_neither_outdated_nor_updated() {
    let world = World::new();
    let file = world.home().join("plain.box");
    write_box(&file, "plain");
    world.run(["box", "add", "plain", file.to_str().unwrap()]).success();
    let outdated = world.run(["box", "outdated", "--global"]).success();
    assert_eq!(
        outdated.stdout,
        "* 'plain' for 'libvirt' wasn't added from a catalog, no version information\n"
    );
    world
        .run(["box", "update", "--box", "plain"])
        .fails_with("comes from no catalog");
    world
        .run(["box", "update", "--box", "nothing"])
        .fails_with("the box `nothing` is not installed");
}

#[test]
fn a_server_that_is_gone_is_told_of_and_the_others_are_asked() {
    let world = World::new();
    let (folder, web) = catalog(&world, &["1.0"]);
    world.run(["box", "add", &web.url("team/web")]).success();
    fs::remove_file(folder.join("team/web")).unwrap();
    let outdated = world.run(["box", "outdated", "--global"]).success();
    assert!(
        outdated.stderr.contains("the server answered 404"),
        "{}",
        outdated.stderr
    );
}

#[test]
fn a_repackaged_box_is_the_same_box() {
    let world = World::new();
    let file = world.home().join("plain.box");
    write_box(&file, "plain");
    world.run(["box", "add", "plain", file.to_str().unwrap()]).success();
    world.run(["box", "repackage", "plain", "libvirt", "0"]).success();
    let again = world.project().join("package.box");
    world.run(["box", "add", "again", again.to_str().unwrap()]).success();
    let disk = |name: &str| fs::read(world.home().join(format!("boxes/{name}/0/libvirt/box.img"))).unwrap();
    assert_eq!(disk("plain"), disk("again"));
    world
        .run(["box", "repackage", "plain", "libvirt", "0"])
        .fails_with("is there already");
    world
        .run(["box", "repackage", "plain", "virtualbox", "0"])
        .fails_with("the box `plain` 0 for virtualbox is not installed");
}
