//! `Dir`.

use super::glob::glob_argument;
use super::names::{home, names};
use super::utils::remove_files;
use super::{change, failed, look, path_argument};
use crate::host::Change;
use crate::ruby::builtin::Methods;
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::path::PathBuf;

pub(super) const DIR: Methods = &[
    ("pwd", |it, _, _| {
        Ok(Value::string(it.shared.world.borrow().directory().to_string_lossy()))
    }),
    ("getwd", |it, _, _| {
        Ok(Value::string(it.shared.world.borrow().directory().to_string_lossy()))
    }),
    ("home", |it, _, _| Ok(Value::string(home(it).to_string_lossy()))),
    ("tmpdir", |_, _, _| Ok(Value::string("/tmp"))),
    ("exist?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some_and(|it| it.is_directory)))
    }),
    ("exists?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some_and(|it| it.is_directory)))
    }),
    ("empty?", |it, _, arguments| {
        Ok(Value::Boolean(names(it, arguments.get(0))?.is_empty()))
    }),
    ("children", |it, _, arguments| {
        Ok(Value::array(
            names(it, arguments.get(0))?.into_iter().map(Value::string).collect(),
        ))
    }),
    ("each_child", |it, _, arguments| {
        let list = names(it, arguments.get(0))?.into_iter().map(Value::string).collect();
        it.call(
            &Value::array(list),
            Symbol::new("each"),
            Arguments {
                block: arguments.block.clone(),
                ..Arguments::default()
            },
        )
    }),
    ("entries", |it, _, arguments| {
        let list = names(it, arguments.get(0))?;
        Ok(Value::array(
            [".".to_owned(), "..".to_owned()]
                .into_iter()
                .chain(list)
                .map(Value::string)
                .collect(),
        ))
    }),
    ("foreach", |it, _, arguments| {
        let list = names(it, arguments.get(0))?;
        let list = [".".to_owned(), "..".to_owned()]
            .into_iter()
            .chain(list)
            .map(Value::string)
            .collect();
        it.call(
            &Value::array(list),
            Symbol::new("each"),
            Arguments {
                block: arguments.block.clone(),
                ..Arguments::default()
            },
        )
    }),
    ("glob", |it, _, arguments| glob_argument(it, arguments)),
    ("[]", |it, _, arguments| glob_argument(it, arguments)),
    ("mkdir", |it, _, arguments| {
        let path = path_argument(it, arguments.get(0))?;
        change(it, Change::CreateFolder(path))
    }),
    ("rmdir", remove_files),
    ("delete", remove_files),
    ("unlink", remove_files),
    ("chdir", |it, _, arguments| {
        let path = match arguments.get(0) {
            Some(_) => path_argument(it, arguments.get(0))?,
            None => home(it),
        };
        let metadata = it.shared.world.borrow().metadata(&path);
        if let Err(error) = metadata {
            return Err(failed(it, error, &path));
        }
        let before = it.shared.world.borrow().directory().to_owned();
        it.shared.world.borrow_mut().set_directory(&path);
        match &arguments.block {
            Some(block) => {
                let result = it.yield_to(block, &[Value::string(path.to_string_lossy())]);
                it.shared.world.borrow_mut().set_directory(&before);
                result
            }
            None => Ok(Value::Integer(0)),
        }
    }),
    ("mktmpdir", |it, _, arguments| {
        let number = it.shared.world.borrow_mut().host.random() >> 16;
        let path = PathBuf::from(format!("/tmp/d{number:x}"));
        change(it, Change::CreateFolder(path.clone()))?;
        let name = Value::string(path.to_string_lossy());
        match &arguments.block {
            Some(block) => it.yield_to(block, &[name]),
            None => Ok(name),
        }
    }),
];
