//! Fractions, complex numbers, packed bytes, methods taken off their objects, and days: each line as Ruby 3.1 prints it.

use super::check_each;
use expect_test::expect;

#[test]
fn fractions_and_complex_numbers_behave_as_in_ruby() {
    check_each(
        r##"
3r / 4, 1/3r, 0.75.to_r, Rational(3, 4) + 1, Rational("1/3"), "0.75".to_r, "1/3".to_r, "x".to_r
2 ** -1, 2 ** -2, 1 / 3r + 0.5, 3 - 1/2r, 2 * 3r, 1r == 1, 1/2r < 0.6, (1/2r) <=> 1, -(1/2r)
(7/2r).round, (7/2r).floor, (-7/2r).ceil, (-7/2r).to_i, (22/7r).round(2), (1/3r).to_f, (7/2r) % 2, (1/2r) ** 3
(0.1).rationalize(Rational(1, 100)), 0.5.rationalize, 3.to_r, 1.5.numerator, 1.5.denominator, 12345.6789.truncate(2)
2i * 2i, Complex(1, 2) + 1, Complex(3, 4).abs, Complex(1, -2).to_s, 1 + 2i == Complex(1, 2)
begin; 1r / 0; rescue ZeroDivisionError => e; e.message; end
begin; 1r + nil; rescue TypeError => e; e.message; end
"##,
        expect![[r#"
            [(3/4), (1/3), (3/4), (7/4), (1/3), (3/4), (1/3), (0/1)]
            [(1/2), (1/4), 0.8333333333333333, (5/2), (6/1), true, true, -1, (-1/2)]
            [4, 3, -3, -3, (157/50), 0.3333333333333333, (3/2), (1/8)]
            [(1/10), (1/2), (3/1), 3, 2, 12345.67]
            [(-4+0i), (2+2i), 5.0, "1-2i", true]
            "divided by 0"
            "nil can't be coerced into Rational"
        "#]],
    );
}

#[test]
fn bytes_are_packed_and_unpacked_as_in_ruby() {
    check_each(
        r##"
"abc".unpack("C*"), ["616263"].pack("H*"), ["abc"].pack("m"), ["abc"].pack("m0"), "YWJj".unpack1("m"), "abc".unpack1("H*")
[1].pack("N").bytes, [65, 66].pack("U*"), [1, 2].pack("s*").size, [3.5].pack("g").bytes.size, "ab".unpack("b*"), "ab".unpack("U*")
["a", "b"].pack("A3A3"), "abc".unpack("a1 a1"), [10, 0, 0, 1].pack("C4").unpack1("N"), "a  ".unpack("A*"), ["x"].pack("a3")
[1, 2].pack("n*").bytes, [258].pack("v").bytes, "abc".unpack("x1 C"), "ab".unpack("C3")
begin; ["a"].pack("y"); rescue ArgumentError => e; e.message; end
"##,
        expect![[r#"
            [[97, 98, 99], "abc", "YWJj\n", "YWJj", "abc", "616263"]
            [[0, 0, 0, 1], "AB", 4, 4, ["1000011001000110"], [97, 98]]
            ["a  b  ", ["a", "b"], 167772161, ["a"], "x\u0000\u0000"]
            [[0, 1, 0, 2], [2, 1], [98], [97, 98, nil]]
            "unknown pack directive 'y' in 'y'"
        "#]],
    );
}

#[test]
fn methods_are_values_as_in_ruby() {
    check_each(
        r##"
def m1(a, b = 2, *c, d:, e: 5, **f, &g); end; method(:m1).arity, method(:m1).parameters, method(:m1).name
class Base1; def hi; "base"; end; end; class Der1 < Base1; def hi; "der+" + method(:hi).super_method.call; end; end; Der1.new.hi, Der1.instance_method(:hi).arity, Der1.new.method(:hi).owner, Der1.new.method(:hi).super_method.super_method
Der1.instance_method(:hi).bind(Der1.new).call, Der1.new.method(:hi).unbind.class, Base1.instance_method(:hi).bind_call(Der1.new), Der1.new.method(:hi).receiver.class
class Priv1; private def secret; 1; end; def method_missing(n, *) = "mm:#{n}"; end; Priv1.new.secret, Priv1.instance_methods(false).include?(:secret)
/\p{L}+/.match("1äbc")[0], /\p{Alpha}+/.match("äbc1")[0], /[\p{Lu}]/.match("aÄ")[0], /\P{Digit}/.match("1a")[0], /\p{^L}/.match("a1")[0]
{a: 1, b: {c: 2}}.flatten, {a: 1}.assoc(:a), {a: 1}.rassoc(1), [1, 2, 2, 3].chunk { |x| x.even? }.to_a, [5, 3].minmax_by { |x| -x }
File.exist?(""), File.directory?(""), File.dirname("/a/b/c", 2), URI.encode_www_form(a: 1, b: "x y"), Object.new.to_s.match?(/\A#<Object:0x\h{16}>\z/), File::RDONLY, Random.new(1).rand(1)
"##,
        expect![[r#"
            [-3, [[:req, :a], [:opt, :b], [:rest, :c], [:keyreq, :d], [:key, :e], [:keyrest, :f], [:block, :g]], :m1]
            ["der+base", 0, Der1, nil]
            ["der+base", UnboundMethod, "base", Der1]
            ["mm:secret", false]
            ["äbc", "äbc", "Ä", "a", "1"]
            [[:a, 1, :b, {:c=>2}], [:a, 1], [:a, 1], [[false, [1]], [true, [2, 2]], [false, [3]]], [5, 3]]
            [false, false, "/a", "a=1&b=x+y", true, 0, 0]
        "#]],
    );
}

#[test]
fn days_behave_as_in_ruby() {
    check_each(
        r##"
require "time"; Time.at(0).utc.iso8601, Time.parse("2020-05-06 07:08:09 UTC").to_i, Time.utc(2020, 1, 1).wednesday?, Time.at(0).utc.strftime("%U %V %W %C")
require "date"; Date.new(2020, 2, 28).next_day.to_s, (Date.new(2020, 3, 1) - Date.new(2020, 2, 1)), (Date.new(2020, 3, 1) - Date.new(2020, 2, 1)).to_i, Date.valid_date?(2020, 2, 30), (Date.new(2020, 1, 31) >> 1).to_s, Date.new(2020, 1, 31).prev_month.to_s, Date.leap?(2020)
Time.utc(2021, 1, 3).strftime("%U %W %V"), Time.utc(2020, 12, 31).strftime("%V"), Time.utc(2016, 1, 1).strftime("%V %U")
"##,
        expect![[r#"
            ["1970-01-01T00:00:00Z", 1588748889, true, "00 01 00 19"]
            ["2020-02-29", (29/1), 29, false, "2020-02-29", "2019-12-31", true]
            ["01 00 53", "53", "53 00"]
        "#]],
    );
}

#[test]
fn zones_parts_of_seconds_and_rounding_behave_as_in_ruby() {
    check_each(
        r##"
Time.new(2024, 1, 2, 3, 4, 5, "+02:00").to_s, Time.new(2024, 1, 2, 3, 4, 5, "-05:30").utc.to_s, Time.new(2024, 1, 2, 3, 4, 5, "Z").to_i, Time.new(2024, 1, 2, 3, 4, 5, 3600).utc_offset, Time.at(0, in: "+01:00").to_s, (Time.new(2024, 1, 2, 3, 4, 5, "2:00") rescue $!.message)
Time.utc(2024, 5, 6, 7, 8, 9.5).usec, Time.utc(2024, 5, 6, 7, 8, 9.5).round.sec, Time.utc(2024, 5, 6, 7, 8, 9.75).floor(1).nsec, (Time.utc(2024, 5, 6, 7, 8, 59) + 1.5).strftime("%M:%S.%L"), Time.utc(2024).getlocal("-01:00").hour, Time.new(2024, 1, 1, 0, 0, 0, "+02:00") == Time.utc(2023, 12, 31, 22)
"%5.1f %.2f %.1f %.1f %.2f %.0f" % [99.55, 2.675, 0.45, -0.35, 1.005, 2.5], 1.005.round(2), 2.675.round(2), -1.005.round(2), 99.55.round(1), 1e20.round(2)
[3, 1].min_by.class, [3, 1].max_by.with_index { |x, i| i }, [3, 1].each_entry.to_a
"##,
        expect![[r#"
            ["2024-01-02 03:04:05 +0200", "2024-01-02 08:34:05 UTC", 1704164645, 3600, "1970-01-01 01:00:00 +0100", "\"+HH:MM\", \"-HH:MM\", \"UTC\" or \"A\"..\"I\",\"K\"..\"Z\" expected for utc_offset: 2:00"]
            [500000, 10, 700000000, "09:00.500", 23, true]
            [" 99.6 2.68 0.4 -0.4 1.00 2", 1.01, 2.68, -1.01, 99.6, 1.0e+20]
            [Enumerator, 1, [3, 1]]
        "#]],
    );
}

#[test]
fn times_beyond_all_calendars_are_errors_or_far_away() {
    check_each(
        r##"
begin; Time.now.localtime(-2**63); rescue ArgumentError => e; e.message; end
Time.at(2**62) - Time.at(-2**62) > 1e18, Date.new(9999, 1, 1) - Date.new(1600, 1, 1)
"##,
        expect![[r#"
            "utc_offset out of range"
            [true, (3067672/1)]
        "#]],
    );
}
