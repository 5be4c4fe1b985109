//! Questions. Without a terminal nothing waits for an answer.

use std::io::{BufRead, Write};

use super::Ui;

/// Asks for yes or no; `None` where nobody can answer.
pub fn confirm(ui: &Ui, question: &str) -> Option<bool> {
    if !ui.style().interactive || ui.style().machine_readable {
        return None;
    }
    ask(question).map(|it| matches!(it.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn ask(question: &str) -> Option<String> {
    let mut terminal = std::io::stdout();
    terminal
        .write_all(format!("{question} [y/N] ").as_bytes())
        .and_then(|()| terminal.flush())
        .ok()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).ok().map(|_| answer)
}
