//! Names of files: what `File` makes of them without looking.

use super::glob::fnmatch;
use super::{failed, path_argument, stat};
use crate::ruby::builtin::Methods;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::path::PathBuf;

pub(super) const NAMES: Methods = &[
    ("join", |it, _, arguments| {
        let mut parts = Vec::new();
        flat_texts(it, &arguments.list, &mut parts)?;
        Ok(Value::string(join(&parts)))
    }),
    ("expand_path", |it, _, arguments| expand(it, arguments)),
    ("absolute_path", |it, _, arguments| expand(it, arguments)),
    ("absolute_path?", |it, _, arguments| {
        Ok(Value::Boolean(it.text_of(arguments.get(0))?.starts_with('/')))
    }),
    ("realpath", |it, _, arguments| {
        let path = path_argument(it, arguments.get(0))?;
        let found = it.shared.world.borrow().canonical(&path);
        found
            .map(|path| Value::string(path.to_string_lossy()))
            .map_err(|error| failed(it, error, &path))
    }),
    ("realdirpath", |it, _, arguments| expand(it, arguments)),
    ("readlink", |it, _, arguments| {
        let path = path_argument(it, arguments.get(0))?;
        let found = it.shared.world.borrow().canonical(&path);
        found
            .map(|path| Value::string(path.to_string_lossy()))
            .map_err(|error| failed(it, error, &path))
    }),
    ("dirname", |it, _, arguments| {
        let mut path = it.text_of(arguments.get(0))?;
        let levels = match arguments.get(1) {
            Some(levels) => it.integer_of(Some(levels))?,
            None => 1,
        };
        for _ in 0..levels.clamp(0, 4096) {
            path = dirname(&path);
        }
        Ok(Value::string(path))
    }),
    ("basename", |it, _, arguments| {
        let (path, suffix) = (
            it.text_of(arguments.get(0))?,
            crate::ruby::builtin::string::text_or(it, arguments.get(1), "")?,
        );
        let trimmed = path.trim_end_matches('/');
        let name = trimmed.rsplit('/').next().unwrap_or_default();
        let name = if name.is_empty() && path.starts_with('/') {
            "/"
        } else {
            name
        };
        let name = match suffix.as_str() {
            ".*" => name.rfind('.').filter(|at| *at > 0).map_or(name, |at| &name[..at]),
            suffix => name.strip_suffix(suffix).filter(|it| !it.is_empty()).unwrap_or(name),
        };
        Ok(Value::string(name))
    }),
    ("extname", |it, _, arguments| {
        Ok(Value::string(extension(&it.text_of(arguments.get(0))?)))
    }),
    ("ftype", |it, _, arguments| {
        let path = super::path_argument(it, arguments.get(0))?;
        let found = it.shared.world.borrow().metadata(&path);
        match found {
            Ok(found) => Ok(Value::string(if found.is_directory { "directory" } else { "file" })),
            Err(error) => Err(super::failed(it, error, &path)),
        }
    }),
    ("split", |it, _, arguments| {
        let path = it.text_of(arguments.get(0))?;
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        Ok(Value::array(vec![Value::string(dirname(&path)), Value::string(name)]))
    }),
    ("path", |it, _, arguments| {
        Ok(Value::string(it.text_of(arguments.get(0))?))
    }),
    ("fnmatch", fnmatch),
    ("fnmatch?", fnmatch),
    ("size", |it, _, arguments| {
        Ok(Value::Integer(stat(it, arguments)?.size as i64))
    }),
    ("mtime", |it, _, arguments| {
        let modified = stat(it, arguments)?.modified;
        crate::ruby::builtin::time::at(it, modified)
    }),
    ("ctime", |it, _, arguments| {
        let modified = stat(it, arguments)?.modified;
        crate::ruby::builtin::time::at(it, modified)
    }),
    ("atime", |it, _, arguments| {
        let modified = stat(it, arguments)?.modified;
        crate::ruby::builtin::time::at(it, modified)
    }),
    ("stat", |it, _, arguments| {
        let metadata = stat(it, arguments)?;
        let class = it.core.class_at("File::Stat", &it.core.object.clone());
        let stat = it.core.instance(&class);
        if let Value::Object(object) = &stat {
            *object.native.borrow_mut() = Some(std::rc::Rc::new(metadata));
        }
        Ok(stat)
    }),
];

/// The user's home folder; `HOME` may have been changed.
pub(super) fn home(it: &Interpreter) -> PathBuf {
    let world = it.shared.world.borrow();
    world.variable("HOME").map_or_else(|| world.host.home(), PathBuf::from)
}

/// A path with `~` at its beginning, put in its place.
pub fn expand_home(it: &Interpreter, path: &str) -> PathBuf {
    match path.strip_prefix('~') {
        Some("") => home(it),
        Some(rest) if rest.starts_with('/') => home(it).join(rest.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

pub(super) fn names(it: &mut Interpreter, value: Option<&Value>) -> Outcome<Vec<String>> {
    let path = path_argument(it, value)?;
    let names = it.shared.world.borrow().list(&path);
    names.map_err(|error| failed(it, error, &path))
}

pub(super) fn flat_texts(it: &mut Interpreter, values: &[Value], texts: &mut Vec<String>) -> Outcome<()> {
    it.tick()?;
    for value in values {
        match value {
            Value::Array(list) => flat_texts(it, &list.to_vec(), texts)?,
            Value::Object(_) => {
                let path = it.instance_variable(value, Symbol::new("@path"));
                texts.push(match path.text() {
                    Some(path) => path,
                    None => it.text_of(Some(value))?,
                });
            }
            other => texts.push(it.text_of(Some(other))?),
        }
    }
    Ok(())
}

/// Parts of a path with one separator between them.
pub fn join(parts: &[String]) -> String {
    let mut path = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index == 0 {
            path.push_str(part);
            continue;
        }
        let trimmed = path.trim_end_matches('/').len();
        if part.starts_with('/') {
            path.truncate(trimmed);
        } else if trimmed == path.len() || (path.is_empty()) {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}

pub(super) fn dirname(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rfind('/') {
        _ if trimmed.is_empty() && path.starts_with('/') => "/".to_owned(),
        Some(0) => "/".to_owned(),
        Some(at) => trimmed[..at].trim_end_matches('/').to_owned(),
        None => ".".to_owned(),
    }
}

pub(super) fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rfind('.') {
        Some(at) if at > 0 && name != ".." => name[at..].to_owned(),
        _ => String::new(),
    }
}

pub(super) fn expand(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let path = match arguments.get(0) {
        Some(value @ Value::Object(_)) => {
            let own = it.instance_variable(value, Symbol::new("@path"));
            match own.text() {
                Some(path) => path,
                None => it.text_of(Some(value))?,
            }
        }
        value => it.text_of(value)?,
    };
    let base = match arguments.get(1) {
        None | Some(Value::Nil) => it.shared.world.borrow().directory().to_owned(),
        Some(base) => {
            let base = expand(it, &Arguments::of(vec![base.clone()]))?;
            PathBuf::from(base.text().unwrap_or_default())
        }
    };
    let path = base.join(expand_home(it, &path));
    Ok(Value::string(crate::host::clean_path(&path).to_string_lossy()))
}
