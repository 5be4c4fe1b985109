//! What `to_yaml` writes is what Ruby 3.1 writes, byte by byte; the expectation is its output.

use super::check;
use expect_test::expect;

#[test]
fn yaml_is_written_as_by_psych() {
    check(
        r###"
require "yaml"
puts ["yes", "1", "a: b", "a #b", "#a", "- a", "@a", "it's", "a\nb", "a\nb\n", "a\n", "tab\t", "trailing ", "a:b", "http://x", "y", ":sym", "é", "2020-01-01", "12:30", "=", "<<", "08", "0.0.0.0", "x\u0001", "a\n\n", "{{ x }}", "C:\\x", "\"q\"", ""].to_yaml
puts({ :sym => :val, "str" => :"a b", 1 => nil, true => 1.5, "e" => [], "h" => {}, "n" => [[1, [2]], { "x" => [{ "y" => 1 }] }] }.to_yaml)
puts({ "users" => ["default", { "sudo" => ["ALL=(ALL) NOPASSWD:ALL"] }], "runcmd" => [["sh", "-c", "echo 'hi' > /tmp/x"]], "write_files" => [{ "path" => "/etc/x", "content" => "a=1\nb=2\n" }] }.to_yaml)
shared = { "q" => 1 }
puts [shared, [shared], "word " * 30].to_yaml, { "w" => "word " * 20 + "x" }.to_yaml(line_width: -1), { "a" => { "b" => [1] } }.to_yaml(indentation: 4)
puts "plain".to_yaml, nil.to_yaml, 42.to_yaml, (1..3).to_yaml, Time.utc(2020, 1, 2, 3, 4, 5).to_yaml, /a b/i.to_yaml, YAML.dump("w " * 20 + "w", line_width: 20)
S = Struct.new(:a)
class Own; def initialize; @a = [1]; end; end
puts [S.new(1), Own.new].to_yaml, YAML.dump_stream({ "a" => 1 }, [2])
"###,
        expect![[r##"
            ---
            - 'yes'
            - '1'
            - 'a: b'
            - 'a #b'
            - "#a"
            - "- a"
            - "@a"
            - it's
            - |-
              a
              b
            - |
              a
              b
            - 'a

              '
            - "tab\t"
            - 'trailing '
            - a:b
            - http://x
            - "y"
            - ":sym"
            - é
            - '2020-01-01'
            - '12:30'
            - "="
            - !!str '<<'
            - '08'
            - 0.0.0.0
            - "x\x01"
            - "a\n\n"
            - "{{ x }}"
            - C:\x
            - '"q"'
            - ''
            ---
            :sym: :val
            str: :a b
            1:
            true: 1.5
            e: []
            h: {}
            "n":
            - - 1
              - - 2
            - x:
              - "y": 1
            ---
            users:
            - default
            - sudo:
              - ALL=(ALL) NOPASSWD:ALL
            runcmd:
            - - sh
              - "-c"
              - echo 'hi' > /tmp/x
            write_files:
            - path: "/etc/x"
              content: |
                a=1
                b=2
            ---
            - &1
              q: 1
            - - *1
            - 'word word word word word word word word word word word word word word word word
              word word word word word word word word word word word word word word '
            ---
            w: word word word word word word word word word word word word word word word word word word word word x
            ---
            a:
                b:
                - 1
            --- plain
            ---
            --- 42
            --- !ruby/range
            begin: 1
            end: 3
            excl: false
            --- 2020-01-02 03:04:05.000000000 Z
            --- !ruby/regexp /a b/i
            --- >-
              w w w w w w w w w w
              w w w w w w w w w w
              w
            ---
            - !ruby/struct:S
              a: 1
            - !ruby/object:Own
              a:
              - 1
            ---
            a: 1
            ---
            - 2
        "##]],
    );
}
