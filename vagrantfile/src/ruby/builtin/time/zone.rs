//! Zones as Ruby's `Time` takes them.

use super::{Moment, instance, moment};
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;

/// Seconds east of UTC, as a zone is given to `Time.new`: `"+02:00"`, `"UTC"`, a number of seconds.
pub(super) fn offset_of(it: &mut Interpreter, zone: &Value) -> Outcome<i32> {
    const DAY: u64 = 86400;
    let seconds = match zone {
        Value::String(text) => offset_in(&text.copied()),
        number => Some(it.integer_of(Some(number))?),
    };
    match seconds {
        Some(seconds) if seconds.unsigned_abs() < DAY => Ok(seconds as i32),
        Some(_) => Err(it.error("ArgumentError", "utc_offset out of range")),
        None => {
            let shown = it.to_s(zone)?;
            let message = format!(
                "\"+HH:MM\", \"-HH:MM\", \"UTC\" or \"A\"..\"I\",\"K\"..\"Z\" expected for utc_offset: {shown}"
            );
            Err(it.error("ArgumentError", message))
        }
    }
}

fn offset_in(text: &str) -> Option<i64> {
    // The letters of the military, without `J`.
    const LETTERS: &str = "YXWVUTSRQPONZABCDEFGHIKLM";
    if text == "UTC" {
        return Some(0);
    }
    if text.len() == 1 {
        return LETTERS.find(text).map(|it| (it as i64 - 12) * 3600);
    }
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let digits: String = text[1..].split(':').collect();
    let is_right = matches!(digits.len(), 2 | 4 | 6) && digits.bytes().all(|it| it.is_ascii_digit());
    let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), |it| it.parse::<i64>().ok());
    match is_right {
        true => Some(sign * (part(0)? * 3600 + part(2)? * 60 + part(4)?)),
        false => None,
    }
}

/// The same moment, shown in a zone where one is given.
pub(super) fn shifted(it: &mut Interpreter, this: &Value, zone: Option<&Value>) -> Eval {
    let Some(zone) = zone.filter(|it| !it.is_nil()) else {
        return Ok(this.clone());
    };
    let offset = offset_of(it, zone)?;
    let moment = Moment {
        offset,
        ..moment(it, this)?
    };
    let class = Value::Class(it.class_of(this));
    instance(it, &class, moment)
}

/// `getlocal`: in a zone, else in the one of this computer.
pub(super) fn in_zone(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let local = Value::Integer(i64::from(it.shared.world.borrow().host.now().offset));
    let zone = arguments.get(0).filter(|it| !it.is_nil()).cloned();
    shifted(it, this, Some(&zone.unwrap_or(local)))
}
