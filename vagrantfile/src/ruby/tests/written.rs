//! Times and templates, YAML as it is written, checksums, refinements and structs: each line as Ruby 3.1 prints it.

use super::check_each;
use expect_test::expect;

#[test]
fn times_yaml_and_checksums_behave_as_in_ruby() {
    check_each(
        r##"
[Time.parse("2020-01-02T03:04:05+02:00"), Time.parse("2020-01-02 03:04:05 UTC"), Time.parse("Thu Nov 29 14:33:20 2001 GMT"), Time.parse("3 Feb 2001 4:05 pm +0000")].map { |it| it.utc.to_s }
[Time.parse("2020-01-02T03:04:05.678Z").iso8601(3), Time.at(1700000000.5).utc.iso8601(3), Time.at(0).utc.iso8601, Time.parse("20200102T030405Z").to_i]
[Time.strptime("2020/03/04 05:06", "%Y/%m/%d %H:%M").strftime("%F %R"), Time.strptime("1700000000", "%s").to_i, Time.strptime("4 Mar 99 1:02 PM", "%d %b %y %I:%M %p").strftime("%F %T"), Date.strptime("2020-060", "%Y-%j").to_s]
[(Time.parse("x") rescue $!.class), (Time.strptime("x", "%Y") rescue $!.class), Time.gm(2000, "jan", 1, 20, 15, 1).to_s]
Time.utc(2020, 1, 1).strftime("%-d/%-m/%y %^a %010Y %3N %:z %::z %_m %G-W%V %-I %#p %05d|%e|%k|%10A|%L")
[Date.parse("3rd Feb 2001").to_s, Date.parse("Feb 3, 2001").to_s, Date.parse("20010203").to_s, (Date.new(2020, 1, 31) >> 1).inspect, DateTime.new(2020, 1, 1, 1, 2, 3).to_s, Date.new(2020, 12, 31).strftime("%G %V")]
require "erb"; [ERB.new("% if true\nyes\n% end\n%% x\nz <%= 1 %>\n", trim_mode: "%").result, ERB.new("% 2.times do |i|\n<% if i > 0 -%>\nv<%= i %>\n<% end -%>\n% end\n", trim_mode: "%-").result]
require "yaml"; [YAML.load(""), YAML.load("# nothing\n"), YAML.safe_load(""), YAML.unsafe_load(""), YAML.load("", fallback: {}), YAML.load("a: !!bool 'yes'\nb: !!str 1\nc: !!int '2'")]
require "yaml"; [{ "a" => "x\ny\n", "b" => ["l\nm", { "c" => "p\nq" }], "d" => "  lead\nx\n", "e" => "x\n\n" }.to_yaml, "multi\nline\n".to_yaml, [Float::INFINITY, -Float::INFINITY].to_yaml]
require "yaml"; [(YAML.load("a: !ruby/regexp /x.*/i") rescue [$!.class, $!.message]), YAML.unsafe_load("a: !ruby/regexp /x.*/i"), (YAML.load("a: !ruby/object:Foo {}") rescue $!.message)]
require "digest"; [Digest::MD5.new.update("a").update("b").hexdigest, (Digest::SHA1.new << "abc").to_s, Digest::SHA512.hexdigest("")[0, 8], Digest::SHA256.base64digest("a"), Digest::SHA384.hexdigest("a")[0, 8]]
require "base64"; [Base64.strict_encode64("dir C:\\".encode("UTF-16LE")), "ab".encode(Encoding::UTF_16LE).bytes, "ab".encode("UTF-8"), "ab".encode("UTF-16BE").bytes]
"key = value" =~ / = / and [$`, $', $~.pre_match, $&, $+]
"a-b" =~ /(\w)-(\w)/ and [$+, $1]
module Louder; refine String do def louder; upcase + "!"; end; def length; super + 1; end; end; end; using Louder; ["a".louder, "ab".length]
S1 = Struct.new(:a, :b); s = S1.new(1, 2); [s.size, s.length, s.eql?(S1.new(1, 2)), s.each_pair.to_a, s.dig(:a)]
S2 = Struct.new(:a, keyword_init: true); [S2.new(a: 1).to_h, (S2.new(1) rescue $!.class)]
[Hash.new { |h, k| k }.default_proc.class, {}.default_proc, File.ftype("/"), File.extname("a."), File.extname(".bashrc"), File.extname("a.b/c")]
def where; caller_locations(1, 1).first; end; [where.lineno, caller(0, 1).size, caller_locations.class]
require "ipaddr"; [IPAddr.new("fe80::1").to_i, IPAddr.new("ffff:ffff:ffff:ffff::").to_i.to_s(2).count("1"), IPAddr.new("fe80::1").mask(64).to_s, IPAddr.new("10.0.0.0/8").include?(IPAddr.new("fe80::1")), IPAddr.new("fe80::/64").include?("fe80::5"), IPAddr.new("fc00::1").private?]
require "ipaddr"; [IPAddr.new("::1").loopback?, IPAddr.new("fe80::1").succ.to_s, IPAddr.new("fd00::/64").to_range.last.to_s, [IPAddr.new("::2"), IPAddr.new("::10")].max.to_s, (IPAddr.new("::1") | 6).to_s, IPAddr.new("fe80::1/64").inspect, IPAddr.new(2**64, 10).to_s]
require "ffi"; [FFI::Platform::OS, FFI::Platform::IS_LINUX, FFI::Platform::IS_WINDOWS, FFI::Platform.unix?, FFI::Platform.mac?, FFI::Platform::NAME]
"##,
        expect![[r##"
            ["2020-01-02 01:04:05 UTC", "2020-01-02 03:04:05 UTC", "2001-11-29 14:33:20 UTC", "2001-02-03 16:05:00 UTC"]
            ["2020-01-02T03:04:05.678Z", "2023-11-14T22:13:20.500Z", "1970-01-01T00:00:00Z", 1577934245]
            ["2020-03-04 05:06", 1700000000, "1999-03-04 13:02:00", "2020-02-29"]
            [ArgumentError, ArgumentError, "2000-01-01 20:15:01 UTC"]
            "1/1/20 WED 0000002020 000 +00:00 +00:00:00  1 2020-W01 12 am 00001| 1| 0| Wednesday|000"
            ["2001-02-03", "2001-02-03", "2001-02-03", "#<Date: 2020-02-29 ((2458909j,0s,0n),+0s,2299161j)>", "2020-01-01T01:02:03+00:00", "2020 53"]
            ["yes\n% x\nz 1\n", "v1\n"]
            [nil, nil, nil, false, {}, {"a"=>true, "b"=>"1", "c"=>2}]
            ["---\na: |\n  x\n  y\nb:\n- |-\n  l\n  m\n- c: |-\n    p\n    q\nd: |2\n    lead\n  x\ne: \"x\\n\\n\"\n", "--- |\n  multi\n  line\n", "---\n- .inf\n- -.inf\n"]
            [[Psych::DisallowedClass, "Tried to load unspecified class: Regexp"], {"a"=>/x.*/i}, "Tried to load unspecified class: Foo"]
            ["187ef4436122d1cc2f40dc2b92f0eba0", "a9993e364706816aba3e25717850c26c9cd0d89d", "cf83e135", "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=", "54a59b9f"]
            ["ZABpAHIAIABDADoAXAA=", [97, 0, 98, 0], "ab", [0, 97, 0, 98]]
            ["key", "value", "key", " = ", nil]
            ["b", "a"]
            ["A!", 3]
            [2, 2, true, [[:a, 1], [:b, 2]], 1]
            [{:a=>1}, ArgumentError]
            [Proc, nil, "directory", ".", "", ""]
            [1, 1, Array]
            [338288524927261089654018896841347694593, 64, "fe80::", false, true, true]
            [true, "fe80::2", "fd00::ffff:ffff:ffff:ffff", "::10", "::7", "#<IPAddr: IPv6:fe80:0000:0000:0000:0000:0000:0000:0000/ffff:ffff:ffff:ffff:0000:0000:0000:0000>", "0:0:0:1::"]
            ["linux", true, false, true, false, "x86_64-linux"]
        "##]],
    );
}

#[test]
fn tabs_and_places_of_mistakes_in_yaml_are_as_psych_has_them() {
    check_each(
        r###"
YAML.load("a:\tb\nc:\t\td")
YAML.load("a: 'x\n\ty'\nb: [1,\n\t2]")
YAML.load("a: 1\n  \t\nb: 2\t# c\n")
YAML.load("a: |\n  \tx: y\n  z\n")
YAML.load("a:\n  - \"b\n\tc\"\n  - d")
YAML.load("a:\n  - b: \"x\n   y\"\n    c: 'it''s\n\nz'\n    d: \"1\\\"\n2 \\\n 3\"")
["\ta: b", "\t# c\na: 1", "a: 1\n\t\nb: 2", "a:\n  \t- b", "-\ta\n-\tb", "a:\n\tb: c", "a: b\n\tc"].map { |it| (YAML.load(it) rescue $!.class) }.uniq
begin; YAML.load("a: 1\n\tb: 2"); rescue Psych::SyntaxError => e; [e.line.class, e.column.class, e.problem.class, e.file, e.context]; end
begin; YAML.load("a: *none", aliases: true); rescue Psych::BadAlias => e; [e.class, e.message]; end
begin; YAML.load("a: &x 1\nb: *x"); rescue Psych::BadAlias => e; e.class; end
[Psych::SyntaxError, Psych::AnchorNotDefined, Psych::BadAlias, Psych::Exception].map(&:superclass)
"###,
        expect![[r#"
            {"a"=>"b", "c"=>"d"}
            {"a"=>"x y", "b"=>[1, 2]}
            {"a"=>1, "b"=>2}
            {"a"=>"\tx: y\nz\n"}
            {"a"=>["b c", "d"]}
            {"a"=>[{"b"=>"x y", "c"=>"it's\nz", "d"=>"1\" 2 3"}]}
            [Psych::SyntaxError]
            [Integer, Integer, String, nil, nil]
            [Psych::AnchorNotDefined, "An alias referenced an unknown anchor: none"]
            Psych::AliasesNotEnabled
            [Psych::Exception, Psych::BadAlias, Psych::Exception, RuntimeError]
        "#]],
    );
}

#[test]
fn one_text_list_or_hash_may_have_methods_of_its_own_and_keys_be_told_by_identity() {
    check_each(
        r###"
def ARGV.command; first; end; [ARGV.command, ARGV.respond_to?(:command), [].respond_to?(:command)]
x = [1, 2]; def x.first; 42; end; [x.first, [1].first, x.last]
s = "abc"; def s.shout; upcase + "!"; end; [s.shout, s.dup.respond_to?(:shout), ("abc".shout rescue $!.class)]
h = { a: 1 }; h.define_singleton_method(:b) { self[:a] + 1 }; h.b
s = "x"; s.extend(Module.new { def twice; self * 2; end }); s.twice
x = 5; def x.y; end
h = {}.compare_by_identity; a = "x"; h[a] = 1; h["x".dup] = 2; [h.size, h.compare_by_identity?, h[a], h["x".dup], {}.compare_by_identity?]
h = { "x" => 1, y: 2 }.compare_by_identity; [h[:y], h["x".dup], h.keys, h.delete(:y), h.size]
"###,
        expect![[r#"
            ["status", true, false]
            [42, 1, 2]
            ["ABC!", false, NoMethodError]
            2
            "xx"
            TypeError: can't define singleton
            [2, true, 1, nil, false]
            [2, nil, ["x", :y], 2, 1]
        "#]],
    );
}

#[test]
fn lists_without_an_end_are_filtered_and_numbered() {
    check_each(
        r###"
(1..Float::INFINITY).lazy.filter_map { |x| x.to_s if x.even? }.with_index.map { |s, i| s * i }.first(3)
(1..Float::INFINITY).lazy.with_index(5).first(2)
(1..3).lazy.each_with_index.map { |a, i| a * i }.to_a
Set[1] <= Set[1, 2]
["a\u0001\u007f\e"]
require "optparse"; o = {}; OptionParser.new { |p| p.on("-v", "--verbose") { |v| o[:v] = v }; p.on("--list a,b", Array) { |v| o[:l] = v } }.parse!(a = %w[-v --list x,y rest]); [o, a]
"###,
        expect![[r#"
            ["", "4", "66"]
            [[1, 5], [2, 6]]
            [0, 2, 6]
            true
            ["a\u0001\u007F\e"]
            [{:v=>true, :l=>["x", "y"]}, ["rest"]]
        "#]],
    );
}
