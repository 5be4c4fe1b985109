//! `ENV` and `ARGV`, and constants that say where a file runs. Changes to `ENV` stay in the session.

use super::Methods;
use crate::host::Platform;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;

pub fn install(it: &mut Interpreter) {
    let object = it.core.object.clone();
    let env = it.core.instance(&object);
    if let Ok(singleton) = it.singleton(&env) {
        singleton.included.borrow_mut().push(it.core.enumerable.clone());
        it.methods(&singleton, METHODS);
    }
    it.put(&object, "ENV", env);
    let arguments = it.shared.settings.arguments.iter().map(Value::string).collect();
    it.put(&object, "ARGV", Value::array(arguments));
    let facts = it.shared.world.borrow().host.facts();
    let system = match facts.platform {
        Platform::Linux => "linux-gnu",
        Platform::MacOs => "darwin23",
        Platform::Windows => "mingw32",
        Platform::Bsd => "freebsd14",
    };
    it.put(
        &object,
        "RUBY_PLATFORM",
        Value::string(format!("{}-{system}", facts.architecture)),
    );
    for (name, value) in [
        ("RUBY_VERSION", "3.3.8"),
        ("RUBY_ENGINE", "ruby"),
        ("RUBY_RELEASE_DATE", "2025-04-09"),
        ("RUBY_COPYRIGHT", "ruby"),
    ] {
        it.put(&object, name, Value::string(value));
    }
    it.put(&object, "RUBY_PATCHLEVEL", Value::Integer(144));
    it.globals.insert(Symbol::new("$LOAD_PATH"), Value::array(Vec::new()));
    if let Some(paths) = it.globals.get(&Symbol::new("$LOAD_PATH")).cloned() {
        it.globals.insert(Symbol::new("$:"), paths);
    }
    it.globals
        .insert(Symbol::new("$LOADED_FEATURES"), Value::array(Vec::new()));
    it.globals.insert(Symbol::new("$VERBOSE"), Value::Boolean(false));
    let config = it.core.module_at("RbConfig");
    let windows = facts.platform == Platform::Windows;
    let pairs = [
        ("host_os", system),
        ("host_cpu", facts.architecture.as_str()),
        ("target_os", system),
        ("target_cpu", facts.architecture.as_str()),
        ("arch", facts.architecture.as_str()),
        ("build_os", system),
        ("ruby_install_name", "ruby"),
        ("bindir", "/usr/bin"),
        ("EXEEXT", if windows { ".exe" } else { "" }),
        ("MAJOR", "3"),
        ("MINOR", "3"),
        ("TEENY", "8"),
        ("ruby_version", "3.3.0"),
    ];
    it.put(
        &config,
        "CONFIG",
        Value::hash(pairs.map(|(name, value)| (Value::string(name), Value::string(value)))),
    );
}

const METHODS: Methods = &[
    ("[]", |it, _, arguments| {
        let name = it.text_of(arguments.get(0))?;
        variable(it, &name)
    }),
    ("fetch", |it, _, arguments| {
        let name = it.text_of(arguments.get(0))?;
        match (variable(it, &name)?, &arguments.block, arguments.get(1)) {
            (Value::Nil, Some(block), _) => it.yield_to(block, &[Value::string(name)]),
            (Value::Nil, None, Some(default)) => Ok(default.clone()),
            (Value::Nil, None, None) => Err(it.error(
                "KeyError",
                format!("key not found: {}", crate::ruby::convert::inspect_text(&name)),
            )),
            (value, ..) => Ok(value),
        }
    }),
    ("[]=", set),
    ("store", set),
    ("delete", |it, _, arguments| {
        let name = it.text_of(arguments.get(0))?;
        let old = variable(it, &name)?;
        it.shared.world.borrow_mut().set_variable(&name, None);
        Ok(old)
    }),
    ("key?", has),
    ("has_key?", has),
    ("include?", has),
    ("member?", has),
    ("to_h", |it, _, arguments| {
        let all = all(it);
        match &arguments.block {
            Some(_) => it.call(&all, Symbol::new("to_h"), arguments.clone()),
            None => Ok(all),
        }
    }),
    ("to_hash", |it, _, _| Ok(all(it))),
    ("each", each),
    ("each_pair", each),
    ("keys", |it, _, _| {
        let all = all(it);
        it.send(&all, "keys", Vec::new())
    }),
    ("values", |it, _, _| {
        let all = all(it);
        it.send(&all, "values", Vec::new())
    }),
    ("select", |it, _, arguments| {
        let all = all(it);
        it.call(&all, Symbol::new("select"), arguments.clone())
    }),
    ("values_at", |it, _, arguments| {
        let all = all(it);
        it.call(&all, Symbol::new("values_at"), arguments.clone())
    }),
    ("empty?", |it, _, _| {
        Ok(Value::Boolean(it.shared.world.borrow().environment().is_empty()))
    }),
    ("update", update),
    ("merge!", update),
    ("inspect", |it, _, _| {
        let all = all(it);
        Ok(Value::string(it.inspect(&all)?))
    }),
    ("to_s", |_, _, _| Ok(Value::string("ENV"))),
    ("dup", |it, _, _| Ok(all(it))),
    ("clone", |it, _, _| Ok(all(it))),
];

fn variable(it: &mut Interpreter, name: &str) -> Eval {
    count_search(it)?;
    Ok(it
        .shared
        .world
        .borrow()
        .variable(name)
        .map_or(Value::Nil, Value::string))
}

/// Each variable is looked at until the one is found.
fn count_search(it: &mut Interpreter) -> Outcome<()> {
    let variables = it.shared.world.borrow().environment().len();
    it.work(variables)
}

fn all(it: &Interpreter) -> Value {
    let variables = it.shared.world.borrow().environment().to_vec();
    Value::hash(
        variables
            .into_iter()
            .map(|(name, value)| (Value::string(name), Value::string(value))),
    )
}

fn each(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let all = all(it);
    it.call(&all, Symbol::new("each"), arguments.clone())
}

fn has(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let name = it.text_of(arguments.get(0))?;
    Ok(Value::Boolean(it.shared.world.borrow().variable(&name).is_some()))
}

fn set(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let name = it.text_of(arguments.get(0))?;
    let value = arguments.get(1).cloned().unwrap_or(Value::Nil);
    let text = if value.is_nil() {
        None
    } else {
        Some(it.text_of(Some(&value))?)
    };
    count_search(it)?;
    charge(name.len() + text.as_ref().map_or(0, String::len) + 64);
    it.shared.world.borrow_mut().set_variable(&name, text.as_deref());
    Ok(value)
}

fn update(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    for (name, value) in arguments.list.iter().flat_map(super::hash::pairs) {
        set(it, this, &Arguments::of(vec![name, value]))?;
    }
    Ok(this.clone())
}
