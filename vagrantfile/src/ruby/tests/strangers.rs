//! What a file that nobody trusts may not do: every way to run a command and to connect is refused, by its line.

use super::{check, printed};
use crate::host::MemoryHost;
use expect_test::expect;

/// Ways to run `touch x` on the host.
const COMMANDS: &[&str] = &[
    r##"`touch x`"##,
    r##"%x(touch x)"##,
    r##"%x{touch #{:x}}"##,
    r##"system("touch x")"##,
    r##"system({"A" => "1"}, "touch", "x", chdir: "/tmp")"##,
    r##"Kernel.system("touch x")"##,
    r##"exec("touch x")"##,
    r##"Kernel.exec("touch x")"##,
    r##"spawn("touch x")"##,
    r##"Kernel.spawn("touch x")"##,
    r##"Process.spawn("touch x")"##,
    r##"Process.exec("touch x")"##,
    r##"Process.wait(spawn("touch x"))"##,
    r##"IO.popen("touch x")"##,
    r##"IO.popen(["touch", "x"]) { |io| io.read }"##,
    r##"require "open3"; Open3.capture2("touch x")"##,
    r##"require "open3"; Open3.capture2e("touch x")"##,
    r##"require "open3"; Open3.capture3("touch x")"##,
    r##"require "open3"; Open3.popen2("touch x") { |i, o, t| o.read }"##,
    r##"require "open3"; Open3.popen2e("touch x") { |i, o, t| o.read }"##,
    r##"require "open3"; Open3.popen3("touch x") { |i, o, e, t| o.read }"##,
    r##"require "open3"; Open3.pipeline("touch x", "cat")"##,
    r##"open("|touch x")"##,
    r##"open("| touch x") { |io| io.read }"##,
    r##"IO.read("|touch x")"##,
    r##"IO.readlines("|touch x")"##,
    r##"require "open3"; Open3.pipeline_r("touch x", "cat")"##,
    r##"require "open3"; Open3.pipeline_start("touch x")"##,
    r##"require "pty"; PTY.spawn("touch x")"##,
    r##"Vagrant::Util::Subprocess.execute("touch", "x")"##,
    r##"send(:system, "touch x")"##,
    r##"method(:system).call("touch x")"##,
    r##"["touch x"].each(&method(:system))"##,
    r##"instance_eval { system("touch x") }"##,
    r##"Object.new.send(:`, "touch x")"##,
];

/// Ways to connect.
const CONNECTIONS: &[&str] = &[
    r##"require "net/http"; Net::HTTP.get("example.com", "/")"##,
    r##"require "net/http"; Net::HTTP.get(URI("http://example.com/"))"##,
    r##"require "net/http"; Net::HTTP.get_response(URI("http://example.com/"))"##,
    r##"require "net/http"; Net::HTTP.start("example.com", 80) { |h| h.get("/") }"##,
    r##"require "net/http"; Net::HTTP.new("example.com", 80).get("/")"##,
    r##"require "net/http"; Net::HTTP.new("example.com").request(Net::HTTP::Get.new("/"))"##,
    r##"require "net/http"; Net::HTTP.post_form(URI("http://example.com/"), {})"##,
    r##"require "net/http"; Net::HTTP.post(URI("http://example.com/"), "x")"##,
    r##"require "open-uri"; open("http://example.com/").read"##,
    r##"require "open-uri"; URI.open("https://example.com/").read"##,
    r##"require "open-uri"; URI.parse("http://example.com/").open"##,
    r##"require "open-uri"; URI("http://example.com/").read"##,
    r##"require "open-uri"; OpenURI.open_uri("http://example.com/")"##,
    r##"require "open-uri"; File.read(URI.open("http://example.com/"))"##,
    r##"require "socket"; TCPSocket.new("example.com", 80)"##,
    r##"require "socket"; TCPSocket.open("example.com", 80)"##,
    r##"require "socket"; TCPServer.new(8080)"##,
    r##"require "socket"; TCPServer.new("127.0.0.1", 8080)"##,
    r##"require "socket"; UDPSocket.new.connect("8.8.8.8", 53)"##,
    r##"require "socket"; UNIXSocket.new("/var/run/docker.sock")"##,
    r##"require "socket"; Socket.tcp("example.com", 80)"##,
    r##"require "socket"; Socket.new(:INET, :STREAM)"##,
    r##"require "socket"; Socket.getaddrinfo("example.com", 80)"##,
    r##"require "socket"; Addrinfo.tcp("example.com", 80)"##,
    r##"require "socket"; IPSocket.getaddress("example.com")"##,
    r##"require "socket"; UDPSocket.open { |s| s.connect("8.8.8.8", 1); s.addr.last }"##,
    r##"require "socket"; UDPSocket.new.send("x", 0, "127.0.0.1", 9)"##,
    r##"require "socket"; UDPSocket.new.bind("", 53)"##,
    r##"require "socket"; require "timeout"; Timeout.timeout(1) { TCPSocket.new("127.0.0.1", 80).close }"##,
    r##"require "socket"; Socket.gethostbyname("example.com")"##,
    r##"require "socket"; UNIXServer.new("/tmp/x.sock")"##,
    r##"require "socket"; Socket.new(:UNIX, :STREAM).bind(Socket.sockaddr_un("/tmp/x.sock"))"##,
    r##"require "resolv"; Resolv.getaddress("example.com")"##,
    r##"require "resolv"; Resolv.getname("10.0.0.1")"##,
    r##"require "socket"; Socket.getnameinfo(["AF_INET", 80, "10.0.0.1"])"##,
];

/// What a file is told that does something in its third line and would rescue whatever is raised.
fn told(way: &str) -> String {
    let source = format!("x = 1\nbegin\n{way}\nrescue Exception\n  puts 'rescued'\nend\nputs 'went on'\n");
    printed(MemoryHost::default(), &source)
}

#[test]
fn every_way_to_run_a_command_is_refused_by_its_line_and_cannot_be_rescued() {
    for way in COMMANDS {
        let text = told(way);
        assert!(text.starts_with("/project/Vagrantfile:3:"), "{way}: {text}");
        assert!(
            text.contains("this file wants to run a command: touch x"),
            "{way}: {text}"
        );
        assert!(!text.contains("went on"), "{way}: {text}");
    }
}

#[test]
fn every_way_to_connect_is_refused_by_its_line_and_cannot_be_rescued() {
    for way in CONNECTIONS {
        let text = told(way);
        assert!(text.starts_with("/project/Vagrantfile:3:"), "{way}: {text}");
        let wants = ["this file wants to connect to ", "this file wants to listen on "];
        assert!(wants.iter().any(|it| text.contains(it)), "{way}: {text}");
        assert!(!text.contains("went on"), "{way}: {text}");
    }
}

#[test]
fn neither_a_pipe_nor_a_signal_needs_less_than_a_command() {
    for (way, wants) in [
        ("IO.pipe", "this file wants to open a pipe"),
        (
            "Process.kill(:TERM, 1)",
            "this file wants to run a command: kill -TERM -- 1",
        ),
        (
            "Process.kill(0, Process.pid)",
            "this file wants to run a command: kill -0 -- 4711",
        ),
    ] {
        let text = told(way);
        assert!(
            text.starts_with("/project/Vagrantfile:3:") && text.contains(wants),
            "{way}: {text}"
        );
        assert!(!text.contains("went on"), "{way}: {text}");
    }
}

#[test]
fn every_way_is_refused_within_blocks_too() {
    for block in [
        "Vagrant.configure('2') { |config| system('touch x') }",
        "Vagrant.configure('2') { |config| config.vm.define('a') { |a| system('touch x') } }",
        "Vagrant.configure('2') { |config| config.vm.provider('virtualbox') { |vb| system('touch x') } }",
        "Vagrant.configure('2') { |config| config.vm.provision('shell') { |s| system('touch x') } }",
        "Vagrant.configure('2') { |config| config.trigger.before(:up) { |t| system('touch x') } }",
        "module Vagrant; def self.later; system('touch x'); end; end; Vagrant.later",
    ] {
        let host = MemoryHost::default().with_file("Vagrantfile", block);
        let text = match super::layers(&super::open(host), "virtualbox") {
            Ok(layers) => panic!("{block}: {layers}"),
            Err(report) => report.to_string(),
        };
        assert!(
            text.contains("this file wants to run a command: touch x"),
            "{block}: {text}"
        );
    }
}

#[test]
fn what_is_left_for_the_end_runs_at_the_end_and_is_refused_there() {
    let source = "at_exit { puts 'last' }\nat_exit { system('touch x') }\nat_exit { puts 'first' }\nputs 'file'";
    let host = MemoryHost::default().with_file("Vagrantfile", source);
    let printed = host.printed();
    let session = super::open(host);
    let file = session.load(
        std::path::Path::new("/project/Vagrantfile"),
        crate::session::Role::Project,
    );
    assert!(file.is_ok());

    drop(session);

    expect![[r#"
        file
        first
        /project/Vagrantfile:2:11: this file wants to run a command: touch x
          at_exit { system('touch x') }
                    ^
          run `jaunt trust` if you trust this project
        last
    "#]]
    .assert_eq(&printed.lock().expect("nobody panicked"));
}

#[test]
fn a_text_is_only_parsed_where_there_is_stack_for_it() {
    check(
        "DEEP = '(' * 9_000\ndef f\n  f\nrescue SystemStackError\n  raise if $tried\n  $tried = true\n  eval(DEEP)\nend\nbegin\n  f\nrescue SystemStackError, SyntaxError => e\n  puts e.class\nend",
        expect![[r#"
            SystemStackError
        "#]],
    );
}

#[test]
fn what_this_computer_is_called_and_its_addresses_need_no_trust() {
    let source = r#"
require "socket"
puts Socket.gethostname
puts Socket.ip_address_list.map(&:inspect).inspect
puts Socket.ip_address_list.detect(&:ipv4_private?).ip_address
puts Socket.getifaddrs.map { |it| [it.name, it.addr.ipv4? && it.netmask.ip_address] }.inspect
puts Addrinfo.tcp("10.0.0.1", 80).inspect, Addrinfo.ip("127.0.0.1").ipv4_loopback?
puts IPSocket.getaddress("10.0.0.1")
sleep 1000
"#;
    let printed = printed(MemoryHost::default(), source);
    let expected = [
        "workstation",
        r##"["#<Addrinfo: 127.0.0.1>", "#<Addrinfo: 192.168.1.20>"]"##,
        "192.168.1.20",
        r#"[["lo", "255.0.0.0"], ["eth0", "255.255.255.0"]]"#,
        "#<Addrinfo: 10.0.0.1:80 TCP>",
        "true",
        "10.0.0.1",
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}
