//! Reading a stranger's Vagrantfile is harmless: what acts on this computer waits for the user's trust, and a change of any of the
//! code ends that.

#![cfg(test)]

mod support;

use std::time::Duration;

use support::web::Web;
use support::{World, eventually};

/// A Vagrantfile that loads a helper, and then leaves a mark.
const LOADS: &str = "require_relative \"helper\"\nmark = `touch made-it`\nVagrant.configure(\"2\") { |config| }\n";

impl World {
    /// Whether a Vagrantfile has acted since the last look.
    fn acted(&self) -> bool {
        std::fs::remove_file(self.project().join("made-it")).is_ok()
    }
}

#[test]
fn a_changed_helper_ends_the_trust() {
    let world = World::with_vagrantfile(LOADS);
    world.write("helper.rb", "ONE = 1\n");
    world.run(["trust"]).success();
    world.run(["status"]).success();
    assert!(world.acted());

    world.write("helper.rb", "ONE = `touch made-it`\n");

    world.run(["status"]).fails_with("helper.rb:1");
    assert!(!world.acted());
    world.run(["trust"]).success();
    assert!(!world.acted(), "a survey does nothing");
    world.run(["status"]).success();
    assert!(world.acted());
}

#[test]
fn a_changed_text_that_is_evaluated_ends_the_trust() {
    for reads in [
        "eval File.read(\"part\")",
        "instance_eval(IO.read(\"part\"))",
        "Object.class_eval File.read(\"part\")",
        "ERB.new(File.read(\"part\")).result(binding)",
        "load \"part\"",
    ] {
        let world = World::with_vagrantfile(&format!("require \"erb\"\n{reads}\n`touch made-it`\n"));
        world.write("part", "1\n");
        world.run(["trust"]).success();
        world.run(["status"]).success();
        assert!(world.acted(), "{reads}");

        world.write("part", "2\n");

        world.run(["status"]).fails_with("Vagrantfile:3");
        assert!(!world.acted(), "{reads}");
    }
}

#[test]
fn data_may_change_and_code_that_the_file_writes_itself_counts_as_it_is() {
    let world = World::with_vagrantfile(
        "File.write(\"made.rb\", \"A = 1\")\nload \"made.rb\"\neval \"B = 2\"\nFile.read(\"data\")\n`touch made-it`\n",
    );
    world.write("data", "1");
    world.run(["trust"]).success();
    assert!(!world.project().join("made.rb").exists());

    world.write("data", "2");

    world.run(["status"]).success();
    assert!(world.acted() && world.project().join("made.rb").exists());
}

#[test]
fn the_users_own_file_and_the_boxes_file_need_trust_of_their_own() {
    let world = World::with_vagrantfile("Vagrant.configure(\"2\") { |config| config.vm.box = \"strange\" }\n");
    let folder = world.home().join("boxes/strange/0/libvirt");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("metadata.json"),
        "{\"provider\": \"libvirt\", \"format\": \"qcow2\", \"virtual_size\": 1}",
    )
    .unwrap();
    std::fs::write(folder.join("box.img"), "").unwrap();
    std::fs::write(folder.join("Vagrantfile"), "`touch made-it`\n").unwrap();
    let boxes_file = folder.join("Vagrantfile").display().to_string();
    world.run(["trust"]).success();

    let status = world.run(["status"]).fails_with("libvirt/Vagrantfile:1");
    assert!(
        status.stderr.contains(&format!("jaunt trust {boxes_file}")),
        "{}",
        status.stderr
    );
    assert!(!world.acted());
    world.run(["trust", &boxes_file]).success();
    world.run(["status"]).success();
    assert!(world.acted());

    std::fs::write(world.home().join("Vagrantfile"), "`touch made-it`\n").unwrap();
    world.run(["status"]).fails_with("home/Vagrantfile:1");
    assert!(!world.acted());
    let trust = world.run(["trust"]).success();
    assert!(trust.stdout.contains("home/Vagrantfile"), "{}", trust.stdout);
    world.run(["status"]).success();
}

#[test]
fn a_boxes_file_changes_nothing_that_the_projects_sees() {
    let world = World::with_vagrantfile(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "strange"
  config.vm.provider("qemu") { |it| it.memory = ENV["MEMORY"] || helper }
end
def helper = 512
"#,
    );
    let folder = world.home().join("boxes/strange/0/libvirt");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("metadata.json"),
        "{\"provider\": \"libvirt\", \"format\": \"qcow2\", \"virtual_size\": 1}",
    )
    .unwrap();
    std::fs::write(folder.join("box.img"), "").unwrap();
    std::fs::write(
        folder.join("Vagrantfile"),
        "ENV[\"MEMORY\"] = \"no number\"\ndef helper = \"none either\"\n",
    )
    .unwrap();

    world.run(["validate"]).success();
}

#[test]
fn trust_is_shown_listed_and_revoked() {
    let world = World::with_vagrantfile(LOADS);
    world.write("helper.rb", "ONE = 1\nFile.write(\"x\", \"y\")\n");
    let show = world.run(["trust", "--show"]).success();
    for part in [
        "project/Vagrantfile\n",
        "project/helper.rb\n",
        "run `touch made-it`",
        "write ",
    ] {
        assert!(show.stdout.contains(part), "{part}: {}", show.stdout);
    }
    world.run(["status"]).fails_with("Vagrantfile:2");
    assert!(
        world
            .run(["trust", "--list"])
            .success()
            .stdout
            .contains("No Vagrantfile")
    );

    world.run(["trust"]).success();
    let list = world.run(["trust", "--list"]).success();
    assert!(list.stdout.contains("project/helper.rb\n"), "{}", list.stdout);
    world.run(["status"]).success();

    assert!(
        world
            .run(["trust", "--revoke"])
            .success()
            .stdout
            .contains("no longer trusted")
    );
    world.run(["status"]).fails_with("Vagrantfile:2");
}

#[test]
fn a_file_that_is_loaded_only_after_a_command_was_run_needs_trust_of_its_own() {
    let world = World::with_vagrantfile("load(`echo late.rb`.strip)\n`touch made-it`\n");
    world.write("late.rb", "");
    let trust = world.run(["trust"]).success();
    assert!(trust.stdout.contains("ended early"), "{}", trust.stdout);

    world.run(["status"]).fails_with("Vagrantfile:2");
    assert!(!world.acted());
    // What is trusted by now runs, so that the next look sees further.
    world.run(["trust"]).success();

    world.run(["status"]).success();
    assert!(world.acted());
}

#[test]
fn settings_that_reach_this_computer_depend_on_every_file_of_lua_and_toml() {
    let world = World::new();
    world.write(
        "Vagrantfile.lua",
        "local proxy = require('proxy')\nVagrant.configure('2', function(config)\n  config.vm.box = 'x'\n  config.ssh.proxy_command = proxy\nend)\n",
    );
    world.write("proxy.lua", "return 'nc %h %p'\n");
    world.run(["validate"]).fails_with("Vagrantfile.lua:4");
    world.run(["trust"]).success();
    world.run(["validate"]).success();
    world.write("proxy.lua", "return 'touch made-it'\n");
    world.run(["validate"]).fails_with("Vagrantfile.lua:4");

    let world = World::new();
    world.write("Vagrantfile.toml", "include = [\"proxy.toml\"]\nvm.box = \"x\"\n");
    world.write("proxy.toml", "ssh.proxy_command = \"nc %h %p\"\n");
    world.run(["validate"]).fails_with("proxy.toml:1");
    world.run(["trust"]).success();
    world.run(["validate"]).success();
    world.write("proxy.toml", "ssh.proxy_command = \"touch made-it\"\n");
    world.run(["validate"]).fails_with("proxy.toml:1");
}

#[test]
fn a_vagrantfile_that_wants_to_run_a_command_is_stopped_at_its_line() {
    let world = World::with_vagrantfile("marker = `touch made-it`\nVagrant.configure(\"2\") { |config| }\n");
    let status = world.run(["status"]).fails_with("Vagrantfile:1");
    assert!(status.stderr.contains("jaunt trust"), "{}", status.stderr);
    assert!(!world.project().join("made-it").exists());

    world.run(["trust"]).success();
    world.run(["status"]).success();
    assert!(world.project().join("made-it").exists());
    world.write(
        "Vagrantfile",
        "marker = `touch made-more`\nVagrant.configure(\"2\") { |config| }\n",
    );
    world.run(["status"]).fails_with("Vagrantfile:1");
    world.run(["--trust", "status"]).success();
    assert!(world.project().join("made-more").exists());
}

#[test]
fn arguments_for_qemu_itself_need_trust() {
    let world = World::with_vagrantfile(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "small"
  config.vm.provider("qemu") { |q| q.extra_arguments = ["-device", "virtio-balloon-pci"] }
end
"#,
    );
    world.run(["validate"]).fails_with("not trusted");
    world.run(["validate", "--trust"]).success();
}

#[test]
fn what_reaches_this_computer_needs_trust_also_where_a_command_goes_on_with_mistakes() {
    let world = World::with_vagrantfile(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "small"
  config.ssh.proxy_command = "touch made-it"
  config.ssh.ssh_command = "./evil"
  config.ssh.extra_args = ["-o", "LocalCommand=id"]
  config.vm.synced_folder ".", "/here", type: "rsync", rsync__args: ["-a", "-e", "sh"]
  config.vm.provider("qemu") { |q| q.program = "/bin/sh" }
end
"#,
    );
    for command in ["validate", "ssh", "ssh-config"] {
        let ran = world.run([command]).fails_with("not trusted");
        for line in 3..=7 {
            let place = format!("Vagrantfile:{line}:");
            assert!(ran.stderr.contains(&place), "{command}, {place} {}", ran.stderr);
        }
        assert!(ran.stderr.contains("jaunt trust"), "{}", ran.stderr);
    }
    world.run(["validate", "--trust"]).success();
    world.run(["ssh", "--trust"]).fails_with("has not been created");
}

#[test]
fn what_leaves_this_computer_alone_needs_no_trust() {
    let world = World::with_vagrantfile(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "small"
  config.ssh.extra_args = ["-A", "-o", "ServerAliveInterval=30"]
  config.vm.synced_folder ".", "/here", type: "rsync",
    rsync__args: ["--verbose", "--archive", "--delete", "-z", "--exclude=.git/"]
end
"#,
    );
    world.run(["validate"]).success();
}

#[test]
fn a_trusted_text_is_not_trusted_elsewhere() {
    let text = "marker = `touch made-it`\nVagrant.configure(\"2\") { |config| }\n";
    let world = World::with_vagrantfile(text);
    world.run(["trust"]).success();
    world.write("copy/Vagrantfile", text);
    let output = world
        .command(["status"])
        .current_dir(world.project().join("copy"))
        .output()
        .unwrap();
    world.ran(output).fails_with("Vagrantfile:1");
    assert!(!world.project().join("copy/made-it").exists());
}

/// Prints on one line each what a trusted file gets from a server and from a command.
const SPEAKS: &str = r#"
require "net/http"
require "open-uri"
require "open3"
def told(what)
  puts "said: #{what.inspect}"
end
told URI.open("WEB/hello", "X-Opened" => "yes", read_timeout: 30).read
told URI.open("WEB/old").read
moved = Net::HTTP.get_response(URI("WEB/old"))
told [moved.code, moved.is_a?(Net::HTTPRedirection), moved["location"]]
begin
  URI.open("WEB/missing").read
rescue OpenURI::HTTPError => error
  told [error.message, error.io.status]
end
missing = Net::HTTP.get_response(URI("WEB/missing"))
told [missing.code, missing.is_a?(Net::HTTPNotFound), missing.is_a?(Net::HTTPSuccess)]
place = URI("WEB/hello")
Net::HTTP.start(place.host, place.port) do |http|
  answer = http.request(Net::HTTP::Get.new(place))
  told [answer.code, answer.message, answer["Content-Length"], answer.body, answer.value]
  told http.head("/hello").is_a?(Net::HTTPOK)
  request = Net::HTTP::Post.new("/hello", "X-Own" => "yes")
  request.body = "sent"
  http.request(request)
end
Open3.popen3("tr a-z A-Z; echo wrong >&2; exit 3") do |input, output, errors, thread|
  input.puts "to the command"
  input.close
  told [output.gets, output.read, errors.read, thread.value.exitstatus]
end
input, output, = Open3.popen2("cat")
input << "kept"
input.close
told output.read
Vagrant.configure("2") { |config| }
"#;

#[test]
fn a_trusted_file_speaks_http_and_writes_to_commands() {
    let world = World::with_vagrantfile("");
    let folder = world.project().join("served");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("hello"), "a greeting").unwrap();
    std::fs::write(folder.join("old.moved"), "/hello").unwrap();
    let web = Web::of(&folder);
    world.write("Vagrantfile", &SPEAKS.replace("WEB/", &web.url("")));

    let stderr = world.run(["--trust", "status"]).success().stderr;

    let said: Vec<&str> = stderr.lines().filter_map(|it| it.strip_prefix("said: ")).collect();
    let expected = [
        r#""a greeting""#,
        r#""a greeting""#,
        r#"["302", true, "/hello"]"#,
        r#"["404 Not Found", ["404", "Not Found"]]"#,
        r#"["404", true, false]"#,
        r#"["200", "OK", "10", "a greeting", nil]"#,
        "true",
        r#"["TO THE COMMAND\n", "", "wrong\n", 3]"#,
        r#""kept""#,
    ];
    assert_eq!(said, expected, "{stderr}");
    // The server notes a request after it has answered.
    let mut asked = Vec::new();
    for (what, header) in [("GET /hello", "x-opened: yes"), ("POST /hello", "x-own: yes")] {
        eventually(Duration::from_secs(30), || {
            asked.extend(web.asked());
            let mut these = asked.iter().filter(|it| it.what == what);
            these.any(|it| it.headers.iter().any(|it| it.eq_ignore_ascii_case(header)))
        });
    }
}

/// Prints on one line each what a trusted file finds out with sockets.
const CONNECTS: &str = r#"
require "socket"
require "resolv"
require "timeout"
def told(what)
  puts "said: #{what.inspect}"
end
def open?(port)
  Timeout.timeout(10) do
    TCPSocket.new("127.0.0.1", port).close
    true
  end
rescue Errno::ECONNREFUSED
  false
end
server = TCPServer.new("127.0.0.1", 0)
port = server.addr[1]
told [port > 1023, server.addr.values_at(0, 3), open?(port)]
begin
  TCPServer.new("127.0.0.1", port)
rescue Errno::EADDRINUSE => error
  told error.message.sub(port.to_s, "PORT")
end
server.accept.close
client = TCPSocket.open("127.0.0.1", port)
there = server.accept
client.puts "a question", "and more"
client.close_write
told [there.gets, there.read, there.peeraddr[1] == client.addr[1]]
there.write "an answer"
there.close
told client.read
server.close
told open?(port)
address = UDPSocket.open do |socket|
  socket.connect("127.0.0.1", 1)
  socket.addr.last
end
told address
listener = UDPSocket.new
listener.bind("127.0.0.1", 0)
UDPSocket.new.send("datagram", 0, "127.0.0.1", listener.addr[1])
told listener.recvfrom(100).first
there = UNIXServer.new("there.sock")
Socket.unix("there.sock") do |socket|
  socket.puts "to the file"
  told there.accept.gets
end
begin
  UNIXServer.new("there.sock")
rescue Errno::EADDRINUSE => error
  told error.message
end
begin
  Socket.new(:INET, :RAW)
rescue Errno::EPERM => error
  told error.message
end
told Resolv.getname("127.0.0.1").empty?
told IO.select([there], nil, nil, 0.1)
told there.accept_nonblock(exception: false)
told Socket.getaddrinfo("localhost", 80, nil, :STREAM).map { |it| it[3] }.include?("127.0.0.1")
told Socket.ip_address_list.map(&:ip_address).include?("127.0.0.1")
begin
  TCPSocket.new("no-such-host.invalid", 80)
rescue SocketError => error
  told error.message
end
begin
  Timeout.timeout(0.2) { listener.recv(1) }
rescue Timeout::Error => error
  told [error.class, error.message]
end
begin
  Timeout.timeout(0.1) { sleep 60 }
rescue Timeout::Error
  told "woke up"
end
Vagrant.configure("2") { |config| }
"#;

#[test]
fn a_trusted_file_connects_and_serves_with_sockets() {
    let world = World::with_vagrantfile(CONNECTS);

    let stderr = world.run(["--trust", "status"]).success().stderr;

    let said: Vec<&str> = stderr.lines().filter_map(|it| it.strip_prefix("said: ")).collect();
    let expected = [
        r#"[true, ["AF_INET", "127.0.0.1"], true]"#,
        r#""Address already in use - bind(2) for \"127.0.0.1\" port PORT""#,
        r#"["a question\n", "and more\n", true]"#,
        r#""an answer""#,
        "false",
        r#""127.0.0.1""#,
        r#""datagram""#,
        r#""to the file\n""#,
        r#""Address already in use - bind(2) for there.sock""#,
        r#""Operation not permitted - socket(2)""#,
        "false",
        "nil",
        ":wait_readable",
        "true",
        "true",
        r#""getaddrinfo: Name or service not known""#,
        r#"[Timeout::Error, "execution expired"]"#,
        r#""woke up""#,
    ];
    assert_eq!(said, expected, "{stderr}");
}

#[test]
fn a_socket_without_trust_is_an_error_that_names_the_line_and_the_other_side() {
    for (line, said) in [
        (
            "TCPSocket.new('127.0.0.1', 3128)",
            "this file wants to connect to 127.0.0.1:3128",
        ),
        ("TCPServer.new(8080)", "this file wants to listen on port 8080"),
        (
            "UDPSocket.new.connect('8.8.8.8', 1)",
            "this file wants to connect to 8.8.8.8:1 (UDP)",
        ),
        (
            "Socket.getaddrinfo('example.com', 80)",
            "this file wants to connect to the name service, for example.com",
        ),
    ] {
        let world = World::with_vagrantfile(&format!("require 'socket'\n{line} rescue nil\n"));
        let ran = world.run(["status"]);
        ran.fails_with("Vagrantfile:2").fails_with(said);
    }
}
