//! `Time` and `Date`.

mod format;
mod week;
mod zone;

use super::Methods;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;
use format::{MONTHS, formatted, zone};
use std::rc::Rc;
use zone::{in_zone, offset_of, shifted};

/// A point in time, with the distance to UTC in which it is shown.
#[derive(Clone, Copy)]
struct Moment {
    seconds: i64,
    nanoseconds: u32,
    offset: i32,
}

/// A moment as a calendar shows it.
struct Calendar {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    weekday: u32,
    day_of_year: u32,
}

pub fn install(it: &mut Interpreter) {
    for name in ["Time", "Date", "DateTime"] {
        let class = it.core.class_at(name, &it.core.object.clone());
        class.included.borrow_mut().push(it.core.comparable.clone());
        it.methods(&class, METHODS);
        it.own_methods(&class, OWN);
    }
}

const OWN: Methods = &[
    ("now", |it, this, arguments| {
        let own = now(it, this)?;
        shifted(it, &own, arguments.keyword("in").as_ref())
    }),
    ("today", |it, this, _| now(it, this)),
    ("new", |it, this, arguments| {
        if arguments.list.is_empty() {
            now(it, this)
        } else {
            let is_universal = matches!(this, Value::Class(class) if &*class.name.borrow() == "DateTime");
            let zone = arguments.split().0.get(6).cloned();
            let offset = match zone.or_else(|| arguments.keyword("in")) {
                Some(zone) if !zone.is_nil() => Some(offset_of(it, &zone)?),
                _ => is_universal.then_some(0),
            };
            made(it, this, arguments, offset)
        }
    }),
    ("local", |it, this, arguments| made(it, this, arguments, None)),
    ("mktime", |it, this, arguments| made(it, this, arguments, None)),
    ("utc", |it, this, arguments| made(it, this, arguments, Some(0))),
    ("gm", |it, this, arguments| made(it, this, arguments, Some(0))),
    ("at", |it, this, arguments| {
        let offset = it.shared.world.borrow().host.now().offset;
        let (seconds, nanoseconds) = match arguments.get(0) {
            Some(Value::Float(seconds)) => {
                let whole = seconds.floor();
                (whole as i64, ((seconds - whole) * 1e9) as u32)
            }
            Some(time @ Value::Object(_)) => {
                let moment = moment(it, &time.clone())?;
                (moment.seconds, moment.nanoseconds)
            }
            seconds => (it.integer_of(seconds)?, 0),
        };
        let moment = Moment {
            seconds,
            nanoseconds,
            offset,
        };
        let made = instance(it, this, moment)?;
        shifted(it, &made, arguments.keyword("in").as_ref())
    }),
    ("parse", |it, this, arguments| from_text(it, this, "parse", arguments)),
    ("strptime", |it, this, arguments| {
        from_text(it, this, "by_format", arguments)
    }),
    ("valid_date?", is_valid_date),
    ("valid_civil?", is_valid_date),
    ("leap?", |it, _, arguments| {
        let year = it.integer_of(arguments.get(0))?.clamp(-9999, 9999);
        Ok(Value::Boolean(is_leap(year)))
    }),
    ("iso8601", |it, this, arguments| {
        it.send(this, "parse", arguments.list.clone())
    }),
    ("zone_offset", |it, _, _| {
        Ok(Value::Integer(i64::from(it.shared.world.borrow().host.now().offset)))
    }),
];

const METHODS: Methods = &[
    ("to_a", |it, this, _| {
        let own = moment(it, this)?;
        let date = calendar(own);
        let numbers = [date.second, date.minute, date.hour, date.day, date.month];
        let mut fields: Vec<Value> = numbers.map(|it| Value::Integer(i64::from(it))).into();
        fields.push(Value::Integer(date.year));
        fields.extend([date.weekday, date.day_of_year].map(|it| Value::Integer(i64::from(it))));
        let zone = if own.offset == 0 {
            "UTC".to_owned()
        } else {
            zone(own.offset, "")
        };
        fields.extend([Value::Boolean(false), Value::string(zone)]);
        Ok(Value::array(fields))
    }),
    ("to_i", |it, this, _| Ok(Value::Integer(moment(it, this)?.seconds))),
    ("tv_sec", |it, this, _| Ok(Value::Integer(moment(it, this)?.seconds))),
    ("to_f", |it, this, _| {
        let moment = moment(it, this)?;
        Ok(Value::Float(
            moment.seconds as f64 + f64::from(moment.nanoseconds) / 1e9,
        ))
    }),
    ("usec", |it, this, _| {
        Ok(Value::Integer(i64::from(moment(it, this)?.nanoseconds / 1000)))
    }),
    ("nsec", |it, this, _| {
        Ok(Value::Integer(i64::from(moment(it, this)?.nanoseconds)))
    }),
    ("gmt_offset", offset),
    ("utc_offset", offset),
    ("gmtoff", offset),
    ("zone", |it, this, _| {
        let offset = moment(it, this)?.offset;
        Ok(Value::string(if offset == 0 {
            "UTC".to_owned()
        } else {
            zone(offset, "")
        }))
    }),
    ("utc", in_utc),
    ("getutc", in_utc),
    ("gmtime", in_utc),
    ("getgm", in_utc),
    ("localtime", in_zone),
    ("getlocal", in_zone),
    ("round", |it, this, arguments| {
        cut(it, this, arguments, |part, unit| part + unit / 2)
    }),
    ("floor", |it, this, arguments| cut(it, this, arguments, |part, _| part)),
    ("ceil", |it, this, arguments| {
        cut(it, this, arguments, |part, unit| part + unit - 1)
    }),
    ("to_time", |_, this, _| Ok(this.clone())),
    ("to_date", |_, this, _| Ok(this.clone())),
    ("year", |it, this, _| {
        Ok(Value::Integer(calendar(moment(it, this)?).year))
    }),
    ("month", |it, this, _| field(it, this, |it| it.month)),
    ("mon", |it, this, _| field(it, this, |it| it.month)),
    ("day", |it, this, _| field(it, this, |it| it.day)),
    ("mday", |it, this, _| field(it, this, |it| it.day)),
    ("hour", |it, this, _| field(it, this, |it| it.hour)),
    ("min", |it, this, _| field(it, this, |it| it.minute)),
    ("sec", |it, this, _| field(it, this, |it| it.second)),
    ("wday", |it, this, _| field(it, this, |it| it.weekday)),
    ("yday", |it, this, _| field(it, this, |it| it.day_of_year)),
    ("strftime", |it, this, arguments| {
        let (format, moment) = (it.text_of(arguments.get(0))?, moment(it, this)?);
        Ok(Value::string(formatted(&format, moment)))
    }),
    ("to_s", text),
    ("inspect", |it, this, arguments| match is_date(it, this) {
        true => {
            let shown = text(it, this, arguments)?;
            let own = moment(it, this)?;
            let local = own.seconds.saturating_add(i64::from(own.offset));
            let day = local.div_euclid(86400) + 2_440_588;
            let shown = it.to_s(&shown)?;
            Ok(Value::string(format!("#<Date: {shown} (({day}j,0s,0n),+0s,2299161j)>")))
        }
        false => text(it, this, arguments),
    }),
    ("iso8601", standard),
    ("xmlschema", standard),
    ("sunday?", |it, this, _| is_weekday(it, this, 0)),
    ("monday?", |it, this, _| is_weekday(it, this, 1)),
    ("tuesday?", |it, this, _| is_weekday(it, this, 2)),
    ("wednesday?", |it, this, _| is_weekday(it, this, 3)),
    ("thursday?", |it, this, _| is_weekday(it, this, 4)),
    ("friday?", |it, this, _| is_weekday(it, this, 5)),
    ("saturday?", |it, this, _| is_weekday(it, this, 6)),
    ("utc?", |it, this, _| Ok(Value::Boolean(moment(it, this)?.offset == 0))),
    ("gmt?", |it, this, _| Ok(Value::Boolean(moment(it, this)?.offset == 0))),
    ("to_r", |it, this, arguments| {
        let seconds = it.send(this, "to_f", arguments.list.clone())?;
        it.send(&seconds, "to_r", Vec::new())
    }),
    ("next_day", |it, this, arguments| by_days(it, this, arguments, 1)),
    ("prev_day", |it, this, arguments| by_days(it, this, arguments, -1)),
    ("next_month", |it, this, arguments| by_months(it, this, arguments, 1)),
    ("prev_month", |it, this, arguments| by_months(it, this, arguments, -1)),
    (">>", |it, this, arguments| by_months(it, this, arguments, 1)),
    ("<<", |it, this, arguments| by_months(it, this, arguments, -1)),
    ("next_year", |it, this, arguments| by_months(it, this, arguments, 12)),
    ("prev_year", |it, this, arguments| by_months(it, this, arguments, -12)),
    ("leap?", |it, this, _| {
        let year = calendar(moment(it, this)?).year;
        Ok(Value::Boolean(is_leap(year)))
    }),
    ("cweek", |it, this, _| {
        Ok(Value::Integer(week::of(&calendar(moment(it, this)?), 'V')))
    }),
    ("+", |it, this, arguments| moved(it, this, arguments, 1.0)),
    ("-", |it, this, arguments| match arguments.get(0) {
        Some(other @ Value::Object(_)) => {
            let (one, two) = (moment(it, this)?, moment(it, &other.clone())?);
            if is_date(it, this) {
                let days = [one.seconds.saturating_sub(two.seconds), 86400].map(Value::Integer);
                return super::kernel::convert(it, "Rational", &Arguments::of(days.into()));
            }
            let nanoseconds = f64::from(one.nanoseconds) - f64::from(two.nanoseconds);
            Ok(Value::Float(
                one.seconds.saturating_sub(two.seconds) as f64 + nanoseconds / 1e9,
            ))
        }
        _ => moved(it, this, arguments, -1.0),
    }),
    ("<=>", |it, this, arguments| match arguments.get(0) {
        Some(other @ Value::Object(_)) => {
            let (one, two) = (moment(it, this)?, moment(it, &other.clone())?);
            Ok(Value::Integer(
                (one.seconds, one.nanoseconds).cmp(&(two.seconds, two.nanoseconds)) as i64,
            ))
        }
        _ => Ok(Value::Nil),
    }),
    ("dst?", |_, _, _| Ok(Value::Boolean(false))),
    ("isdst", |_, _, _| Ok(Value::Boolean(false))),
];

/// A moment given in seconds since 1970.
pub fn at(it: &mut Interpreter, seconds: i64) -> Eval {
    let class = Value::Class(it.core.class_at("Time", &it.core.object.clone()));
    let offset = it.shared.world.borrow().host.now().offset;
    instance(
        it,
        &class,
        Moment {
            seconds,
            nanoseconds: 0,
            offset,
        },
    )
}

fn instance(it: &mut Interpreter, class: &Value, moment: Moment) -> Eval {
    let class = super::module::class_argument(it, Some(class))?;
    let object = it.core.instance(&class);
    if let Value::Object(object) = &object {
        *object.native.borrow_mut() = Some(Rc::new(moment));
    }
    Ok(object)
}

fn now(it: &mut Interpreter, class: &Value) -> Eval {
    let now = it.shared.world.borrow().host.now();
    instance(
        it,
        class,
        Moment {
            seconds: now.seconds,
            nanoseconds: now.nanoseconds,
            offset: now.offset,
        },
    )
}

/// A moment out of a text, by a method of the library that tells its fields; those that the text leaves out are today's.
fn from_text(it: &mut Interpreter, class: &Value, method: &str, arguments: &Arguments) -> Eval {
    crate::ruby::library::start(it, "TimeText")?;
    let reader = Value::Class(it.core.module_at("TimeText"));
    let text = it.to_s(arguments.get(0).unwrap_or(&Value::Nil))?;
    let mut passed = vec![Value::string(text)];
    passed.extend(
        arguments
            .split()
            .0
            .iter()
            .skip(1)
            .take(usize::from(method == "by_format"))
            .cloned(),
    );
    let fields = it.send(&reader, method, passed)?;
    let fields: Vec<Option<i64>> = super::array::items(&fields)
        .iter()
        .map(|it| match it {
            Value::Integer(number) => Some(*number),
            _ => None,
        })
        .collect();
    if let [Some(seconds)] = fields[..] {
        return at(it, seconds);
    }
    let now = it.shared.world.borrow().host.now();
    let today = calendar(Moment {
        seconds: now.seconds,
        nanoseconds: 0,
        offset: now.offset,
    });
    let given = |index: usize| fields.get(index).copied().flatten();
    let has_date = (0..3).any(|index| given(index).is_some());
    let usual = if has_date {
        [today.year, 1, 1]
    } else {
        [today.year, i64::from(today.month), i64::from(today.day)]
    };
    let mut numbers: Vec<Value> = (0..3)
        .map(|it| Value::Integer(given(it).unwrap_or(usual[it])))
        .collect();
    if !is_date_class(class) {
        numbers.extend((3..6).map(|it| Value::Integer(given(it).unwrap_or(0))));
    }
    let offset = given(7).and_then(|it| i32::try_from(it).ok());
    let made = made(it, class, &Arguments::of(numbers), offset)?;
    let nanoseconds = given(6).and_then(|it| u32::try_from(it).ok()).unwrap_or(0);
    let moment = Moment {
        nanoseconds,
        ..moment(it, &made)?
    };
    instance(it, class, moment)
}

fn is_date_class(class: &Value) -> bool {
    matches!(class, Value::Class(class) if &*class.name.borrow() == "Date")
}

fn moment(it: &mut Interpreter, this: &Value) -> Outcome<Moment> {
    let native = match this {
        Value::Object(object) => object.native.borrow().clone(),
        _ => None,
    };
    let moment = native.and_then(|it| it.downcast::<Moment>().ok());
    moment
        .map(|it| *it)
        .ok_or_else(|| it.error("TypeError", "can't convert into an exact number"))
}

fn made(it: &mut Interpreter, class: &Value, arguments: &Arguments, offset: Option<i32>) -> Eval {
    let mut numbers = [1970, 1, 1, 0, 0, 0];
    let nanoseconds = match arguments.split().0.get(5) {
        Some(second @ (Value::Float(_) | Value::Object(_))) => match it.send(second, "to_f", Vec::new())? {
            Value::Float(second) => (second.rem_euclid(1.0) * 1e9).round() as u32,
            _ => 0,
        },
        _ => 0,
    };
    for (index, (number, value)) in numbers.iter_mut().zip(arguments.split().0).enumerate() {
        *number = match value {
            Value::String(name) if index == 1 && month_called(&name.copied()).is_some() => {
                month_called(&name.copied()).unwrap_or(1)
            }
            Value::String(text) => {
                let number = super::number::leading_integer(&text.copied(), 10);
                it.integer_of(Some(&number))?
            }
            value => it.integer_of(Some(value))?,
        };
    }
    let [year, month, day, hour, minute, second] = numbers;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(-9999..=9999).contains(&year) {
        return Err(it.error("ArgumentError", "argument out of range"));
    }
    let offset = offset.unwrap_or_else(|| it.shared.world.borrow().host.now().offset);
    let days = days_of(year, month, day);
    let seconds = days
        .saturating_mul(86400)
        .saturating_add(hour.clamp(0, 24) * 3600 + minute.clamp(0, 60) * 60 + second.clamp(0, 61))
        - i64::from(offset);
    let moment = Moment {
        seconds,
        nanoseconds,
        offset,
    };
    instance(it, class, moment)
}

/// With so many digits of the second's part as wanted, none if nothing is said.
fn cut(it: &mut Interpreter, this: &Value, arguments: &Arguments, how: fn(i64, i64) -> i64) -> Eval {
    let digits = match arguments.get(0) {
        Some(Value::Integer(digits @ 0..=9)) => *digits as u32,
        _ => 0,
    };
    let own = moment(it, this)?;
    let unit = 10_i64.pow(9 - digits);
    let part = how(i64::from(own.nanoseconds), unit).div_euclid(unit) * unit;
    let class = Value::Class(it.class_of(this));
    instance(it, &class, later(own, 0, part - i64::from(own.nanoseconds)))
}

/// A moment so many seconds and nanoseconds later.
fn later(own: Moment, seconds: i64, nanoseconds: i64) -> Moment {
    const SECOND: i64 = 1_000_000_000;
    let nanoseconds = i64::from(own.nanoseconds) + nanoseconds;
    Moment {
        seconds: own
            .seconds
            .saturating_add(seconds)
            .saturating_add(nanoseconds.div_euclid(SECOND)),
        nanoseconds: nanoseconds.rem_euclid(SECOND) as u32,
        ..own
    }
}

fn month_called(name: &str) -> Option<i64> {
    let at = MONTHS.iter().position(|it| it[..3].eq_ignore_ascii_case(name))?;
    i64::try_from(at).ok().map(|it| it + 1)
}

fn is_valid_date(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let mut parts = [0; 3];
    for (index, part) in parts.iter_mut().enumerate() {
        *part = it.integer_of(arguments.get(index))?.clamp(-9999, 9999);
    }
    let [year, month, day] = parts;
    let next = match month {
        12 => days_of(year + 1, 1, 1),
        _ => days_of(year, month + 1, 1),
    };
    let is_valid = (1..=12).contains(&month) && day >= 1 && days_of(year, month, day) < next;
    Ok(Value::Boolean(is_valid))
}

/// Days since 1970.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn calendar(moment: Moment) -> Calendar {
    let local = moment.seconds.saturating_add(i64::from(moment.offset));
    let (days, rest) = (local.div_euclid(86400), local.rem_euclid(86400));
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Calendar {
        year,
        month: month as u32,
        day: (of_year - (153 * shifted_month + 2) / 5 + 1) as u32,
        hour: (rest / 3600) as u32,
        minute: (rest % 3600 / 60) as u32,
        second: (rest % 60) as u32,
        weekday: (days + 4).rem_euclid(7) as u32,
        day_of_year: (days - days_of(year, 1, 1) + 1) as u32,
    }
}

fn field(it: &mut Interpreter, this: &Value, field: fn(Calendar) -> u32) -> Eval {
    Ok(Value::Integer(i64::from(field(calendar(moment(it, this)?)))))
}

fn offset(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    Ok(Value::Integer(i64::from(moment(it, this)?.offset)))
}

fn in_utc(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    let moment = Moment {
        offset: 0,
        ..moment(it, this)?
    };
    let class = Value::Class(it.class_of(this));
    instance(it, &class, moment)
}

fn text(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    let moment = moment(it, this)?;
    let format = match it.class_of(this).name.borrow().as_str() {
        "Date" => "%Y-%m-%d",
        "DateTime" => "%Y-%m-%dT%H:%M:%S%:z",
        _ if moment.offset == 0 => "%Y-%m-%d %H:%M:%S UTC",
        _ => "%Y-%m-%d %H:%M:%S %z",
    };
    Ok(Value::string(formatted(format, moment)))
}

fn moved(it: &mut Interpreter, this: &Value, arguments: &Arguments, sign: f64) -> Eval {
    let own = moment(it, this)?;
    let class = it.class_of(this);
    let unit = if is_date(it, this) { 86400.0 } else { 1.0 };
    let by = match arguments.get(0) {
        Some(Value::Float(by)) => *by,
        Some(by @ Value::Object(_)) => match it.send(by, "to_f", Vec::new())? {
            Value::Float(by) => by,
            other => it.integer_of(Some(&other))? as f64,
        },
        value => it.integer_of(value)? as f64,
    };
    let by = by * sign * unit;
    let moment = later(own, by.floor() as i64, (by.rem_euclid(1.0) * 1e9).round() as i64);
    instance(it, &Value::Class(class), moment)
}

fn is_date(it: &mut Interpreter, this: &Value) -> bool {
    &*it.class_of(this).name.borrow() == "Date"
}

fn is_leap(year: i64) -> bool {
    days_of(year, 3, 1) - days_of(year, 2, 1) == 29
}

/// As in ISO 8601, with as many digits of the second's part as wanted.
fn standard(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let own = moment(it, this)?;
    let digits = match arguments.get(0) {
        Some(Value::Integer(digits @ 1..=9)) => *digits as usize,
        _ => 0,
    };
    if is_date(it, this) {
        return Ok(Value::string(formatted("%Y-%m-%d", own)));
    }
    let part = match digits {
        0 => String::new(),
        _ => format!(".{}", &format!("{:09}", own.nanoseconds)[..digits]),
    };
    let zone = if own.offset == 0 {
        "Z".to_owned()
    } else {
        zone(own.offset, ":")
    };
    Ok(Value::string(formatted("%Y-%m-%dT%H:%M:%S", own) + &part + &zone))
}

fn is_weekday(it: &mut Interpreter, this: &Value, day: u32) -> Eval {
    Ok(Value::Boolean(calendar(moment(it, this)?).weekday == day))
}

fn by_days(it: &mut Interpreter, this: &Value, arguments: &Arguments, sign: i64) -> Eval {
    let days = count_of(it, arguments)?.saturating_mul(sign);
    let own = moment(it, this)?;
    let seconds = own.seconds.saturating_add(days.saturating_mul(86400));
    let class = Value::Class(it.class_of(this));
    instance(it, &class, Moment { seconds, ..own })
}

/// The same day some months later, or the last of that month where it has no such day.
fn by_months(it: &mut Interpreter, this: &Value, arguments: &Arguments, sign: i64) -> Eval {
    let months = count_of(it, arguments)?.clamp(-100_000, 100_000) * sign;
    let own = moment(it, this)?;
    let date = calendar(own);
    let first_of = |month: i64| days_of(month.div_euclid(12), month.rem_euclid(12) + 1, 1);
    let month = date.year * 12 + i64::from(date.month) - 1;
    let length = first_of(month + months + 1) - first_of(month + months);
    let day = i64::from(date.day);
    let days = first_of(month + months) + day.min(length) - first_of(month) - day;
    let seconds = own.seconds.saturating_add(days * 86400);
    let class = Value::Class(it.class_of(this));
    instance(it, &class, Moment { seconds, ..own })
}

fn count_of(it: &mut Interpreter, arguments: &Arguments) -> Outcome<i64> {
    match arguments.get(0) {
        Some(count) => it.integer_of(Some(count)),
        None => Ok(1),
    }
}
