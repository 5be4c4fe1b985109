//! Dates and times as text, by the letters of `strftime`.

use super::{Calendar, Moment, calendar, week};

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A distance to UTC as text.
pub(super) fn zone(offset: i32, separator: &str) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
}

/// A moment by the letters of `strftime`.
pub(super) fn formatted(format: &str, moment: Moment) -> String {
    let date = calendar(moment);
    let mut out = String::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let mut flags = String::new();
        while let Some(flag) = letters.next_if(|it| matches!(it, '-' | '^' | '0' | ':' | '_' | '#')) {
            flags.push(flag);
        }
        let mut width = 0_usize;
        while let Some(digit) = letters.peek().and_then(|it| it.to_digit(10)) {
            width = (width * 10 + digit as usize).min(100);
            letters.next();
        }
        let Some(kind) = letters.next() else { break };
        let text = match kind {
            'N' | 'L' if width > 0 => format!("{:09}", moment.nanoseconds).chars().take(width).collect(),
            'z' => offset_text(moment.offset, flags.matches(':').count()),
            _ => directive(kind, &date, moment),
        };
        out.push_str(&shaped(text, kind, &flags, width));
    }
    out
}

/// A part of a date as its flags and its width want it.
fn shaped(text: String, kind: char, flags: &str, width: usize) -> String {
    let is_word = matches!(kind, 'a' | 'A' | 'b' | 'B' | 'h' | 'p' | 'P' | 'Z' | 'c' | 'x' | 'X');
    let text = match flags {
        it if it.contains('-') => text.trim_start_matches(['0', ' ']).to_owned(),
        it if it.contains('_') && !is_word => {
            let digits = text.trim_start_matches('0');
            format!("{digits:>width$}", width = text.len())
        }
        it if it.contains('0') && !is_word => text.replace(' ', "0"),
        _ => text,
    };
    let text = match flags {
        it if it.contains('^') => text.to_uppercase(),
        it if it.contains('#') && kind == 'p' => text.to_lowercase(),
        it if it.contains('#') => text.to_uppercase(),
        _ => text,
    };
    match is_word || flags.contains('_') || matches!(kind, 'e' | 'k' | 'l') {
        _ if matches!(kind, 'N' | 'L') => text,
        true => format!("{text:>width$}"),
        false => format!("{text:0>width$}"),
    }
}

fn offset_text(offset: i32, colons: usize) -> String {
    match colons {
        0 => zone(offset, ""),
        1 => zone(offset, ":"),
        _ => format!("{}:{:02}", zone(offset, ":"), offset.abs() % 60),
    }
}

fn directive(kind: char, date: &Calendar, moment: Moment) -> String {
    let month = MONTHS[(date.month as usize).saturating_sub(1) % 12];
    let day = DAYS[date.weekday as usize % 7];
    let twelve = if date.hour.is_multiple_of(12) {
        12
    } else {
        date.hour % 12
    };
    match kind {
        'Y' => date.year.to_string(),
        'y' => format!("{:02}", date.year.rem_euclid(100)),
        'm' => format!("{:02}", date.month),
        'd' => format!("{:02}", date.day),
        'e' => format!("{:2}", date.day),
        'H' => format!("{:02}", date.hour),
        'I' => format!("{twelve:02}"),
        'M' => format!("{:02}", date.minute),
        'S' => format!("{:02}", date.second),
        'L' => format!("{:03}", moment.nanoseconds / 1_000_000),
        'N' => format!("{:09}", moment.nanoseconds),
        'j' => format!("{:03}", date.day_of_year),
        'B' => month.to_owned(),
        'b' | 'h' => month[..3].to_owned(),
        'A' => day.to_owned(),
        'a' => day[..3].to_owned(),
        'p' => if date.hour < 12 { "AM" } else { "PM" }.to_owned(),
        'P' => if date.hour < 12 { "am" } else { "pm" }.to_owned(),
        'u' => (if date.weekday == 0 { 7 } else { date.weekday }).to_string(),
        'w' => date.weekday.to_string(),
        'U' | 'W' | 'V' => format!("{:02}", week::of(date, kind)),
        'G' => week::year_of(date).to_string(),
        'g' => format!("{:02}", week::year_of(date).rem_euclid(100)),
        'C' => format!("{:02}", date.year.div_euclid(100)),
        'k' => format!("{:2}", date.hour),
        'l' => format!("{twelve:2}"),
        'r' => formatted("%I:%M:%S %p", moment),
        'Z' => {
            if moment.offset == 0 {
                "UTC".to_owned()
            } else {
                zone(moment.offset, "")
            }
        }
        's' => moment.seconds.to_string(),
        'F' => formatted("%Y-%m-%d", moment),
        'T' | 'X' => formatted("%H:%M:%S", moment),
        'D' | 'x' => formatted("%m/%d/%y", moment),
        'R' => formatted("%H:%M", moment),
        'c' => formatted("%a %b %e %H:%M:%S %Y", moment),
        'n' => "\n".to_owned(),
        't' => "\t".to_owned(),
        '%' => "%".to_owned(),
        other => format!("%{other}"),
    }
}
