//! What Lua asks while a file runs: at each line, and after some instructions.
//!
//! The hooks of `mlua` are not used: an error of theirs first closes the variables of the function that runs (`local x <close>`), with
//! code of the file's, which nobody counts while a hook is at work.
//!
//! **Invariant:** once a file was ended, no thread of Lua's gets further than the first instruction after its next look.

use std::ffi::{CStr, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use mlua::ffi::{self, lua_Debug, lua_State};

use super::Inner;

/// Instructions between two looks at what is left. A few of them may copy all the memory that there is.
const STRIDE: c_int = 100;

const MASK: c_int = ffi::LUA_MASKLINE | ffi::LUA_MASKCOUNT;

/// Where the registry has the interpreter.
static KEY: u8 = 0;

/// Has the instructions of a state taken off the interpreter's budget. Threads that the state makes inherit it.
pub fn install(state: &mlua::Lua, inner: &Rc<Inner>) -> mlua::Result<()> {
    let interpreter = Rc::as_ptr(inner).cast_mut().cast::<c_void>();
    // SAFETY: the state is valid, and has room for one value. It holds the interpreter until it is closed (`set_app_data`).
    unsafe {
        state.exec_raw((), |raw| {
            ffi::lua_pushlightuserdata(raw, interpreter);
            ffi::lua_rawsetp(raw, ffi::LUA_REGISTRYINDEX, (&raw const KEY).cast());
            ffi::lua_sethook(raw, Some(look), MASK, STRIDE);
        })
    }
}

/// Lua calls this at each line and after each stride.
unsafe extern "C-unwind" fn look(raw: *mut lua_State, event: *mut lua_Debug) {
    // SAFETY: Lua passes a valid state and event, and room for a few values. `install` put the interpreter there.
    unsafe {
        ffi::lua_rawgetp(raw, ffi::LUA_REGISTRYINDEX, (&raw const KEY).cast());
        let interpreter = ffi::lua_touserdata(raw, -1).cast::<Inner>();
        let Some(inner) = interpreter.as_ref() else { return };
        if goes_on(inner, raw, event) {
            return;
        }
        ffi::lua_sethook(raw, Some(look), MASK, 1);
        // Nothing here has to be dropped: the error leaves this function without unwinding it.
        ffi::lua_pushstring(raw, c"the file was ended".as_ptr());
        ffi::lua_error(raw)
    }
}

/// Whether the file may go on. A panic must not get into Lua, and ends the file.
///
/// # Safety
///
/// The state and the event are those of a hook that runs.
unsafe fn goes_on(inner: &Inner, raw: *mut lua_State, event: *mut lua_Debug) -> bool {
    let looked = AssertUnwindSafe(|| {
        // SAFETY: as above.
        let (is_line, here) = unsafe { ((*event).event == ffi::LUA_HOOKLINE, line_of(raw, event)) };
        if is_line {
            inner.line.set(here.or(inner.line.get()));
            return true;
        }
        // SAFETY: as above.
        inner.spend(STRIDE as u32, || here.or_else(|| unsafe { innermost_line(raw) }))
    });
    catch_unwind(looked).unwrap_or(false)
}

/// The innermost line of a file, where the sandbox's own Lua runs.
///
/// # Safety
///
/// The state is valid.
unsafe fn innermost_line(raw: *mut lua_State) -> Option<(usize, usize)> {
    (0..32).find_map(|level| {
        // SAFETY: all noughts are a valid event, which `lua_getstack` fills where there is such a level.
        unsafe {
            let mut event: lua_Debug = std::mem::zeroed();
            let is_there = ffi::lua_getstack(raw, level, &raw mut event) != 0;
            if is_there { line_of(raw, &raw mut event) } else { None }
        }
    })
}

/// The chunk and the line of a call; none for what is the sandbox's own.
///
/// # Safety
///
/// The state is valid, and the event one of its calls.
unsafe fn line_of(raw: *mut lua_State, event: *mut lua_Debug) -> Option<(usize, usize)> {
    // SAFETY: as above; `S` and `l` fill these fields, and the source ends with a nought.
    let (source, line) = unsafe {
        ffi::lua_getinfo(raw, c"Sl".as_ptr(), event);
        (CStr::from_ptr((*event).source), (*event).currentline)
    };
    Some((super::chunk_number(source.to_str().ok()?)?, usize::try_from(line).ok()?))
}
