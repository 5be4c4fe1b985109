//! Provisioners: their order, their digests, their options.

use super::*;

fn provisioners(config: &Config) -> String {
    let line = |it: &Provisioner| format!("{} {} {:?}\n", it.name.as_deref().unwrap_or("-"), it.kind, it.run);
    config.provisioners.iter().map(line).collect()
}

#[test]
fn an_overriding_provisioner_moves_to_the_end_unless_it_preserves_the_order() {
    let shell = |name: &str, mut options: Vec<(&'static str, Item)>| {
        options.push(("type", "shell".into()));
        options.push(("inline", name.into()));
        call("vm.provision", &[name], options, vec![])
    };
    let lower = layer(vec![
        a_box(),
        shell("a", vec![("run", "always".into())]),
        shell("b", vec![]),
        shell("c", vec![]),
    ]);
    let higher = layer(vec![
        shell("a", vec![]),
        shell("b", vec![("preserve_order", true.into())]),
    ]);
    check(
        vec![lower, higher],
        provisioners,
        expect![[r#"
        b shell Once
        c shell Once
        a shell Always
    "#]],
    );
}

#[test]
fn provisioners_run_beside_the_ones_that_they_name() {
    let shell = |name: &str, option: Option<(&'static str, &'static str)>| {
        let mut options: Vec<(&str, Item)> = vec![("type", "shell".into()), ("inline", name.into())];
        options.extend(option.map(|(key, value)| (key, Item::from(value))));
        call("vm.provision", &[name], options, vec![])
    };
    let only = layer(vec![
        a_box(),
        shell("one", None),
        shell("two", None),
        shell("first", Some(("before", "one"))),
        shell("each", Some(("after", "each"))),
        shell("last", Some(("after", "all"))),
        shell("start", Some(("before", "all"))),
    ]);
    check(
        vec![only],
        provisioners,
        expect![[r#"
        start shell Once
        first shell Once
        each shell Once
        one shell Once
        each shell Once
        two shell Once
        each shell Once
        last shell Once
    "#]],
    );
}

#[test]
fn the_digest_of_a_script_belongs_to_its_url() {
    let source = |it: &Config| match &it.provisioners[0].config {
        ProvisionerConfig::BuiltIn(task) => match &**task {
            Task::Shell(shell) => format!("{:?}", shell.source),
            other => format!("{other:?}"),
        },
        ProvisionerConfig::Other => String::new(),
    };
    let options = vec![
        ("path", "https://example.com/setup.sh".into()),
        ("sha256", "abc".into()),
    ];
    check(
        vec![layer(vec![a_box(), call("vm.provision", &["shell"], options, vec![])])],
        source,
        expect![[
            r#"Some(Url { url: "https://example.com/setup.sh", checksum: Some(Checksum { kind: "sha256", digest: "abc" }) })"#
        ]],
    );
}

#[test]
fn the_options_of_powershell_are_checked_though_nothing_runs_it() {
    let options = vec![
        ("inline", "true".into()),
        ("privileged", false.into()),
        ("powershell_args", Item::from(vec!["-NoProfile".into()])),
        ("powershell_elevated_interactive", true.into()),
    ];
    check(
        vec![layer(vec![a_box(), call("vm.provision", &["shell"], options, vec![])])],
        provisioners,
        expect![[r#"
            shell provisioner:
            * powershell_args must be text, and is ["-NoProfile"]
              at /nowhere/Vagrantfile:2:3
            * `powershell_elevated_interactive` needs `privileged`
              at /nowhere/Vagrantfile:2:3
        "#]],
    );
}
