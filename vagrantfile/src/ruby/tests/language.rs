//! What Ruby does. The results of each snippet stand behind it; they were compared with those of Ruby 3.1.

use super::check_each;
use expect_test::expect;

#[test]
fn hashes_assignments_and_parameters_behave_as_in_ruby() {
    check_each(
        r###"
x = [1,2,3]; x.delete_if { |v| v == 2 }; x << 4; x
x = {a: 1}; x[:b] ||= 5; x[:a] ||= 9; x[:c] = x.fetch(:z, 0); x
h = Hash.new { |hash, k| hash[k] = k * 2 }; h[3]; h
h = Hash.new(0); "hello".each_char { |c| h[c] += 1 }; h
a, (b, *c), d = 1, [2, 3, 4], 5; [a, b, c, d]
a, b = b, a = 1, 2; [a, b]
*a, b = [1,2,3]; [a, b]
def m(a, b = 2, *c, d:, e: 5, **f, &g); [a,b,c,d,e,f]; end; m(1, d: 4, z: 9)
def m2(*args, **opts); [args, opts]; end; m2(1, {a: 1}, b: 2)
def m3(opts = {}); opts; end; m3(a: 1)
def m4(a, b); end; m4(1)
def m5(a:); end; m5
def m6(a:); end; m6(a: 1, b: 2)
lambda { |x, y = 2| [x, y] }.call(1)
lambda { |x| x }.call(1, 2)
proc { |a, b| [a, b] }.call([1, 2])
proc { |a, b| [a, b] }.call(1)
proc { |a, *b| [a, b] }.call([1, 2, 3])
proc { |(a, b), c| [a, b, c] }.call([1, 2], 3)
->(x) { next x * 2; 3 }.call(4)
[1,2,3].each { |x| break x * 10 if x == 2 }
def r; [1,2,3].each { |x| return x if x == 2 }; nil; end; r
"###,
        expect![[r#"
            [1, 3, 4]
            {:a=>1, :b=>5, :c=>0}
            {3=>6}
            {"h"=>1, "e"=>1, "l"=>2, "o"=>1}
            [1, 2, [3, 4], 5]
            [nil, 1]
            [[1, 2], 3]
            [1, 2, [], 4, 5, {:z=>9}]
            [[1, {:a=>1}], {:b=>2}]
            {:a=>1}
            ArgumentError: wrong number of arguments (given 1, expected 2)
            ArgumentError: missing keyword: :a
            ArgumentError: unknown keyword: :b
            [1, 2]
            ArgumentError: wrong number of arguments (given 2, expected 1)
            [1, 2]
            [1, nil]
            [1, [2, 3]]
            [1, 2, 3]
            8
            20
            2
        "#]],
    );
}

#[test]
fn errors_have_the_classes_and_messages_of_ruby_s() {
    check_each(
        r###"
begin; raise "boom"; rescue => e; e.message + e.class.to_s; ensure; 1; end
begin; Integer("x"); rescue ArgumentError => e; e.message; end
begin; nil.foo; rescue NoMethodError => e; e.message.lines.first.chomp; end
begin; [1].fetch(9); rescue IndexError => e; e.message; end
begin; 1 / 0; rescue ZeroDivisionError => e; e.message; end
begin; raise ArgumentError; rescue => e; e.message; end
begin; raise ArgumentError, "x"; rescue TypeError, ArgumentError => e; e.message; end
begin; "a" + 1; rescue TypeError => e; e.message; end
begin; 1 + "a"; rescue TypeError => e; e.message; end
begin; 1 + nil; rescue TypeError => e; e.message; end
begin; [1, "a"].sort; rescue ArgumentError => e; e.message; end
begin; UnknownConst; rescue NameError => e; e.message.lines.first.chomp; end
begin; "x".frozen_thing; rescue NameError => e; e.message.lines.first.chomp; end
begin; "abc".freeze << "d"; rescue => e; e.class.to_s + e.message; end
n = 0; begin; n += 1; raise "x" if n < 3; n; rescue; retry; end
x = catch(:done) { 10.times { |i| throw :done, i if i == 3 }; :never }; x
"###,
        expect![[r#"
            "boomRuntimeError"
            "invalid value for Integer(): \"x\""
            "undefined method `foo' for nil:NilClass"
            "index 9 outside of array bounds: -1...1"
            "divided by 0"
            "ArgumentError"
            "x"
            "no implicit conversion of Integer into String"
            "String can't be coerced into Integer"
            "nil can't be coerced into Integer"
            "comparison of Integer with String failed"
            "uninitialized constant UnknownConst"
            "undefined method `frozen_thing' for \"x\":String"
            "FrozenErrorcan't modify frozen String: \"abc\""
            3
            3
        "#]],
    );
}

#[test]
fn control_flow_classes_and_modules_behave_as_in_ruby() {
    check_each(
        r###"
case 5 when 1..3 then :low when 4..6 then :mid else :high end
case "hello" when /^h/ then :h when String then :s end
{a: 1} => {a:}; a
if (x = 5) && x > 3 then "yes" end
x = 5; x > 3 ? :a : :b
i = 0; i += 1 while i < 5; i
i = 0; begin; i += 1; end until i >= 3; i
for a, b in [[1,2],[3,4]] do; end; [a, b]
(1..3).each_entry.to_a
class Foo; attr_accessor :x; def initialize(x); @x = x; end; def to_s; "Foo(#{@x})"; end; def <=>(o); x <=> o.x; end; include Comparable; end; [Foo.new(1) < Foo.new(2), "#{Foo.new(3)}", Foo.new(1) == Foo.new(1), [Foo.new(2), Foo.new(1)].min.x]
class Base; def hi; "base"; end; def self.make; new; end; end; class Derived < Base; def hi; super + "+derived"; end; end; Derived.make.hi
module Mix; def self.included(b); b.extend(CM); end; module CM; def cm; "cm"; end; end; def im; "im"; end; end; class Inc; include Mix; end; [Inc.cm, Inc.new.im, Inc.ancestors.first(2).map(&:to_s)]
S = Struct.new(:a, :b) do; def sum; a + b; end; end; s = S.new(1, 2); [s.sum, s.to_a, s == S.new(1,2), s.inspect, s.to_h]
S2 = Struct.new(:a, keyword_init: true); S2.new(a: 5).a
class MM; def method_missing(n, *a); n.to_s.start_with?("get_") ? [n, a] : super; end; def respond_to_missing?(n, p = false); n.to_s.start_with?("get_") || super; end; end; [MM.new.get_x(1), MM.new.respond_to?(:get_y), MM.new.respond_to?(:zzz)]
class String; def shout; upcase + "!"; end; end; "hi".shout
class Cnt; @@n = 0; N = 5; def self.inc; @@n += 1; end; class << self; attr_accessor :cfg; def k; N; end; end; end; Cnt.inc; Cnt.inc; Cnt.cfg = 3; [Cnt.inc, Cnt.cfg, Cnt.k, Cnt::N]
module Deep; module Er; X = 1; def self.f; X; end; end; end; [Deep::Er.f, Deep::Er::X]
module MF; module_function; def f; 7; end; end; MF.f
o = Object.new; def o.sing; 1; end; o.sing
o = Object.new; o.instance_variable_set(:@a, 1); o.instance_variable_get(:@a)
5.instance_of?(Integer), 5.is_a?(Comparable), nil.to_a, nil.to_s, :a.inspect, "a".to_sym.inspect, :"a b".inspect
[1,2,3].frozen?, "a".dup.frozen?, :a.frozen?
defined?(foo), defined?(String), defined?(@x), defined?(puts), defined?(yield)
__method__.inspect
[1, 2, 3].respond_to?(:each), 5.respond_to?(:foo)
"abc".send(:upcase), 5.public_send(:+, 3)
[1,2,3].method(:map).call { |x| x + 1 }
%w[1 2].map(&method(:Integer))
(1..3).to_a.each_slice(2).map(&:sum)
"###,
        expect![[r##"
            :mid
            :h
            1
            "yes"
            :a
            5
            3
            [3, 4]
            [1, 2, 3]
            [true, "Foo(3)", true, 1]
            "base+derived"
            ["cm", "im", ["Inc", "Mix"]]
            [3, [1, 2], true, "#<struct S a=1, b=2>", {:a=>1, :b=>2}]
            5
            [[:get_x, [1]], true, false]
            "HI!"
            [3, 3, 5, 5]
            [1, 1]
            7
            1
            1
            [true, true, [], "", ":a", ":a", ":\"a b\""]
            [false, false, true]
            [nil, "constant", nil, "method", nil]
            "nil"
            [true, false]
            ["ABC", 8]
            [2, 3, 4]
            [1, 2]
            [3, 3]
        "##]],
    );
}

#[test]
fn literals_and_collections_behave_as_in_ruby() {
    check_each(
        r###"
"line1\nline2".each_line.map(&:chomp)
"%s and %p" % ["a", "a"]
"tab\tq\"uote\\ \e \u00e9 \x41".inspect
'single #{x} \n'.inspect
"abc".unpack("a*") rescue "x"
%q(a 'b'), %Q(#{1}), %i[a b], %w[#{1} b], %(x)
?a, "a" "b", "\#{x}"
1.0.to_s, 1e3.to_s, 1.5e-7.to_s, 1e16.to_s, 123456789.123.to_s
0x1f, 0b11, 0o17, 017, 1_000
Integer("0x1f", 16), Integer("10"), Float("1.5"), String(5), Array(nil), Array([1]), Array(1..3)
[1, "a", :b, nil, 2.5, {x: [1]}].to_s
[3,5].each.with_index(1).map { |x, i| x * i }
%w[a b].each_with_index.to_h
{a: 1}.each_with_index.map { |(k, v), i| [k, v, i] }
{a: 2}.to_a, {a: 1}.any? { |k, v| v > 0 }, {}.empty?, {a: nil}.compact
{a: 1, b: 2}.reduce(0) { |s, (k, v)| s + v }
{a: 1, b: 2}.each_with_object([]) { |(k, v), acc| acc << k }
{"x" => 1}.transform_keys(&:to_sym), {a: 1}.transform_values { |v| v + 1 }, {a: 1}.invert, {a: 1, b: 2}.reject { |k, v| v == 1 }
{a: 1, b: 2}.partition { |k, v| v > 1 }, {a: 1}.key(1), {a: 1, b: 1}.group_by { |k, v| v }
{a: 1}.delete(:a), {a: 1, b: 2}.slice(:a), {a: 1, b: 2}.except(:a), {a: 1}.to_a.flatten
[1,2,3,4].each_with_index.select { |x, i| i.even? }.map(&:first)
[1,2,3] & [2,3], [1] | [2], [1,2,3] - [2], [1,2] * 2, [1,2] * ","
x = [1,2,3]; x[5] = 6; x.insert(1, 9); x.rotate; x
x = [1,2,3]; x.push(4).unshift(0); x.shift; x.pop; x.concat([7]); x
x = "abc"; x[0] = "z"; x << "d"; x.insert(1, "-"); x.replace(x + "!"); x
x = "hello"; x.sub!("l", "L"); x.upcase!; x.slice!(0); x
"a".ord, 97.chr, "abc".sum, "abc".hash == "abc".hash
"title case here".split.map(&:capitalize) * " "
"snake_case_word".split("_").each_with_index.map { |w, i| i.zero? ? w : w.capitalize }.join
"abc".center(9, "*"), "abc".ljust(5, ".") + "|"
"ab12cd".tr("a-c", "A-C"), "hello".tr("el", "ip"), "hello".delete("l-o")
"foo bar baz".partition(" "), "a.b.c".rpartition(".")
$stdout.respond_to?(:puts), $0.class, __FILE__.class, __LINE__.class
[true & false, true ^ true, nil.to_a, !!nil, (not true)]
a = *1..3; a
a = [*1..3, *[4, 5]]; a
h = {**{a: 1}, b: 2}; h
def kw(**o) = o; kw(**{a: 1}, b: 2)
def opt(a, b = a * 2, c = b + 1) = [a, b, c]; opt(1)
def blk; yield 1, 2; end; blk { |a, b| [a, b] }
def blk2(&b); b; end; blk2 { |x| x }.call(3)
def blk3; block_given?; end; [blk3, blk3 {}]
compose = ->(x) { x + 1 } >> ->(x) { x * 2 }; compose.call(3)
add = ->(a, b) { a + b }; add.curry[1][2]
[[1, [2, 3]]].each { |a, (b, c)| p [a, b, c] }; nil
[1,2,3].each_with_index { |x, i| }.class
gen = Enumerator.new { |y| y << 1; y << 2; y.yield 3 }; gen.to_a
[4,5].each_with_index.next
ObjectSpace.respond_to?(:x)
begin; exit 3; rescue SystemExit => e; e.status; end
begin; abort; rescue SystemExit => e; e.status; end
begin; raise Class.new(StandardError) { def message; "custom"; end }; rescue => e; e.message; end
class MyErr < StandardError; def initialize(msg = "default msg"); super; end; end; begin; raise MyErr; rescue MyErr => e; e.message; end
begin; begin; raise "a"; rescue; raise "b"; end; rescue => e; e.message; end
def ens; yield; ensure; $log = 1; end; ens { 5 }
def multi; return 1, 2; end; multi
x = if false then 1 end; x.inspect
"###,
        expect![[r#"
            ["line1", "line2"]
            "a and \"a\""
            "\"tab\\tq\\\"uote\\\\ \\e é A\""
            "\"single \\\#{x} \\\\n\""
            ["abc"]
            ["a 'b'", "1", [:a, :b], ["\#{1}", "b"], "x"]
            ["a", "ab", "\#{x}"]
            ["1.0", "1000.0", "1.5e-07", "1.0e+16", "123456789.123"]
            [31, 3, 15, 15, 1000]
            [31, 10, 1.5, "5", [], [1], [1, 2, 3]]
            "[1, \"a\", :b, nil, 2.5, {:x=>[1]}]"
            [3, 10]
            {"a"=>0, "b"=>1}
            [[:a, 1, 0]]
            [[[:a, 2]], true, true, {}]
            3
            [:a, :b]
            [{:x=>1}, {:a=>2}, {1=>:a}, {:b=>2}]
            [[[[:b, 2]], [[:a, 1]]], :a, {1=>[[:a, 1], [:b, 1]]}]
            [1, {:a=>1}, {:b=>2}, [:a, 1]]
            [1, 3]
            [[2, 3], [1, 2], [1, 3], [1, 2, 1, 2], "1,2"]
            [1, 9, 2, 3, nil, nil, 6]
            [1, 2, 3, 7]
            "z-bcd!"
            "ELLO"
            [97, "a", 294, true]
            "Title Case Here"
            "snakeCaseWord"
            ["***abc***", "abc..|"]
            ["AB12Cd", "hippo", "he"]
            [["foo", " ", "bar baz"], ["a.b", ".", "c"]]
            [true, String, String, Integer]
            [false, false, [], false, false]
            [1, 2, 3]
            [1, 2, 3, 4, 5]
            {:a=>1, :b=>2}
            {:a=>1, :b=>2}
            [1, 2, 3]
            [1, 2]
            3
            [false, true]
            8
            3
            [1, 2, 3]
            nil
            Array
            [1, 2, 3]
            [4, 0]
            false
            3
            1
            "custom"
            "default msg"
            "b"
            5
            [1, 2]
            "nil"
        "#]],
    );
}

#[test]
fn libraries_behave_as_in_ruby() {
    check_each(
        r###"
x = while true do break 5 end; x
[1, 2, 3, 4].then { |a| a.sum }
5.tap { |x| x + 1 }
[1,2,3].sum { _1 * 2 }
[[1, 2]].map { _1 + _2 }
require 'ostruct'; OpenStruct.new(a: 1).a
require 'json'; begin; JSON.parse("{x"); rescue JSON::ParserError; "parse error"; end
require 'yaml'; YAML.load("a: 1\nb: [x, 'y', 2.5, ~, yes, no, on]\nc:\n  - d: e\n    f: :sym\n  - 0o17\n  - 017\n  - 0x1f\n  - 1_000\n  - '1'\n  - 12:30\n  - 1e3\n  - 1.5e+3\n  - .inf\n  - 10.0.0.1\n  - 1.\n  - 2,000\n  - +5\n  - -3.5\n  - null\n  - NULL\n  - True\n  - y\n  - \n  - \"q\\n\"\n")
require 'yaml'; YAML.load("a: |\n  x\n  y\nb: >\n  f\n  g\nc: >-\n  h\n\nd: \"a b\"\ne: {x: 1, y: [a, b]}\n? k\n: v\na: 2\n")
require 'yaml'; YAML.load("a: &x\n  b: 1\nc:\n  <<: *x\n  d: 2\n", aliases: true)
require 'yaml'; begin; YAML.load("a: [1\n"); rescue Psych::SyntaxError => e; "syntax"; end
require 'yaml'; begin; YAML.load("a: 2024-01-01\n"); rescue => e; [e.class.to_s, e.message]; end
require 'yaml'; begin; YAML.safe_load(":a: 1\n"); rescue => e; [e.class.to_s, e.message]; end
require 'yaml'; {"a" => [1, {"b" => nil}, "yes", "x: y", "", :s], "c" => {}, "d" => "1", "e" => true, f: 1.5}.to_yaml
require 'erb'; x = 5; ERB.new("<% 2.times do |i| -%>\nv<%= i + x %>\n<% end -%>\n<%# c %>end %%> <%% ", trim_mode: "-").result(binding)
require 'erb'; ERB.new("a\n<% if true %>\nb\n<% end %>\nc", trim_mode: "<>").result
require 'ipaddr'; i = IPAddr.new("192.168.1.0/24"); [i.to_s, i.include?("192.168.1.77"), i.to_range.first.to_s, i.to_range.last.to_s, i.succ.to_s, (i | 5).to_s, IPAddr.new("10.0.0.1").to_i, i.prefix, IPAddr.new("10.0.0.1").succ.succ.to_s, i.ipv4?]
require 'ipaddr'; begin; IPAddr.new("10.0.0.x"); rescue => e; e.class.to_s; end
require 'pathname'; q = Pathname.new("/a/b/../c.txt"); [q.cleanpath.to_s, q.basename.to_s, q.extname, q.dirname.to_s, (q + "../d").to_s, Pathname.new("a").join("b", "c").to_s, q.parent.to_s, Pathname.new("/a/b/c").relative_path_from(Pathname.new("/a/d")).to_s, q.absolute?]
File.join("a", "/b/", "c"), File.basename("/a/b.rb", ".rb"), File.extname("x.tar.gz"), File.dirname("/a/b/c"), File.dirname("x"), File.expand_path("../x", "/a/b"), File.expand_path("/a/./b/../c"), File.split("/a/b"), File.basename("/a/b/"), File.extname(".bashrc"), File.join("a", ["b", "c"]), File.join("", "x"), File.basename("x.tar.gz", ".*")
File.exist?("/nonexistent"), File.directory?("/"), File.file?("/etc/passwd")
begin; File.read("/nonexistent"); rescue => e; [e.class.to_s, e.message]; end
File.fnmatch("*.rb", "a.rb"), File.fnmatch?("a?[b-d]", "axc")
Time.at(0).utc.strftime("%Y-%m-%d %H:%M:%S %j %a %b %-d %e %y %p %I %L %z"), Time.at(1700000000).utc.to_s, Time.utc(2024, 2, 29).yday, (Time.utc(2024,1,2) - Time.utc(2024,1,1))
Gem::Version.new("1.10.0") > Gem::Version.new("1.9"), Gem::Version.new("2.0.0.pre1") < Gem::Version.new("2.0.0"), Gem::Requirement.new("~> 1.2").satisfied_by?(Gem::Version.new("1.9.9")), Gem::Version.new("1.2.3") <=> Gem::Version.new("1.2.3"), Gem::Version.new("1.0") == Gem::Version.new("1"), Gem::Version.new("1.2.3").segments, Gem::Version.new("1.2.3").bump.to_s
require 'digest'; [Digest::MD5.hexdigest("a"), Digest::SHA1.hexdigest("abc"), Digest::SHA256.hexdigest("")]
require 'base64'; [Base64.encode64("hello world"), Base64.strict_encode64("ab"), Base64.decode64("aGVsbG8=")]
require 'optparse'; o = {}; OptionParser.new { |p| p.on("-v", "--verbose") { |v| o[:v] = v }; p.on("--name NAME", String) { |v| o[:n] = v }; p.on("-c", "--count=N", Integer) { |v| o[:c] = v } }.parse!(%w[-v --name x rest --count=3]) + [o]
require 'uri'; u = URI.parse("http://user@example.com:8080/a/b?q=1#f"); [u.host, u.port, u.path, u.query, u.scheme, u.to_s, URI("https://x.y/z").port]
require 'logger'; Logger.new($stderr).respond_to?(:info)
eval("1 + 2"), eval("x = 5; x * 2")
y = 5; eval("y + 1")
"###,
        expect![[r#"
            5
            10
            5
            12
            [3]
            1
            "parse error"
            {"a"=>1, "b"=>["x", "y", 2.5, nil, true, false, true], "c"=>[{"d"=>"e", "f"=>:sym}, "0o17", 15, 31, 1000, "1", 45000, "1e3", 1500.0, Infinity, "10.0.0.1", 1.0, 2000, 5, -3.5, nil, nil, true, "y", nil, "q\n"]}
            {"a"=>2, "b"=>"f g\n", "c"=>"h", "d"=>"a b", "e"=>{"x"=>1, "y"=>["a", "b"]}, "k"=>"v"}
            {"a"=>{"b"=>1}, "c"=>{"b"=>1, "d"=>2}}
            "syntax"
            ["Psych::DisallowedClass", "Tried to load unspecified class: Date"]
            ["Psych::DisallowedClass", "Tried to load unspecified class: Symbol"]
            "---\na:\n- 1\n- b:\n- 'yes'\n- 'x: y'\n- ''\n- :s\nc: {}\nd: '1'\ne: true\n:f: 1.5\n"
            "v5\nv6\nend %%> <% "
            "a\nb\nc"
            ["192.168.1.0", true, "192.168.1.0", "192.168.1.255", "192.168.1.1", "192.168.1.5", 167772161, 24, "10.0.0.3", true]
            "IPAddr::InvalidAddressError"
            ["/a/c.txt", "c.txt", ".txt", "/a/b/..", "/a/b/../d", "a/b/c", "/a/b/..", "../b/c", true]
            ["a/b/c", "b", ".gz", "/a/b", ".", "/a/x", "/a/c", ["/a", "b"], "b", "", "a/b/c", "/x", "x.tar"]
            [false, true, false]
            ["Errno::ENOENT", "No such file or directory @ rb_sysopen - /nonexistent"]
            [true, true]
            ["1970-01-01 00:00:00 001 Thu Jan 1  1 70 AM 12 000 +0000", "2023-11-14 22:13:20 UTC", 60, 86400.0]
            [true, true, true, 0, true, [1, 2, 3], "1.3"]
            ["0cc175b9c0f1b6a831c399e269772661", "a9993e364706816aba3e25717850c26c9cd0d89d", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
            ["aGVsbG8gd29ybGQ=\n", "YWI=", "hello"]
            ["rest", {:v=>true, :n=>"x", :c=>3}]
            ["example.com", 8080, "/a/b", "q=1", "http", "http://user@example.com:8080/a/b?q=1#f", 443]
            true
            SyntaxError: syntax error: unexpected write target
            6
        "#]],
    );
}

#[test]
fn patches_eval_and_formats_behave_as_in_ruby() {
    check_each(
        r###"
Object.const_get(:String), Object.const_defined?(:Nope), Kernel.respond_to?(:puts)
class Object; def try_it; :ok; end; end; 5.try_it
class Hash; def deep_merge(o); merge(o) { |k, a, b| a.is_a?(Hash) && b.is_a?(Hash) ? a.deep_merge(b) : b }; end; end; {a: {b: 1, c: 2}}.deep_merge({a: {b: 3}})
class Integer; def minutes; self * 60; end; end; 5.minutes
module Refine; def self.call(x) = x * 2; end; Refine.(4)
alias_test = Class.new { def a; 1; end; alias b a; alias_method :c, :a }; [alias_test.new.b, alias_test.new.c]
Class.new { define_method(:x) { |a = 1| a + 1 } }.new.x(4)
Class.new { private def sec; 1; end; def pub; sec; end }.new.pub
begin; Class.new { private; def sec; 1; end }.new.sec; rescue NoMethodError => e; "private"; end
Class.new { protected def sec; 1; end; def cmp(o); o.sec; end }.then { |c| c.new.cmp(c.new) }
o = Class.new { def each; yield 1; yield 2; end; include Enumerable }.new; [o.map { |x| x * 2 }, o.include?(2), o.sort_by { |x| -x }, o.first, o.to_a, o.reduce(:+), o.each_with_index.to_a]
Class.new { def to_str; "conv"; end }.new.then { |x| "a" + x }
"abc".instance_eval { upcase }, 5.instance_eval { self + 1 }
ENV["HOME"].class, ENV.fetch("NOPE_X", "d"), ENV["NOPE_X"].inspect, (ENV.fetch("NOPE_X") rescue $!.message.lines.first.chomp), ENV.key?("PATH")
ENV["T_X"] = "1"; ENV["T_X"] + ENV.delete("T_X") + ENV["T_X"].inspect
RUBY_PLATFORM.class, ARGV.class, $PROGRAM_NAME.class
"a\\b".inspect, "\#$x", '\\'
"Ünïcödé".upcase, "straße".length, "日本".reverse, "日本"[0]
puts [1, [2, [nil]]], nil, true; print "a", 1; p; p 1, 2; $stdout.puts "x"; nil
"a b".then { puts _1 }
printf("%d-%s\n", 1, "x")
$g ||= 5; $g += 1; $g
X1 ||= 3; X1
@iv ||= []; @iv << 1; @iv
a = b = 3; a += b -= 1; [a, b]
x = nil; x&.length.inspect
[nil, 1].map { |v| v&.succ }
h = {a: nil}; h[:a] &&= 5; h.key?(:a)
i = 10; i -= 1 until i < 5; i
loop { break }; 3.times.to_a
1.then { |x| x.zero? or x.positive? }
"#{1}#{nil}#{:a}#{[1, nil]}#{{a: 1}}#{1.0}"
"abc".match?(/B/i), "a\nb" =~ /^b$/, "ab" !~ /c/, /a.c/m.match?("a\nc"), /(?<n>\d)/.match("x5")["n"], "aXbX".index("X", 2)
if "v1.2.3" =~ /v(\d+)\.(\d+)/ then [$1, $2, $~.pre_match, $~.post_match] end
if /(?<maj>\d+)\.(?<min>\d+)/ =~ "3.14" then [maj, min] end
"a1b22".gsub(/\d+/) { |d| (d.to_i * 2).to_s }, "abc".gsub(/[abc]/, "a" => "1", "b" => "2"), "x.y".gsub(".", "-"), "path".sub(/\A(.)/) { $1.upcase }
"foo_bar-baz".split(/[_-]/), "a1b2".split(/(\d)/), "abc".scan(/./), "k1=v1&k2=v2".split("&").map { |kv| kv.split("=") }.to_h
/#{Regexp.escape("a.b")}/.source, Regexp.union("a", /b/).source, Regexp.new("x", Regexp::IGNORECASE).inspect, /\//.inspect
"{{name}} is {{age}}".gsub(/\{\{(\w+)\}\}/) { {"name" => "Bob", "age" => 3}[$1].to_s }
"192.168.33.10" =~ /\A(?:[0-9]{1,3}\.){3}[0-9]{1,3}\z/, "\h" =~ /h/, "zz" =~ /\h/, "AF" =~ /\A\h+\Z/
"foo(bar)".match(/\((.*?)\)/)[1], "ab" * 0, "x" + "", "aaa".gsub(/a{2}/, "b"), "price: $5"[/\$(\d)/, 1]
10.digits, 10.gcd(4), 3.pred, 65.chr, 3.14.to_i, -5.abs, 5.0.to_i, 1e2.to_i, 10.pow(2), 5.bit_length, 6 & 3, 6 | 1, 6 ^ 2, ~5, 1 << 4, 256 >> 2
rand(1), [1].sample, [1].shuffle, (rand < 1)
srand(5).class, Random.rand(1)
[[3, "c"], [1, "a"]].sort, [[2, 1], [1, 2]].sort_by(&:last), %w[b B a].sort_by(&:downcase), [1, 2, 3].sort { |a, b| b <=> a }
%w[apple pie].each_with_index.map { |s, i| "#{i}:#{s}" }, %w[a b].cycle(2).to_a, [1,2,3,4,5].each_cons(2).map { |a, b| b - a }, [1,2,4,5].slice_when { |a, b| b != a + 1 }.to_a
[1,2,3].each_entry.to_a, [1, 2, 3, 4].min_by { |x| (x - 3).abs }, [1,2,3].zip([4,5,6], [7,8,9]), [1, nil, 2].filter_map { |x| x && x * 2 }, [1,2,3,4].tally, %w[a a b].tally, [1,1,2].uniq, [[1,2],[1,3]].uniq(&:first)
"###,
        expect![[r#"
            [String, false, true]
            :ok
            {:a=>{:b=>3, :c=>2}}
            300
            8
            [1, 1]
            5
            1
            "private"
            1
            [[2, 4], true, [2, 1], 1, [1, 2], 3, [[1, 0], [2, 1]]]
            "aconv"
            ["ABC", 6]
            [NilClass, "d", "nil", "key not found: \"NOPE_X\"", false]
            "11nil"
            [String, Array, String]
            ["\"a\\\\b\"", "\#$x", "\\"]
            ["ÜNÏCÖDÉ", 6, "本日", "日"]
            1
            2


            true
            a11
            2
            x
            nil
            a b
            nil
            1-x
            nil
            6
            3
            [1]
            [5, 2]
            "nil"
            [nil, 2]
            true
            4
            [0, 1, 2]
            true
            "1a[1, nil]{:a=>1}1.0"
            [true, 2, true, true, "5", 3]
            ["1", "2", "", ".3"]
            ["3", "14"]
            ["a2b44", "12", "x-y", "Path"]
            [["foo", "bar", "baz"], ["a", "1", "b", "2"], ["a", "b", "c"], {"k1"=>"v1", "k2"=>"v2"}]
            ["a\\.b", "a|(?-mix:b)", "/x/i", "/\\//"]
            "Bob is 3"
            [0, 0, nil, 0]
            ["bar", "", "x", "ba", "5"]
            [[0, 1], 2, 2, "A", 3, 5, 5, 100, 100, 3, 2, 7, 4, -6, 16, 64]
            [0, 1, [1], true]
            [Integer, 0]
            [[[1, "a"], [3, "c"]], [[2, 1], [1, 2]], ["a", "b", "B"], [3, 2, 1]]
            [["0:apple", "1:pie"], ["a", "b", "a", "b"], [1, 1, 1, 1], [[1, 2], [4, 5]]]
            [[1, 2, 3], 3, [[1, 4, 7], [2, 5, 8], [3, 6, 9]], [2, 4], {1=>1, 2=>1, 3=>1, 4=>1}, {"a"=>2, "b"=>1}, [1, 2], [[1, 2]]]
        "#]],
    );
}

#[test]
fn sets_addresses_and_command_lines_are_those_of_ruby() {
    check_each(
        r##"
[Set[1, 2] ^ Set[2, 3], Set[1, Set[2, Set[3]]].flatten, Set[1].disjoint?(Set[2]), Set[1].intersect?(Set[1]), Set[1, 2].subtract([1]), Set[1].delete?(5), Set[1, 2].delete?(1)]
[IPAddr.new("fe80::1").to_s, IPAddr.new("::1").to_s, IPAddr.new("2001:db8:0:0:1:0:0:1").to_s, IPAddr.new("::").to_s, IPAddr.new("10::").to_s, IPAddr.new("fe80:0:0:1::").to_s, IPAddr.new("a0:b0::c0").to_s, IPAddr.new("fe80::1").to_string, IPAddr.new("1:0:2::").to_s]
[(IPAddr.new("10.0.0.7") & "255.255.255.0").to_s, (IPAddr.new("10.0.0.0") | 5).to_s, (~IPAddr.new("0.0.0.255")).to_s, (IPAddr.new("10.0.0.0") | IPAddr.new("0.0.0.9")).to_s]
Gem::Dependency.new("a", "~> 1").to_s
[URI.join("http://a/b/c", "d"), URI.join("http://a/b/c/", "d"), URI.join("http://a/b/c", "/d"), URI.join("http://a", "d"), URI.join("http://a/b/c/d", "../e"), URI.join("http://a/b?x=1", "c"), URI.join("http://a/b/", "http://z/q"), URI.join("http://a/b/c/", "./d", "e")].map(&:to_s)
o = {}; OptionParser.new { |p| p.on("-nN", Integer) { |x| o[:n] = x }; p.on("--[no-]color") { |x| o[:c] = x }; p.on("-f", "--file=FILE") { |x| o[:f] = x }; p.on("-q") { |x| o[:q] = x }; p.on("--opt [X]") { |x| o[:o] = x }; p.on("-m", "--mem MB", Integer, "Memory") { |x| o[:m] = x } }.parse(%w[-n5 --no-color --file=a -q --opt --mem 4 rest]); o
o = {}; OptionParser.new { |p| p.on("--list A,B", Array) { |x| o[:l] = x }; p.on("--t TYPE", [:a, :b]) { |x| o[:t] = x } }.parse(%w[--list x,y --t a]); o
(OptionParser.new { |p| p.on("--t TYPE", [:a, :b]) }.parse(%w[--t z]) rescue [$!.class, $!.message])
"##,
        expect![[r#"
            [#<Set: {3, 1}>, #<Set: {1, 2, 3}>, true, true, #<Set: {2}>, nil, #<Set: {2}>]
            ["fe80::1", "::1", "2001:db8::1:0:0:1", "::", "10::", "fe80:0:0:1::", "a0:b0::c0", "fe80:0000:0000:0000:0000:0000:0000:0001", "1:0:2::"]
            ["10.0.0.0", "10.0.0.5", "255.255.255.0", "10.0.0.9"]
            "a (~> 1)"
            ["http://a/b/d", "http://a/b/c/d", "http://a/d", "http://a/d", "http://a/b/e", "http://a/c", "http://z/q", "http://a/b/c/e"]
            {:n=>5, :c=>false, :f=>"a", :q=>true, :o=>nil, :m=>4}
            {:l=>["x", "y"], :t=>:a}
            [OptionParser::InvalidArgument, "invalid argument: --t z"]
        "#]],
    );
}
