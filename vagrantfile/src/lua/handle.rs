//! What a file holds of the configuration: `config`, `config.vm`, `vb`, and the methods on them.

use mlua::{Lua as State, MetaMethod, UserData, UserDataMethods, Value as LuaValue, Variadic};

use super::Inner;
use super::failure::Failure;
use super::values;
use crate::layer::Value;
use crate::model::{Arguments, BlockId, Datum, ObjectId, Outcome, Reading};
use crate::twins;

/// An object of the model, or a name on one that may be called.
#[derive(Clone)]
pub struct Handle {
    /// The object itself, where it is one.
    object: Option<ObjectId>,
    /// Whose it is; the objects that blocks get are nobody's.
    owner: Option<ObjectId>,
    /// The way here from the object that the block got.
    path: String,
}

impl Handle {
    /// The object that a block gets, as a value of Lua's.
    pub fn object(state: &State, object: ObjectId) -> mlua::Result<LuaValue> {
        Handle {
            object: Some(object),
            owner: None,
            path: String::new(),
        }
        .into_value(state)
    }

    fn member(&self, object: Option<ObjectId>, name: &str) -> Self {
        let path = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        };
        Handle {
            object,
            owner: self.object,
            path,
        }
    }

    fn into_value(self, state: &State) -> mlua::Result<LuaValue> {
        Ok(LuaValue::UserData(state.create_userdata(self)?))
    }

    fn of(value: &LuaValue) -> Option<Handle> {
        value.as_userdata()?.borrow::<Handle>().ok().map(|it| it.clone())
    }

    /// Reads `handle.name`. What nobody has set is nil where it is an option, and can be called where it may be a method.
    fn index(&self, state: &State, name: &str) -> mlua::Result<LuaValue> {
        let inner = Inner::of(state)?;
        let Some(object) = self.object else {
            return Err(Failure::raise(
                format!("`{}` is not set, and has no `{name}`", self.path),
                None,
            ));
        };
        let reading = inner.shared.model.borrow_mut().get(object, name);
        match reading.map_err(|error| Failure::of_model(&error))? {
            Reading::Object(object) => self.member(Some(object), name).into_value(state),
            Reading::Unknown(object) => {
                let origin = inner.origin(state);
                inner.shared.model.borrow_mut().note_reading(object, origin);
                self.member(Some(object), name).into_value(state)
            }
            Reading::Value(Datum::Plain(Value::Unset)) if inner.is_option(&self.path, name) => Ok(LuaValue::Nil),
            Reading::Value(Datum::Plain(Value::Unset)) => self.member(None, name).into_value(state),
            Reading::Value(datum) => values::datum_to_lua(state, &datum),
            Reading::Collection(value) => {
                let collection = values::to_lua(state, &value)?;
                let datum = values::to_datum(&collection)?;
                inner
                    .shared
                    .model
                    .borrow_mut()
                    .adopt(object, name, datum, inner.origin(state));
                Ok(collection)
            }
        }
    }

    fn assign(&self, state: &State, name: &str, value: &LuaValue) -> mlua::Result<()> {
        let inner = Inner::of(state)?;
        let Some(object) = self.object else {
            return Err(Failure::raise(
                format!("`{}` is not set, and cannot be given a `{name}`", self.path),
                None,
            ));
        };
        let datum = match value {
            // A block that is called later, as in `trigger.ruby = function(env, machine) ... end`.
            LuaValue::Function(function) => Datum::Plain(Value::Block(inner.keep_block(function.clone()).0)),
            other => values::to_datum(other)?,
        };
        let set = inner
            .shared
            .model
            .borrow_mut()
            .set(object, name, datum, inner.origin(state));
        set.map_err(|error| Failure::of_model(&error))
    }

    fn call(&self, state: &State, mut values: Vec<LuaValue>) -> mlua::Result<LuaValue> {
        let Some(owner) = self.owner else {
            return Err(Failure::raise("a configuration object cannot be called", None));
        };
        let name = self.path.rsplit('.').next().unwrap_or_default();
        // `config.vm:network(...)` passes the owner along.
        if values
            .first()
            .and_then(Handle::of)
            .is_some_and(|it| it.object == Some(owner))
        {
            values.remove(0);
        }
        let inner = Inner::of(state)?;
        let function = values
            .pop_if(|it| it.is_function())
            .and_then(|it| it.as_function().cloned());
        let block = function.as_ref().map(|it| inner.keep_block(it.clone()));
        if let (Some(block), "ruby") = (block, name) {
            return inner.keep_for_later(state, owner, name, block);
        }
        let arguments = Arguments {
            block,
            ..arguments(name, values)?
        };
        let called = inner
            .shared
            .model
            .borrow_mut()
            .call(owner, name, arguments, inner.origin(state));
        match (called.map_err(|error| Failure::of_model(&error))?, function) {
            (Outcome::Run(object), Some(function)) => function.call(Handle::object(state, object)?),
            (Outcome::Object(object), _) => Handle::object(state, object),
            _ => Ok(LuaValue::Nil),
        }
    }
}

impl Inner {
    /// Whether a name is an option, and not a method. What nobody describes may be either.
    fn is_option(&self, owner: &str, name: &str) -> bool {
        if owner.is_empty() {
            return self.shared.settings.method(owner, name).is_none();
        }
        let path = format!("{owner}.{name}");
        let mut options = self.shared.settings.options.iter().copied().flatten();
        options.any(|it| it.path == path && it.form == schema::Form::Attribute)
    }

    /// The block of a trigger runs when the trigger fires.
    fn keep_for_later(&self, state: &State, owner: ObjectId, name: &str, block: BlockId) -> mlua::Result<LuaValue> {
        let value = Datum::Plain(Value::Block(block.0));
        let set = self
            .shared
            .model
            .borrow_mut()
            .set(owner, name, value, self.origin(state));
        set.map(|()| LuaValue::Nil).map_err(|error| Failure::of_model(&error))
    }
}

/// Positional arguments, and the named ones in a table at the end.
fn arguments(name: &str, mut values: Vec<LuaValue>) -> mlua::Result<Arguments> {
    let mut named = Vec::new();
    if let Some(Value::Map(pairs)) = values
        .last()
        .filter(|it| it.is_table())
        .map(values::to_value)
        .transpose()?
    {
        values.pop();
        named = pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key_text(&key)?, Datum::Plain(value))))
            .collect();
    }
    let positional = values
        .iter()
        .map(|it| Ok(Datum::Plain(twins::argument(name, values::to_value(it)?))));
    Ok(Arguments {
        positional: positional.collect::<mlua::Result<_>>()?,
        named,
        block: None,
    })
}

fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::Integer(number) => Some(number.to_string()),
        other => other.as_text().map(str::to_owned),
    }
}

impl UserData for Handle {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |state, handle, name: String| {
            handle.index(state, &name)
        });
        methods.add_meta_method(
            MetaMethod::NewIndex,
            |state, handle, (name, value): (String, LuaValue)| handle.assign(state, &name, &value),
        );
        methods.add_meta_method(MetaMethod::Call, |state, handle, values: Variadic<LuaValue>| {
            handle.call(state, values.into_iter().collect())
        });
        methods.add_meta_method(MetaMethod::ToString, |_, handle, ()| {
            Ok(format!("config.{}", handle.path))
        });
    }
}
