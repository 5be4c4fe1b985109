//! What people and programs see: messages, data and events, in one of two forms.
//!
//! For people: `==> NAME: text` for messages and `    NAME: text` for details on stdout, errors on stderr. For programs
//! (`--machine-readable`): `EPOCH,TARGET,TYPE,DATA...` lines on stdout and nothing else (Vagrant 2.3's form), or (`--json`) one JSON
//! object a line.
//!
//! **Invariant:** nothing else writes to stdout or stderr, and every text passes the masking of secrets.

mod json;
pub mod machine_readable;
pub mod progress;
pub mod prompt;
pub mod visible;

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// How a text is meant. Vagrant's kinds, and what scripts find in `ui` lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What is being done.
    Info,
    /// A part of what is being done.
    Detail,
    /// What something else printed.
    Output,
    /// It went well.
    Success,
    /// It is not quite as expected.
    Warn,
    /// It did not go.
    Error,
}

/// How the user wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Lines for programs.
    pub machine_readable: bool,
    /// JSON for programs.
    pub json: bool,
    /// Colours.
    pub color: bool,
    /// The time before each line.
    pub timestamp: bool,
    /// Progress bars are drawn; plain lines otherwise.
    pub bars: bool,
    /// Questions may be asked.
    pub interactive: bool,
}

/// The way to the terminal, or to whoever reads the pipe.
pub struct Ui {
    style: Style,
    secrets: Mutex<Vec<String>>,
    out: Mutex<Box<dyn Write + Send>>,
    err: Mutex<Box<dyn Write + Send>>,
    is_shared: AtomicBool,
    has_reported: AtomicBool,
}

impl Ui {
    /// A user interface on the process's own streams.
    pub fn new(style: Style) -> Self {
        Self::on(style, Box::new(std::io::stdout()), Box::new(std::io::stderr()))
    }

    /// A user interface on any two streams.
    pub fn on(style: Style, out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self {
            style,
            secrets: Mutex::default(),
            out: Mutex::new(out),
            err: Mutex::new(err),
            is_shared: AtomicBool::new(false),
            has_reported: AtomicBool::new(false),
        }
    }

    /// How the user wants it.
    pub fn style(&self) -> Style {
        Style {
            bars: self.style.bars && !self.is_shared.load(Ordering::Relaxed),
            ..self.style
        }
    }

    /// Several machines speak at once from now on: a bar would be torn by their lines.
    pub fn share(&self) {
        self.is_shared.store(true, Ordering::Relaxed);
    }

    /// Never shows this text again: `config.vagrant.sensitive`, passwords, tokens.
    pub fn keep_secret(&self, text: &str) {
        if !text.is_empty() {
            locked(&self.secrets).push(text.to_owned());
        }
    }

    /// The voice of one machine.
    pub fn of<'a>(&'a self, target: &'a str) -> TargetUi<'a> {
        TargetUi { ui: self, target }
    }

    /// Says something that belongs to no machine.
    pub fn say(&self, kind: Kind, text: &str) {
        self.speak("", kind, text, |line| line.to_owned());
    }

    /// Prints a result as it is: what scripts read. In machine-readable form it is a `ui` line as well.
    pub fn data(&self, text: &str) {
        if self.style.json {
            self.stream(json::said("", Kind::Output, text.trim_end_matches('\n')));
        } else if self.style.machine_readable {
            self.event("", "ui", &["info", text.trim_end_matches('\n')]);
        } else {
            self.write_out(&self.masked(text));
        }
    }

    /// Passes on what a Vagrantfile prints: to stderr, since stdout is data.
    pub fn aside(&self, text: &str) {
        if self.style.machine_readable {
            self.event("", "ui", &["output", text.trim_end_matches('\n')]);
        } else {
            self.write_err(&self.masked(text));
        }
    }

    /// The document that a command reports with, where the user wants JSON: it is all that is printed then.
    pub fn report(&self, document: &Value) {
        self.has_reported.store(true, Ordering::Relaxed);
        let masked = json::map_texts(document.clone(), &|it| self.masked(it));
        self.write_out(&format!("{masked:#}\n"));
    }

    /// Tells programs what failed; nothing for people.
    pub fn failure(&self, class: &str, message: &str, advice: Option<&str>) {
        self.stream(json::failure(class, message, advice));
    }

    /// Tells programs that nothing more comes, unless a document has said all.
    pub fn end(&self, code: u8) {
        if !self.has_reported.load(Ordering::Relaxed) {
            self.stream(json::end(code));
        }
    }

    /// One line of the stream of JSON.
    fn stream(&self, event: Value) {
        if self.style.json {
            let masked = json::map_texts(event, &|it| self.masked(it));
            self.write_out(&format!("{masked}\n"));
        }
    }

    /// A line for programs; nothing for people.
    pub fn event(&self, target: &str, kind: &str, data: &[&str]) {
        if self.style.machine_readable {
            let data: Vec<String> = data.iter().map(|it| self.masked(it)).collect();
            let target = self.masked(target);
            self.write_out(&machine_readable::line(seconds_since_epoch(), &target, kind, &data));
        }
    }

    fn speak(&self, target: &str, kind: Kind, text: &str, prefix: impl Fn(&str) -> String) {
        if self.style.json {
            return self.stream(json::said(target, kind, text));
        }
        if self.style.machine_readable {
            return self.event(target, "ui", &[kind.word(), text]);
        }
        let mut out = String::new();
        for line in fit(kind, &self.masked(text)).split('\n') {
            if self.style.timestamp {
                out.push_str(&format!("{} ", seconds_since_epoch()));
            }
            out.push_str(&self.colored(kind, &prefix(line)));
            out.push('\n');
        }
        if kind == Kind::Error {
            self.write_err(&out)
        } else {
            self.write_out(&out)
        }
    }

    fn colored(&self, kind: Kind, line: &str) -> String {
        match (self.style.color, kind.color()) {
            (true, Some(color)) => format!("\x1b[{color}m{line}\x1b[0m"),
            _ => line.to_owned(),
        }
    }

    fn masked(&self, text: &str) -> String {
        let secrets = locked(&self.secrets);
        secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "*****"))
    }

    fn write_out(&self, text: &str) {
        // A reader that has gone away (`jaunt up | head`) must not stop a machine half-way.
        let mut out = locked(&self.out);
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    fn write_err(&self, text: &str) {
        let mut err = locked(&self.err);
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

/// The voice of one machine, or of a box that is being added.
#[derive(Clone, Copy)]
pub struct TargetUi<'a> {
    ui: &'a Ui,
    target: &'a str,
}

impl<'a> TargetUi<'a> {
    /// What is being done: `==> NAME: text`.
    pub fn info(self, text: &str) {
        self.say(Kind::Info, text);
    }

    /// A part of it: `    NAME: text`.
    pub fn detail(self, text: &str) {
        self.say(Kind::Detail, text);
    }

    /// It went well: `==> NAME: text`, green.
    pub fn success(self, text: &str) {
        self.say(Kind::Success, text);
    }

    /// Not quite as expected: `==> NAME: text`, yellow.
    pub fn warn(self, text: &str) {
        self.say(Kind::Warn, text);
    }

    /// A line of what runs in the guest, green, or red where it came from stderr; all of it goes to stdout, as in Vagrant.
    pub fn output(self, from_stderr: bool, text: &str) {
        if self.ui.style.json {
            return self.ui.stream(json::output(self.target, from_stderr, text));
        }
        let color = if from_stderr { 31 } else { 32 };
        self.ui.speak(self.target, Kind::Output, text, |line| {
            let line = format!("    {}: {line}", self.prefix());
            if self.ui.style.color {
                format!("\x1b[{color}m{line}\x1b[0m")
            } else {
                line
            }
        });
    }

    /// Says something of any kind, each line with the machine's name before it.
    pub fn say(self, kind: Kind, text: &str) {
        let before = if matches!(kind, Kind::Detail | Kind::Output) {
            "   "
        } else {
            "==>"
        };
        self.ui.speak(self.target, kind, text, |line| {
            format!("{before} {}: {line}", self.prefix())
        });
    }

    /// The machine's name before each line: a stranger's file gave it.
    fn prefix(self) -> String {
        visible::visible(&self.ui.masked(self.target))
    }

    /// Tells programs of a step: `begin`, `done`. Nothing for people.
    pub fn step(self, step: &str, state: &str) {
        self.ui.stream(json::step(self.target, step, state));
    }

    /// Tells programs how far a transfer has come. Nothing for people.
    pub fn progress(self, done: u64, total: Option<u64>) {
        self.ui.stream(json::progress(self.target, done, total));
    }

    /// A line for programs.
    pub fn event(self, kind: &str, data: &[&str]) {
        self.ui.event(self.target, kind, data);
    }
}

/// What is said repeats what files, boxes and servers say, and must not steer the terminal. What a guest prints may: it is as if it
/// were printed there.
fn fit(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Output => text.to_owned(),
        _ => visible::visible_lines(text),
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Info => "info",
            Kind::Detail => "detail",
            Kind::Output => "output",
            Kind::Success => "success",
            Kind::Warn => "warn",
            Kind::Error => "error",
        }
    }

    /// The number of the colour in an ANSI escape sequence.
    fn color(self) -> Option<u8> {
        match self {
            Kind::Success => Some(32),
            Kind::Warn => Some(33),
            Kind::Error => Some(31),
            Kind::Info | Kind::Detail | Kind::Output => None,
        }
    }
}

/// Takes a lock also from a thread that panicked: what it guards is text, and stays valid.
fn locked<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn seconds_since_epoch() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |it| it.as_secs())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::{Expect, expect};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn check(act: impl FnOnce(&Ui), expected: Expect) {
        let style = Style {
            machine_readable: false,
            json: false,
            color: false,
            timestamp: false,
            bars: false,
            interactive: false,
        };
        let (out, err) = (Shared::default(), Shared::default());
        act(&Ui::on(style, Box::new(out.clone()), Box::new(err.clone())));
        let text = |it: Shared| String::from_utf8(it.0.lock().unwrap().clone()).unwrap();
        expected.assert_eq(&format!("{}--- stderr\n{}", text(out), text(err)));
    }

    #[test]
    fn every_line_of_a_text_has_its_machine_before_it() {
        check(
            |ui| {
                ui.of("web").info("one\ntwo");
                ui.of("web").detail("three");
                ui.say(Kind::Error, "four");
            },
            expect![[r#"
                ==> web: one
                ==> web: two
                    web: three
                --- stderr
                four
            "#]],
        );
    }

    #[test]
    fn names_and_messages_do_not_steer_the_terminal() {
        check(
            |ui| {
                ui.keep_secret("hunter2");
                ui.of("we\u{1b}[2Jb\u{202e}").info("one\r\u{1b}]0;title\u{7}\n\ttwo");
                ui.of("hunter2\n").detail("three");
            },
            expect![[r#"
                ==> we\u{1b}[2Jb\u{202e}: one\r\u{1b}]0;title\u{7}
                ==> we\u{1b}[2Jb\u{202e}: 	two
                    *****\n: three
                --- stderr
            "#]],
        );
    }

    #[test]
    fn secrets_are_masked_everywhere() {
        check(
            |ui| {
                ui.keep_secret("hunter2");
                ui.of("web").detail("the password is hunter2");
                ui.data("hunter2\n");
            },
            expect![[r#"
                    web: the password is *****
                *****
                --- stderr
            "#]],
        );
    }
}
