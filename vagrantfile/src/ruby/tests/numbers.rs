//! What Ruby does with numbers, and small things that were compared with Ruby 3.1 line by line.

use super::check_each;
use expect_test::expect;

#[test]
fn numbers_and_texts_behave_as_in_ruby() {
    check_each(
        r###"
"abc".upcase + 'x' * 3
"a-b_c".tr('-_', '..')
"hello world".split.map(&:capitalize).join(" ")
"%02d|%-5s|%5.1f|%x|%08b|%+d|%%|%s" % [3, "ab", 3.14159, 255, 5, 7, :sym]
format("%<a>05d %{b}", a: 42, b: "x")
"10.0.0.%d" % 5
[3,1,2].sort.reverse
[1,2,3,4].each_slice(2).to_a
(1..10).step(3).to_a
(1..3).each_with_index.map { |x, i| x * i }
{a: 1, "b" => 2}.map { |k, v| [k.to_s, v] }.to_h
[1,2,3].inject(:+)
[1,2,3].each_with_object({}) { |x, h| h[x] = x * 2 }
"192.168.1.10".split(".")[0..2].join(".") + ".5"
"abc"[1..], "abc"[-2,2], "abc"[5], "abc"[0]
"foo" =~ /o+/, $~[0], $1
"2024-01-05".match(/(?<y>\d+)-(?<m>\d+)/)[:m]
"x=1;y=2".scan(/(\w)=(\d)/)
"hello".gsub(/l/) { |m| m.upcase }
"hello".gsub(/(l+)/, '<\1>')
"path/to".gsub('/', '_')
"CamelCaseWord".gsub(/([A-Z])/) { "_" + $1.downcase }
[1, [2, [3, nil]]].flatten.compact
%w[a b c].zip([1,2,3])
%w[a b c].each_with_index.to_a
{a: {b: {c: 1}}}.dig(:a, :b, :c)
{a: 1}.merge({b: 2}) { |k, o, n| o + n }
{a: 1, b: 2}.select { |k, v| v > 1 }
{a: 1, b: 2}.min_by { |k, v| -v }
{b: 1, a: 2}.sort_by { |k, v| k }
{a: 1, b: 2}.find { |k, v| v == 2 }
{a: 1, b: 2}.sum { |k, v| v }
{a: 1}.inspect, {"a b": 1, 1 => nil, "x" => :y}.to_s
[nil, true, 1.0, 1e20, 1e-5, 100.0/3].inspect
1_000.to_s.rjust(8, "0")
255.to_s(16), "ff".hex, "0b11".to_i(2), "12abc".to_i, "abc".to_i, "3.7x".to_f
7 / 2, -7 / 2, 7 % 3, -7 % 3, 7.fdiv(2), 7.divmod(2), 2**10, 10.0 / 4
3.7.round, 3.2.ceil, 3.8.floor, 3.14159.round(2), 1234.round(-2), -3.5.round
5.clamp(1, 3), 5.between?(1, 10), 0.zero?, 4.even?
[1,2,3,4,5].partition(&:even?)
[1,2,2,3].group_by { |x| x.odd? }
%w[x y z].each_cons(2).to_a
[1,2,3].cycle.first(5)
"a,b,,c,,".split(","), "a,b,,c,,".split(",", -1), "abc".split("")
" x ".strip, "xxhixx".delete("x"), "aaabbb".squeeze, "hello".count("l")
"abc".each_char.to_a, "ab\ncd".lines, "ab\n".chomp, "abc".chop
"hello world".sub("world") { |w| w.upcase }
"é".length, "é".bytes.length
"abc" <=> "abd", [1,2] <=> [1,3], 1 <=> "a"
"abc".start_with?("ab", "x"), "abc".end_with?("bc")
:abc.to_proc.call("x") rescue $!.class
[3,1,2].max, [3,1,2].min(2), %w[aa b].max_by(&:length)
[1,2,3].first(2), [1,2,3].last(2), [1,2,3].take_while { |x| x < 3 }
[1,2,3,4].sum, [0.1,0.2,0.3].sum.round(2), ["a","b"].sum("")
[[1,2],[3,4]].transpose, [[1,:a]].to_h, [1,2].product([3,4])
[1,2,3].combination(2).to_a
(1..3).reduce(1) { |a, b| a * b }
("a".."e").to_a.join, ("aa".."ad").to_a
1.step(10, 4).to_a, 10.downto(7).to_a, 1.upto(3).map { |x| x }
[5,3].minmax, [1,2,3].include?(2), [1,2,3].index(2)
"###,
        expect![[r#"
            "ABCxxx"
            "a.b.c"
            "Hello World"
            "03|ab   |  3.1|ff|00000101|+7|%|sym"
            "00042 x"
            "10.0.0.5"
            [3, 2, 1]
            [[1, 2], [3, 4]]
            [1, 4, 7, 10]
            [0, 2, 6]
            {"a"=>1, "b"=>2}
            6
            {1=>2, 2=>4, 3=>6}
            "192.168.1.5"
            ["bc", "bc", nil, "a"]
            [1, "oo", nil]
            "01"
            [["x", "1"], ["y", "2"]]
            "heLLo"
            "he<ll>o"
            "path_to"
            "_camel_case_word"
            [1, 2, 3]
            [["a", 1], ["b", 2], ["c", 3]]
            [["a", 0], ["b", 1], ["c", 2]]
            1
            {:a=>1, :b=>2}
            {:b=>2}
            [:b, 2]
            [[:a, 2], [:b, 1]]
            [:b, 2]
            3
            ["{:a=>1}", "{:\"a b\"=>1, 1=>nil, \"x\"=>:y}"]
            "[nil, true, 1.0, 1.0e+20, 1.0e-05, 33.333333333333336]"
            "00001000"
            ["ff", 255, 3, 12, 0, 3.7]
            [3, -4, 1, 2, 3.5, [3, 1], 1024, 2.5]
            [4, 4, 3, 3.14, 1200, -4]
            [3, true, true, true]
            [[2, 4], [1, 3, 5]]
            {true=>[1, 3], false=>[2, 2]}
            [["x", "y"], ["y", "z"]]
            [1, 2, 3, 1, 2]
            [["a", "b", "", "c"], ["a", "b", "", "c", "", ""], ["a", "b", "c"]]
            ["x", "hi", "ab", 2]
            [["a", "b", "c"], ["ab\n", "cd"], "ab", "ab"]
            "hello WORLD"
            [1, 2]
            [-1, -1, nil]
            [true, true]
            NoMethodError
            [3, [1, 2], "aa"]
            [[1, 2], [2, 3], [1, 2]]
            [10, 0.6, "ab"]
            [[[1, 3], [2, 4]], {1=>:a}, [[1, 3], [1, 4], [2, 3], [2, 4]]]
            [[1, 2], [1, 3], [2, 3]]
            6
            ["abcde", ["aa", "ab", "ac", "ad"]]
            [[1, 5, 9], [10, 9, 8, 7], [1, 2, 3]]
            [[3, 5], true, 1]
        "#]],
    );
}

#[test]
fn large_numbers_formats_and_errors_behave_as_in_ruby() {
    check_each(
        r###"
2**64, 2**100, 12345678901234567890, -(2**70), 2**64 - 1, (2**64).class
10**20 / 3, 10**20 % 7, (10**20).to_s.length, 10**20 > 10**19, 10**20 == 10**20, (10**20).hash == (10**20).hash
4611686018427387904 * 4, 9223372036854775807 + 1, -9223372036854775808 - 1, 3037000500 ** 2, 1 << 64, 1 << 100 >> 98
(2**70).to_s(16), "ffffffffffffffffffff".to_i(16), "123456789012345678901234567890".to_i, Integer("123456789012345678901234567890")
2**64 * 1.0, (2**64).to_f, 2**64 + 0.5, (2**65).fdiv(2**64), (10**25).digits.length, (2**100).bit_length
(2**100) & (2**99), (2**100) | 1, (2**64) ^ 1, ~(2**64), (2**64)[64], (2**100).gcd(2**50), (2**64).even?
-(2**64) / 3, -(2**64) % 3, (2**64).divmod(-5), (2**64).remainder(-5), -(2**63), (-(2**63)).abs, (-9223372036854775808).abs
{2**64 => 1}[2**64], [2**64, 1, 2**65].sort, [2**64, 2**64].uniq.size, 2**64 <=> 1.5, 2**64 == (2**64).to_f, 1 < 2**64
"d41d8cd98f00b204e9800998ecf8427e".to_i(16) % 1000, 1e20.to_i, 3.pow(200, 1000), 10.pow(3, 7), 2**64 - 2**64 + 5
(2**64) / 0 rescue $!.message
[1, 2][2**64] rescue $!.class
10.lcm(4), 7.remainder(-3), -7.remainder(3), 255.digits(16), 5.bit_length, -1.bit_length, 5[0], ~5, 17.pred, Integer.sqrt(17)
1e15, 1e14, 123456789.123456789, 12.34.divmod(5), -7.divmod(2), 7.5.divmod(2), 7.5.div(2), [0.1] * 6 == [0.1] * 6, ([0.1] * 6).sum, 1234.567.round(-2)
2.5.round(half: :even), 2.5.round(half: :down), 2.5.round(half: :up), 3.5.round(half: :even), -2.5.round(half: :down)
"%x %X %b %o %+x %x % d" % [-255, 255, -5, -8, -255, 2**70, 5]
"%g %g %g %g %g %.3g %G %#x %#b %+.2e %08.3f" % [100000, 1000000, 0.0001, 123456789, 1.5, 3.14159, 1e20, 255, 5, 12345.678, 3.14159]
Math.hypot(3, 4), Math.cbrt(27), Math.atan2(0, 1), Math::E.round(3)
throw :nope rescue "#{$!.class}: #{$!.message}"
catch(:done) { 10.times { |i| throw :done, i if i == 3 }; :never }
begin; begin; raise "a"; rescue; raise "b"; end; rescue => e; [e.message, e.cause.message]; end
begin; raise "a"; rescue => e; begin; raise "b"; rescue => f; f.cause.message; end; end
RuntimeError.new("x").backtrace, RuntimeError.new("x").cause
"hello".gsub(/l/).to_a, "hello".gsub(/l/).with_index.map { |m, i| m + i.to_s }, "ab".each_char.with_index.map { |c, i| c * (i + 1) }
"l1\nl2".each_line.with_index(1).map { |l, i| "#{i}: #{l.chomp}" }, "ab".each_byte.to_a, "ab".each_char.to_a
fib = Enumerator.new { |y| a, b = 0, 1; loop { y << a; a, b = b, a + b } }; [fib.take(10), fib.first(3), fib.lazy.map { |x| x * 2 }.first(4)]
require "json"; [JSON.pretty_generate([]), JSON.pretty_generate({}), JSON.pretty_generate({a: [], b: {c: [1]}}), JSON.parse("[12345678901234567890]")]
->(a:) {}.arity, ->(a, b:) {}.arity, ->(a: 1) {}.arity, ->(a, b: 1) {}.arity, ->(x:, **k) {}.arity, ->(a, *b, c:) {}.arity, proc { |a| }.arity
{a: 1, b: 2} >= {a: 1}, {a: 1} <= {a: 1, b: 2}, {a: 1} >= {b: 1}
require "securerandom"; [SecureRandom.base64(3).size, SecureRandom.base64.size]
Time.at(0).utc.to_a
[3, nil].max rescue "#{$!.class}: #{$!.message}"
[1, 2, 3].permutation(2).to_a, [1, 2, 3].permutation.count, [1, 2, 3, 4].combination(3).to_a, [1, 2].combination(0).to_a, [1, 2].combination(3).to_a
"a b  c".split(" ", 2), "abc".split("", 2), " a  b ".split, " a  b ".split(" ", -1), "a,b,c".split(",", 2), "a1b2c".split(/\d/), "a1b2".split(/(\d)/)
"###,
        expect![[r#"
            [18446744073709551616, 1267650600228229401496703205376, 12345678901234567890, -1180591620717411303424, 18446744073709551615, Integer]
            [33333333333333333333, 2, 21, true, true, true]
            [18446744073709551616, 9223372036854775808, -9223372036854775809, 9223372037000250000, 18446744073709551616, 4]
            ["400000000000000000", 1208925819614629174706175, 123456789012345678901234567890, 123456789012345678901234567890]
            [1.8446744073709552e+19, 1.8446744073709552e+19, 1.8446744073709552e+19, 2.0, 26, 101]
            [0, 1267650600228229401496703205377, 18446744073709551617, -18446744073709551617, 1, 1125899906842624, true]
            [-6148914691236517206, 2, [-3689348814741910324, -4], 1, -9223372036854775808, 9223372036854775808, 9223372036854775808]
            [1, [1, 18446744073709551616, 36893488147419103232], 1, 1, true, true]
            [366, 100000000000000000000, 1, 6, 5]
            "divided by 0"
            RangeError
            [20, 1, -1, [15, 15], 3, 0, 1, -6, 16, 4]
            [1.0e+15, 100000000000000.0, 123456789.12345679, [2, 2.34], [-4, 1], [3, 1.5], 3, true, 0.6000000000000001, 1200]
            [2, 2, 3, 4, -2]
            "..f01 FF ..1011 ..70 -ff 400000000000000000  5"
            "100000 1e+06 0.0001 1.23457e+08 1.5 3.14 1E+20 0xff 0b101 +1.23e+04 0003.142"
            [5.0, 3.0, 0.0, 2.718]
            "UncaughtThrowError: uncaught throw :nope"
            3
            ["b", "a"]
            "a"
            [nil, nil]
            [["l", "l"], ["l0", "l1"], ["a", "bb"]]
            [["1: l1", "2: l2"], [97, 98], ["a", "b"]]
            [[0, 1, 1, 2, 3, 5, 8, 13, 21, 34], [0, 1, 1], [0, 2, 2, 4]]
            ["[\n\n]", "{\n}", "{\n  \"a\": [\n\n  ],\n  \"b\": {\n    \"c\": [\n      1\n    ]\n  }\n}", [12345678901234567890]]
            [1, 2, -1, -2, 1, -3, 1]
            [true, true, false]
            [4, 24]
            [0, 0, 0, 1, 1, 1970, 4, 1, false, "UTC"]
            "ArgumentError: comparison of Integer with nil failed"
            [[[1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2]], 6, [[1, 2, 3], [1, 2, 4], [1, 3, 4], [2, 3, 4]], [[]], []]
            [["a", "b  c"], ["a", "bc"], ["a", "b"], ["a", "b", ""], ["a", "b,c"], ["a", "b", "c"], ["a", "1", "b", "2"]]
        "#]],
    );
}
