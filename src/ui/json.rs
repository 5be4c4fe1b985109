//! The JSON form: one object a line for what happens, one document for what is reported (docs/json has the schemas).

use serde_json::{Value, json};

use super::Kind;

/// Something that is said: `message` of the program's own, `output` of what it runs.
pub fn said(target: &str, kind: Kind, text: &str) -> Value {
    event("message", target, json!({ "kind": kind.word(), "text": text }))
}

/// A line of what runs in the guest.
pub fn output(target: &str, from_stderr: bool, text: &str) -> Value {
    let stream = if from_stderr { "stderr" } else { "stdout" };
    event("output", target, json!({ "stream": stream, "text": text }))
}

/// How far a transfer has come, in bytes.
pub fn progress(target: &str, done: u64, total: Option<u64>) -> Value {
    event("progress", target, json!({ "done": done, "total": total }))
}

/// A step of a plan begins or is done.
pub fn step(target: &str, step: &str, state: &str) -> Value {
    event("step", target, json!({ "step": step, "state": state }))
}

/// The command, or its part on one machine, failed.
pub fn failure(class: &str, message: &str, advice: Option<&str>) -> Value {
    event(
        "error",
        "",
        json!({ "class": class, "message": message, "advice": advice }),
    )
}

/// The last line.
pub fn end(code: u8) -> Value {
    event("end", "", json!({ "exit_code": code }))
}

fn event(name: &str, target: &str, details: Value) -> Value {
    let target = (!target.is_empty()).then_some(target);
    let mut event = json!({ "time": jiff::Timestamp::now().to_string(), "event": name, "target": target });
    if let (Value::Object(event), Value::Object(details)) = (&mut event, details) {
        event.extend(details);
    }
    event
}

/// The value with every text in it changed.
pub fn map_texts(value: Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(&text)),
        Value::Array(items) => items.into_iter().map(|it| map_texts(it, change)).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(members.map(|(name, it)| (name, map_texts(it, change))).collect())
        }
        other => other,
    }
}
