//! Patterns mean what they mean to rsync: the same trees go through the real rsync and through the copy.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "its helpers are test code too")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use support::*;
use synced_folders::Error;

/// A small generator: the same numbers every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

const NAMES: &[&str] = &[
    "a", "b", "ab", "foo", "foo.log", "x.o", "a b", "b]", "*", "a\\b", "ä", ".git",
];

const PARTS: &[&str] = &[
    "a",
    "b",
    "foo",
    "foo.log",
    "*",
    "**",
    "***",
    "?",
    "*.log",
    "/",
    "/",
    "/",
    "[ab]",
    "[!a]",
    "[^a-c]*",
    "[[:alpha:]]",
    "[a-",
    "\\*",
    "\\",
    "a\\b",
    "x.o",
    "]",
    "ä",
    ".git",
    "[]b]",
];

fn grow(dice: &mut Dice, folder: &std::path::Path, depth: usize) {
    fs::create_dir_all(folder).unwrap();
    for _ in 0..=dice.roll(5) {
        let path = folder.join(dice.pick(NAMES));
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match dice.roll(6) {
            0 | 1 if depth < 4 => grow(dice, &path, depth + 1),
            2 => symlink(dice.pick(NAMES), &path).unwrap(),
            _ => {
                write(&path, "x");
                touch(&path, 1_600_000_000);
            }
        }
    }
}

fn pattern(dice: &mut Dice) -> String {
    let start = dice.pick(&["", "", "", "/", "/", "+ ", "- "]);
    let body: String = (0..=dice.roll(4)).map(|_| dice.pick(PARTS)).collect();
    format!("{start}{body}")
}

/// What the guest has after the real rsync, told to treat links and extra files as the copy does; `None` where an excluded file
/// stood in its way.
fn rsync(world: &World, guest: &std::path::Path) -> Option<BTreeMap<String, String>> {
    let mut command = Command::new("rsync");
    command.args(["-a", "--delete", "--copy-unsafe-links", "--exclude", ".vagrant/"]);
    for pattern in &world.exclude {
        command.arg("--exclude").arg(pattern);
    }
    let output = command
        .arg(format!("{}/", world.host().display()))
        .arg(guest)
        .output()
        .expect("rsync is installed");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if errors.contains("could not make way") {
        return None;
    }
    assert!(output.status.success(), "{:?} {errors}", world.exclude);
    Some(tree(guest))
}

async fn check(seed: u64, exclude: Vec<String>) {
    let mut dice = Dice(seed);
    let mut world = World::new(Tools::Host);
    world.exclude = exclude;
    grow(&mut dice, &world.host(), 0);
    // Both guests start with the same files of their own.
    let twin = world.temporary.path().join("twin");
    let mut again = Dice(dice.0);
    grow(&mut dice, &world.guest(), 1);
    grow(&mut again, &twin, 1);

    let copied = world.try_copy().await;

    match (rsync(&world, &twin), copied) {
        (Some(expected), Ok(_)) => assert_eq!(tree(&world.guest()), expected, "seed {seed}, {:?}", world.exclude),
        (None, Err(Error::Occupied { .. })) => {}
        (expected, copied) => panic!("seed {seed}, {:?}: {copied:?}, rsync: {expected:?}", world.exclude),
    }
}

#[tokio::test]
async fn random_patterns_on_random_trees_agree_with_the_real_rsync() {
    for seed in 0..80 {
        let mut dice = Dice(seed * 7_919 + 1);
        let exclude = (0..=dice.roll(3)).map(|_| pattern(&mut dice)).collect();
        check(seed, exclude).await;
    }
}

#[tokio::test]
async fn the_patterns_that_people_write_agree_with_the_real_rsync() {
    let lists: &[&[&str]] = &[
        &[".git/"],
        &["foo"],
        &["/foo"],
        &["foo/"],
        &["/a/b"],
        &["a/b"],
        &["*.log"],
        &["/*.log"],
        &["a/*.o"],
        &["a/**"],
        &["a/***"],
        &["**/foo"],
        &["/**/foo"],
        &["**foo"],
        &["a**b"],
        &["+ foo.log", "*.log"],
        &["+ */", "+ *.o", "*"],
        &["[ab]"],
        &["/"],
        &["*"],
        &["!"],
        &["a\\b"],
        &["a\\?b"],
        &["a b"],
    ];
    for (index, list) in lists.iter().enumerate() {
        for seed in 0..2 {
            check(
                1_000 + seed * 100 + index as u64,
                list.iter().map(|it| (*it).to_owned()).collect(),
            )
            .await;
        }
    }
}
