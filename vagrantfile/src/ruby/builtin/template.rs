//! `ERB`: a template becomes Ruby that builds its text, which runs in the binding that it is given.

use super::Methods;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;

pub fn install(it: &mut Interpreter) {
    let erb = it.core.class_at("ERB", &it.core.object.clone());
    it.methods(&erb, METHODS);
    let util = it.core.module_at("ERB::Util");
    it.own_methods(
        &util,
        &[
            ("html_escape", escape),
            ("h", escape),
            ("url_encode", |it, _, arguments| {
                let text = it.to_s(arguments.get(0).unwrap_or(&Value::Nil))?;
                let encoded: String = text
                    .bytes()
                    .map(|it| match it {
                        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                            char::from(it).to_string()
                        }
                        other => format!("%{other:02X}"),
                    })
                    .collect();
                Ok(Value::string(encoded))
            }),
        ],
    );
}

const METHODS: Methods = &[
    ("initialize", |it, this, arguments| {
        let text = it.text_of(arguments.get(0))?;
        let trim = match arguments.keyword("trim_mode") {
            Some(mode) => it.to_s(&mode)?,
            None => arguments.get(2).and_then(Value::text).unwrap_or_default(),
        };
        it.set_instance_variable(this, Symbol::new("@source"), Value::string(compile(&text, &trim)))?;
        Ok(Value::Nil)
    }),
    ("src", |it, this, _| {
        Ok(it.instance_variable(this, Symbol::new("@source")))
    }),
    ("result", |it, this, arguments| {
        let source = it
            .instance_variable(this, Symbol::new("@source"))
            .text()
            .unwrap_or_default();
        match arguments.get(0).and_then(super::proc::context_of) {
            Some(context) => crate::ruby::load::evaluate(it, source, Some("(erb)".to_owned()), 1, &context),
            None => {
                let main = it.main.clone();
                it.send(&main, "instance_eval", vec![Value::string(source)])
            }
        }
    }),
    ("result_with_hash", |it, this, arguments| {
        let source = it
            .instance_variable(this, Symbol::new("@source"))
            .text()
            .unwrap_or_default();
        let mut text = String::new();
        for (name, _) in arguments.get(0).map(super::hash::pairs).unwrap_or_default() {
            let name = it.to_s(&name)?;
            text.push_str(&format!("{name} = @__values[:{name}] || @__values[{name:?}]; "));
        }
        let object = it.core.instance(&it.core.object.clone());
        it.set_instance_variable(
            &object,
            Symbol::new("@__values"),
            arguments.get(0).cloned().unwrap_or(Value::Nil),
        )?;
        it.send(&object, "instance_eval", vec![Value::string(text + &source)])
    }),
    ("filename=", |_, _, _| Ok(Value::Nil)),
];

fn escape(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let text = it.to_s(arguments.get(0).unwrap_or(&Value::Nil))?;
    Ok(Value::string(
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;"),
    ))
}

/// The Ruby that a template stands for.
fn compile(template: &str, trim: &str) -> String {
    let mut source = String::from("_erbout = +''; ");
    let marked;
    let mut rest = template;
    if trim.contains('%') {
        marked = mark_lines(template);
        rest = &marked;
    }
    while let Some(open) = rest.find("<%") {
        let (mut text, tag) = (&rest[..open], &rest[open + 2..]);
        if let Some(after) = tag.strip_prefix('%') {
            push_text(&mut source, &format!("{text}<%"));
            rest = after;
            continue;
        }
        let Some(close) = tag.find("%>") else { break };
        let (mut code, mut after) = (&tag[..close], &tag[close + 2..]);
        if let (Some(inner), true) = (code.strip_prefix('-'), trim.contains('-')) {
            code = inner;
            let line = text.rfind('\n').map_or(0, |it| it + 1);
            if text[line..].trim().is_empty() {
                text = &text[..line];
            }
        }
        let mut drops_line = trim.contains('>') || (trim.contains("<>") && (text.is_empty() || text.ends_with('\n')));
        if let (Some(inner), true) = (code.strip_suffix('-'), trim.contains('-')) {
            (code, drops_line) = (inner, true);
        }
        push_text(&mut source, text);
        match code.chars().next() {
            Some('=') => source.push_str(&format!("_erbout << (({}).to_s); ", &code[1..])),
            Some('#') => {}
            _ => source.push_str(&format!("{code}\n")),
        }
        if drops_line {
            after = after.strip_prefix('\n').unwrap_or(after);
        }
        rest = after;
    }
    push_text(&mut source, rest);
    source.push_str("_erbout");
    source
}

/// Lines that begin with `%` as tags.
fn mark_lines(template: &str) -> String {
    let mut marked = String::new();
    let mut is_open = false;
    for line in template.split_inclusive('\n') {
        match (is_open, line.strip_prefix('%')) {
            (false, Some(literal)) if literal.starts_with('%') => marked.push_str(literal),
            (false, Some(code)) => marked.push_str(&format!("<%{code}%>")),
            _ => {
                marked.push_str(line);
                let (opened, closed) = (line.rfind("<%"), line.rfind("%>"));
                is_open = match (opened, closed) {
                    (None, None) => is_open,
                    (opened, closed) => opened > closed,
                };
            }
        }
    }
    marked
}

fn push_text(source: &mut String, text: &str) {
    if !text.is_empty() {
        source.push_str(&format!("_erbout << {}; ", crate::ruby::convert::inspect_text(text)));
    }
}
