//! No file in Lua hangs, and none takes all memory: the error points at the line.

use std::sync::mpsc;
use std::time::Duration;

use super::*;

/// Long enough for any of these on a busy computer; what takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// What comes out of something that ends. What does not end fails the test, and does not hold up the suite.
fn bounded<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (answer, inbox) = mpsc::channel();
    std::thread::spawn(move || answer.send(work()));
    inbox
        .recv_timeout(LONGEST)
        .unwrap_or_else(|_| panic!("{name} does not end"))
}

/// Each body is refused with these words, at its own line.
fn check(cases: &[(&'static str, &str)]) {
    let mut wrong = Vec::new();
    for (body, expected) in cases {
        let body = *body;
        let refusal = bounded(body, move || refusal(body));
        if !(refusal.starts_with("/project/Vagrantfile.lua:2:1: ") && refusal.contains(expected)) {
            wrong.push(format!("{body}: {refusal}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn loops_recursion_and_memory_are_bounded() {
    check(&[
        ("while true do end", "takes too long"),
        (
            "while true do pcall(function() while true do end end) end",
            "takes too long",
        ),
        ("coroutine.wrap(function() while true do end end)()", "takes too long"),
        ("local t = {} while true do t[#t + 1] = ('x'):rep(100000) end", "memory"),
        ("local s = ('x'):rep(1 << 40)", "too large"),
        ("local s = ('x'):rep(1 << 30)", "memory"),
        ("local function f() return 1 + f() end f()", "memory"),
        (
            "setmetatable({}, { __gc = function() while true do end end })",
            "finalizer",
        ),
        ("('a'):rep(3000):find(('.-'):rep(30) .. 'b')", "takes too long"),
        ("('a'):rep(1000):gsub('a', ('b'):rep(100000))", "memory"),
        ("table.move({}, 1, 1 << 60, 2)", "range is too long"),
        (
            "table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 2)",
            "length of its own",
        ),
        ("table.concat({}, '', 1, 1 << 60)", "range is too long"),
        ("local t = {} t.t = t config.vm.box = t", "more than 64 deep"),
        (
            "local t = {} for i = 1, 60 do t = { t, t } end config.vm.box = t",
            "more than 1048576 values",
        ),
        ("('x'):rep(1 << 62, 'y')", "too large"),
        ("local s = ('x'):rep(10000000, (' '):rep(100))", "memory"),
        ("(''):rep(1 << 62, ('x'):rep(1 << 20))", "too large"),
        ("local s = 'x' while true do s = s .. s end", "memory"),
        (
            "local t = {} for i = 1, 3000 do t[i] = ('x'):rep(10000) end table.concat(t, ('y'):rep(10000))",
            "memory",
        ),
        ("string.format('%999999999d', 1)", "invalid conversion"),
        ("string.format('%.999999999s', 'x')", "invalid conversion"),
        ("string.format(('%99d'):rep(1000000))", "no value"),
        (
            "string.format('%s', setmetatable({}, { __tostring = function() return ('x'):rep(1 << 30) end }))",
            "memory",
        ),
        ("(('x'):rep(100000)):gsub('', ('y'):rep(1000))", "memory"),
        (
            "(('x'):rep(100000)):gsub('x', function() return ('y'):rep(1000) end)",
            "memory",
        ),
        ("(('x'):rep(100000)):gsub('.', { x = ('y'):rep(1000) })", "memory"),
        ("(('a'):rep(100)):match(('a*'):rep(50) .. 'b')", "takes too long"),
        ("(('('):rep(100000)):find(('%b()'):rep(20))", "takes too long"),
        ("(('a'):rep(20000)):find('(.-)(.-)(.-)%3x')", "takes too long"),
        ("for _ in (('a'):rep(100000)):gmatch('.-b') do end", "takes too long"),
        (
            "(('a'):rep(10000000)):find(('a'):rep(5000000) .. 'b', 1, true)",
            "takes too long",
        ),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__index = t print(t.x)",
            "loop",
        ),
        (
            "local t = setmetatable({}, { __index = function(t, k) return t[k .. 'x'] end }) print(t.x)",
            "overflow",
        ),
        (
            "local t = setmetatable({}, { __eq = function(a, b) return a == b end }) print(t == setmetatable({}, getmetatable(t)))",
            "overflow",
        ),
        (
            "local t = setmetatable({}, { __call = function(t) return t() end }) t()",
            "takes too long",
        ),
        (
            "local t = setmetatable({}, { __concat = function(a, b) return a .. b end }) print(t .. t)",
            "overflow",
        ),
        (
            "local t = setmetatable({}, { __lt = function() return true end }) local l = {} for i = 1, 100 do l[i] = t end table.sort(l, function() return true end) while true do end",
            "invalid order",
        ),
        (
            "table.sort({ 3, 2, 1 }, function() while true do end end)",
            "takes too long",
        ),
        (
            "local function f() return pcall(f) end while true do f() end",
            "takes too long",
        ),
        (
            "xpcall(function() while true do end end, function() while true do end end) config.vm.box = 'x'",
            "takes too long",
        ),
        (
            "local t = {} pcall(function() while true do t[#t + 1] = ('x'):rep(100000) end end) while true do end",
            "takes too long",
        ),
        ("local function f() return coroutine.wrap(f)() end f()", "overflow"),
        (
            "local c = coroutine.create(function() while true do coroutine.yield() end end) while coroutine.resume(c) do end",
            "takes too long",
        ),
        (
            "local c = coroutine.create(function() while true do end end) coroutine.resume(c) config.vm.box = 'x'",
            "takes too long",
        ),
        (
            "local t <close> = setmetatable({}, { __close = function() while true do end end })",
            "takes too long",
        ),
        (
            "goto a ::a:: local t = {} for k in pairs(setmetatable({}, { __pairs = function(t) return function() return 1 end end })) do end",
            "takes too long",
        ),
        ("utf8.char(table.unpack({}, 1, 1 << 30))", "too many results"),
        ("select('#', table.unpack({}, 1, 9000000))", "too many results"),
        ("(('x'):rep(9000000)):byte(1, -1)", "string slice too long"),
        (
            "coroutine.wrap(function() local t <close> = setmetatable({}, { __close = function() while true do end end }) while true do end end)()",
            "takes too long",
        ),
        (
            "local c = coroutine.create(function() local t <close> = setmetatable({}, { __close = function() while true do end end }) while true do end end) pcall(coroutine.resume, c) coroutine.close(c)",
            "takes too long",
        ),
        ("xpcall(error, function() while true do end end)", "takes too long"),
        (
            "xpcall(error, function() xpcall(error, function() while true do end end) end)",
            "takes too long",
        ),
        (
            "while true do xpcall(function() while true do end end, function() while true do end end) end",
            "takes too long",
        ),
        (
            "xpcall(function() local t <close> = setmetatable({}, { __close = function() while true do end end }) while true do end end, function() while true do end end)",
            "takes too long",
        ),
        (
            "local mt = {} local function f() local a <close>, b, c = setmetatable({}, mt) local d <close> = setmetatable({}, mt) while true do end end mt.__close = f f()",
            "takes too long",
        ),
        (
            "local mt = {} local function f() local a <close> = setmetatable({}, mt) local d <close> = setmetatable({}, mt) coroutine.wrap(f)() end mt.__close = f f()",
            "takes too long",
        ),
        (
            "local mt = {} local function f() local a <close> = setmetatable({}, mt) local b <close> = setmetatable({}, mt) error('x') end mt.__close = f f()",
            "takes too long",
        ),
        (
            "local c = coroutine.create(function() local t <close> = setmetatable({}, { __close = function() while true do end end }) coroutine.yield() end) coroutine.resume(c) coroutine.close(c)",
            "takes too long",
        ),
        (
            "for i = 1, 100 do local c = coroutine.wrap(function() local t <close> = setmetatable({}, { __close = function() while true do end end }) error('x') end) pcall(c) end",
            "takes too long",
        ),
        (
            "for i in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end",
            "takes too long",
        ),
        (
            "error(setmetatable({}, { __tostring = function() while true do end end }))",
            "takes too long",
        ),
        (
            "error(setmetatable({}, { __index = function() while true do end end, __tostring = function(t) return t.x end }))",
            "takes too long",
        ),
        (
            "print(setmetatable({}, { __tostring = function() while true do end end }))",
            "takes too long",
        ),
        (
            "print(setmetatable({}, { __name = ('x'):rep(1000) }) .. 'x')",
            "concatenate",
        ),
        (
            "(('a'):rep(100)):gsub('a', function() while true do end end)",
            "takes too long",
        ),
        (
            "(('a'):rep(100)):gsub('a', setmetatable({}, { __index = function() while true do end end }))",
            "takes too long",
        ),
        (
            "local t = {} for i = 1, 100000 do t[i] = i end table.sort(t, rawequal) while true do table.sort(t, math.ult) end",
            "takes too long",
        ),
        ("table.sort({ 3, 2, 1 }, 1)", "function expected"),
        ("(('a'):rep(50)):find(('a*'):rep(50) .. 'b')", "takes too long"),
        (
            "(('a'):rep(100000)):find('[' .. ('b'):rep(100000) .. ']')",
            "takes too long",
        ),
        (
            "(('a'):rep(100000)):find('[' .. ('b'):rep(100000) .. ']*c')",
            "takes too long",
        ),
        (
            "(('a'):rep(100000)):find('a-[' .. ('b'):rep(100000) .. ']')",
            "takes too long",
        ),
        (
            "(('a'):rep(100000)):find('%f[' .. ('b'):rep(100000) .. ']')",
            "takes too long",
        ),
        ("(('a'):rep(100000)):gsub('()', ('%1'):rep(100000))", "takes too long"),
        ("(('a'):rep(100000)):gsub('(b*)', ('%1'):rep(100000))", "takes too long"),
        ("(('ab'):rep(1000000)):find('(a.*)%1%1')", "takes too long"),
        (
            "table.concat(setmetatable({}, { __index = function() while true do end end, __len = function() return 3 end }))",
            "length of its own",
        ),
        (
            "table.unpack(setmetatable({}, { __index = function() while true do end end }), 1, 5)",
            "takes too long",
        ),
        (
            "table.move({}, 1, 9000000, 2, setmetatable({}, { __newindex = function() end })) while true do end",
            "takes too long",
        ),
        (
            "print(#setmetatable({}, { __len = function() while true do end end }))",
            "takes too long",
        ),
        ("for i = 1, math.huge do end", "takes too long"),
        ("for i = math.mininteger, math.maxinteger do end", "takes too long"),
        ("for i = 0, 1, 0 do end", "step is zero"),
        ("repeat until false", "takes too long"),
        ("::again:: goto again", "takes too long"),
        (
            "local t = {} for i = 1, 10000 do t[i] = i end while next(t) do t[next(t)] = nil end while true do end",
            "takes too long",
        ),
        ("local function f() return f() end f()", "takes too long"),
        ("local function f() f() end f()", "memory"),
        (
            "local t = {} for k, v in pairs(_G) do t[k] = v end while true do for k in pairs(t) do end end",
            "takes too long",
        ),
        ("string.rep(setmetatable({}, {}), 2)", "string expected"),
        (
            "for c in (('x'):rep(1000)):gmatch('.') do while true do end end",
            "takes too long",
        ),
        (
            "config.vm.define('x', function() while true do end end)",
            "takes too long",
        ),
        (
            "config.vm.provider('x', function() while true do end end)",
            "takes too long",
        ),
        (
            "coroutine.wrap(function() config.vm.define('x', function() coroutine.yield() end) end)() while true do end",
            "takes too long",
        ),
        (
            "pcall(string.rep, 'x', 1 << 30) pcall(string.rep, 'x', 1 << 30) while true do end",
            "takes too long",
        ),
        (
            "local t = {} while pcall(function() while true do t[#t + 1] = ('x'):rep(1000) end end) or true do t = { t } end",
            "memory",
        ),
    ]);
}

#[test]
fn what_handles_an_error_gets_it_and_what_a_coroutine_returns_is_returned() {
    let body = "local ok, told = xpcall(error, function(it) return 'handled ' .. it end, 'this', 0)\n\
                local next = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) error('at ' .. b, 0) end)\n\
                local failed, why = pcall(function() return next(1), next('the end') end)\n\
                config.vm.box = table.concat({ tostring(ok), told, tostring(failed), why }, ', ')";
    let layers = refusal(body);
    assert!(
        layers.contains("\"false, handled this, false, at the end\""),
        "{layers}"
    );
}

#[test]
fn instructions_that_take_long_are_bounded_by_time() {
    for body in [
        "local function f(...) return f(1, ...) end f()",
        "local a, b = ('x'):rep(4000000) .. 'a', ('x'):rep(4000000) .. 'b' local t = {} for i = 1, 100000 do t[i] = i % 2 == 0 and a or b end table.sort(t)",
    ] {
        let text = format!("Vagrant.configure('2', function(config)\n{body}\nend)");
        let host = MemoryHost::default()
            .with_file("Vagrantfile.lua", &text)
            .with_a_second_at_each_look();
        let told = bounded(body, || testing::layers_of(host, "Vagrantfile.lua", settings()));
        let report = told.unwrap_err().to_string();
        assert!(
            report.starts_with("/project/Vagrantfile.lua:2:1: the file takes too long"),
            "{report}"
        );
    }
}
