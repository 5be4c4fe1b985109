//! Whether the Vagrantfiles of one reading may act on this computer: what the user said before, says now, or said on the command line.
//!
//! **Invariant:** an act needs the trust of every Vagrantfile whose code may have a part in it, in the version that was read.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use vagrantfile::host::{Act, Code};

use crate::context::Context;
use crate::state::trust::Trusted;
use crate::ui::visible::visible;
use crate::ui::{Kind, Ui, prompt};

/// What to do about a Vagrantfile that may not do what it wants to.
pub const TRUST_ADVICE: &str = "a Vagrantfile may run commands, connect and write only where it is trusted: read it, and if you do \
                                trust it, run `jaunt trust`, or give `--trust` (or JAUNT_TRUST=1) for one command";

/// The user's trust in the files of one reading.
pub struct Trust {
    /// `--trust` or `JAUNT_TRUST`: everything that this command reads.
    everything: bool,
    trusted: Trusted,
    ui: Arc<Ui>,
    /// What was answered in this run.
    answers: Mutex<HashMap<Arc<Path>, bool>>,
}

impl Trust {
    /// What the user trusts, as far as it is known before anything is asked.
    pub fn new(context: &Context) -> Self {
        let by_variable = context.environment.text("JAUNT_TRUST").is_some_and(|it| it != "0");
        Self {
            everything: context.trust || by_variable,
            trusted: Trusted::new(context.home.trusted()),
            ui: context.ui.clone(),
            answers: Mutex::default(),
        }
    }

    /// The Vagrantfiles among these texts that are not trusted as they are.
    pub fn strangers(&self, code: &[Code]) -> Vec<Arc<Path>> {
        let mut strangers = Vec::new();
        for vagrantfile in vagrantfiles(code) {
            if !self.is_trusted(&vagrantfile, code) {
                strangers.push(vagrantfile);
            }
        }
        strangers
    }

    /// Whether the user lets these Vagrantfiles do something; he is asked once for each where he can be.
    pub fn allows(&self, act: &Act, code: &[Code]) -> bool {
        let wish = match act {
            Act::Run(command) => format!("run `{}`", command.line.text()),
            Act::Connect(target) => format!("connect to {target}"),
            Act::Listen(place) => format!("listen on {place}"),
            Act::Pipe => "open a pipe".to_owned(),
            // A write without trust goes to memory, and harms nobody.
            Act::Write(_) => return self.strangers(code).is_empty(),
        };
        self.strangers(code).iter().all(|it| self.ask(it, &wish, code))
    }

    /// Whether the user has answered anything in this run.
    pub fn was_asked(&self) -> bool {
        !self.answers().is_empty()
    }

    /// Notes what came with the Vagrantfiles that the user said yes to in this run.
    pub fn keep(&self, code: &[Code]) {
        for vagrantfile in vagrantfiles(code) {
            if self.answer(&vagrantfile) == Some(true) && !self.is_noted(&vagrantfile, code) {
                self.note(&vagrantfile, code);
            }
        }
    }

    fn is_trusted(&self, vagrantfile: &Arc<Path>, code: &[Code]) -> bool {
        self.everything || self.answer(vagrantfile) == Some(true) || self.is_noted(vagrantfile, code)
    }

    fn is_noted(&self, vagrantfile: &Arc<Path>, code: &[Code]) -> bool {
        let entry = self.trusted.entry(vagrantfile);
        entry.is_some_and(|entry| of(vagrantfile, code).iter().all(|it| entry.covers(it)))
    }

    fn ask(&self, vagrantfile: &Arc<Path>, wish: &str, code: &[Code]) -> bool {
        if let Some(answer) = self.answer(vagrantfile) {
            return answer;
        }
        let question = format!(
            "{} wants to {wish} on this computer. Trust it as it is now, with the files that it loads?",
            vagrantfile.display()
        );
        let answer = prompt::confirm_at_once(&self.ui, &visible(&question)).unwrap_or(false);
        self.answers().insert(vagrantfile.clone(), answer);
        if answer {
            self.note(vagrantfile, code);
        }
        answer
    }

    fn note(&self, vagrantfile: &Arc<Path>, code: &[Code]) {
        if let Err(error) = self.trusted.add(vagrantfile, &of(vagrantfile, code)) {
            self.ui.say(Kind::Warn, &error.to_string());
        }
    }

    fn answer(&self, vagrantfile: &Arc<Path>) -> Option<bool> {
        self.answers().get(vagrantfile).copied()
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<Path>, bool>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The Vagrantfiles that texts belong to, each once.
pub fn vagrantfiles(code: &[Code]) -> Vec<Arc<Path>> {
    let mut all: Vec<Arc<Path>> = Vec::new();
    for it in code.iter().map(|it| &it.vagrantfile) {
        if !all.contains(it) {
            all.push(it.clone());
        }
    }
    all
}

/// The texts of one Vagrantfile.
pub fn of(vagrantfile: &Arc<Path>, code: &[Code]) -> Vec<Code> {
    code.iter()
        .filter(|it| it.vagrantfile == *vagrantfile)
        .cloned()
        .collect()
}
