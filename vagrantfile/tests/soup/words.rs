//! The words of the three languages.

use std::fs;
use std::path::Path;

use super::generator::Chance;

/// A language of Vagrantfiles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Language {
    Ruby,
    Lua,
    Toml,
}

impl Language {
    /// The name of a Vagrantfile in it.
    pub fn file_name(self) -> &'static str {
        match self {
            Language::Ruby => "Vagrantfile",
            Language::Lua => "Vagrantfile.lua",
            Language::Toml => "Vagrantfile.toml",
        }
    }
}

/// What inputs of a language are made of.
pub struct Words {
    language: Language,
    /// Everything.
    pub all: Vec<String>,
    /// What may stand where a value does.
    pub values: Vec<&'static str>,
    /// What opens and what closes.
    pub brackets: &'static [(&'static str, &'static str)],
    methods: Vec<String>,
}

/// Options and calls of a configuration that every language has.
const OPTIONS: &str = "vm.box vm.hostname vm.network vm.synced_folder vm.provision vm.provider vm.define vm.box_url vm.boot_timeout \
                       vm.communicator vm.guest vm.graceful_halt_timeout vm.usable_port_range vm.post_up_message vm.allowed_synced_folder_types \
                       vm.disk vm.cloud_init vm.base_mac vm.box_version ssh.username ssh.forward_agent ssh.default.port ssh.extra_args \
                       ssh.forward_env ssh.keys_only winrm.host winssh.shell trigger.before trigger.after vagrant.plugins vagrant.host \
                       vagrant.sensitive nfs.map_uid push.define hostmanager.enabled nowhere.at_all";

const RUBY: &str = "def end do begin rescue ensure else elsif if unless while until for in case when then class module self super yield \
                    return break next redo retry and or not defined? alias undef BEGIN END __FILE__ __LINE__ __dir__ -> lambda proc \
                    { } [ ] ( ) | || & && = == === =~ ! != < > <= >= <=> << >> + - * ** / % ~ ^ ? : :: . &. .. ... , ; => # \
                    += ||= &&= <<= @a @@a $a $stdout a b c Foo config machine |a| |a,*b,c:,**d,&e| *a **a &a \" ' ` \\ #{ <<~A A\\n \
                    %w[ %i( %q{ %r{ /x/ /(?<a>.)\\k<a>/ =begin =end __END__ puts p raise catch throw loop require require_relative \
                    'helper' eval binding attr_accessor include extend prepend private public define_method method_missing send \
                    instance_variable_set freeze dup Struct Class Module Comparable Enumerable YAML JSON ERB File Dir ENV Pathname \
                    Time Regexp IPAddr OpenStruct Set Gem::Version Vagrant.configure('2') Vagrant.has_plugin?('x') ARGV in [a,*b] in {a:} ^a";

const LUA: &str = "and break do else elseif end false for function goto if in local nil not or repeat return then true until while + - * / % \
                   ^ # & ~ | << >> // == ~= <= >= < > = ( ) { } [ ] :: ; : , . .. ... \" ' [[ ]] -- --[[ a b c _G _ENV config machine \
                   pairs ipairs next pcall xpcall error assert select setmetatable getmetatable rawget rawset require('helper') \
                   coroutine.wrap coroutine.yield coroutine.create coroutine.resume table.insert table.concat table.sort string.rep \
                   string.format string.gsub __index __newindex __call __gc __close <close> <const> goto::x:: Vagrant.configure('2',";

const TOML: &str = "[vm] [[vm.network]] [[vm.provision]] [[vm.synced_folder]] [machine.a] [[machine.a.vm.network]] [provider.virtualbox] \
                    [[trigger]] [ssh] [winrm] [machine] [provider] [vm.network] include = \" \"\"\" ' ''' [ ] { } , . # \\n \\u0041 \\x \
                    type name host guest run stage on primary autostart override options customize true false inf nan 1979-05-27 07:32:00 \
                    0x1f 0b1 1_000 ${HOME:x} ${X:${Y:z}} $${A:b} \"base.toml\"";

impl Words {
    /// The words of a language.
    pub fn of(language: Language) -> Self {
        let (own, values, brackets): (_, &[_], &[_]) = match language {
            Language::Ruby => (RUBY, RUBY_VALUES, RUBY_BRACKETS),
            Language::Lua => (LUA, LUA_VALUES, LUA_BRACKETS),
            Language::Toml => (TOML, TOML_VALUES, TOML_BRACKETS),
        };
        let methods = methods_of(language);
        let mut all: Vec<String> = own.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect();
        all.extend(OPTIONS.split_whitespace().map(|it| format!("config.{it}")));
        all.extend(values.iter().map(|it| (*it).to_owned()));
        all.extend(methods.iter().map(|it| format!(".{it}")));
        Self {
            language,
            all,
            values: values.to_vec(),
            brackets,
            methods,
        }
    }

    /// A call that is well-formed and makes little sense.
    pub fn call(&self, chance: &mut Chance) -> String {
        let arguments = |chance: &mut Chance| {
            let count = chance.below(4);
            let values: Vec<&str> = (0..count).map(|_| *chance.of(&self.values)).collect();
            values.join(", ")
        };
        let options: Vec<&str> = OPTIONS.split_whitespace().collect();
        match (self.language, chance.below(4)) {
            (Language::Ruby, 0) => format!("config.{} = {}", chance.of(&options), chance.of(&self.values)),
            (Language::Ruby, 1) => {
                let block = *chance.of(&["", " do |a, b| a.x = b; a.y 1 end", " { |a| a.vm.box = 1 }"]);
                format!("config.{}({}){block}", chance.of(&options), arguments(chance))
            }
            (Language::Ruby, _) => {
                let block = *chance.of(&["", "", " { |a, b| a }", " { |a, b| b <=> a }", "(&:to_s)"]);
                let (this, method) = (chance.of(&self.values), chance.of(&self.methods));
                let given = if block.starts_with('(') {
                    String::new()
                } else {
                    format!("({})", arguments(chance))
                };
                format!("begin; (({this}).{method}{given}{block}).inspect; rescue Exception; end")
            }
            (Language::Lua, 0) => format!("config.{} = {}", chance.of(&options), chance.of(&self.values)),
            (Language::Lua, 1) => format!("config.{}({})", chance.of(&options), arguments(chance)),
            (Language::Lua, _) => format!(
                "pcall({}, {})",
                chance.of(&self.methods),
                not_empty(arguments(chance), "nil")
            ),
            (Language::Toml, 0) => format!("[{}.x]", chance.of(&options)),
            (Language::Toml, 1) => format!("[[machine.\"{}\".{}]]", chance.below(4), chance.of(&options)),
            (Language::Toml, _) => format!("{} = {}", chance.of(&options), chance.of(&self.values)),
        }
    }

    /// Lines inside of a configuration's block.
    pub fn within_a_file(&self, lines: &str) -> String {
        match self.language {
            Language::Ruby => format!("Vagrant.configure('2') do |config|\n{lines}\nend\n"),
            Language::Lua => format!("Vagrant.configure('2', function(config)\n{lines}\nend)\n"),
            Language::Toml => format!("{lines}\n"),
        }
    }
}

fn not_empty(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

const RUBY_VALUES: &[&str] = &[
    "nil",
    "true",
    "0",
    "-1",
    "1",
    "2",
    "9223372036854775807",
    "-9223372036854775808",
    "4611686018427387904",
    "10**30",
    "1.5",
    "-0.0",
    "1e308",
    "0.0/0",
    "1.0/0",
    "''",
    "'abc'",
    "'ä€😀'",
    "\"\\xff\\x00\"",
    "'x' * 5000",
    "'%5$*1$s %-1000000d %c %b'",
    "'1,2;3'",
    "'a: [1, {b: c}]'",
    "'{\"a\": [1e999]}'",
    "'<%= 1 %>'",
    ":a",
    ":[]=",
    "[]",
    "[1, 'a', nil, :b]",
    "[3, 1, 2]",
    "[[1, 2], [3]]",
    "Array.new(50, 0)",
    "{}",
    "{a: 1}",
    "{'a' => {b: 2}}",
    "(1..3)",
    "(1..)",
    "(..2)",
    "('a'..'zz')",
    "(3...1)",
    "(0..9223372036854775807)",
    "/a(b)*/",
    "/(?<n>.)/",
    "/(a+)+$/",
    "->(x) { x }",
    "proc { |x, *y| y }",
    "Object.new",
    "Class.new",
    "Module.new",
    "Struct.new(:a).new(1)",
    "Time.now",
    "Time.at(-9e18)",
    "config",
    "config.vm",
    "ENV",
    "self",
    "String",
    "Comparable",
    "Exception.new('x')",
    "method(:puts)",
    "[1,2].each",
    "Gem::Version.new('1.a')",
    "IPAddr.new('10.0.0.0/8')",
    "Pathname.new('/a/../b')",
    "Math",
    "Process",
    "File",
    "Dir",
    "YAML",
    "JSON",
    "ERB",
    "Kernel",
    "Random",
    "Regexp",
    "Digest::MD5",
    "Set.new([1])",
    "OpenStruct.new(a: 1)",
];

const RUBY_BRACKETS: &[(&str, &str)] = &[
    ("[", "]"),
    ("(", ")"),
    ("{", "}"),
    ("-", ""),
    ("!", ""),
    ("\"#{", "}\""),
    ("if a\n", "\nend"),
    ("def f\n", "\nend"),
    ("a.b(", ")"),
    ("[1, ", "]"),
    ("{a: ", "}"),
    ("class A\n", "\nend"),
    ("begin\n", "\nend"),
    ("->{", "}"),
    ("x ? ", " : 1"),
    ("1 + ", ""),
    ("a = ", ""),
    ("case 1\nin ", "\nend"),
    ("*", ""),
    ("a.", "b"),
    ("a[", "]"),
    ("puts ", ""),
    ("f do\n", "\nend"),
    ("eval '", "'"),
    ("not ", ""),
    ("while x do ", " end"),
    ("a rescue ", ""),
    ("<<~A\n#{", "}\nA\n"),
];

const LUA_VALUES: &[&str] = &[
    "nil",
    "true",
    "0",
    "-1",
    "1",
    "math.maxinteger",
    "math.mininteger",
    "1e308",
    "0/0",
    "1/0",
    "0x7fffffff",
    "''",
    "'abc'",
    "'\\xff\\0'",
    "('x'):rep(5000)",
    "'%s%d%99.99f'",
    "'(.-)%1*'",
    "'%b()'",
    "'%f[%w]'",
    "'[^'",
    "'^(a*)*$'",
    "{}",
    "{ 1, 2, 3 }",
    "{ a = 1 }",
    "{ [1] = 1, [3] = 3 }",
    "{ {}, { {} } }",
    "print",
    "function(...) return ... end",
    "function() error({}) end",
    "function() return coroutine.yield(1) end",
    "coroutine.create(function() end)",
    "config",
    "config.vm",
    "config.vm.network",
    "setmetatable({}, { __index = function(t, k) return t[k] end })",
    "setmetatable({}, { __len = function() return 1 << 60 end })",
    "setmetatable({}, { __tostring = function() return 1 end })",
    "setmetatable({}, { __eq = error, __lt = error, __concat = error })",
    "_G",
    "Vagrant",
    "os",
    "io",
    "string",
    "table",
    "setmetatable({}, { __pairs = function() return next, _G end })",
    "setmetatable({}, { __name = 1, __metatable = false })",
];

const LUA_BRACKETS: &[(&str, &str)] = &[
    ("{", "}"),
    ("(", ")"),
    ("-", ""),
    ("not ", ""),
    ("#", ""),
    ("function() ", " end"),
    ("do ", " end"),
    ("if a then ", " end"),
    ("a(", ")"),
    ("a[", "]"),
    ("return ", ""),
    ("local a <close> = nil ", ""),
    ("while a do ", " end"),
    ("'a' .. ", "'b'"),
    ("1 ^ ", "1"),
    ("a = function() ", " end"),
    ("for i = 1, 2 do ", " end"),
    ("a.", "b"),
    ("[", "]"),
    ("[[", "]]"),
];

const TOML_VALUES: &[&str] = &[
    "true",
    "0",
    "-1",
    "9223372036854775807",
    "99999999999999999999",
    "0xffffffffffffffff",
    "1e999",
    "nan",
    "inf",
    "1979-05-27T07:32:00Z",
    "\"\"",
    "\"abc\"",
    "'a'",
    "\"${A:b}\"",
    "\"${\"",
    "[]",
    "[[]]",
    "[1, \"a\", {}]",
    "{}",
    "{ a = 1 }",
    "{ type = \"shell\", name = 1 }",
    "[{ type = \"forwarded_port\", guest = -1 }]",
    "\"\\u0000\"",
    "\"\"\"\n\\\n x\"\"\"",
    "[\"base.toml\", \"Vagrantfile.toml\"]",
    "\"/etc/passwd\"",
    "[\"..\"]",
];

const TOML_BRACKETS: &[(&str, &str)] = &[
    ("a = [", "]"),
    ("[", "]"),
    ("{ a = ", "}"),
    ("[a]\n", ""),
    ("[[a]]\n", ""),
    ("a.", " = 1"),
    ("a = {a = ", "}"),
    ("\"", "\""),
    ("[a.", "]"),
    ("[[vm.network]]\n", ""),
    ("'''", "'''"),
];

/// The methods of Ruby's core as our own sources list them; the functions of Lua.
fn methods_of(language: Language) -> Vec<String> {
    match language {
        Language::Ruby => methods_of_ruby(),
        Language::Lua => LUA_FUNCTIONS.split_whitespace().map(str::to_owned).collect(),
        Language::Toml => vec!["x".to_owned()],
    }
}

const LUA_FUNCTIONS: &str = "string.byte string.char string.find string.format string.gmatch string.gsub string.len string.lower string.match \
                             string.pack string.packsize string.rep string.reverse string.sub string.unpack string.upper table.concat \
                             table.insert table.move table.pack table.remove table.sort table.unpack utf8.char utf8.codepoint utf8.codes \
                             utf8.len utf8.offset math.random math.floor math.tointeger math.type math.ult math.randomseed coroutine.wrap \
                             coroutine.resume coroutine.close coroutine.status coroutine.isyieldable pcall xpcall select setmetatable \
                             getmetatable rawget rawset rawequal rawlen next pairs ipairs tostring tonumber type error assert require \
                             os.getenv os.time os.date os.clock os.execute io.open io.lines io.popen io.read Vagrant.configure Vagrant.has_plugin";

fn methods_of_ruby() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ruby");
    let mut names = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                names.extend(text.lines().filter_map(method_of_line));
            }
        }
    }
    names.sort();
    names.dedup();
    assert!(names.len() > 300, "only {} methods were found", names.len());
    names
}

/// The name in a line like `("upcase", upcase),` of a table of methods, or in `def upcase`.
fn method_of_line(line: &str) -> Option<String> {
    let line = line.trim();
    let name = match line.strip_prefix("def ") {
        Some(rest) => rest.split(['(', ' ', ';']).next()?.trim_start_matches("self."),
        None => line.strip_prefix("(\"")?.split('"').next()?,
    };
    let is_name = name.starts_with(|it: char| it.is_ascii_lowercase() || it == '_')
        && name.chars().all(|it| it.is_ascii_alphanumeric() || "_?!".contains(it));
    is_name.then(|| name.to_owned())
}
