//! What VirtualBox and Docker would refuse in their blocks, where another provider stands in for them.
//!
//! The words alone are looked at. Whether a file or a folder is there is nothing that the one who stands in asks about.

use vagrantfile::layer::{Origin, Value};

use super::mistake::Mistakes;
use super::providers::ProviderConfig;
use super::table::Called;
use super::value::{shown, to_text, truthy};

/// Notes what the provider itself would refuse, beside options that it does not have.
pub fn check(provider: &ProviderConfig, mistakes: &mut Mistakes) {
    match provider.name.as_str() {
        "virtualbox" => check_virtualbox(provider, mistakes),
        "docker" => check_docker(provider, mistakes),
        _ => {}
    }
}

/// `customize` takes a command, and before it the event that it waits for.
fn check_virtualbox(provider: &ProviderConfig, mistakes: &mut Mistakes) {
    const EVENTS: &[&str] = &["pre-import", "pre-boot", "post-boot", "post-comm"];
    for called in calls(provider, "customize") {
        let Some(Value::String(event)) = called.call.positional.first() else {
            continue;
        };
        let mut note = |message: String, advice: String| {
            let mistake = mistakes.at(Some(&called.origin), "virtualbox provider", message);
            mistake.advise(advice);
        };
        if !EVENTS.contains(&event.as_str()) {
            let advice = format!("a command is a list; before it may stand one of: {}", EVENTS.join(", "));
            note(format!("customize knows no event `{event}`"), advice);
        } else if event == "pre-import" && names_the_machine(called) {
            let message = "customize names the machine by `:id` before it is there".to_owned();
            note(
                message,
                "leave `:id` out, or take another event than pre-import".to_owned(),
            );
        }
    }
}

fn names_the_machine(called: &Called) -> bool {
    let command = called.call.positional.get(1);
    matches!(command, Some(Value::List(words)) if words.contains(&Value::Symbol("id".to_owned())))
}

fn check_docker(provider: &ProviderConfig, mistakes: &mut Mistakes) {
    const SECTION: &str = "docker provider";
    let options = &provider.body.options;
    let origin_of = |name: &str| {
        options
            .get(name)
            .and_then(|it| it.origin.as_ref())
            .or(Some(&provider.origin))
    };
    let mut note = |origin: Option<&Origin>, message: String| {
        mistakes.at(origin, SECTION, message);
    };
    let sources: Vec<&str> = ["image", "build_dir", "git_repo"]
        .into_iter()
        .filter(|it| options.value(it).is_some_and(truthy))
        .collect();
    match sources.as_slice() {
        [] => note(
            Some(&provider.origin),
            "one of image, build_dir and git_repo must be set".to_owned(),
        ),
        [_] => {}
        [.., last] => note(
            origin_of(last),
            format!("only one of {} can be set", sources.join(", ")),
        ),
    }
    for (name, value) in options.iter() {
        let (is_kind, kind) = match name {
            "create_args" | "expose" => (matches!(value.value, Value::List(_)), "a list"),
            "env" if value.value == Value::Nil => (true, ""),
            "compose_configuration" | "env" => (matches!(value.value, Value::Map(_)), "a table"),
            "git_repo" => (
                to_text(&value.value).is_none_or(|it| is_repository(&it)),
                "the URL of a git repository",
            ),
            _ => (true, ""),
        };
        if !is_kind {
            note(
                origin_of(name),
                format!("{name} must be {kind}, and is {}", shown(&value.value)),
            );
        }
    }
    for called in calls(provider, "link") {
        let link = called.call.positional.first().and_then(to_text).unwrap_or_default();
        if !is_link(&link) {
            note(Some(&called.origin), format!("the link `{link}` is not NAME:ALIAS"));
        }
    }
}

/// What Docker itself takes for the address of a repository.
fn is_repository(url: &str) -> bool {
    let (repository, _) = url.split_once('#').unwrap_or((url, ""));
    let is_web = ["http://", "https://"].iter().any(|it| url.starts_with(it)) && repository.ends_with("git");
    is_web || ["github.com", "git@", "git://"].iter().any(|it| url.starts_with(it))
}

fn is_link(link: &str) -> bool {
    matches!(link.split(':').collect::<Vec<_>>().as_slice(), [name, alias] if !name.is_empty() && !alias.is_empty())
}

fn calls<'a>(provider: &'a ProviderConfig, name: &'a str) -> impl Iterator<Item = &'a Called> {
    provider.body.calls.iter().filter(move |it| it.name == name)
}
