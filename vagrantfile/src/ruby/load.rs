//! Files and texts that run: `load`, `require`, `eval`, and the Vagrantfile itself.

use super::interpreter::{Eval, Flow, Interpreter, Outcome};
use super::ir::{Function, Parameters, Source};
use super::lower;
use super::symbol::Symbol;
use super::value::*;
use crate::report::{Mistake, Report};
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// Libraries that are there without a file: built in, or of no use to a Vagrantfile.
const BUILT_IN: &[&str] = &[
    "yaml",
    "psych",
    "json",
    "pathname",
    "fileutils",
    "erb",
    "ipaddr",
    "etc",
    "time",
    "date",
    "securerandom",
    "socket",
    "pty",
    "rbconfig",
    "optparse",
    "getoptlong",
    "shellwords",
    "set",
    "ostruct",
    "open3",
    "open-uri",
    "net/http",
    "net/https",
    "uri",
    "digest",
    "digest/md5",
    "digest/sha1",
    "digest/sha2",
    "digest/sha256",
    "tempfile",
    "tmpdir",
    "logger",
    "stringio",
    "benchmark",
    "base64",
    "rubygems",
    "rubygems/version",
    "bundler",
    "bundler/setup",
    "resolv",
    "timeout",
    "English",
    "forwardable",
    "singleton",
    "observer",
    "delegate",
    "find",
    "io/console",
    "pp",
    "prettyprint",
    "strscan",
    "zlib",
    "openssl",
    "csv",
    "bigdecimal",
    "abbrev",
    "tsort",
    "monitor",
    "thread",
    "weakref",
    "matrix",
    "prime",
    "rational",
    "complex",
    "enumerator",
    "fiber",
    "log4r",
    "log4r/config",
    "i18n",
    "vagrant",
    "vagrant/util/platform",
    "vagrant/util/subprocess",
    "vagrant/ui",
    "vagrant/errors",
    "vagrant/util/which",
    "vagrant/util/deep_merge",
    "vagrant/util/hash_with_indifferent_access",
    "vagrant/util/experimental",
    "vagrant/version",
    "readline",
    "win32ole",
    "win32/registry",
    "highline",
    "highline/import",
    "childprocess",
    "rexml/document",
    "ruby_dep",
    "childprocess",
    "un",
    "mkmf",
    "objspace",
    "ripper",
    "coverage",
    "pstore",
    "nkf",
    "io/wait",
    "net/ssh",
    "net/scp",
    "hashicorp/checkpoint",
    "erubi",
    "ed25519",
    "ffi",
    "ffi/platform",
    "fiddle",
    "yaml/store",
    "json/add/core",
    "net/ftp",
    "rake",
    "minitest",
    "test/unit",
    "racc",
];

/// Libraries among these that are not part of a Vagrant installation.
const ABSENT: &[&str] = &["highline", "highline/import", "win32ole", "win32/registry", "nkf"];

/// Runs the top-level file; what it hands to `Vagrant.configure` is recorded.
pub fn run_file(it: &mut Interpreter, path: &Path) -> Outcome<Value> {
    let path = it.shared.world.borrow().absolute(path);
    let source = read_source(it, &path)?;
    run_source(it, source)
}

fn read_source(it: &mut Interpreter, path: &Path) -> Outcome<Rc<Source>> {
    let read = it.shared.world.borrow().read(path);
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(_) => return Err(it.error("LoadError", format!("cannot load such file -- {}", path.display()))),
    };
    it.shared.world.borrow_mut().note_file(path, &bytes);
    let text = String::from_utf8(bytes).unwrap_or_else(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(Rc::new(Source::new(Arc::from(path), text, 1, false)))
}

/// Runs a source at the top level.
pub fn run_source(it: &mut Interpreter, source: Rc<Source>) -> Outcome<Value> {
    it.leave_stack_for(&source.text)?;
    let body = lower::parse(&source).map_err(|report| Box::new(Flow::Stop(report)))?;
    let Some(body) = body else { return Ok(Value::Nil) };
    let scope = Rc::new(Scope {
        class: it.core.object.clone(),
        parent: None,
        visibility: Cell::new(Visibility::Private),
        module_function: Cell::new(false),
    });
    let frame = Rc::new(Frame {
        id: it.fresh_id(),
        method: None,
        arguments: RefCell::default(),
        matched: RefCell::new(Value::Nil),
    });
    let context = Context {
        this: it.main.clone(),
        variables: Variables::within(None),
        source: source.clone(),
        scope,
        frame: frame.clone(),
        tag: 0,
    };
    run_body(it, source, body, frame, Rc::new(context))
}

fn run_body(
    it: &mut Interpreter,
    source: Rc<Source>,
    body: super::ir::Node,
    frame: Rc<Frame>,
    context: Rc<Context>,
) -> Eval {
    let id = frame.id;
    let function = Function {
        source,
        parameters: Parameters::default(),
        body: Some(body),
        at: 0,
    };
    let function = Rc::new(function);
    let run = function.clone();
    let result = it.inside(&function, frame, move |it| match &run.body {
        Some(body) => it.eval(body, &context),
        None => Ok(Value::Nil),
    });
    match result {
        Err(flow) => match *flow {
            Flow::Return(to, value) if to == id => Ok(value),
            other => Err(Box::new(other)),
        },
        result => result,
    }
}

/// `eval` of a text, in the place of a context.
pub fn evaluate(it: &mut Interpreter, text: String, path: Option<String>, line: u32, around: &Rc<Context>) -> Eval {
    let by = it.source.path.clone();
    it.shared.world.borrow_mut().note_evaluated(&by, text.as_bytes());
    let path: Arc<Path> = match path {
        Some(path) => Arc::from(PathBuf::from(path)),
        None => Arc::from(Path::new("(eval)")),
    };
    it.work(text.len().saturating_mul(16))?;
    it.leave_stack_for(&text)?;
    let source = Rc::new(Source::new(path, text, line, false));
    let body = match lower::parse(&source) {
        Ok(Some(body)) => body,
        Ok(None) => return Ok(Value::Nil),
        Err(report) => {
            let message = report
                .mistakes
                .first()
                .map_or_else(String::new, |it| it.message.clone());
            return Err(it.error("SyntaxError", message));
        }
    };
    let variables = Variables {
        _weight: Weight::of(64),
        values: RefCell::default(),
        parent: Some(around.variables.clone()),
        is_evaluated: true,
    };
    let context = Context {
        this: around.this.clone(),
        variables: Rc::new(variables),
        source: source.clone(),
        scope: around.scope.clone(),
        frame: around.frame.clone(),
        tag: around.tag,
    };
    let function = Function {
        source,
        parameters: Parameters::default(),
        body: Some(body),
        at: 0,
    };
    let function = Rc::new(function);
    let run = function.clone();
    it.inside(&function, around.frame.clone(), move |it| match &run.body {
        Some(body) => it.eval(body, &Rc::new(context)),
        None => Ok(Value::Nil),
    })
}

/// `load`: the file runs each time.
pub fn load(it: &mut Interpreter, name: &str) -> Eval {
    let path = it.shared.world.borrow().absolute(Path::new(name));
    let path = if is_file(it, &path) {
        path
    } else {
        find_in_load_path(it, name).unwrap_or(path)
    };
    run_file(it, &path)?;
    Ok(Value::Boolean(true))
}

/// `require_relative`: the file runs once.
pub fn require_relative(it: &mut Interpreter, name: &str) -> Eval {
    let folder = it.source.path.parent().map(Path::to_owned).unwrap_or_default();
    let path = folder.join(name);
    match with_extension(it, &path) {
        Some(path) => require_file(it, path),
        None => Err(it.error("LoadError", format!("cannot load such file -- {}", path.display()))),
    }
}

/// `require`: a library that is built in, or a file that runs once.
pub fn require(it: &mut Interpreter, name: &str) -> Eval {
    let bare = name.trim_end_matches(".rb");
    if ABSENT.contains(&bare) {
        return Err(it.error("LoadError", format!("cannot load such file -- {name}")));
    }
    if BUILT_IN.contains(&bare) {
        // It gives strings and lists methods, which no constant leads to.
        if bare == "shellwords" {
            super::library::start(it, "Shellwords")?;
        }
        return Ok(Value::Boolean(false));
    }
    if let Some(path) = find_in_load_path(it, name) {
        return require_file(it, path);
    }
    let is_path = name.starts_with(['/', '.', '~']);
    if is_path {
        let path = it
            .shared
            .world
            .borrow()
            .absolute(&super::builtin::file::expand_home(it, name));
        if let Some(path) = with_extension(it, &path) {
            return require_file(it, path);
        }
    }
    if it.shared.settings.plugins.loads(bare) {
        return Ok(Value::Boolean(true));
    }
    let error = it.error("LoadError", format!("cannot load such file -- {name}"));
    if let Flow::Raise(Value::Object(object)) = &*error {
        object
            .instance
            .borrow_mut()
            .insert(Symbol::new("@path"), Value::string(name));
    }
    Err(error)
}

fn require_file(it: &mut Interpreter, path: PathBuf) -> Eval {
    let path = it.shared.world.borrow().absolute(&path);
    if !it.required.insert(path.clone()) {
        return Ok(Value::Boolean(false));
    }
    run_file(it, &path)?;
    Ok(Value::Boolean(true))
}

fn find_in_load_path(it: &mut Interpreter, name: &str) -> Option<PathBuf> {
    let Some(Value::Array(folders)) = it.globals.get(&Symbol::new("$LOAD_PATH")).cloned() else {
        return None;
    };
    folders
        .to_vec()
        .iter()
        .filter_map(Value::text)
        .find_map(|folder| with_extension(it, &Path::new(&folder).join(name)))
}

fn with_extension(it: &mut Interpreter, path: &Path) -> Option<PathBuf> {
    let named = PathBuf::from(format!("{}.rb", path.display()));
    [named, path.to_owned()].into_iter().find(|path| is_file(it, path))
}

fn is_file(it: &Interpreter, path: &Path) -> bool {
    it.shared.world.borrow().metadata(path).is_ok_and(|it| !it.is_directory)
}

/// What a person is told of why a file stopped.
pub fn report(it: &mut Interpreter, flow: Flow) -> Report {
    match flow {
        Flow::Stop(report) => report,
        Flow::Raise(error) => raised(it, &error),
        Flow::Throw(tag, _) => {
            let tag = it.inspect(&tag).unwrap_or_default();
            Report::without_place(format!("uncaught throw {tag}"))
        }
        Flow::Break(..) | Flow::Next(_) | Flow::Return(..) | Flow::Redo | Flow::Retry => {
            Report::without_place("a block was left that is no longer running")
        }
    }
}

fn raised(it: &mut Interpreter, error: &Value) -> Report {
    let class = it.class_of(error);
    let name = class.name.borrow().clone();
    let message = match it.send(error, "message", Vec::new()) {
        Ok(message) => it.to_s(&message).unwrap_or_default(),
        Err(_) => name.clone(),
    };
    let trace = super::builtin::exception::places(error);
    let (message, hint) = match message.split_once("\nDid you mean?  ") {
        Some((message, hint)) => (message.to_owned(), Some(format!("did you mean `{hint}`?"))),
        None => (message, None),
    };
    let is_plain =
        matches!(name.as_str(), "RuntimeError") || class.is_a(&it.core.named("Vagrant::Errors::VagrantError"));
    let message = match name.as_str() {
        "SystemExit" if message == "exit" => "this file ends the program (`exit`)".to_owned(),
        "SystemExit" => message,
        _ if is_plain && !message.is_empty() => message,
        _ if message.is_empty() || message == name => name,
        _ => format!("{message} ({name})"),
    };
    let mut mistake = Mistake::new(message);
    mistake.advice = hint;
    mistake.place = trace.first().cloned();
    mistake.trace = trace.into_iter().skip(1).collect();
    Report::new(mistake)
}
