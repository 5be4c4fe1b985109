//! What every piece of code can call without a receiver: `puts`, `require`, `raise`, `loop` and the like.

use super::Methods;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::ir::{BlockArgument, Call};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::rc::Rc;

pub fn install(it: &mut Interpreter) {
    let kernel = it.core.kernel.clone();
    it.methods(&kernel, METHODS);
    it.own_methods(&kernel, METHODS);
    for (name, _) in METHODS {
        if let Some(method) = kernel.methods.borrow().get(&Symbol::new(name)) {
            method.visibility.set(Visibility::Private);
        }
    }
}

const METHODS: Methods = &[
    ("puts", |it, _, arguments| {
        let text = lines(it, &arguments.list)?;
        print(it, &text)
    }),
    ("print", |it, _, arguments| {
        let mut text = String::new();
        for value in &arguments.list {
            text.push_str(&it.to_s(value)?);
            it.check_length(text.len())?;
        }
        print(it, &text)
    }),
    ("p", |it, _, arguments| show(it, arguments)),
    ("pp", |it, _, arguments| show(it, arguments)),
    ("warn", |it, _, arguments| {
        let text = lines(it, arguments.split().0)?;
        print(it, &text)
    }),
    ("printf", |it, _, arguments| {
        let text = super::format::format(it, &arguments.list)?;
        print(it, &text)
    }),
    ("putc", |it, _, arguments| {
        let text = match arguments.get(0) {
            Some(Value::Integer(code)) => char::from(*code as u8).to_string(),
            other => it.text_of(other)?.chars().take(1).collect(),
        };
        print(it, &text)?;
        Ok(arguments.get(0).cloned().unwrap_or(Value::Nil))
    }),
    ("format", |it, _, arguments| {
        Ok(Value::string(super::format::format(it, &arguments.list)?))
    }),
    ("sprintf", |it, _, arguments| {
        Ok(Value::string(super::format::format(it, &arguments.list)?))
    }),
    ("Rational", |it, _, arguments| convert(it, "Rational", arguments)),
    ("Complex", |it, _, arguments| convert(it, "Complex", arguments)),
    ("gets", |it, this, arguments| super::file::gets(it, this, arguments)),
    ("readline", |it, this, arguments| {
        super::file::readline(it, this, arguments)
    }),
    ("readlines", |it, this, arguments| {
        super::file::readlines(it, this, arguments)
    }),
    ("using", |_, this, _| Ok(this.clone())),
    ("sleep", |it, _, arguments| super::sockets::sleep(it, arguments)),
    ("srand", |_, _, _| Ok(Value::Integer(0))),
    ("at_exit", |it, _, arguments| match arguments.block.clone() {
        Some(block) => {
            it.last_blocks.push(block.clone());
            Ok(block)
        }
        None => Err(it.error("ArgumentError", "called without a block")),
    }),
    ("trap", |it, _, arguments| {
        // A file that has been read gets no signal but the one of its end.
        let signal = arguments.get(0).map_or(Ok(String::new()), |signal| it.to_s(signal))?;
        if let (Some(block), "EXIT" | "SIGEXIT" | "0") = (&arguments.block, signal.as_str()) {
            it.last_blocks.push(block.clone());
        }
        Ok(Value::Nil)
    }),
    ("autoload", |_, _, _| Ok(Value::Nil)),
    ("set_trace_func", |_, _, _| Ok(Value::Nil)),
    ("rand", |it, _, arguments| random(it, arguments)),
    ("raise", |it, _, arguments| raise(it, arguments)),
    ("fail", |it, _, arguments| raise(it, arguments)),
    ("exit", |it, _, arguments| exit(it, arguments.get(0))),
    ("exit!", |it, _, arguments| exit(it, arguments.get(0))),
    ("abort", |it, _, arguments| {
        let message = match arguments.get(0) {
            Some(message) => it.to_s(message)?,
            None => String::new(),
        };
        let error = it.error(
            "SystemExit",
            if message.is_empty() { "exit".to_owned() } else { message },
        );
        Err(with_status(error, 1))
    }),
    ("loop", |it, _, arguments| repeat(it, arguments)),
    ("catch", |it, this, arguments| {
        let tag = arguments
            .get(0)
            .cloned()
            .unwrap_or_else(|| it.core.instance(&it.core.object.clone()));
        let Some(block) = &arguments.block else {
            return Ok(this.clone());
        };
        it.tags.push(tag.clone());
        let result = it.yield_to(block, std::slice::from_ref(&tag));
        it.tags.pop();
        match result {
            Err(flow) => match *flow {
                Flow::Throw(of, value) if of.is_same(&tag) || it.equal(&of, &tag)? => Ok(value),
                other => Err(Box::new(other)),
            },
            result => result,
        }
    }),
    ("throw", |it, _, arguments| {
        let tag = arguments.get(0).cloned().unwrap_or(Value::Nil);
        if !it.tags.iter().any(|it| it.is_same(&tag) || it.key() == tag.key()) {
            let shown = it.inspect(&tag)?;
            return Err(it.error("UncaughtThrowError", format!("uncaught throw {shown}")));
        }
        Err(Box::new(Flow::Throw(
            tag,
            arguments.get(1).cloned().unwrap_or(Value::Nil),
        )))
    }),
    ("require", |it, _, arguments| {
        let name = it.text_of(arguments.get(0))?;
        crate::ruby::load::require(it, &name)
    }),
    ("require_relative", |it, _, arguments| {
        let name = it.text_of(arguments.get(0))?;
        crate::ruby::load::require_relative(it, &name)
    }),
    ("load", |it, _, arguments| {
        let name = it.text_of(arguments.get(0))?;
        crate::ruby::load::load(it, &name)
    }),
    ("gem", |_, _, _| Ok(Value::Boolean(true))),
    ("__dir__", |it, _, _| {
        let folder = it.source.path.parent().map(|it| it.to_string_lossy().into_owned());
        Ok(folder.map_or(Value::Nil, Value::string))
    }),
    ("caller", |it, _, arguments| {
        let places = super::exception::callers(it, arguments);
        Ok(Value::array(places.iter().map(super::exception::trace_line).collect()))
    }),
    ("caller_locations", |it, _, arguments| {
        let places = super::exception::callers(it, arguments);
        super::exception::locations(it, &places)
    }),
    ("Integer", |it, _, arguments| super::number::to_integer(it, arguments)),
    ("Float", |it, _, arguments| super::number::to_float(it, arguments)),
    ("String", |it, _, arguments| {
        let text = it.to_s(arguments.get(0).unwrap_or(&Value::Nil))?;
        Ok(Value::string(text))
    }),
    ("Array", |it, _, arguments| {
        let value = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(Value::array(it.splat(value)?))
    }),
    ("Hash", |it, _, arguments| match arguments.get(0) {
        Some(Value::Hash(table)) => Ok(Value::Hash(table.clone())),
        Some(value @ Value::Object(_)) => it.send(&value.clone(), "to_h", Vec::new()),
        _ => Ok(Value::hash([])),
    }),
    ("`", |it, _, arguments| super::commands::backtick(it, arguments)),
    ("system", |it, _, arguments| super::commands::system(it, arguments)),
    ("exec", |it, _, arguments| super::commands::exec(it, arguments)),
    ("spawn", |it, _, arguments| super::commands::spawn(it, arguments)),
    ("fork", |it, _, _| {
        Err(it.error("NotImplementedError", "fork is not supported in a Vagrantfile"))
    }),
    ("open", |it, _, arguments| match super::commands::piped(arguments) {
        Some(arguments) => super::commands::open_piped(it, &arguments),
        None => super::file::open(it, arguments),
    }),
    ("connect", |it, _, arguments| {
        super::network::ask_to_connect(it, arguments)
    }),
    ("request", |it, _, arguments| super::network::request(it, arguments)),
    ("URI", |it, _, arguments| {
        let object = Value::Class(it.core.object.clone());
        let uri = it.send(&object, "const_get", vec![Value::symbol("URI")])?;
        it.call(&uri, Symbol::new("parse"), arguments.clone())
    }),
    ("Pathname", |it, _, arguments| {
        let class = Value::Class(it.core.object.clone());
        let pathname = it.send(&class, "const_get", vec![Value::symbol("Pathname")])?;
        it.call(&pathname, Symbol::new("new"), arguments.clone())
    }),
];

/// A fraction or a complex number; their classes are written in Ruby.
pub fn convert(it: &mut Interpreter, class: &str, arguments: &Arguments) -> Eval {
    let object = Value::Class(it.core.object.clone());
    let class = it.send(&object, "const_get", vec![Value::symbol(class)])?;
    it.call(&class, Symbol::new("convert"), arguments.clone())
}

/// Calls that need to know where they stand: its variables, its block, the class that is open.
pub fn with_context(it: &mut Interpreter, call: &Call, here: &Rc<Context>) -> Outcome<Option<Value>> {
    let name = call.name.text();
    Ok(Some(match &*name {
        "block_given?" | "iterator?" if call.arguments.is_empty() => {
            Value::Boolean(here.frame.arguments.borrow().block.is_some())
        }
        "binding" if call.is_bare => binding(it, here),
        "__method__" => here
            .frame
            .method
            .as_ref()
            .map_or(Value::Nil, |it| Value::Symbol(it.name)),
        "local_variables" if call.is_bare => {
            Value::array(here.variables.names().into_iter().map(Value::Symbol).collect())
        }
        "lambda" if call.arguments.is_empty() => match &call.block {
            Some(BlockArgument::Literal(function)) => {
                let code = Code::Function {
                    function: function.clone(),
                    context: here.clone(),
                };
                Value::Proc(Rc::new(Proc {
                    _weight: Weight::of(96),
                    code,
                    is_lambda: true,
                    tag: it.fresh_id(),
                }))
            }
            _ => return Ok(None),
        },
        "proc" if call.arguments.is_empty() && call.block.is_some() => {
            let arguments = it.eval_arguments(&[], call.block.as_ref(), here)?;
            arguments.block.unwrap_or(Value::Nil)
        }
        "eval" if !call.arguments.is_empty() => return evaluate(it, call, here).map(Some),
        "private" | "public" | "protected" | "module_function" if call.arguments.is_empty() => {
            set_visibility(&name, &here.scope);
            Value::Nil
        }
        "define_method" if call.receiver.is_none() && !matches!(here.this, Value::Class(_)) => return Ok(None),
        _ => return Ok(None),
    }))
}

fn set_visibility(name: &str, scope: &Rc<Scope>) {
    scope.module_function.set(name == "module_function");
    scope.visibility.set(match name {
        "private" => Visibility::Private,
        "protected" => Visibility::Protected,
        _ => Visibility::Public,
    });
}

/// The place of a piece of code as an object.
fn binding(it: &mut Interpreter, here: &Rc<Context>) -> Value {
    let class = it.core.class_at("Binding", &it.core.object.clone());
    let binding = it.core.instance(&class);
    if let Value::Object(object) = &binding {
        *object.native.borrow_mut() = Some(here.clone());
    }
    binding
}

fn evaluate(it: &mut Interpreter, call: &Call, here: &Rc<Context>) -> Eval {
    let arguments = it.eval_arguments(&call.arguments, None, here)?;
    let text = it.text_of(arguments.get(0))?;
    let context = match arguments.get(1) {
        Some(Value::Object(object)) => object
            .native
            .borrow()
            .clone()
            .and_then(|it| it.downcast::<Context>().ok()),
        _ => None,
    };
    let context = context.unwrap_or_else(|| here.clone());
    let path = match arguments.get(2) {
        Some(Value::String(path)) => Some(path.text.borrow().clone()),
        _ => None,
    };
    let line = match arguments.get(3) {
        Some(Value::Integer(line)) => u32::try_from(*line).unwrap_or(1),
        _ => 1,
    };
    crate::ruby::load::evaluate(it, text, path, line, &context)
}

/// The lines that `puts` writes.
pub fn lines(it: &mut Interpreter, values: &[Value]) -> Outcome<String> {
    let mut text = String::new();
    if values.is_empty() {
        text.push('\n');
    }
    lines_into(it, values, &mut text)?;
    Ok(text)
}

fn lines_into(it: &mut Interpreter, values: &[Value], text: &mut String) -> Outcome<()> {
    it.tick()?;
    for value in values {
        match value {
            Value::Array(list) => lines_into(it, &list.to_vec(), text)?,
            other => {
                let line = it.to_s(other)?;
                text.push_str(&line);
                if !line.ends_with('\n') {
                    text.push('\n');
                }
            }
        }
        it.check_length(text.len())?;
    }
    Ok(())
}

/// Shows a text to the person who started all this.
pub fn print(it: &mut Interpreter, text: &str) -> Eval {
    it.work(text.len() * 16)?;
    it.shared.world.borrow_mut().host.print(text);
    Ok(Value::Nil)
}

fn show(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    for value in &arguments.list {
        let text = it.inspect(value)?;
        print(it, &format!("{text}\n"))?;
    }
    Ok(match arguments.list.as_slice() {
        [] => Value::Nil,
        [one] => one.clone(),
        several => Value::array(several.to_vec()),
    })
}

fn raise(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let (list, _) = arguments.split();
    let error = match (list.first(), list.get(1)) {
        (None, _) => match it.globals.get(&Symbol::new("$!")).cloned() {
            Some(error @ Value::Object(_)) => error,
            _ => return Err(it.error("RuntimeError", "unhandled exception")),
        },
        (Some(Value::String(text)), _) => {
            let text = text.copied();
            return Err(it.error("RuntimeError", text));
        }
        (Some(class @ Value::Class(_)), message) => {
            let passed = if list.len() > 1 {
                message.cloned().into_iter().collect()
            } else {
                Vec::new()
            };
            let mut passed = Arguments::of(passed);
            if list.len() == 1 && arguments.has_keywords {
                passed = Arguments {
                    list: arguments.list[1..].to_vec(),
                    has_keywords: true,
                    block: None,
                };
            }
            it.call(&class.clone(), Symbol::new("new"), passed)?
        }
        (Some(error @ Value::Object(_)), Some(message)) => {
            it.send(&error.clone(), "exception", vec![message.clone()])?
        }
        (Some(error), _) => error.clone(),
    };
    let exception = it.core.exception.clone();
    if !it.is_a(&error, &exception) {
        return Err(it.error("TypeError", "exception class/object expected"));
    }
    it.mark_place(&error);
    Err(Box::new(Flow::Raise(error)))
}

fn exit(it: &mut Interpreter, status: Option<&Value>) -> Eval {
    let status = match status {
        None | Some(Value::Boolean(true)) => 0,
        Some(Value::Integer(status)) => *status,
        Some(_) => 1,
    };
    let error = it.error("SystemExit", "exit");
    Err(with_status(error, status))
}

fn with_status(error: Box<Flow>, status: i64) -> Box<Flow> {
    if let Flow::Raise(Value::Object(object)) = &*error {
        object
            .instance
            .borrow_mut()
            .insert(Symbol::new("@status"), Value::Integer(status));
    }
    error
}

fn repeat(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(Value::Nil);
    };
    loop {
        if let Err(flow) = it.yield_to(block, &[]) {
            let stops = it.core.named("StopIteration");
            match *flow {
                Flow::Raise(error) if it.is_a(&error, &stops) => return Ok(Value::Nil),
                other => return Err(Box::new(other)),
            }
        }
    }
}

fn random(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let bits = it.shared.world.borrow_mut().host.random();
    Ok(match arguments.get(0) {
        Some(Value::Integer(limit)) if *limit > 0 => Value::Integer((bits % limit.unsigned_abs()) as i64),
        Some(Value::Range(range)) => match (&range.first, &range.last) {
            (Value::Integer(first), Value::Integer(last)) if last >= first => {
                let count = last.abs_diff(*first).saturating_add(u64::from(!range.exclusive)).max(1);
                Value::Integer(first.saturating_add((bits % count) as i64))
            }
            _ => Value::Integer(0),
        },
        _ => Value::Float((bits >> 11) as f64 / (1_u64 << 53) as f64),
    })
}
