//! What may stand next on a command line, found in the definitions of the commands; names of machines and the like are left open.
//!
//! Pure: nothing is looked up here. [`super::complete`] fills in the names.

use clap::{Arg, Command};

/// What may stand where the cursor is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Words that are known from the definitions, each with what it means.
    pub words: Vec<(String, String)>,
    /// Names that have to be looked up.
    pub names: Vec<Names>,
    /// What was typed of the word so far; candidates begin with it.
    pub typed: String,
    /// What stands before every candidate: `--provider=`.
    pub before: String,
    /// The positional arguments that were typed.
    pub positionals: Vec<String>,
}

/// Names that have to be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Machines of the project.
    Machines,
    /// Snapshots of its machines.
    Snapshots,
    /// Boxes of the store.
    Boxes,
    /// Backends.
    Providers,
}

/// What may stand at the end of these words, the last of which is being typed. The program's own name is not among them.
pub fn offer(command: &mut Command, words: &[String]) -> Offer {
    command.build();
    let (typed, before) = match words.split_last() {
        Some((typed, before)) => (typed.clone(), before),
        None => (String::new(), words),
    };
    let line = Line::read(command, before);
    let mut offer = Offer {
        typed,
        positionals: line.positionals.clone(),
        ..Offer::default()
    };
    if line.is_over {
        return offer;
    }
    if let Some(option) = line.waiting {
        offer.values_of(option, &line, 0);
    } else if let Some((name, value)) = split_long(&offer.typed) {
        let option = line
            .command
            .get_arguments()
            .find(|it| it.get_long() == Some(name.as_str()));
        offer.before = format!("--{name}=");
        offer.typed = value;
        if let Some(option) = option {
            offer.values_of(option, &line, 0);
        }
    } else if offer.typed.starts_with('-') {
        offer.words = flags(line.command);
    } else {
        offer.words = subcommands(line.command);
        let place = line.positionals.len();
        if let Some(positional) = positional_at(line.command, place) {
            offer.values_of(positional, &line, place);
        }
    }
    let typed = offer.typed.clone();
    offer.words.retain(|(word, _)| word.starts_with(&typed));
    offer
}

impl Offer {
    fn values_of(&mut self, arg: &Arg, line: &Line<'_>, place: usize) {
        let possible = arg.get_possible_values();
        self.words
            .extend(possible.iter().filter(|it| !it.is_hide_set()).map(|it| {
                let help = it.get_help().map(ToString::to_string).unwrap_or_default();
                (it.get_name().to_owned(), help)
            }));
        let name = arg
            .get_value_names()
            .and_then(|it| it.first())
            .map_or("", |it| it.as_str());
        self.names = match name {
            "MACHINE" => vec![Names::Machines],
            "[MACHINE] NAME" if place == 0 => vec![Names::Machines, Names::Snapshots],
            "[MACHINE] NAME" => vec![Names::Snapshots],
            "PROVIDER" => vec![Names::Providers],
            "BOX" => vec![Names::Boxes],
            "NAME" | "" if line.is_about_installed_boxes() => vec![Names::Boxes],
            _ => Vec::new(),
        };
    }
}

/// The words before the cursor, understood.
struct Line<'a> {
    command: &'a Command,
    path: Vec<&'a str>,
    positionals: Vec<String>,
    /// The option whose value comes next.
    waiting: Option<&'a Arg>,
    /// Whether what follows belongs to another program.
    is_over: bool,
}

impl<'a> Line<'a> {
    fn read(command: &'a Command, words: &[String]) -> Self {
        let mut line = Self {
            command,
            path: Vec::new(),
            positionals: Vec::new(),
            waiting: None,
            is_over: false,
        };
        for word in words {
            line.take(word);
        }
        line
    }

    fn take(&mut self, word: &str) {
        if self.waiting.take().is_some() || self.is_over {
            return;
        }
        if word == "--" {
            self.is_over = true;
        } else if word.starts_with('-') {
            self.waiting = option(self.command, word).filter(|it| it.get_action().takes_values());
        } else if let Some(inner) = self
            .command
            .find_subcommand(word)
            .filter(|_| self.positionals.is_empty())
        {
            self.command = inner;
            self.path.push(inner.get_name());
        } else {
            self.positionals.push(word.to_owned());
        }
    }

    fn is_about_installed_boxes(&self) -> bool {
        self.path.first() == Some(&"box") && !self.path.contains(&"add") && self.positionals.is_empty()
    }
}

/// The option that a word names, where its value is not in the same word.
fn option<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let mut arguments = command.get_arguments();
    if let Some(long) = word.strip_prefix("--") {
        return arguments.find(|it| it.get_long() == Some(long));
    }
    let short = word.chars().last();
    arguments.find(|it| it.get_short().is_some() && it.get_short() == short)
}

fn split_long(typed: &str) -> Option<(String, String)> {
    let (name, value) = typed.strip_prefix("--")?.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

fn positional_at(command: &Command, place: usize) -> Option<&Arg> {
    let positionals: Vec<&Arg> = command.get_positionals().filter(|it| !it.is_last_set()).collect();
    let takes_more = |it: &&&Arg| it.get_num_args().is_some_and(|it| it.max_values() > 1);
    let place = positionals.get(place).or_else(|| positionals.last().filter(takes_more));
    place.copied()
}

fn flags(command: &Command) -> Vec<(String, String)> {
    let shown = command.get_arguments().filter(|it| !it.is_hide_set());
    shown
        .filter_map(|it| {
            let help = it.get_help().map(ToString::to_string).unwrap_or_default();
            Some((format!("--{}", it.get_long()?), help))
        })
        .collect()
}

fn subcommands(command: &Command) -> Vec<(String, String)> {
    let shown = command.get_subcommands().filter(|it| !it.is_hide_set());
    shown
        .map(|it| {
            let about = it.get_about().map(ToString::to_string).unwrap_or_default();
            (it.get_name().to_owned(), about)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use expect_test::{Expect, expect};

    use super::super::Cli;
    use super::*;

    /// `|` stands before the word that is being typed.
    fn check(line: &str, expected: Expect) {
        let (before, typed) = line.split_once('|').unwrap();
        let mut words: Vec<String> = before.split_whitespace().map(str::to_owned).collect();
        words.push(typed.to_owned());
        let offer = offer(&mut Cli::command(), &words);
        let words: Vec<String> = offer.words.into_iter().map(|(word, _)| word).collect();
        expected.assert_eq(&format!("{} {:?}", words.join(" "), offer.names));
    }

    #[test]
    fn commands_are_offered_and_those_inside_them() {
        check("|prov", expect!["provision []"]);
        check("--debug |sna", expect!["snapshot []"]);
        check("snapshot |p", expect!["pop push []"]);
    }

    #[test]
    fn options_of_the_command_are_offered_and_those_of_all() {
        check("global-status |--p", expect!["--prune []"]);
        check("up |--provision", expect!["--provision --provision-with []"]);
        check("halt |--mach", expect!["--machine-readable []"]);
    }

    #[test]
    fn names_are_asked_for_where_they_may_stand() {
        check("up |", expect![" [Machines]"]);
        check("up web |", expect![" [Machines]"]);
        check("snapshot restore |", expect![" [Machines, Snapshots]"]);
        check("snapshot restore web |", expect![" [Snapshots]"]);
        check("up --provider |", expect![" [Providers]"]);
        check("up |--provider=q", expect![" [Providers]"]);
        check("box remove |", expect![" [Boxes]"]);
        check("box add |", expect![" []"]);
        check("ssh web -- |", expect![" []"]);
    }
}
