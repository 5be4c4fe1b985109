//! The options as reference pages: Markdown, a page for each group of owners.

use schema::{Coercion, Default, Descriptor, Form, Kind, Merge};

use super::{Group, Owner, owners_of};
use crate::config::namespaces::PLUGIN_NAMESPACES;

/// A page of the reference.
pub struct Page {
    /// The name of its file.
    pub file: &'static str,
    /// Its text.
    pub text: String,
}

struct Chapter {
    file: &'static str,
    title: &'static str,
    introduction: &'static str,
    group: Group,
    /// What stands before an owner's name in its heading.
    heading: &'static str,
}

const CHAPTERS: &[Chapter] = &[
    Chapter {
        file: "namespaces.md",
        title: "`config`",
        introduction: "What is set on `config` itself; in TOML each part is a table, as `[vm]`.",
        group: Group::Namespace,
        heading: "config.",
    },
    Chapter {
        file: "networks.md",
        title: "Networks",
        introduction: "`config.vm.network \"forwarded_port\", guest: 80, host: 8080`; in TOML `[[vm.network]]` with `type`. Options that only \
                       one provider has begin with its name, as `virtualbox__intnet`.",
        group: Group::Network,
        heading: "",
    },
    Chapter {
        file: "objects.md",
        title: "Folders, provisioners, triggers, disks",
        introduction: "What every `config.vm.synced_folder`, `config.vm.provision`, `config.trigger.before` and `after`, `config.vm.disk` and \
                       `config.vm.cloud_init` takes. In TOML they are arrays of tables; the positional arguments are `host` and `guest` of a \
                       folder, `name` and `type` of a provisioner, `stage` and `on` of a trigger, `type` of the others.",
        group: Group::Object,
        heading: "",
    },
    Chapter {
        file: "synced_folders.md",
        title: "Kinds of synced folder",
        introduction: "What one kind of folder takes beside what [every folder](objects.md) does. Those that are not built in are read, and copied.",
        group: Group::FolderKind,
        heading: "",
    },
    Chapter {
        file: "providers.md",
        title: "Providers",
        introduction: "`config.vm.provider \"NAME\" do |it| ... end`; in TOML `[provider.NAME]`. `qemu` is built in. The options of the others are \
                       known, checked where QEMU stands in for them, and of effect only where they say memory and CPUs.",
        group: Group::Provider,
        heading: "",
    },
    Chapter {
        file: "provisioners.md",
        title: "Provisioners",
        introduction: "`config.vm.provision \"KIND\", ...`, or a block; in TOML `[[vm.provision]]` with `type`. Every kind also takes what [every \
                       provisioner](objects.md) does.",
        group: Group::Provisioner,
        heading: "",
    },
    Chapter {
        file: "pushes.md",
        title: "Pushes",
        introduction: "`config.push.define \"NAME\", strategy: \"KIND\" do |push| ... end`; in TOML `[[push.define]]`.",
        group: Group::Push,
        heading: "",
    },
];

/// All pages.
pub fn pages() -> Vec<Page> {
    let mut pages: Vec<Page> = CHAPTERS.iter().map(page).collect();
    pages.push(plugins());
    pages.push(contents());
    pages
}

fn contents() -> Page {
    let mut text = String::from(
        "# Reference\n\nEvery option of a Vagrantfile, made from the program's own descriptions of them; do not edit these pages by hand.\n\n",
    );
    for chapter in CHAPTERS {
        text.push_str(&format!("- [{}]({})\n", chapter.title, chapter.file));
    }
    text.push_str("- [Plugins](plugins.md)\n");
    Page {
        file: "README.md",
        text,
    }
}

fn plugins() -> Page {
    let mut text = String::from(
        "# Plugins\n\nThere are no plugins here. `Vagrant.has_plugin?` answers yes for those whose job is built in, as far as a Vagrantfile can \
         tell; `JAUNT_ASSUME_PLUGINS` (`all`, `none`, or names with commas between them) answers otherwise. The configuration \
         sections of a plugin that counts as installed are taken as they are.\n\n## Built in\n\n| plugin | what stands in for it |\n| --- | --- |\n",
    );
    for plugin in vagrantfile::plugins::BUILT_IN {
        text.push_str(&format!("| `{}` | {} |\n", plugin.name, plugin.instead));
    }
    text.push_str("\n## Sections of plugins that are known by name\n\n| plugin | sections |\n| --- | --- |\n");
    for (plugin, namespaces) in PLUGIN_NAMESPACES {
        let sections: Vec<String> = namespaces.iter().map(|it| format!("`config.{it}`")).collect();
        text.push_str(&format!("| `{plugin}` | {} |\n", sections.join(", ")));
    }
    Page {
        file: "plugins.md",
        text,
    }
}

fn page(chapter: &Chapter) -> Page {
    let mut text = format!("# {}\n\n{}\n", chapter.title, chapter.introduction);
    for owner in owners_of(chapter.group) {
        text.push_str(&section(chapter, &owner));
    }
    Page {
        file: chapter.file,
        text,
    }
}

fn section(chapter: &Chapter, owner: &Owner) -> String {
    let mut text = format!("\n## `{}{}`\n\n", chapter.heading, owner.name);
    if owner.options.is_empty() {
        text.push_str("No options.\n");
        return text;
    }
    text.push_str("| option | holds | default | |\n| --- | --- | --- | --- |\n");
    for descriptor in &owner.options {
        text.push_str(&row(descriptor));
    }
    text
}

fn row(descriptor: &Descriptor) -> String {
    let (name, holds) = match descriptor.form {
        Form::Attribute => (descriptor.path.to_owned(), kind_text(descriptor.kind)),
        Form::Call { positional } => (
            format!("{}({})", descriptor.path, positional.join(", ")),
            "a method".to_owned(),
        ),
        Form::Reading => (descriptor.path.to_owned(), "only to be read".to_owned()),
    };
    let default = match descriptor.form {
        Form::Attribute => default_text(descriptor),
        _ => String::new(),
    };
    let cells = [format!("`{name}`"), holds, default, documentation(descriptor)];
    format!("| {} |\n", cells.map(|it| it.replace('|', "\\|")).join(" | "))
}

fn documentation(descriptor: &Descriptor) -> String {
    let mut text = descriptor.documentation.to_owned();
    if !descriptor.aliases.is_empty() {
        let names: Vec<String> = descriptor.aliases.iter().map(|it| format!("`{it}`")).collect();
        text.push_str(&format!(" Also called {}.", names.join(", ")));
    }
    text.push_str(match (descriptor.form, descriptor.merge) {
        (Form::Attribute, Merge::Append) => " Later layers add to it.",
        (Form::Attribute, Merge::Keys) => " Later layers add keys to it.",
        _ => "",
    });
    text.push_str(match descriptor.coercion {
        Coercion::None => "",
        Coercion::Text => " Becomes text.",
        Coercion::Symbol => " Becomes a symbol.",
        Coercion::Integer => " Becomes a whole number.",
        Coercion::Boolean => " Becomes `true` or `false`.",
        Coercion::List => " Becomes a list.",
    });
    text
}

/// What an option may hold, for people.
fn kind_text(kind: Kind) -> String {
    match kind {
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Integer => "a whole number".to_owned(),
        Kind::Float => "a number".to_owned(),
        Kind::String => "text".to_owned(),
        Kind::Word(words) => words.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "),
        Kind::HostPath => "a path of the host".to_owned(),
        Kind::GuestPath => "a path of the guest".to_owned(),
        Kind::List(Kind::Any) => "a list".to_owned(),
        Kind::List(item) => format!("a list: {}", kind_text(*item)),
        Kind::Map(Kind::Any) => "a table".to_owned(),
        Kind::Map(item) => format!("a table: {}", kind_text(*item)),
        Kind::OneOf(kinds) => kinds.iter().map(|it| kind_text(*it)).collect::<Vec<_>>().join(", or "),
        Kind::Any => "anything".to_owned(),
    }
}

/// What an option is when nobody sets it, for people.
pub fn default_text(descriptor: &Descriptor) -> String {
    match descriptor.default {
        Default::Nil => String::new(),
        Default::Boolean(truth) => format!("`{truth}`"),
        Default::Integer(number) => format!("`{number}`"),
        Default::String(text) => format!("`{text:?}`"),
        Default::Symbol(text) => format!("`:{text}`"),
        Default::List(items) => format!("`{items:?}`"),
        Default::EmptyMap => "`{}`".to_owned(),
        Default::Range(first, last) => format!("`{first}..{last}`"),
        Default::Computed(how) => how.to_owned(),
    }
}
