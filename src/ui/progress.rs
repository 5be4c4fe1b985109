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
    /// How many bytes were through when the last line was printed; `None` before the first report.
    last_done: Option<u64>,
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
            last_done: None,
        }
    }

    /// So many bytes are through, of so many where that is known.
    pub fn set(&mut self, done: u64, total: Option<u64>) {
        // What an earlier try brought says nothing of how fast this one is.
        let before = *self.last_done.get_or_insert(done);
        let elapsed = self.last_line.elapsed();
        match &self.bar {
            Some(bar) => draw(bar, self.target, done, total),
            None if self.ui.style().json => self.tell_programs(done, total),
            None if elapsed >= LINE_EVERY => {
                self.last_line = Instant::now();
                self.last_done = Some(done);
                let rate = done.saturating_sub(before) as f64 / elapsed.as_secs_f64();
                self.ui.of(self.target).say(Kind::Detail, &line(done, total, rate));
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
    bar.set_style(style(target, "{bytes} ({bytes_per_sec})"));
    bar
}

/// A transfer whose end nobody knows has a rate and no rest.
fn draw(bar: &ProgressBar, target: &str, done: u64, total: Option<u64>) {
    if let Some(total) = total
        && bar.length() != Some(total)
    {
        bar.set_length(total);
        bar.set_style(style(
            target,
            "{bar:30} {bytes} of {total_bytes} ({bytes_per_sec}, {eta} left)",
        ));
    }
    bar.set_position(done);
}

fn style(target: &str, form: &str) -> ProgressStyle {
    ProgressStyle::with_template(&format!("    {target}: {form}")).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// How far a transfer is, how fast at the moment, and how long that takes for the rest.
fn line(done: u64, total: Option<u64>, bytes_per_second: f64) -> String {
    const MIB: u64 = 1 << 20;
    let rate = format!("{:.1} MiB/s", bytes_per_second / MIB as f64);
    let Some(total) = total.filter(|it| *it > 0) else {
        return format!("{} MiB, {rate}", done / MIB);
    };
    let rest = total.saturating_sub(done) as f64 / bytes_per_second;
    let left = if rest.is_finite() {
        format!(", {} left", duration(rest.ceil() as u64))
    } else {
        String::new()
    };
    let percent = done * 100 / total;
    format!("{} of {} MiB ({percent} %), {rate}{left}", done / MIB, total / MIB)
}

fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_how_fast_and_how_long_still() {
        const MIB: u64 = 1 << 20;
        let cases = [
            (5, Some(100), 2.5, "5 of 100 MiB (5 %), 2.5 MiB/s, 38 s left"),
            (5, Some(1000), 10.0, "5 of 1000 MiB (0 %), 10.0 MiB/s, 1 min 40 s left"),
            (0, Some(10_000), 1.0, "0 of 10000 MiB (0 %), 1.0 MiB/s, 2 h 46 min left"),
            (5, Some(100), 0.0, "5 of 100 MiB (5 %), 0.0 MiB/s"),
            (5, Some(0), 1.0, "5 MiB, 1.0 MiB/s"),
            (5, None, 1.0, "5 MiB, 1.0 MiB/s"),
        ];
        for (done, total, rate, expected) in cases {
            let line = line(done * MIB, total.map(|it| it * MIB), rate * MIB as f64);
            assert_eq!(line, expected);
        }
    }
}
