//! `jaunt config`, `config convert` and `validate`: what the layers say together, said in other ways.

mod support;

use std::fs;

use support::World;

const RUBY: &str = r#"Vagrant.configure("2") do |config|
  config.vm.box = "debian"
  config.vm.define "web" do |web|
    web.vm.hostname = "web"
  end
end
"#;

fn shown(world: &World) -> String {
    world.run(["config", "--json"]).success().stdout.clone()
}

#[test]
fn a_converted_file_is_read_as_the_one_that_it_replaced() {
    let world = World::with_vagrantfile(RUBY);
    let before = shown(&world);

    world.run(["config", "convert", "--to", "toml", "--replace"]).success();

    assert_eq!(shown(&world), before);
    assert_eq!(
        fs::read_to_string(world.project().join("Vagrantfile.old")).unwrap(),
        RUBY
    );
    assert!(!world.project().join("Vagrantfile").exists());

    world.run(["config", "convert", "--to", "lua", "--replace"]).success();
    assert_eq!(shown(&world), before);
    assert!(world.project().join("Vagrantfile.toml.old").exists());
}

#[test]
fn a_converted_file_is_printed_or_written_where_nothing_is() {
    let world = World::with_vagrantfile(RUBY);
    let convert = |more: &[&str]| world.run([&["config", "convert", "--to", "lua"][..], more].concat());
    let printed = convert(&[]).success().stdout.clone();

    convert(&["--output", "other.lua"]).success();

    assert_eq!(fs::read_to_string(world.project().join("other.lua")).unwrap(), printed);
    convert(&["--output", "other.lua"]).fails_with("is there already");
    convert(&["--output", "Vagrantfile.lua"]).fails_with("would stand beside");
    convert(&["--output", "nowhere/other.lua"]).fails_with("cannot write");
    convert(&["--output", "third.lua", "--replace"]).fails_with("cannot be used with");
    assert_eq!(fs::read_to_string(world.project().join("other.lua")).unwrap(), printed);
}

#[test]
fn what_cannot_be_replaced_is_left_as_it_is() {
    let world = World::with_vagrantfile(RUBY);
    let replace = || world.run(["config", "convert", "--to", "toml", "--replace"]);

    world.write("Vagrantfile.old", "mine");
    replace().fails_with("Vagrantfile.old is there already");
    fs::remove_file(world.project().join("Vagrantfile.old")).unwrap();
    let block = "Vagrant.configure('2') { |c| c.trigger.after(:up) { |t| t.ruby { puts 1 } } }\n";
    world.write("Vagrantfile", block);
    replace().fails_with("Vagrantfile:1: a block that is called later is code");
    world.write("Vagrantfile", "Vagrant.configure('2') { |c| c.vm.box = `id` }\n");
    replace().fails_with("trust");

    let names: Vec<_> = fs::read_dir(world.project())
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(names, ["Vagrantfile"]);
}

#[test]
fn a_file_that_is_in_that_language_is_not_converted() {
    let world = World::new();
    world.write("Vagrantfile.toml", "[vm]\nbox = \"debian\"\n");
    world
        .run(["config", "convert", "--to", "toml"])
        .fails_with("is TOML already");
    world.run(["config", "convert", "--to", "lua"]).success();
}
