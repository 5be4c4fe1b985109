//! The command line as Vagrant's scripts use it: every command and option, exit codes, streams and the texts that are looked for.

#![cfg(test)]

mod support;

use std::process::Command;

use support::{Ran, World};

/// A row of `fixtures/commands/flags.tsv`.
struct Row<'a> {
    command: &'a str,
    option: &'a str,
    value: &'a str,
    is_accepted: bool,
}

fn rows() -> Vec<Row<'static>> {
    let table = include_str!("../fixtures/commands/flags.tsv");
    let rows = table.lines().filter(|it| !it.starts_with('#'));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [command, option, value, verdict] = cells.as_slice() else {
            panic!("four columns: {line:?}");
        };
        assert!(["accepted", "refused"].contains(verdict), "{line:?}");
        Row {
            command,
            option,
            value,
            is_accepted: *verdict == "accepted",
        }
    })
    .collect()
}

fn run_row(world: &World, row: &Row<'_>) -> Ran {
    let words = row.command.split(' ').chain([row.option, row.value]);
    let mut arguments: Vec<&str> = words.filter(|it| !it.is_empty()).collect();
    if row.is_accepted && row.command != "help" {
        // Help comes out only if everything before it was understood.
        arguments.push("--help");
    }
    world.run(arguments)
}

#[test]
fn every_option_of_vagrant_is_accepted_or_refused_with_a_reason() {
    let world = World::new();
    let mut wrong = Vec::new();
    for row in rows() {
        let ran = run_row(&world, &row);
        let is_right = if row.is_accepted {
            let is_version = ["-v", "--version"].contains(&row.option);
            ran.code == 0 && (ran.stdout.contains("Usage:") || is_version)
        } else {
            ran.code == 1 && ran.stderr.starts_with("there is no `jaunt ") && ran.stderr.contains("; `jaunt")
        };
        if !is_right {
            wrong.push(format!("{} {}: {}{}", row.command, row.option, ran.stdout, ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_takes_the_options_of_all() {
    let world = World::new();
    let of_all =
        "--machine-readable --json --no-color --color --timestamp --debug --debug-timestamp --no-tty --trust --help";
    let commands = rows()
        .into_iter()
        .filter(|it| it.option.is_empty() && it.is_accepted && it.command != "help");
    for row in commands {
        let ran = world.run(row.command.split(' ').chain(of_all.split(' '))).success();
        assert!(ran.stdout.contains("Options of every command:"), "{}", ran.stdout);
    }
}

#[test]
fn names_of_the_users_own_stand_for_commands() {
    let world = World::with_vagrantfile(NEVER_UP);
    std::fs::write(world.home().join("aliases"), "down = halt --force\nsay = !echo said\n").unwrap();
    let halt = world.run(["down"]).success();
    assert!(halt.stdout.starts_with("==> default: "), "{}", halt.stdout);
    assert_eq!(world.run(["say", "it's", "so"]).success().stdout, "said it's so\n");
    assert_eq!(world.run(["other"]).code, 1);
}

#[test]
fn commands_that_have_no_place_here_say_so_in_one_line() {
    let world = World::new();
    for words in [
        &["cloud", "publish", "me/box", "1.0", "virtualbox"][..],
        &["login"],
        &["push"],
        &["serve"],
        &["rdp"],
        &["winrm", "-c", "dir"],
        &["docker-run", "web", "--", "ls"],
    ] {
        let ran = world.run(words).fails_with("; `");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

/// What scripts check: the exit code, and which stream speaks.
#[track_caller]
fn check(world: &World, command: &str, code: i32) {
    let ran = world.run(command.split(' '));
    assert_eq!(ran.code, code, "{command}\n{}{}", ran.stdout, ran.stderr);
    let (speaks, silent) = if code == 0 {
        (&ran.stdout, &ran.stderr)
    } else {
        (&ran.stderr, &ran.stdout)
    };
    assert!(!speaks.is_empty(), "{command} says nothing");
    assert_eq!(silent, "", "{command} speaks on the wrong stream");
}

#[test]
fn without_a_vagrantfile_commands_on_machines_fail_and_others_do_not() {
    let world = World::new();
    for command in [
        "status",
        "validate",
        "up",
        "halt",
        "reload",
        "provision",
        "resume",
        "suspend",
        "destroy -f",
        "ssh",
        "ssh -c true",
        "ssh-config",
        "port",
        "rsync",
        "snapshot list",
        "snapshot save one",
        "snapshot restore one",
        "snapshot delete one",
        "snapshot push",
        "snapshot pop",
        "upload Vagrantfile",
        "provider",
    ] {
        check(&world, command, 1);
    }
    for command in [
        "box list",
        "global-status",
        "version",
        "list-commands",
        "plugin list",
        "help",
    ] {
        check(&world, command, 0);
    }
}

const NEVER_UP: &str = r#"Vagrant.configure("2") { |config| config.vm.box = "none" }"#;

#[test]
fn a_machine_that_was_never_created_is_left_alone() {
    let world = World::with_vagrantfile(NEVER_UP);
    for command in [
        "status",
        "validate",
        "halt",
        "reload",
        "provision",
        "resume",
        "suspend",
        "destroy -f",
        "snapshot list",
        "snapshot save one",
        "snapshot push",
        "snapshot pop",
    ] {
        check(&world, command, 0);
    }
    for command in [
        "ssh",
        "ssh -c true",
        "ssh-config",
        "port",
        "rsync",
        "snapshot restore one",
        "upload Vagrantfile",
    ] {
        check(&world, command, 1);
    }
    let halt = world.run(["halt"]).success();
    assert!(halt.stdout.starts_with("==> default: "), "{}", halt.stdout);
}

#[test]
fn mistakes_of_users_are_1_and_an_unknown_command_shows_the_usage_on_stdout() {
    let world = World::with_vagrantfile(NEVER_UP);
    for command in [
        "status nobody",
        "up nobody",
        "halt nobody",
        "snapshot save nobody one",
        "up --no-such-flag",
        "up --provider nothing",
        "snapshot save",
        "cap guest nothing",
        "provider --install",
        "plugin install vagrant-nothing",
        "upload nothing.txt",
    ] {
        check(&world, command, 1);
    }
    let unknown = world.run(["no-such-command"]);
    assert_eq!((unknown.code, unknown.stderr.as_str()), (1, ""));
    assert!(unknown.stdout.contains("Usage:"), "{}", unknown.stdout);
    let empty = World::with_vagrantfile(r#"Vagrant.configure("2") { |config| config.vm.box = "" }"#);
    check(&empty, "validate", 1);
}

#[test]
fn answers_are_exit_codes_where_vagrant_has_them_so() {
    let world = World::with_vagrantfile(NEVER_UP);
    assert_eq!(world.run(["cap", "--check", "guest", "reboot"]).code, 0);
    assert_eq!(world.run(["cap", "--check", "guest", "fly"]).code, 1);
    assert_eq!(world.run(["provider", "--usable"]).code, 0);
    assert_eq!(world.run(["plugin", "install", "vagrant-libvirt"]).code, 0);
}

#[test]
fn plugins_that_the_vagrantfile_asks_for_are_looked_at_without_their_names() {
    let plugins = |list: &str| {
        let world = World::with_vagrantfile(&format!(
            "Vagrant.configure(\"2\") {{ |config| config.vagrant.plugins = {list} }}\n"
        ));
        world.run(["plugin", "install", "--local"])
    };
    let built_in = plugins("[\"vagrant-libvirt\", {\"vagrant-sshfs\" => {\"version\" => \"1.0\"}}]").success();
    assert_eq!(built_in.stdout.matches("is built in").count(), 2, "{}", built_in.stdout);
    plugins("\"vagrant-foo\"").fails_with("cannot be loaded: vagrant-foo");
    plugins("[]").success();
    assert_eq!(World::new().run(["plugin", "install"]).code, 1);
}

/// Commands that say something without a guest.
const SPEAKING: [&str; 8] = [
    "status",
    "halt",
    "snapshot list",
    "global-status",
    "box list",
    "version",
    "validate",
    "destroy -f",
];

#[test]
fn in_machine_readable_form_every_line_has_that_form_and_stderr_is_empty() {
    let world = World::with_vagrantfile(NEVER_UP);
    for command in SPEAKING
        .into_iter()
        .chain(["ssh -c true", "up", "status nobody", "up --no-such-flag", "port"])
    {
        let ran = world.run(command.split(' ').chain(["--machine-readable"]));
        assert_eq!(ran.stderr, "", "{command}");
        assert!(!ran.stdout.is_empty(), "{command}");
        for line in ran.stdout.lines() {
            let cells: Vec<&str> = line.split(',').collect();
            let [time, _, kind, ..] = cells.as_slice() else {
                panic!("{command}: {line}");
            };
            assert!(time.parse::<u64>().is_ok() && !kind.is_empty(), "{command}: {line}");
        }
    }
}

#[test]
fn what_is_reported_is_info_for_programs_without_a_line_end() {
    let status = World::with_vagrantfile(NEVER_UP).run(["status", "--machine-readable"]);
    let report = status.stdout.lines().last().unwrap_or_default();
    assert!(report.contains(",,ui,info,Current machine states:\\n\\n"), "{report}");
    assert!(!report.ends_with("\\n"), "{report}");
}

#[test]
fn colours_come_where_they_are_asked_for_and_nowhere_else() {
    let world = World::with_vagrantfile(NEVER_UP);
    for command in ["snapshot save one", "halt", "status"] {
        let plain = world.run(command.split(' ').chain(["--no-color"])).stdout;
        assert!(!plain.contains('\x1b'), "{plain}");
        assert!(
            !world.run(command.split(' ')).stdout.contains('\x1b'),
            "a pipe has no colours"
        );
    }
    let colored = world.run(["snapshot", "save", "one", "--color"]).stdout;
    assert!(colored.contains("\x1b[33m"), "{colored}");
}

#[test]
fn with_timestamp_every_message_has_its_time_and_debug_goes_to_stderr() {
    let world = World::with_vagrantfile(NEVER_UP);
    for command in ["halt", "resume", "snapshot list"] {
        let ran = world.run(command.split(' ').chain(["--timestamp"])).success();
        let (time, rest) = ran.stdout.split_once(' ').unwrap();
        assert!(
            time.parse::<u64>().is_ok() && rest.starts_with("==> default: "),
            "{}",
            ran.stdout
        );
        let debug = world.run(command.split(' ').chain(["--debug"])).success();
        assert!(debug.stdout.starts_with("==> default: "), "{}", debug.stdout);
    }
}

#[test]
fn the_texts_that_black_box_suites_look_for_are_there() {
    let world = World::new();
    let version = world.command(["--version"]).env("JAUNT_COMPAT", "1").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    assert!(version.starts_with("Vagrant 2."), "{version}");
    assert!(
        world
            .run(["box", "list"])
            .success()
            .stdout
            .contains("There are no installed boxes")
    );
    let init = world
        .run([
            "init",
            "hashicorp/bionic64",
            "http://example.com/a.box",
            "--output",
            "-",
        ])
        .success();
    for line in [
        "  config.vm.box = \"hashicorp/bionic64\"",
        "  config.vm.box_url = \"http://example.com/a.box\"",
    ] {
        assert!(init.stdout.lines().any(|it| it == line), "{}", init.stdout);
    }
}

#[test]
fn list_commands_names_every_command_of_vagrant() {
    let listed = World::new().run(["list-commands"]).success().stdout;
    let names: Vec<&str> = listed.lines().filter_map(|it| it.split_whitespace().next()).collect();
    for row in rows()
        .iter()
        .filter(|it| it.option.is_empty() && !it.command.contains(' '))
    {
        assert!(
            row.command == "help" || names.contains(&row.command),
            "{}\n{listed}",
            row.command
        );
    }
}

#[test]
fn manual_pages_are_made_of_the_definitions() {
    let world = World::new();
    world.run(["man", "pages"]).success();
    let pages = support::names_in(&world.project().join("pages"));
    for page in ["jaunt.1", "jaunt-up.1", "jaunt-snapshot-restore.1", "jaunt-box-add.1"] {
        assert!(pages.iter().any(|it| it == page), "{pages:?}");
    }
    let up = std::fs::read_to_string(world.project().join("pages/jaunt-up.1")).unwrap();
    assert!(up.contains("provision\\-with"), "{up}");
}

#[test]
fn bash_completes_commands_options_and_names() {
    let world = World::with_vagrantfile(
        r#"Vagrant.configure("2") { |config| %w[web worker db].each { |it| config.vm.define it } }"#,
    );
    for (line, expected) in [
        ("snap", "snapshot"),
        ("up w", "web worker"),
        ("snapshot re", "restore"),
        ("up --provision-w", "--provision-with"),
        ("up --provider ", "qemu"),
    ] {
        assert_eq!(completed_by_bash(&world, line), expected, "{line}");
    }
}

/// What bash puts into COMPREPLY where the tabulator is pressed behind the line.
fn completed_by_bash(world: &World, line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    words.insert(0, "jaunt");
    let quoted: Vec<String> = words.iter().map(|it| format!("'{it}'")).collect();
    let script = format!(
        r#"eval "$(jaunt autocomplete print bash)"; COMP_WORDS=({}); COMP_CWORD={}; _jaunt; echo "${{COMPREPLY[*]}}""#,
        quoted.join(" "),
        words.len() - 1
    );
    let template = world.command(["status"]);
    let folder = std::path::Path::new(template.get_program())
        .parent()
        .unwrap()
        .to_owned();
    let mut shell = Command::new("bash");
    for (name, value) in template.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let output = shell
        .args(["-c", &script])
        .env("PATH", path)
        .current_dir(world.project())
        .output();
    let output = output.unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn autocomplete_is_installed_once() {
    let world = World::new();
    let file = world.project().parent().unwrap().join(".bashrc");
    world
        .run(["autocomplete", "install"])
        .fails_with("no shell's start-up file");
    std::fs::write(&file, "alias ll='ls -l'").unwrap();
    for _ in 0..2 {
        let ran = world.run(["autocomplete", "install"]).success();
        assert!(
            ran.stdout.contains("Autocomplete installed at paths:"),
            "{}",
            ran.stdout
        );
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("alias ll='ls -l'\n# Completion for jaunt\n"), "{text}");
    assert_eq!(text.matches("autocomplete print bash").count(), 1, "{text}");
}
