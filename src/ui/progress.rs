//! How far long work has come: a bar for people, a line now and then for pipes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Kind, Ui};

/// How often a line is printed where no bar can be drawn.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How often programs are told.
const EVENT_EVERY: Duration = Duration::from_secs(1);

/// The progress of one transfer in bytes.
pub struct Progress {
    ui: Arc<Ui>,
    target: &'static str,
    bar: Option<ProgressBar>,
    last_line: Instant,
}

impl Progress {
    /// A transfer that begins now.
    pub fn new(ui: Arc<Ui>, target: &'static str) -> Self {
        let bar = ui.style().bars.then(|| drawn(target));
        Self {
            ui,
            target,
            bar,
            last_line: Instant::now(),
        }
    }

    /// So many bytes are through, of so many where that is known.
    pub fn set(&mut self, done: u64, total: Option<u64>) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(total.unwrap_or(done));
                bar.set_position(done);
            }
            None if self.ui.style().json => self.tell_programs(done, total),
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                self.ui.of(self.target).say(Kind::Detail, &line(done, total));
            }
            None => {}
        }
    }
}

impl Progress {
    fn tell_programs(&mut self, done: u64, total: Option<u64>) {
        let is_over = total == Some(done);
        if is_over || self.last_line.elapsed() >= EVENT_EVERY {
            self.last_line = Instant::now();
            self.ui.of(self.target).progress(done, total);
        }
    }
}

impl Drop for Progress {
    /// Takes the bar away.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn drawn(target: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let form = format!("    {target}: {{bar:30}} {{bytes}} of {{total_bytes}} ({{bytes_per_sec}}, {{eta}} left)");
    bar.set_style(ProgressStyle::with_template(&form).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn line(done: u64, total: Option<u64>) -> String {
    const MIB: u64 = 1 << 20;
    match total {
        Some(total) if total > 0 => format!("{} of {} MiB ({} %)", done / MIB, total / MIB, done * 100 / total),
        _ => format!("{} MiB", done / MIB),
    }
}
