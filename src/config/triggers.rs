//! `config.trigger`: what happens before and after commands.

use schema::{Coercion, Default, Descriptor, Kind};
use vagrantfile::layer::{Call, Origin, Value};

use super::ProjectFacts;
use super::mistake::Mistakes;
use super::provisioners::{self, shell};
use super::reader::Reader;
use super::table::{Body, Table};
use super::value::{Sourced, shown, to_integer, to_list, to_text, truthy};
use crate::provisioners::shell::Shell;

const SECTION: &str = "trigger";

/// A trigger of one command, as it stands after all layers.
#[derive(Debug, Clone, PartialEq)]
pub struct TriggerDefinition {
    /// Whether it fires before or after the command.
    pub stage: Stage,
    /// The command.
    pub command: String,
    /// Its options.
    pub body: Body,
    /// Where it was defined.
    pub origin: Origin,
}

/// Whether a trigger fires before or after its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before it.
    Before,
    /// After it.
    After,
}

impl Stage {
    /// The method of `config.trigger` that defines it.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Before => "before",
            Stage::After => "after",
        }
    }
}

impl TriggerDefinition {
    /// The triggers of a call: one for each command that it names.
    pub fn of_call(stage: Stage, call: &Call, origin: &Origin) -> Vec<Self> {
        let mut body = Body::default();
        body.run(&call.body, &[OPTIONS]);
        for (name, value) in Table::of_call(call, origin).iter() {
            body.assign(name, &value.value, origin, &[OPTIONS]);
        }
        let commands = call
            .positional
            .iter()
            .filter(|it| !matches!(it, Value::Map(_)))
            .flat_map(to_list);
        commands
            .filter_map(|it| to_text(&it))
            .map(|command| Self {
                stage,
                command,
                body: body.clone(),
                origin: origin.clone(),
            })
            .collect()
    }
}

/// A trigger, typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// Whether it fires before or after.
    pub stage: Stage,
    /// What it fires at: the name of a command, an action or a hook, or `all`.
    pub command: String,
    /// What the name is one of.
    pub kind: TriggerKind,
    /// What it is called in the output.
    pub name: Option<String>,
    /// What it says.
    pub info: Option<String>,
    /// What it warns of.
    pub warn: Option<String>,
    /// Whether the command goes on when the trigger fails.
    pub continue_on_error: bool,
    /// Commands that it does not fire at.
    pub ignore: Vec<String>,
    /// The machines that it fires for, by name or by pattern; `None` is all.
    pub only_on: Option<Vec<String>>,
    /// A script that runs on the host.
    pub run: Option<Shell>,
    /// A script that runs in the guest.
    pub run_remote: Option<Shell>,
    /// Exit codes of the scripts that are no failure.
    pub exit_codes: Vec<i64>,
    /// The exit code with which the command ends here.
    pub abort: Option<i64>,
    /// The block that is called, by its number in the session.
    pub ruby: Option<u32>,
    /// Where it was defined.
    pub origin: Origin,
}

/// What a trigger's command is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerKind {
    /// A step that a command takes: `up`, `halt`, `provision`.
    Action,
    /// A command as it is typed.
    Command,
    /// A step inside an action.
    Hook,
}

impl Trigger {
    /// Reads a definition.
    pub fn read(definition: &TriggerDefinition, project: &ProjectFacts, mistakes: &mut Mistakes) -> Self {
        let body = &definition.body;
        let run = read_script("run", definition, project, mistakes);
        let run_remote = read_script("run_remote", definition, project, mistakes);
        let descriptors = [OPTIONS];
        let mut reader = Reader::new(&body.options, &descriptors, SECTION, Some(&definition.origin), mistakes);
        reader.refuse_unknown("of a trigger", body);
        if body.options.get("on_error").is_some_and(|it| !truthy(&it.value)) {
            let mistake = reader.mistake("on_error", "`on_error` of a trigger cannot be nothing");
            mistake.advise("it is one of: halt, continue");
        }
        for option in ["name", "info", "warn"] {
            if reader
                .value(option)
                .is_some_and(|it| truthy(it) && !matches!(it, Value::String(_)))
            {
                reader.mistake(option, format!("`{option}` of a trigger must be text"));
            }
        }
        refuse_other_types(&mut reader);
        Self {
            stage: definition.stage,
            command: definition.command.clone(),
            kind: match reader.word("type").as_deref() {
                Some("command") => TriggerKind::Command,
                Some("hook") => TriggerKind::Hook,
                _ => TriggerKind::Action,
            },
            name: reader.text("name"),
            info: reader.text("info"),
            warn: reader.text("warn"),
            continue_on_error: reader.word("on_error").as_deref() == Some("continue"),
            ignore: reader.texts("ignore"),
            only_on: reader.value("only_on").is_some().then(|| reader.texts("only_on")),
            run,
            run_remote,
            exit_codes: read_exit_codes(&mut reader),
            abort: read_abort(&mut reader),
            ruby: read_block(body),
            origin: definition.origin.clone(),
        }
    }
}

/// Refuses what is no name of a command, and no block.
fn refuse_other_types(reader: &mut Reader<'_>) {
    let ignored = reader
        .value("ignore")
        .filter(|it| truthy(it))
        .map(to_list)
        .unwrap_or_default();
    if let Some(other) = ignored.iter().find(|it| it.as_text().is_none()) {
        let message = format!(
            "`ignore` of a trigger must be names of commands, and holds {}",
            shown(other)
        );
        reader.mistake("ignore", message);
    }
    let ruby = reader.value("ruby").filter(|it| truthy(it));
    if ruby.is_some_and(|it| !matches!(it, Value::Block(_))) {
        reader.mistake("ruby", "`ruby` of a trigger must be a block");
    }
}

/// The script of `run` or `run_remote`, whose options are the shell provisioner's.
fn read_script(
    option: &str,
    definition: &TriggerDefinition,
    project: &ProjectFacts,
    mistakes: &mut Mistakes,
) -> Option<Shell> {
    let written = definition.body.options.get(option).filter(|it| truthy(&it.value))?;
    let origin = written.origin.as_ref().unwrap_or(&definition.origin);
    let Value::Map(pairs) = &written.value else {
        let mistake = mistakes.at(
            Some(origin),
            SECTION,
            format!("`{option}` of a trigger must be a table"),
        );
        mistake.advise(format!("write `{option} = {{ inline: \"...\" }}`"));
        return None;
    };
    let options = script_options(option, pairs, origin);
    let kind = provisioners::kind("shell")?;
    let mut reader = Reader::new(&options, kind.options, SECTION, Some(origin), mistakes);
    reader.refuse_unknown(&format!("of a trigger's `{option}`"), &Body::of_options(&options));
    Some(shell::read(&mut reader, project))
}

/// The options of a trigger's script. Those on the host are not privileged unless they say so.
pub fn script_options(option: &str, pairs: &[(Value, Value)], origin: &Origin) -> Table {
    let mut options = Table::of_pairs(pairs, origin);
    if option == "run" {
        for (name, value) in [
            ("powershell_args", Value::String(String::new())),
            ("privileged", Value::Boolean(false)),
        ] {
            if !options.contains(name) {
                options.set(name, Sourced::implied(value));
            }
        }
    }
    options
}

fn read_exit_codes(reader: &mut Reader<'_>) -> Vec<i64> {
    let Some(value) = reader.value("exit_codes").filter(|it| truthy(it)) else {
        return vec![0];
    };
    let codes: Option<Vec<i64>> = to_list(value).iter().map(to_integer).collect();
    codes.unwrap_or_else(|| {
        reader.mistake("exit_codes", "`exit_codes` of a trigger must be whole numbers");
        vec![0]
    })
}

fn read_abort(reader: &mut Reader<'_>) -> Option<i64> {
    match reader.value("abort")? {
        Value::Boolean(true) => Some(1),
        Value::Boolean(false) => None,
        _ => reader.integer("abort"),
    }
}

/// The block of `trigger.ruby do |env, machine|`, whether it was called or assigned.
pub fn read_block(body: &Body) -> Option<u32> {
    let called = body
        .calls
        .iter()
        .filter(|it| it.name == "ruby")
        .flat_map(|it| &it.call.positional);
    let assigned = body.options.get("ruby").map(|it| &it.value);
    called.chain(assigned).find_map(|it| match it {
        Value::Block(block) => Some(*block),
        _ => None,
    })
}

/// The calls of `config.trigger`.
pub const CALLS: &[Descriptor] = &[
    Descriptor::call("trigger.before", &["on"], "Adds a trigger that fires before a command."),
    Descriptor::call("trigger.after", &["on"], "Adds a trigger that fires after a command."),
];

/// The options of a trigger.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "abort",
        Kind::OneOf(&[Kind::Boolean, Kind::Integer]),
        Default::Nil,
        "Ends the command here, with this exit code.",
    ),
    Descriptor::attribute(
        "exit_codes",
        Kind::List(&Kind::Integer),
        Default::Computed("[0]"),
        "Exit codes of the scripts that are no failure.",
    )
    .coerced(Coercion::List),
    Descriptor::attribute(
        "ignore",
        Kind::List(&Kind::String),
        Default::List(&[]),
        "Commands that the trigger does not fire at.",
    )
    .coerced(Coercion::List),
    Descriptor::attribute("info", Kind::String, Default::Nil, "What the trigger says."),
    Descriptor::attribute(
        "name",
        Kind::String,
        Default::Nil,
        "What the trigger is called in the output.",
    ),
    Descriptor::attribute(
        "on_error",
        Kind::Word(&["halt", "continue"]),
        Default::Symbol("halt"),
        "What happens when the trigger fails.",
    ),
    Descriptor::attribute(
        "only_on",
        Kind::List(&Kind::String),
        Default::Nil,
        "The machines that the trigger fires for, by name or pattern.",
    )
    .coerced(Coercion::List),
    Descriptor::attribute("ruby", Kind::Any, Default::Nil, "A block that is called."),
    Descriptor::attribute(
        "run",
        Kind::Map(&Kind::Any),
        Default::Nil,
        "A script that runs on the host.",
    ),
    Descriptor::attribute(
        "run_remote",
        Kind::Map(&Kind::Any),
        Default::Nil,
        "A script that runs in the guest.",
    ),
    Descriptor::attribute(
        "type",
        Kind::Word(&["action", "command", "hook"]),
        Default::Symbol("action"),
        "What the trigger's command is the name of.",
    )
    .coerced(Coercion::Symbol),
    Descriptor::attribute("warn", Kind::String, Default::Nil, "What the trigger warns of."),
    Descriptor::reading(
        "command",
        "The command, the action or the hook that the trigger is for.",
    ),
    Descriptor::reading("id", "What tells the trigger from others."),
    Descriptor::reading("ruby_block", "The block of `ruby`."),
];
