"""What the benchmarks share: a run and its measure, both sides in turns, Jaunt in a project of its own, and the same guest in plain QEMU.

The sides take turns, so that a machine that slows down slows both. The figure is the median. The peak memory is that of
the command itself, by GNU time; the guest's QEMU is no part of it, since it outlives the command.
"""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
KEYS = REPOSITORY / "fixtures/guests/keys"
CPUS, MEMORY = 2, 512

VAGRANTFILE = """Vagrant.configure("2") do |config|
  config.vm.box = "bench"
  config.vm.provider "qemu" do |qemu|
    qemu.cpus = {cpus}
    qemu.memory = {memory}
    qemu.accelerator = "tcg"
  end
{provision}end
"""
PUPPET = """  config.vm.provision :puppet do |puppet|
    puppet.manifest_file = "site.pp"
  end
"""
MANIFEST = """file { '/etc/bench':
  ensure  => file,
  content => "nothing to change\\n",
}

service { 'ssh':
  ensure => running,
}
"""


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


class Ran:
    """What one run of a command took: seconds by the clock, and MB of memory at its peak."""

    def __init__(self, seconds, megabytes):
        self.seconds, self.megabytes = seconds, megabytes


def measure(command, cwd=None, env=None):
    """Runs a command that must succeed."""
    # GNU time stands in between because a child of Python starts with Python's own peak on its account.
    with tempfile.NamedTemporaryFile("r") as report:
        start = time.monotonic()
        done = subprocess.run(
            ["/usr/bin/time", "-f", "%M", "-o", report.name, "--", *map(str, command)],
            cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        seconds = time.monotonic() - start
        if done.returncode != 0:
            sys.exit(f"error: {' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}")
        return Ran(seconds, int(report.read().split()[-1]) / 1024)


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Jaunt:
    """A home and a project of their own, and the binary in them."""

    def __init__(self, binary, folder, guest, box):
        self.binary, self.project, self.guest = binary, folder / "project", guest
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("VAGRANT_", "JAUNT_"))}
        self.env["JAUNT_HOME"] = str(folder / "home")
        (self.project / "manifests").mkdir(parents=True)
        (self.project / "manifests/site.pp").write_text(MANIFEST)
        text = VAGRANTFILE.format(cpus=CPUS, memory=MEMORY, provision=PUPPET if guest == "debian" else "")
        (self.project / "Vagrantfile").write_text(text)
        self.run("box", "add", "bench", box)

    def run(self, *arguments):
        return measure([self.binary, *arguments], cwd=self.project, env=self.env)

    def ssh_config(self):
        """The machine's address and key as a file for plain ssh."""
        text = subprocess.run([self.binary, "ssh-config"], cwd=self.project, env=self.env, check=True,
                              capture_output=True, text=True).stdout
        path = self.project / ".ssh-config"
        path.write_text(text)
        return path


class PlainMachine:
    """The same image in the same QEMU, without anything of ours."""

    def __init__(self, folder, image):
        self.folder, self.image, self.port = folder, image, free_port()
        self.key = folder / "key"
        # OpenSSH wants 0600, which git does not keep.
        shutil.copy(KEYS / "vagrant.key.ed25519", self.key)
        self.key.chmod(0o600)
        self.process = None

    def up(self, *arguments, fresh=True):
        """Boots an overlay, a fresh one or the last one, until `ssh true` succeeds; returns what that took."""
        disk = self.folder / "disk.qcow2"
        start = time.monotonic()
        if fresh:
            disk.unlink(missing_ok=True)
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", self.image, disk], check=True)
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-m", str(MEMORY), "-smp", str(CPUS), "-display", "none",
             "-serial", "none", "-drive", f"file={disk},if=virtio", "-device", "virtio-rng-pci",
             "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22", "-device", "virtio-net-pci,netdev=net", *arguments],
            stdin=subprocess.DEVNULL)
        self.wait_for_banner(start + 600)
        while subprocess.run(self.ssh("true"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            pass
        return Ran(time.monotonic() - start, 0)

    def wait_for_banner(self, deadline):
        """User networking accepts before the guest listens, so only a greeting counts."""
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 0.5) as it:
                    it.settimeout(0.5)
                    if it.recv(4) == b"SSH-":
                        return
            except OSError:
                pass
            time.sleep(0.1)
        sys.exit("error: the plain machine does not answer on ssh")

    def ssh(self, *command):
        return ["ssh", "-q", "-F", "none", "-i", self.key, "-p", str(self.port), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "vagrant@127.0.0.1", *command]

    def destroy(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


def alternate(name, repeat, ours, theirs):
    """Runs both sides in turn; the first round of each warms caches and does not count."""
    sides = {"ours": [], "theirs": []}
    for turn in range(repeat + 1):
        for side, act in (("ours", ours), ("theirs", theirs)):
            if act is None:
                continue
            ran = act()
            say(f"{name} {turn}/{repeat} {side}: {ran.seconds:.3f} s, {ran.megabytes:.0f} MB")
            if turn > 0:
                sides[side].append(ran)
    return sides["ours"], sides["theirs"]


def median(runs):
    return statistics.median(it.seconds for it in runs)


def release_binary():
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return (target / "release/jaunt").resolve()


def cached(name):
    return Path(subprocess.run([REPOSITORY / "scripts/cached", name], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def box_and_image(guest, folder):
    """The box, and its disk as plain QEMU gets it: unpacked, as the box's store has it."""
    box = cached("small-guest") / "small.box" if guest == "small" else cached("debian-box") / "debian.box"
    unpacked = folder / "image"
    unpacked.mkdir()
    subprocess.run(["tar", "-xzf", box, "-C", unpacked, "box.img"], check=True)
    return box, unpacked / "box.img"


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True).stdout.split()[3]
    return f"{os.cpu_count()} x {model}, QEMU {qemu} under TCG"
