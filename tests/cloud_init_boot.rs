//! A cloud image with the real cloud-init, told who it is: the user, the key, the host name, and what the Vagrantfile adds.
//!
//! Under TCG cloud-init takes minutes, so it is run when it is asked for: `scripts/cached cloud-image` builds the image, and
//! `JAUNT_TEST_CLOUD_IMAGE` names it.

#![cfg(test)]

mod support;

use support::World;

const VAGRANTFILE: &str = r##"Vagrant.configure("2") do |config|
  config.vm.box = "cloud"
  config.vm.hostname = "told"
  config.vm.boot_timeout = 600
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.cloud_init :user_data, content_type: "text/cloud-config", inline: <<~DATA
    #cloud-config
    users:
      - name: second
        shell: /bin/sh
    write_files:
      - path: /etc/told
        content: written by cloud-config
  DATA
  config.vm.cloud_init do |cloud_init|
    cloud_init.content_type = "text/x-shellscript"
    cloud_init.path = "script.sh"
  end
  config.vm.provider("qemu") { |qemu| qemu.memory = 512 }
end
"##;

#[test]
fn cloud_init_makes_of_the_image_what_the_vagrantfile_says() {
    let image = std::env::var("JAUNT_TEST_CLOUD_IMAGE").expect("scripts/cached cloud-image builds it");
    let world = World::with_vagrantfile(VAGRANTFILE);
    world.write("script.sh", "#!/bin/sh\necho \"run by $(whoami)\" > /etc/scripted\n");
    world.run(["box", "add", "cloud", &image]).success();

    let up = world.run(["up"]).success();
    assert!(up.stdout.contains("Waiting for cloud-init"), "{}", up.stdout);
    let seen = world.run([
        "ssh",
        "-c",
        "whoami; sudo whoami; hostname; cat /etc/told /etc/scripted; id -un second; cloud-init status; \
         grep -c . .ssh/authorized_keys; sudo passwd -S vagrant | cut -d' ' -f2",
    ]);
    assert_eq!(
        seen.success().stdout,
        "vagrant\nroot\ntold\nwritten by cloud-configrun by root\nsecond\nstatus: done\n1\nL\n"
    );

    let again = world.run(["reload"]).success();
    assert!(!again.stdout.contains("Waiting for cloud-init"), "{}", again.stdout);
    assert_eq!(world.run(["ssh", "-c", "hostname"]).success().stdout, "told\n");
    world.run(["destroy", "-f"]).success();
}
