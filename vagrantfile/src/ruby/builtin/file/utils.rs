//! `FileUtils`, and the changes that `File` and `Dir` share with it.

use super::{change, failed, path_argument, read_argument};
use crate::host::Change;
use crate::ruby::builtin::Methods;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::path::PathBuf;

pub(super) const UTILS: Methods = &[
    ("mkdir_p", make_folders),
    ("makedirs", make_folders),
    ("mkpath", make_folders),
    ("mkdir", make_folders),
    ("touch", |it, _, arguments| {
        for path in paths(it, arguments.get(0))? {
            let content = it.shared.world.borrow().read(&path).unwrap_or_default();
            change(it, Change::Write(path, content))?;
        }
        Ok(Value::Nil)
    }),
    ("rm", |it, _, arguments| remove(it, arguments, false)),
    ("rm_f", |it, _, arguments| remove(it, arguments, true)),
    ("rm_r", |it, _, arguments| remove(it, arguments, false)),
    ("rm_rf", |it, _, arguments| remove(it, arguments, true)),
    ("remove_dir", |it, _, arguments| remove(it, arguments, true)),
    ("rmtree", |it, _, arguments| remove(it, arguments, true)),
    ("cp", copy_files),
    ("copy", copy_files),
    ("copy_file", copy_files),
    ("install", copy_files),
    ("cp_r", copy_files),
    ("mv", |it, _, arguments| move_file(it, arguments)),
    ("move", |it, _, arguments| move_file(it, arguments)),
    ("ln_s", |it, _, arguments| {
        let target = PathBuf::from(it.text_of(arguments.get(0))?);
        let path = path_argument(it, arguments.get(1))?;
        change(it, Change::Link(target, path))
    }),
    ("ln_sf", |it, _, arguments| {
        let target = PathBuf::from(it.text_of(arguments.get(0))?);
        let path = path_argument(it, arguments.get(1))?;
        change(it, Change::Link(target, path))
    }),
    ("chmod", |_, _, _| Ok(Value::Nil)),
    ("chmod_R", |_, _, _| Ok(Value::Nil)),
    ("chown", |_, _, _| Ok(Value::Nil)),
    ("chown_R", |_, _, _| Ok(Value::Nil)),
    ("cd", |it, _, arguments| {
        let dir = Value::Class(it.core.class_at("Dir", &it.core.object.clone()));
        it.call(&dir, Symbol::new("chdir"), arguments.clone())
    }),
    ("pwd", |it, _, _| {
        Ok(Value::string(it.shared.world.borrow().directory().to_string_lossy()))
    }),
    ("compare_file", |it, _, arguments| {
        let [one, two] = [
            read_argument(it, arguments.get(0))?,
            read_argument(it, arguments.get(1))?,
        ];
        Ok(Value::Boolean(one == two))
    }),
    ("identical?", |it, _, arguments| {
        let [one, two] = [
            read_argument(it, arguments.get(0))?,
            read_argument(it, arguments.get(1))?,
        ];
        Ok(Value::Boolean(one == two))
    }),
    ("uptodate?", |_, _, _| Ok(Value::Boolean(true))),
];

pub(super) fn remove_files(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    for value in &arguments.list {
        let path = path_argument(it, Some(value))?;
        change(it, Change::Remove(path))?;
    }
    Ok(Value::Integer(arguments.len() as i64))
}

pub(super) fn remove(it: &mut Interpreter, arguments: &Arguments, quietly: bool) -> Eval {
    for path in paths(it, arguments.get(0))? {
        match change(it, Change::Remove(path)) {
            Err(flow) if quietly && matches!(*flow, Flow::Raise(_)) => {}
            result => drop(result?),
        }
    }
    Ok(Value::Nil)
}

pub(super) fn make_folders(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    for path in paths(it, arguments.get(0))? {
        change(it, Change::CreateFolder(path))?;
    }
    Ok(arguments.get(0).cloned().unwrap_or(Value::Nil))
}

pub(super) fn copy_files(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let target = path_argument(it, arguments.get(1))?;
    for source in paths(it, arguments.get(0))? {
        let content = it.shared.world.borrow().read(&source);
        let content = match content {
            Ok(content) => content,
            Err(error) => return Err(failed(it, error, &source)),
        };
        let into_folder = it
            .shared
            .world
            .borrow()
            .metadata(&target)
            .is_ok_and(|it| it.is_directory);
        let path = if into_folder {
            target.join(source.file_name().unwrap_or_default())
        } else {
            target.clone()
        };
        change(it, Change::Write(path, content))?;
    }
    Ok(Value::Nil)
}

pub(super) fn move_file(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    copy_files(it, &Value::Nil, arguments)?;
    for source in paths(it, arguments.get(0))? {
        change(it, Change::Remove(source))?;
    }
    Ok(Value::Integer(0))
}

pub(super) fn paths(it: &mut Interpreter, value: Option<&Value>) -> Outcome<Vec<PathBuf>> {
    match value {
        Some(Value::Array(list)) => {
            let mut paths = Vec::new();
            for value in list.to_vec() {
                paths.push(path_argument(it, Some(&value))?);
            }
            Ok(paths)
        }
        value => Ok(vec![path_argument(it, value)?]),
    }
}
