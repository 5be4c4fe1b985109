//! `config.push.define`: where `push` sends the project.

use schema::{Default, Descriptor, Kind, Merge};
use vagrantfile::layer::{Origin, Value};

use super::mistake::{Mistakes, did_you_mean};
use super::reader::Reader;
use super::table::{Body, Called, Table};
use super::value::{to_text, truthy};

/// A place that the project is sent to.
#[derive(Debug, Clone, PartialEq)]
pub struct Push {
    /// Its name on the command line.
    pub name: String,
    /// How it is sent: `ftp`, `heroku`, `local-exec`, `noop`, `atlas`.
    pub strategy: String,
    /// Its options.
    pub body: Body,
    /// Where it was last defined.
    pub origin: Origin,
}

/// A way to send a project.
#[derive(Debug, Clone, Copy)]
pub struct Strategy {
    /// Its name.
    pub name: &'static str,
    /// Vagrant's name of the section of its mistakes.
    pub section: &'static str,
    /// Its options.
    pub options: &'static [Descriptor],
    /// The options without which it cannot work.
    required: &'static [&'static str],
}

/// The ways that Vagrant has.
pub const STRATEGIES: &[Strategy] = &[
    Strategy {
        name: "atlas",
        section: "Atlas push",
        options: ATLAS,
        required: &["app", "dir"],
    },
    Strategy {
        name: "ftp",
        section: "FTP push",
        options: FTP,
        required: &["host", "username", "destination", "dir"],
    },
    Strategy {
        name: "heroku",
        section: "Heroku push",
        options: HEROKU,
        required: &["dir", "git_bin", "remote"],
    },
    Strategy {
        name: "local-exec",
        section: "Local Exec push",
        options: LOCAL_EXEC,
        required: &[],
    },
    Strategy {
        name: "noop",
        section: "push",
        options: &[],
        required: &[],
    },
];

impl Push {
    /// The pushes that the calls of all layers define: blocks of one name add up, and the last one's strategy counts.
    pub fn of_calls(calls: &[Called]) -> Vec<Self> {
        let mut pushes: Vec<Self> = Vec::new();
        for called in calls {
            let name = called.call.positional.first().and_then(to_text).unwrap_or_default();
            let mut options = Table::of_call(&called.call, &called.origin);
            let written = options.remove("strategy").and_then(|it| to_text(&it.value));
            let strategy = written.unwrap_or_else(|| name.clone());
            let descriptors: &[&[Descriptor]] = &[strategy_of(&strategy).map_or(&[], |it| it.options)];
            let mut body = Body::of_options(&options);
            body.run(&called.call.body, descriptors);
            let origin = called.origin.clone();
            match pushes.iter_mut().find(|it| it.name == name) {
                Some(earlier) => {
                    earlier.body.merge(&body, descriptors);
                    (earlier.strategy, earlier.origin) = (strategy, origin);
                }
                None => pushes.push(Self {
                    name,
                    strategy,
                    body,
                    origin,
                }),
            }
        }
        pushes
    }

    /// Notes what is wrong with it.
    pub fn validate(&self, mistakes: &mut Mistakes) {
        let Some(strategy) = strategy_of(&self.strategy) else {
            let message = format!("there is no way of pushing called `{}`", self.strategy);
            let known = || STRATEGIES.iter().map(|it| it.name);
            let advice = match did_you_mean(&self.strategy, known()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("`strategy` is one of: {}", known().collect::<Vec<_>>().join(", ")),
            };
            mistakes.at(Some(&self.origin), "push", message).advise(advice);
            return;
        };
        let descriptors = [strategy.options];
        let options = &self.body.options;
        let mut reader = Reader::new(options, &descriptors, strategy.section, Some(&self.origin), mistakes);
        reader.refuse_unknown(&format!("of the push `{}`", self.name), &self.body);
        for option in strategy.required {
            if reader.text(option).is_none_or(|it| it.is_empty()) {
                reader.mistake(option, format!("the push `{}` has no `{option}`", self.name));
            }
        }
        if strategy.name == "local-exec" {
            self.validate_local_exec(&mut reader);
        }
    }

    fn validate_local_exec(&self, reader: &mut Reader<'_>) {
        let written = |it: &str| {
            self.body
                .options
                .value(it)
                .and_then(to_text)
                .is_some_and(|it| !it.is_empty())
        };
        match (written("script"), written("inline")) {
            (false, false) => {
                let mistake = reader.mistake("script", format!("the push `{}` has no `script`", self.name));
                mistake.advise("name a file as `script`, or write commands as `inline`");
            }
            (true, true) => {
                let message = format!("the push `{}` has both `script` and `inline`", self.name);
                reader.mistake("inline", message).advise("keep one of them");
            }
            _ => {}
        }
        let is_word = |it: &Value| matches!(it, Value::String(_) | Value::Integer(_));
        let are_words = |it: &Value| match it {
            Value::List(items) => items.iter().all(is_word),
            one => is_word(one),
        };
        if reader.value("args").is_some_and(|it| truthy(it) && !are_words(it)) {
            reader.mistake("args", "`args` of a push must be text or a list of texts and numbers");
        }
    }
}

/// The way of pushing of that name.
pub fn strategy_of(name: &str) -> Option<&'static Strategy> {
    STRATEGIES.iter().find(|it| it.name == name)
}

const DIR: Descriptor = Descriptor::attribute("dir", Kind::HostPath, Default::String("."), "The folder that is sent.");
const EXCLUDE: Descriptor = Descriptor::call("exclude", &["path"], "Leaves out what matches.");
const EXCLUDES: Descriptor = Descriptor::list("excludes", "What is left out.").merged(Merge::Append);
const INCLUDE: Descriptor = Descriptor::call("include", &["path"], "Sends what matches, too.");
const INCLUDES: Descriptor = Descriptor::list("includes", "What is sent, too.").merged(Merge::Append);

/// The options of `atlas`, a service that is gone.
const ATLAS: &[Descriptor] = &[
    Descriptor::text("address", "The server."),
    Descriptor::text("app", "The application's name."),
    DIR,
    EXCLUDE,
    EXCLUDES,
    INCLUDE,
    INCLUDES,
    Descriptor::text("token", "The token of the login.").or(Default::Computed("ATLAS_TOKEN")),
    Descriptor::text("uploader_path", "The program that sends."),
    Descriptor::flag("vcs", true, "Sends only what is under version control."),
];

/// The options of `ftp`.
const FTP: &[Descriptor] = &[
    Descriptor::text("destination", "The folder on the server.").or(Default::String("/")),
    DIR,
    EXCLUDE,
    EXCLUDES,
    Descriptor::text("host", "The server, with its port where that is not 21 or 22."),
    INCLUDE,
    INCLUDES,
    Descriptor::flag("passive", true, "Lets the client open both connections."),
    Descriptor::text("password", "The password of the login."),
    Descriptor::flag("secure", false, "Sends through SFTP."),
    Descriptor::text("username", "The user of the login."),
];

/// The options of `heroku`.
const HEROKU: &[Descriptor] = &[
    Descriptor::text("app", "The application's name."),
    DIR,
    Descriptor::text("git_bin", "The program Git.").or(Default::String("git")),
    Descriptor::text("remote", "Git's name of the server.").or(Default::String("heroku")),
];

/// The options of `local-exec`, which runs on the host.
const LOCAL_EXEC: &[Descriptor] = &[
    Descriptor::attribute(
        "args",
        Kind::OneOf(&[Kind::String, Kind::Integer, Kind::List(&Kind::Any)]),
        Default::Nil,
        "Arguments of the script.",
    ),
    Descriptor::text("inline", "The commands."),
    Descriptor::attribute("script", Kind::HostPath, Default::Nil, "The file with the commands."),
];
