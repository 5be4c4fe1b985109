//! What Vagrant's commands do in each state of a machine, with one that QEMU runs.

#![cfg(test)]

mod support;

use support::behaviour::Subject;
use support::{World, free_port, small_box, small_vagrantfile};

#[test]
fn commands_do_in_each_state_what_vagrants_do() {
    let world = World::new();
    let write_vagrantfile = || {
        world.write(
            "Vagrantfile",
            &small_vagrantfile(&format!(
                "  config.vm.network \"forwarded_port\", guest: 80, host: {}, auto_correct: true\n  \
                 config.vm.provision \"shell\", privileged: false, inline: \"echo ran\"",
                free_port()
            )),
        );
        world.run(["box", "add", "small", &small_box()]).success();
    };
    let subject = Subject {
        world: &world,
        provider: "qemu",
        command: &|it| world.command(it),
        write_vagrantfile: &write_vagrantfile,
    };
    subject.check();
}
