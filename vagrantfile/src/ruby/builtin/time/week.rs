//! The weeks of a year.

use super::{Calendar, days_of, is_leap};

/// The week of the year: from the first Sunday (`U`), from the first Monday (`W`), or as ISO counts (`V`).
pub(super) fn of(date: &Calendar, kind: char) -> i64 {
    let (day, weekday) = (i64::from(date.day_of_year), i64::from(date.weekday));
    let from_monday = (weekday + 6) % 7;
    match kind {
        'U' => (day + 6 - weekday) / 7,
        'W' => (day + 6 - from_monday) / 7,
        _ => match (day + 9 - from_monday) / 7 {
            0 => weeks(date.year - 1),
            week if week > weeks(date.year) => 1,
            week => week,
        },
    }
}

/// The year that ISO counts the week of a day to: that of its Thursday.
pub(super) fn year_of(date: &Calendar) -> i64 {
    let from_monday = (i64::from(date.weekday) + 6) % 7;
    let thursday = i64::from(date.day_of_year) + 3 - from_monday;
    let length = if is_leap(date.year) { 366 } else { 365 };
    match thursday {
        ..1 => date.year - 1,
        it if it > length => date.year + 1,
        _ => date.year,
    }
}

/// How many weeks ISO gives a year: 53 where it begins on a Thursday, or on a Wednesday in a leap year.
fn weeks(year: i64) -> i64 {
    let first = (days_of(year, 1, 1) + 4).rem_euclid(7);
    if first == 4 || (first == 3 && is_leap(year)) {
        53
    } else {
        52
    }
}
