//! What trusted Vagrantfiles run is run as Ruby runs it: the expectations are what Ruby 3.1 itself says of the same file.

#![cfg(test)]

mod support;

use std::io::Write;
use std::process::Stdio;

use support::{Terminal, World};

/// What a file said with `told`, one thing on each line.
fn said(stderr: &str) -> Vec<&str> {
    stderr.lines().filter_map(|it| it.strip_prefix("said: ")).collect()
}

/// Commands in all of Ruby's ways. Whoever reads it in Ruby needs two lines on the standard input.
const RUNS: &str = r##"
require "open3"
require "timeout"
def told(what)
  puts "said: #{what.inspect}"
end
waits = "while [ ! -e go ]; do sleep 0.1; done; exit 9"
pid = spawn(waits)
told [pid > 1, Process.wait(pid, Process::WNOHANG)]
File.write("go", "")
told [Process.wait(pid) == pid, $?.exitstatus]
File.delete("go")
pid = spawn("exec sleep 600")
told Process.kill("TERM", pid)
told [Process.wait(pid) == pid, $?.signaled?, $?.termsig, $?.exitstatus, $?.success?, $?.to_s.sub(pid.to_s, "N")]
begin
  Process.kill(0, pid)
rescue Errno::ESRCH => e
  told e.message
end
begin
  Process.wait(pid)
rescue Errno::ECHILD => e
  told e.message
end
[proc { `#{waits}` }, proc { system(waits) }, proc { Process.wait(spawn(waits)) }].each do |runs|
  Timeout.timeout(0.5, &runs)
rescue Timeout::Error => e
  told [e.class, e.message]
end
File.write("go", "")
Open3.popen3("echo ready; while read line; do echo \"<$line>\"; echo wrong >&2; done; exit 4") do |i, o, e, t|
  told o.gets
  i.puts "one"
  told o.gets
  i.puts "two"
  told o.gets
  i.close
  told [o.read, e.read, t.value.exitstatus, t.pid > 1]
end
pids = 3.times.map { |n| spawn("exit #{n}") }
told pids.map { |it| Process.wait(it); $?.exitstatus }
ENV["JT"] = "from env"
told `echo $JT`
ENV.delete("JT")
told `echo "[$JT]"`
told system({"A" => "b"}, "test \"$A\" = b")
told system("nosuchcommand-x")
begin
  `nosuchcommand-x arg`
rescue Errno::ENOENT => e
  told e.message
end
begin
  system("exit 3", exception: true)
rescue => e
  told [e.class, e.message]
end
told system("echo hidden; echo also >&2", out: File::NULL, err: File::NULL)
told [$?.exitstatus, $? == 0]
system("echo into; echo err >&2", out: "out.txt", err: [:child, :out])
told File.read("out.txt")
system("echo more", out: ["out.txt", "a"])
told File.read("out.txt").lines.size
told IO.popen("cat", "r+") { |io| io.puts "x"; io.close_write; io.read }
told IO.popen(["echo", "a b", "$HOME"]).read
told IO.popen(["sh", "-c", "echo e >&2; echo o", err: [:child, :out]]).readlines.sort
io = IO.popen("exit 7"); io.close
told $?.exitstatus
r, w = IO.pipe
p1 = spawn("echo through a pipe", out: w)
w.close
told r.read
Process.wait p1
told Open3.capture2e("echo o; echo e >&2; exit 2").then { |s, st| [s.lines.sort, st.exitstatus] }
told Open3.capture3("cat; echo e >&2", stdin_data: "in").first(2)
told Open3.pipeline("true", "exit 3").map(&:exitstatus)
told Open3.pipeline_r("echo abc", "tr a-z A-Z") { |o, ts| [o.read, ts.size] }
told Open3.pipeline_rw("tr a-z A-Z", "rev") { |i, o, ts| i.write "abc"; i.close; o.read }
t = Process.detach(spawn("exit 5"))
told t.value.exitstatus
told Process.wait2(spawn("exit 6")).last.exitstatus
told [Process.pid > 1, $$ == Process.pid]
told `printf 'gr\\303\\274n'`
o, s = Open3.capture2("wc -c", stdin_data: "a" * 300_000)
told [o.strip, s.success?]
Open3.popen3("i=0; while [ $i -lt 3000 ]; do echo 1234567890123456789012345678901234567890 >&2; i=$((i+1)); done; echo end") do |i, o, e, t|
  reader = Thread.new { e.read.size }
  told [o.read, reader.value]
end
told [`echo a | tr a b`, $?.success?, %x(pwd).strip == Dir.pwd]
Dir.chdir("/") { told `pwd` }
told `pwd`.strip == Dir.pwd
told system("pwd > /dev/null", chdir: "/")
begin
  Open3.popen3("nosuchcommand-y")
rescue Errno::ENOENT => e
  told e.message
end
told Open3.capture2("cat", stdin_data: "grün")[0].encoding.to_s
IO.popen("sort", "w", out: "sorted.txt") { |x| x.puts "b", "a" }
told File.read("sorted.txt")
r, w = IO.pipe
told IO.select([r], nil, nil, 0.1)
w.puts "now"
told IO.select([r], nil, nil, 1).first.size
told r.gets
w.close
told r.gets
begin
  r.readline
rescue EOFError => e
  told e.message
end
told(system("kill -9 $$"))
told [$?.termsig, $?.inspect.sub(/\d{2,}/, "N")]
told(begin; Process.kill("NOSUCH", $$); rescue ArgumentError => e; e.message; end)
system("false")
pid = spawn("exec sleep 600")
Process.kill(0, pid)
told [$?.exitstatus, $? >> 8, Process.kill(:KILL, pid), Process.wait(pid) == pid]
told [system("nosuchcommand-z"), $?.exitstatus, system("/etc/passwd")]
told Process.detach(1 << 22).value
begin
  Process.kill("TERM")
rescue ArgumentError => e
  told e.message
end
File.delete("go")
tries = 0
begin
  Timeout.timeout(0.3) do
    tries += 1
    system(waits)
  rescue StandardError
    retry
  end
rescue Timeout::Error => e
  told [tries, e.message]
end
begin
  Timeout.timeout(0.1) { Timeout.timeout(600) { system(waits) } }
rescue Timeout::Error => e
  told e.message
end
File.write("go", "")
Process.wait(spawn("echo one; echo two >&2", %i[out err] => ["both.txt", "w"]))
told File.read("both.txt")
system("umask > both.txt", umask: 0o077)
told File.read("both.txt")
told IO.popen([["sh", "other"], "-c", "echo $0"]).read
r, w = IO.pipe
w.write "xy"
w.close
told [r.getc, r.each_char.to_a, r.getc]
told [File.socket?("out.txt"), Process.clock_gettime(Process::CLOCK_MONOTONIC, :millisecond).class]
told IO.select([STDIN], nil, nil, 600).first.size
told [STDIN.read(3), STDIN.getc, STDIN.getbyte, STDIN.readpartial(2)]
told STDIN.gets
told [readline, STDIN.each_line(chomp: true).to_a.size, STDIN.getc, STDIN.gets, STDIN.read, STDIN.read(5)]
begin
  STDIN.readchar
rescue EOFError => e
  told e.message
end
Vagrant.configure("2") { |config| }
"##;

#[test]
fn commands_of_a_trusted_file_run_as_in_ruby() {
    let world = World::with_vagrantfile(RUNS);
    let mut jaunt = world
        .command(["--trust", "status"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = jaunt.stdin.take().unwrap();
    input.write_all("abcüxyzfirst line\nrest\nof it\n".as_bytes()).unwrap();
    drop(input);
    let stderr = world.ran(jaunt.wait_with_output().unwrap()).success().stderr;

    let expected = [
        r##"[true, nil]"##,
        r##"[true, 9]"##,
        r##"1"##,
        r##"[true, true, 15, nil, nil, "pid N SIGTERM (signal 15)"]"##,
        r##""No such process""##,
        r##""No child processes""##,
        r##"[Timeout::Error, "execution expired"]"##,
        r##"[Timeout::Error, "execution expired"]"##,
        r##"[Timeout::Error, "execution expired"]"##,
        r##""ready\n""##,
        r##""<one>\n""##,
        r##""<two>\n""##,
        r##"["", "wrong\nwrong\n", 4, true]"##,
        r##"[0, 1, 2]"##,
        r##""from env\n""##,
        r##""[]\n""##,
        r##"true"##,
        r##"nil"##,
        r##""No such file or directory - nosuchcommand-x""##,
        r##"[RuntimeError, "Command failed with exit 3: exit 3"]"##,
        r##"true"##,
        r##"[0, true]"##,
        r##""into\nerr\n""##,
        r##"3"##,
        r##""x\n""##,
        r##""a b $HOME\n""##,
        r##"["e\n", "o\n"]"##,
        r##"7"##,
        r##""through a pipe\n""##,
        r##"[["e\n", "o\n"], 2]"##,
        r##"["in", "e\n"]"##,
        r##"[0, 3]"##,
        r##"["ABC\n", 2]"##,
        r##""CBA""##,
        r##"5"##,
        r##"6"##,
        r##"[true, true]"##,
        r##""grün""##,
        r##"["300000", true]"##,
        r##"["end\n", 123000]"##,
        r##"["b\n", true, true]"##,
        r##""/\n""##,
        r##"true"##,
        r##"true"##,
        r##""No such file or directory - nosuchcommand-y""##,
        r##""UTF-8""##,
        r##""a\nb\n""##,
        r##"nil"##,
        r##"1"##,
        r##""now\n""##,
        r##"nil"##,
        r##""end of file reached""##,
        r##"false"##,
        r##"[9, "#<Process::Status: pid N SIGKILL (signal 9)>"]"##,
        r##""unsupported signal `SIGNOSUCH'""##,
        r##"[1, 1, 1, true]"##,
        r##"[nil, 127, nil]"##,
        r##"nil"##,
        r##""wrong number of arguments (given 1, expected 2+)""##,
        r##"[1, "execution expired"]"##,
        r##""execution expired""##,
        r##""one\ntwo\n""##,
        r##""0077\n""##,
        r##""other\n""##,
        r##"["x", ["y"], nil]"##,
        r##"[false, Integer]"##,
        r##"1"##,
        r##"["abc", "ü", 120, "yz"]"##,
        r##""first line\n""##,
        r##"["rest\n", 1, nil, nil, "", nil]"##,
        r##""end of file reached""##,
    ];
    assert_eq!(said(&stderr), expected, "{stderr}");
}

#[test]
fn what_a_file_starts_runs_beside_it_and_goes_on_after_it() {
    let world = World::with_vagrantfile(
        r#"
spawn("while [ ! -e go ]; do sleep 0.1; done; touch done", in: File::NULL, out: File::NULL, err: File::NULL)
Vagrant.configure("2") { |config| }
"#,
    );
    world.run(["--trust", "status"]).success();
    assert!(!world.project().join("done").exists());

    world.write("go", "");

    support::eventually(std::time::Duration::from_secs(60), || {
        world.project().join("done").exists()
    });
}

#[test]
fn a_terminal_on_which_nobody_is_asked_is_left_as_it_is() {
    let world = World::with_vagrantfile(
        r#"
STDIN.noecho(&:gets)
Vagrant.configure("2") { |config| }
"#,
    );
    let silent = "echo silent=$(stty -a | tr ' ;' '\\n\\n' | grep -cx -- -echo)";

    let terminal = Terminal::start(&world, &format!("stty -echo; jaunt --no-tty validate; {silent}"));

    terminal.shows("silent=1");
}

#[test]
fn a_password_is_asked_for_on_the_terminal_and_not_shown() {
    let world = World::with_vagrantfile(
        r##"
require "io/console"
print "Your name: "
name = STDIN.gets.chomp
print "Your password: "
password = STDIN.noecho(&:gets).chomp
puts
puts "#{name} has a password of #{password.size} characters"
Vagrant.configure("2") { |config| }
"##,
    );
    let terminal = Terminal::start(&world, "jaunt validate");
    terminal.shows("Your name:");
    terminal.types("somebody");
    terminal.shows("Your password:");
    terminal.types("a secret");

    terminal.shows("somebody has a password of 8 characters");

    assert!(!terminal.screen().contains("a secret"), "{}", terminal.screen());
    terminal.types("echo shown again");
    terminal.shows("shown again");
}
