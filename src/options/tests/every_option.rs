//! Every option, set to values of its type, in the three languages: `config --json` is the same to the byte.

use schema::{Default, Descriptor, Form, Kind};
use vagrantfile::host::MemoryHost;

use crate::config::json::tests::machines_of;
use crate::options::{Group, Owner, owners};

/// How often the options are set, each time to other values.
const PASSES: usize = 4;

/// A value as each language writes it.
struct Sample {
    ruby: String,
    lua: String,
    toml: String,
}

impl Sample {
    fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            ruby: text.clone(),
            lua: text.clone(),
            toml: text,
        }
    }

    /// A value that fits an option; in the last pass nil.
    fn of(descriptor: &Descriptor, pass: usize) -> Self {
        if let Default::Range(first, last) = descriptor.default {
            let text = format!("\"{first}..{}\"", last + 1);
            return Self {
                ruby: format!("({first}..{})", last + 1),
                ..Self::same(text)
            };
        }
        if pass == PASSES - 1 {
            return Self {
                toml: "{ nil = true }".to_owned(),
                ..Self::same("nil")
            };
        }
        let truth = matches!(descriptor.default, Default::Boolean(true)) != pass.is_multiple_of(2);
        Self::of_kind(descriptor.kind, descriptor.path, pass, truth)
    }

    fn of_kind(kind: Kind, name: &str, pass: usize, truth: bool) -> Self {
        let inner = |kind: Kind, name: &str| Self::of_kind(kind, name, pass, truth);
        match kind {
            Kind::Boolean => Self::same(truth.to_string()),
            Kind::Integer => Self::same(format!("{}", 3 + name.len() + pass)),
            Kind::Float => Self::same(format!("{}.5", name.len())),
            Kind::HostPath | Kind::GuestPath => Self::same(format!("\"/of/{name}\"")),
            Kind::String => Self::same(format!("\"ö {name} \\\"$x\\\" {pass}\"")),
            Kind::Word(words) => {
                let word = words[pass % words.len()];
                Self {
                    ruby: format!(":{word:?}"),
                    ..Self::same(format!("{word:?}"))
                }
            }
            Kind::List(kind) => Self::list(&[inner(*kind, name), inner(*kind, "second")]),
            Kind::Map(kind) => Self::map(&[("a", inner(*kind, name)), ("b-c", inner(*kind, "second"))]),
            Kind::OneOf(kinds) => inner(kinds[pass % kinds.len()], name),
            Kind::Any => match pass {
                0 => inner(Kind::String, name),
                1 => Self::list(&[inner(Kind::Integer, name), inner(Kind::String, name)]),
                _ => Self::map(&[
                    ("a", inner(Kind::Boolean, name)),
                    ("b", inner(Kind::List(&Kind::String), name)),
                ]),
            },
        }
    }

    fn list(items: &[Self]) -> Self {
        let of = |it: fn(&Self) -> &String| items.iter().map(it).cloned().collect::<Vec<_>>().join(", ");
        Self {
            ruby: format!("[{}]", of(|it| &it.ruby)),
            lua: format!("{{ {} }}", of(|it| &it.lua)),
            toml: format!("[{}]", of(|it| &it.toml)),
        }
    }

    fn map(pairs: &[(&str, Self)]) -> Self {
        let of = |write: fn(&str, &Self) -> String| {
            let parts: Vec<_> = pairs.iter().map(|(key, it)| write(key, it)).collect();
            format!("{{ {} }}", parts.join(", "))
        };
        Self {
            ruby: of(|key, it| format!("{key:?} => {}", it.ruby)),
            lua: of(|key, it| format!("[{key:?}] = {}", it.lua)),
            toml: of(|key, it| format!("{key:?} = {}", it.toml)),
        }
    }
}

/// What stands around the options of an owner in each language.
enum Around {
    /// They are assigned to what this names.
    Path(&'static str),
    /// They are assigned in the block of a call: its method, its arguments in Ruby and in Lua, and the table in TOML.
    Block(&'static str, String, String, String),
    /// They are named arguments of a call: the same.
    Arguments(&'static str, String, String),
}

fn around(owner: &Owner) -> Around {
    let name = owner.name;
    let block = |method, ruby: String, lua: String, toml| Around::Block(method, ruby, lua, toml);
    let quoted = format!("\"{name}\"");
    match (owner.group, name) {
        (Group::Namespace, name) => Around::Path(name),
        (Group::Provider, _) => block("vm.provider", quoted.clone(), quoted, format!("[provider.{name}]")),
        (Group::Provisioner, _) => block(
            "vm.provision",
            format!("\"it\", type: {quoted}"),
            format!("\"it\", {{ type = {quoted} }}"),
            format!("[[vm.provision]]\nname = \"it\"\ntype = {quoted}"),
        ),
        (Group::Push, _) => block(
            "push.define",
            format!("\"it\", strategy: {quoted}"),
            format!("\"it\", {{ strategy = {quoted} }}"),
            format!("[[push.define]]\nname = \"it\"\nstrategy = {quoted}"),
        ),
        (Group::Object, "trigger") => block(
            "trigger.before",
            "\"up\"".to_owned(),
            "\"up\"".to_owned(),
            "[[trigger]]\nstage = \"before\"\non = [\"up\"]".to_owned(),
        ),
        (Group::Network, _) => {
            Around::Arguments("vm.network", quoted.clone(), format!("[[vm.network]]\ntype = {quoted}"))
        }
        (Group::FolderKind, _) | (Group::Object, "synced_folder") => Around::Arguments(
            "vm.synced_folder",
            "\".\", \"/it\"".to_owned(),
            "[[vm.synced_folder]]\nhost = \".\"\nguest = \"/it\"".to_owned(),
        ),
        (Group::Object, "provisioner") => Around::Arguments(
            "vm.provision",
            "\"shell\"".to_owned(),
            "[[vm.provision]]\ntype = \"shell\"".to_owned(),
        ),
        (Group::Object, "disk") => Around::Arguments(
            "vm.disk",
            "\"disk\"".to_owned(),
            "[[vm.disk]]\ntype = \"disk\"".to_owned(),
        ),
        (Group::Object, _) => Around::Arguments(
            "vm.cloud_init",
            "\"user_data\"".to_owned(),
            "[[vm.cloud_init]]\ntype = \"user_data\"".to_owned(),
        ),
    }
}

/// The same file in Ruby, Lua and TOML.
fn files(owner: &Owner, settings: &[(&str, Sample)]) -> [String; 3] {
    let each = |write: &dyn Fn(&str, &Sample) -> String, separator: &str| {
        let parts: Vec<_> = settings.iter().map(|(name, it)| write(name, it)).collect();
        parts.join(separator)
    };
    let toml_keys = |taken: &[&str]| {
        each(
            &|name, it| match taken.contains(&name) {
                true => format!("options.{name} = {}", it.toml),
                false => format!("{name} = {}", it.toml),
            },
            "\n",
        )
    };
    match around(owner) {
        Around::Path(path) => [
            each(&|name, it| format!("config.{path}.{name} = {}", it.ruby), "\n"),
            each(&|name, it| format!("config.{path}.{name} = {}", it.lua), "\n"),
            format!("[{path}]\n{}", toml_keys(&[])),
        ],
        Around::Block(method, ruby, lua, toml) => [
            format!(
                "config.{method} {ruby} do |it|\n{}\nend",
                each(&|name, it| format!("it.{name} = {}", it.ruby), "\n")
            ),
            format!(
                "config.{method}({lua}, function(it)\n{}\nend)",
                each(&|name, it| format!("it.{name} = {}", it.lua), "\n")
            ),
            format!(
                "{toml}\n{}",
                toml_keys(if owner.group == Group::Provisioner {
                    &["name", "type", "run", "before", "after"]
                } else {
                    &[]
                })
            ),
        ],
        Around::Arguments(method, arguments, toml) => [
            format!(
                "config.{method} {arguments}, {}",
                each(&|name, it| format!("{name}: {}", it.ruby), ", ")
            ),
            format!(
                "config.{method}({arguments}, {{ {} }})",
                each(&|name, it| format!("{name} = {}", it.lua), ", ")
            ),
            format!(
                "{toml}\n{}",
                toml_keys(if owner.group == Group::Network { &["type"] } else { &[] })
            ),
        ],
    }
}

/// What the three languages make of the same options, where it is not the same.
fn difference(owner: &Owner, settings: &[(&str, Sample)]) -> Option<String> {
    let [ruby, lua, toml] = files(owner, settings);
    let shown = |file: &str, text: &str| {
        let host = MemoryHost::default().with_file(file, text);
        let machines = machines_of(host, file).unwrap_or_else(|it| panic!("{}: {it}\n{text}", owner.name));
        format!("{machines:#}")
    };
    let ruby = shown(
        "Vagrantfile",
        &format!("Vagrant.configure('2') do |config|\n{ruby}\nend"),
    );
    let lua = shown(
        "Vagrantfile.lua",
        &format!("Vagrant.configure('2', function(config)\n{lua}\nend)"),
    );
    let toml = shown("Vagrantfile.toml", &toml);
    let names: Vec<_> = settings
        .iter()
        .map(|(name, it)| format!("{name} = {}", it.toml))
        .collect();
    let differs = |language: &str, other: &str| {
        let first = ruby.lines().zip(other.lines()).find(|(one, other)| one != other);
        (ruby != other).then(|| format!("{} {}: {language}: {first:?}", owner.name, names.join(", ")))
    };
    differs("Lua", &lua).or_else(|| differs("TOML", &toml))
}

/// Whether an option can be set so: nil cannot be an argument of Lua's, and some words are the call's own.
fn can_be_set(owner: &Owner, descriptor: &Descriptor, pass: usize) -> bool {
    let is_argument = matches!(around(owner), Around::Arguments(..));
    let of_the_call = owner.group == Group::Object && matches!(descriptor.path, "name" | "type" | "id");
    descriptor.form == Form::Attribute && !(is_argument && pass == PASSES - 1) && !(is_argument && of_the_call)
}

#[test]
fn every_option_means_the_same_in_the_three_languages() {
    let (mut found, mut count) = (Vec::new(), 0);
    for pass in 0..PASSES {
        for owner in owners() {
            let options = owner.options.iter().filter(|it| can_be_set(&owner, it, pass));
            let settings: Vec<_> = options.map(|it| (it.path, Sample::of(it, pass))).collect();
            count += settings.len();
            if settings.is_empty() || difference(&owner, &settings).is_none() {
                continue;
            }
            // All together differ: which of them do by themselves?
            let alone: Vec<_> = settings
                .into_iter()
                .filter_map(|it| difference(&owner, &[it]))
                .collect();
            found.push(format!("{} of {} in pass {pass}", alone.len(), owner.name));
            found.extend(alone);
        }
    }
    assert!(count > 2800, "only {count}");
    assert_eq!(found, [""; 0]);
}
