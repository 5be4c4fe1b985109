//! Questions. Without a terminal nothing waits for an answer.

use std::io::BufRead;

use super::Ui;
use crate::error::{Error, Result};
use crate::lifecycle::interrupt::Interrupt;

/// Asks for yes or no; `None` where nobody can answer. An interrupt is an answer, too.
pub async fn confirm(ui: &Ui, interrupt: &Interrupt, question: &str) -> Result<Option<bool>> {
    if !can_ask(ui) {
        return Ok(None);
    }
    show(ui, question);
    // Nothing can end a read of the terminal: where it is given up, its thread is left behind.
    let answer = tokio::task::spawn_blocking(|| read_answer(std::io::stdin().lock()));
    tokio::select! {
        answer = answer => Ok(answer.ok().flatten()),
        () = interrupt.raised() => {
            ui.aside("\n");
            Err(Error::Interrupted)
        }
    }
}

/// The same for those who cannot wait: a Vagrantfile that is being read.
pub fn confirm_at_once(ui: &Ui, question: &str) -> Option<bool> {
    if !can_ask(ui) {
        return None;
    }
    show(ui, question);
    read_answer(std::io::stdin().lock())
}

fn can_ask(ui: &Ui) -> bool {
    ui.style().interactive
}

fn show(ui: &Ui, question: &str) {
    ui.aside(&format!("{question} [y/N] "));
}

/// The answer on the next line; the end of the input is none.
fn read_answer(mut input: impl BufRead) -> Option<bool> {
    let mut answer = String::new();
    match input.read_line(&mut answer) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes_and_the_end_of_the_input_is_no_answer() {
        for (input, expected) in [
            ("y\n", Some(true)),
            (" YES \r\n", Some(true)),
            ("\n", Some(false)),
            ("no\n", Some(false)),
            ("", None),
        ] {
            assert_eq!(read_answer(input.as_bytes()), expected, "{input:?}");
        }
    }
}
