//! What hostile files are stopped by.

use super::{check, printed};
use crate::cancellation::Cancellation;
use crate::host::MemoryHost;
use crate::session::{Role, Session, Settings};
use expect_test::expect;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[test]
fn a_loop_without_an_end_is_stopped_at_its_line() {
    check(
        "x = 1\nloop { x += 1 }\n",
        expect![[r#"
        /project/Vagrantfile:2:8: this file does not come to an end
          loop { x += 1 }
                 ^
          look for a loop that never stops
    "#]],
    );
    check(
        "loop {}",
        expect![[r#"
        /project/Vagrantfile:1:1: this file does not come to an end
          loop {}
          ^
          look for a loop that never stops
    "#]],
    );
    check(
        "loop { 'a text'.upcase + [1, 2].map { |it| it }.join }",
        expect![[r#"
        /project/Vagrantfile:1:1: this file does not come to an end
          loop { 'a text'.upcase + [1, 2].map { |it| it }.join }
          ^
          look for a loop that never stops
    "#]],
    );
    check(
        "while true do end",
        expect![[r#"
        /project/Vagrantfile:1:1: this file does not come to an end
          while true do end
          ^
          look for a loop that never stops
    "#]],
    );
}

#[test]
fn a_recursion_without_an_end_is_an_error_that_can_be_rescued() {
    check(
        "def f(n) = f(n + 1)\nbegin\n  f(0)\nrescue SystemStackError => e\n  puts e.message\nend",
        expect![[r#"
        stack level too deep
    "#]],
    );
    check(
        "def f(n)\n  f(n + 1)\nend\nf(0)",
        expect![[r#"
        /project/Vagrantfile:2:3: stack level too deep (SystemStackError)
            f(n + 1)
            ^
    "#]],
    );
}

#[test]
fn nesting_without_an_end_neither_overflows_nor_hangs() {
    check(
        "a = []\n100_000.times { a = [a] }\nputs 1",
        expect![[r#"
        1
    "#]],
    );
    check(
        "a = []\na << a\nputs a.inspect, a == a, a.flatten.size",
        expect![[r#"
        /project/Vagrantfile:3:19: stack level too deep (SystemStackError)
          puts a.inspect, a == a, a.flatten.size
                            ^
    "#]],
    );
    check(
        "a = [1]\n60.times { a = [a, a] }\nputs a.hash.class",
        expect![[r#"
        Integer
    "#]],
    );
    check(
        "a = [1]\n40.times { a = [a, a] }\nputs a.inspect",
        expect![[r#"
        /project/Vagrantfile:3:8: this file does not come to an end
          puts a.inspect
                 ^
          look for a loop that never stops
    "#]],
    );
}

#[test]
fn a_file_cannot_take_all_the_memory() {
    check(
        "puts ('x' * 10_000_000_000).size",
        expect![[r#"
        /project/Vagrantfile:1:11: this file takes too much memory
          puts ('x' * 10_000_000_000).size
                    ^
          look for a text or list of this size
    "#]],
    );
    check(
        "puts Array.new(10_000_000_000).size",
        expect![[r#"
        /project/Vagrantfile:1:12: this file takes too much memory
          puts Array.new(10_000_000_000).size
                     ^
          look for a text or list of this size
    "#]],
    );
    check(
        "puts (1..10_000_000_000).to_a.size",
        expect![[r#"
        /project/Vagrantfile:1:26: this file takes too much memory
          puts (1..10_000_000_000).to_a.size
                                   ^
          look for a text or list of this size
    "#]],
    );
    check(
        "puts 'x'.ljust(10_000_000_000).size",
        expect![[r#"
        /project/Vagrantfile:1:10: this file takes too much memory
          puts 'x'.ljust(10_000_000_000).size
                   ^
          look for a text or list of this size
    "#]],
    );
    check(
        "puts '%010000000000d' % 1",
        expect![[r#"
        /project/Vagrantfile:1:23: this file takes too much memory
          puts '%010000000000d' % 1
                                ^
          look for a text or list of this size
    "#]],
    );
    check(
        "a = 'x'\nloop { a << a }",
        expect![[r#"
        /project/Vagrantfile:2:10: this file takes too much memory
          loop { a << a }
                   ^
          look for a text or list that keeps growing
    "#]],
    );
    check(
        "a = []\nloop { a.concat(a); a << 1 }",
        expect![[r#"
        /project/Vagrantfile:2:10: this file takes too much memory
          loop { a.concat(a); a << 1 }
                   ^
          look for a text or list that keeps growing
    "#]],
    );
    check(
        "a = 'x'\nloop { a = a.gsub('x', 'xx') }",
        expect![[r#"
        /project/Vagrantfile:2:14: this file does not come to an end
          loop { a = a.gsub('x', 'xx') }
                       ^
          look for a loop that never stops
    "#]],
    );
}

/// Neither the time nor the memory of a line may be out of proportion to what it costs.
fn check_refused(source: &str) {
    let text = printed(MemoryHost::default(), source);
    let is_bounded = text.contains("this file takes too much memory") || text.contains("does not come to an end");
    assert!(is_bounded, "{source}\n{text}");
}

#[test]
fn what_is_made_of_little_is_counted_before_it_is_made() {
    let big = "s = 'x' * 8_000_000\n";
    for line in [
        "s.chars",
        "s.bytes",
        "s.split('')",
        "s.gsub('x', 'xxxxxxxxxxxxxxxx')",
        "s.tr('x', \"\\n\").lines",
        "s.tr('x', ' ').split(' ', -1); s.each_char.to_a",
        "s.scan(/x/)",
        "puts [s] * 1000",
        "([s] * 1000).inspect",
        "([s] * 1000).join",
        "(s + s) * 4",
        "a = [s]; 400.times { a = [s, a] }; a.inspect",
        "JSON.parse('[' + ([[]] * 1_000_000).join(',') + ']'); JSON.parse('[' + '[],' * 2_500_000 + '1]')",
        "('%1$s' * 1000) % s",
    ] {
        check_refused(&format!("require 'json'\n{big}{line}"));
    }
    for line in [
        "(0..5000).to_a.combination(2).to_a",
        "(0..5000).to_a.permutation(2).to_a",
        "a = (0..5000).to_a; a.product(a)",
        "a = [1] * 5000; ([a] * 5000).transpose",
        "a = [1] * 200_000; a.zip(*([a] * 50))",
        "(0..200_000).each_cons(100_000).to_a",
        "a = [1] * 500_000; ([a] * 50).flatten",
        "l = []; 1000.times { l << eval('-> {' + 'x;' * 1000 + '}') }",
        "l = []; loop { begin; raise 'x'; rescue => e; l << e; end }",
        "loop { config = []; $all = ($all || []) << ('y' * 1000) }",
    ] {
        check_refused(line);
    }
}

#[test]
fn work_on_something_big_counts_as_much_as_many_steps() {
    for line in [
        "s = 'x' * 8_000_000; loop { s.size }",
        "a = [1] * 1_000_000; loop { a.shift; a.unshift(1) }",
        "a = (0..300_000).to_a; loop { a.dup }",
        "h = {}; 60_000.times { |i| h[i] = i }; loop { h.delete(1); h[1] = 1 }",
        "('a'..'z' * 1_000_000).to_a",
        "'x'.tr('a-z' * 1_000_000, 'b') * 2; loop { 'x'.tr('a-z' * 1000, 'b') }",
        "[1].product(*[[1]] * 100_000)",
        "loop { eval('x = 1;' * 10_000) }",
    ] {
        check_refused(line);
    }
}

#[test]
fn a_large_number_is_neither_a_hang_nor_a_fault() {
    check(
        "big = 9223372036854775807\np [] * big, '' * big, [1, 2].combination(big).to_a, 'abc'[0..big], [1][0..big], (5...-1e300).to_a\n\
         [1].each.with_index(big) { |x, i| p i }\np Dir.glob('{a}' * 100_000), [[1, 2], [3, 4]].permutation(2).to_a",
        expect![[r#"
            []
            ""
            []
            "abc"
            [1]
            []
            9223372036854775807
            []
            [[[1, 2], [3, 4]], [[3, 4], [1, 2]]]
        "#]],
    );
    check(
        "[[1], [1, 2]].transpose",
        expect![[r#"
            /project/Vagrantfile:1:15: element size differs (2 should be 1) (IndexError)
              [[1], [1, 2]].transpose
                            ^
        "#]],
    );
}

#[test]
fn a_regular_expression_that_never_ends_is_given_up() {
    check(
        "puts(/^(a+)+\\1$/ =~ 'a' * 40 + 'b')",
        expect![[r#"
        /project/Vagrantfile:1:18: this regular expression takes too long: /^(a+)+\1$/ (RegexpError)
          puts(/^(a+)+\1$/ =~ 'a' * 40 + 'b')
                           ^
    "#]],
    );
    check(
        "puts Regexp.new('(x{1000}){1000}').source.size",
        expect![[r#"
        /project/Vagrantfile:1:13: Error compiling regex: Regex error: error building NFA: /(x{1000}){1000}/ (RegexpError)
          puts Regexp.new('(x{1000}){1000}').source.size
                      ^
    "#]],
    );
}

#[test]
fn deep_source_is_refused() {
    // Not a snapshot: the source line alone is longer than a person reads.
    for source in [
        format!("x = {}1{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("puts {}", vec!["1"; 20_000].join("+")),
    ] {
        let text = printed(MemoryHost::default(), &source);
        assert!(text.contains("nest"), "{}", &text[..text.len().min(300)]);
        assert!(text.len() < 20_000, "the report is {} bytes long", text.len());
    }
}

#[test]
fn a_command_is_an_error_that_names_its_line_and_itself() {
    check(
        "x = 1\nputs `rm -rf /`",
        expect![[r#"
        /project/Vagrantfile:2:6: this file wants to run a command: rm -rf /
          puts `rm -rf /`
               ^
          run `jaunt trust` if you trust this project
    "#]],
    );
    check(
        "begin\n  system('vagrant', 'plugin', 'install', 'x')\nrescue Exception\nend",
        expect![[r#"
        /project/Vagrantfile:2:3: this file wants to run a command: vagrant plugin install x
            system('vagrant', 'plugin', 'install', 'x')
            ^
          run `jaunt trust` if you trust this project
    "#]],
    );
    check(
        "require 'open-uri'\nputs URI.open('http://example.com/x').read",
        expect![[r#"
        /project/Vagrantfile:2:10: this file wants to connect to http://example.com/x
          puts URI.open('http://example.com/x').read
                   ^
          run `jaunt trust` if you trust this project
    "#]],
    );
}

#[test]
fn a_write_is_read_back_and_reaches_nothing() {
    check(
        "File.write('a.txt', 'one')\nFile.open('a.txt', 'a') { |f| f.puts 'two' }\nputs File.read('a.txt'), Dir.glob('*').inspect\nFile.delete('a.txt')\nputs File.exist?('a.txt')",
        expect![[r#"
            onetwo
            ["Vagrantfile", "a.txt"]
            false
        "#]],
    );
}

#[test]
fn bytes_at_random_never_panic() {
    let words = [
        "def",
        "end",
        "do",
        "|x|",
        "class",
        "A",
        "x",
        "=",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        "1",
        "\"a#{",
        "}\"",
        ".each",
        ".map",
        "&:to_s",
        "if",
        "while",
        "case",
        "in",
        "when",
        "=>",
        "**",
        "*",
        "&",
        "->",
        "yield",
        "super",
        "return",
        "break",
        "next",
        "redo",
        "retry",
        "rescue",
        "begin",
        "ensure",
        ";",
        "\n",
        ",",
        ":a",
        "nil",
        "self",
        "@a",
        "$b",
        "@@c",
        "/x(/",
        "<<~A\n",
        "A\n",
        "%w[",
        "..",
        "?",
        "!",
        "puts",
        "raise",
        "Vagrant.configure(2)",
        "config.vm.",
        "p",
        "x.x",
        "[0]",
        "||=",
        "\u{e9}",
        "\0",
        "=begin\n",
        "__END__\n",
        "alias",
        "undef",
        "defined?",
    ];
    let mut state = 7_u64;
    let mut next = move |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    for _ in 0..600 {
        let source: String = (0..next(24))
            .map(|_| format!("{} ", words[next(words.len())]))
            .collect();
        let text = printed(MemoryHost::default(), &source);
        assert!(!text.contains("fault of ours"), "{source:?}: {text}");
    }
}

#[test]
fn reading_stops_when_it_is_cancelled() {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = asked.clone();
    let settings = Settings {
        cancellation: Cancellation::when(move || counter.fetch_add(1, Ordering::Relaxed) > 2),
        ..Settings::default()
    };
    let host = MemoryHost::default().with_file("Vagrantfile", "begin\n  loop { }\nrescue Exception\nend\nloop { }");
    let session = Session::new(Box::new(host), settings).expect("a thread starts");

    let report = session.load(Path::new("/project/Vagrantfile"), Role::Project);

    let report = report.expect_err("the loop does not end").to_string();
    assert!(report.contains("Vagrantfile:2:3: reading was interrupted"), "{report}");
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

#[test]
fn what_is_configured_without_an_end_is_bounded() {
    for (line, said) in [
        (
            "(1..).each { |i| config.vm.define \"n#{i}\" }",
            "more than 10000 machines",
        ),
        (
            "(1..).each { |i| config.vm.define(\"n#{i}\") rescue nil }",
            "does not come to an end",
        ),
        ("loop { config.vm.box = 'x' }", "more than 500000 things"),
        ("loop { config.trigger.before(:up) { |it| it.info = 'x' } }", "things"),
        ("loop { config.vm }", "more than 500000 things"),
        ("(1..).each { |i| ENV[\"X#{i}\"] = 'x' }", "does not come to an end"),
    ] {
        let text = format!("Vagrant.configure('2') do |config|\n{line}\nend");
        let host = MemoryHost::default().with_file("Vagrantfile", &text);
        let limits = crate::Limits {
            steps: 5_000_000,
            ..crate::Limits::default()
        };
        let settings = Settings {
            limits,
            ..Settings::default()
        };
        let session = Session::new(Box::new(host), settings).expect("a thread starts");

        let report = super::layers(&session, "virtualbox").expect_err(line).to_string();

        assert!(
            report.starts_with("/project/Vagrantfile:2:") && report.contains(said),
            "{line}: {report}"
        );
    }
}
