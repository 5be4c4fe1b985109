//! `Vagrant` itself: `configure`, `has_plugin?`, `require_version`, `VERSION`, and the helpers of its libraries that files use.

use super::Methods;
use crate::host::Platform;
use crate::language::Configure;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;

/// The version of Vagrant that files are told.
pub const VERSION: &str = "2.4.9";

pub fn install(it: &mut Interpreter) {
    let vagrant = it.core.module_at("Vagrant");
    it.put(&vagrant, "VERSION", Value::string(VERSION));
    it.put(
        &vagrant,
        "DEFAULT_SERVER_URL",
        Value::string("https://vagrantcloud.com"),
    );
    it.own_methods(&vagrant, VAGRANT);
    let config = it.core.module_at("Vagrant::Config");
    it.own_methods(
        &config,
        &[("run", |it, _, arguments| {
            let version = arguments.get(0).cloned().unwrap_or_else(|| Value::string("1"));
            configure(it, &version, arguments)
        })],
    );
    let base = it.core.class_at("Vagrant::Plugin::V2::Config", &it.core.object.clone());
    it.put(&base, "UNSET_VALUE", Value::symbol(crate::ruby::config::UNSET));
    for name in [
        "Plugin",
        "Provisioner",
        "Command",
        "Provider",
        "Communicator",
        "Guest",
        "Host",
        "SyncedFolder",
    ] {
        let class = it
            .core
            .class_at(&format!("Vagrant::Plugin::V2::{name}"), &it.core.object.clone());
        it.own_methods(&class, PLUGIN);
    }
    it.core.module_at("VagrantPlugins");
    it.core.module_at("Vagrant::Action");
    errors(it);
    let platform = it.core.module_at("Vagrant::Util::Platform");
    it.own_methods(&platform, PLATFORM);
    let which = it.core.module_at("Vagrant::Util::Which");
    it.own_methods(&which, &[("which", find_program)]);
    let subprocess = it.core.class_at("Vagrant::Util::Subprocess", &it.core.object.clone());
    it.own_methods(
        &subprocess,
        &[("execute", |it, _, arguments| {
            let words = arguments.split().0.to_vec();
            let commands = Value::Class(it.core.module_at("HostCommands"));
            let output = it.send(&commands, "capture3", words)?;
            let output = super::array::items(&output);
            let class = it
                .core
                .class_at("Vagrant::Util::Subprocess::Result", &it.core.object.clone());
            let result = it.core.instance(&class);
            let status = it.send(&output[2], "exitstatus", Vec::new())?;
            for (name, value) in [
                ("exit_code", status),
                ("stdout", output[0].clone()),
                ("stderr", output[1].clone()),
            ] {
                let variable = Symbol::new(&format!("@{name}"));
                it.define(
                    &class,
                    Symbol::new(name),
                    MethodBody::Reader(variable),
                    Visibility::Public,
                );
                it.set_instance_variable(&result, variable, value)?;
            }
            Ok(result)
        })],
    );
    let merge = it.core.class_at("Vagrant::Util::DeepMerge", &it.core.object.clone());
    it.own_methods(&merge, &[("deep_merge", |it, _, arguments| deep_merge(it, arguments))]);
    let experimental = it.core.module_at("Vagrant::Util::Experimental");
    it.own_methods(
        &experimental,
        &[
            ("feature_enabled?", |_, _, _| Ok(Value::Boolean(true))),
            ("enabled?", |_, _, _| Ok(Value::Boolean(true))),
        ],
    );
    for name in ["Colored", "Basic", "Interface", "Silent"] {
        let class = it
            .core
            .class_at(&format!("Vagrant::UI::{name}"), &it.core.object.clone());
        it.methods(&class, UI);
    }
    let prefixed = it.core.class_at("Vagrant::UI::Prefixed", &it.core.object.clone());
    it.methods(&prefixed, UI);
    let provisioner = "VagrantPlugins::Kernel_V2::VagrantConfigProvisioner";
    let provisioner = it.core.class_at(provisioner, &it.core.object.clone());
    it.methods(&provisioner, PROVISIONER);
}

/// What `config.vm.provisioners` holds.
const PROVISIONER: Methods = &[
    ("name", |it, this, _| {
        Ok(it.instance_variable(this, Symbol::new("@name")))
    }),
    ("type", |it, this, _| {
        Ok(it.instance_variable(this, Symbol::new("@type")))
    }),
    ("config", |it, this, _| {
        Ok(it.instance_variable(this, Symbol::new("@config")))
    }),
    ("id", |it, this, _| Ok(it.instance_variable(this, Symbol::new("@name")))),
];

fn errors(it: &mut Interpreter) {
    let error = it
        .core
        .class_at("Vagrant::Errors::VagrantError", &it.core.standard_error.clone());
    it.own_methods(
        &error,
        &[
            ("error_message", |it, this, arguments| {
                let message = arguments.get(0).cloned().unwrap_or(Value::Nil);
                it.set_instance_variable(this, Symbol::new("@error_message"), message)?;
                Ok(Value::Nil)
            }),
            ("error_key", |_, _, _| Ok(Value::Nil)),
            ("error_namespace", |_, _, _| Ok(Value::Nil)),
        ],
    );
    it.methods(
        &error,
        &[("to_s", |it, this, _| {
            let message = it.instance_variable(this, Symbol::new("@message"));
            let class = Value::Class(it.class_of(this));
            let text = match message {
                Value::Nil | Value::Hash(_) => it.instance_variable(&class, Symbol::new("@error_message")),
                message => message,
            };
            let text = if text.is_nil() { class } else { text };
            Ok(Value::string(it.to_s(&text)?))
        })],
    );
    for name in [
        "VagrantVersionBad",
        "PluginNotInstalled",
        "VagrantfileLoadError",
        "ConfigInvalid",
        "MachineNotFound",
        "ProviderNotFound",
    ] {
        it.core.class_at(&format!("Vagrant::Errors::{name}"), &error);
    }
}

const VAGRANT: Methods = &[
    ("configure", |it, _, arguments| {
        let version = arguments.get(0).cloned().unwrap_or(Value::Nil);
        configure(it, &version, arguments)
    }),
    ("global_logger", |it, _, _| {
        let object = Value::Class(it.core.object.clone());
        let log = it.send(&object, "const_get", vec![Value::symbol("Log4r")])?;
        let logger = it.send(&log, "const_get", vec![Value::symbol("Logger")])?;
        it.send(&logger, "new", vec![Value::string("vagrant::global")])
    }),
    ("has_plugin?", |it, _, arguments| {
        let name = it.text_of(arguments.get(0))?;
        Ok(Value::Boolean(it.shared.settings.plugins.has(&name)))
    }),
    ("require_version", require_version),
    ("require_plugin", |it, _, arguments| {
        let name = it.text_of(arguments.get(0))?;
        // Vagrant 2.3: says that this does nothing any more.
        let warning = format!("`Vagrant.require_plugin` ({name}) does nothing; plugins are found by themselves\n");
        super::kernel::print(it, &warning)
    }),
    ("plugin", |it, _, arguments| {
        let version = arguments.get(0).cloned().unwrap_or(Value::Nil);
        let version = it.to_s(&version)?;
        let name = match arguments.get(1) {
            Some(Value::Nil) | None => "plugin".to_owned(),
            Some(name) => it.to_s(&name.clone())?,
        };
        if !is_plugin_component(&version, &name) {
            let message = format!("Plugin superclass not found for version/component: {version} {name}");
            return Err(it.error("ArgumentError", message));
        }
        let name: String = name.split('_').map(super::string::capitalized).collect();
        Ok(Value::Class(it.core.class_at(
            &format!("Vagrant::Plugin::V2::{name}"),
            &it.core.object.clone(),
        )))
    }),
    ("version?", |it, _, arguments| {
        let version = Value::string(VERSION);
        let requirement = satisfies(it, &version, arguments)?;
        Ok(Value::Boolean(requirement))
    }),
    ("original_env", |it, _, _| {
        let env = it
            .core
            .object
            .constants
            .borrow()
            .get(&Symbol::new("ENV"))
            .cloned()
            .unwrap_or(Value::Nil);
        it.send(&env, "to_h", Vec::new())
    }),
    ("plugins_enabled?", |_, _, _| Ok(Value::Boolean(true))),
    ("plugins_init?", |_, _, _| Ok(Value::Boolean(true))),
    ("prerelease?", |_, _, _| Ok(Value::Boolean(false))),
    ("allow_prerelease_dependencies?", |_, _, _| Ok(Value::Boolean(false))),
    ("server_mode?", |_, _, _| Ok(Value::Boolean(false))),
    ("in_debian_package?", |_, _, _| Ok(Value::Boolean(false))),
    ("log_level", |_, _, _| Ok(Value::Nil)),
    ("in_installer?", |_, _, _| Ok(Value::Boolean(false))),
    ("in_bundler?", |_, _, _| Ok(Value::Boolean(false))),
    ("installer_embedded_dir", |_, _, _| {
        Ok(Value::string("/opt/vagrant/embedded"))
    }),
    ("very_quiet?", |_, _, _| Ok(Value::Boolean(true))),
    ("user_data_path", |it, _, _| {
        let home = it.shared.world.borrow().host.home();
        let class = Value::Class(it.core.object.clone());
        let pathname = it.send(&class, "const_get", vec![Value::symbol("Pathname")])?;
        it.send(
            &pathname,
            "new",
            vec![Value::string(home.join(".vagrant.d").to_string_lossy())],
        )
    }),
    ("source_root", |it, _, _| {
        let class = Value::Class(it.core.object.clone());
        let pathname = it.send(&class, "const_get", vec![Value::symbol("Pathname")])?;
        it.send(&pathname, "new", vec![Value::string("/opt/vagrant")])
    }),
];

const PLUGIN: Methods = &[
    ("name", |_, this, arguments| match (arguments.get(0), this) {
        (None, Value::Class(class)) => Ok(Value::string(class.name.borrow().clone())),
        _ => Ok(Value::Nil),
    }),
    ("description", |_, _, _| Ok(Value::Nil)),
    ("config", |_, _, _| Ok(Value::Nil)),
    ("provisioner", |_, _, _| Ok(Value::Nil)),
    ("command", |_, _, _| Ok(Value::Nil)),
    ("action_hook", |_, _, _| Ok(Value::Nil)),
    ("guest_capability", |_, _, _| Ok(Value::Nil)),
    ("host_capability", |_, _, _| Ok(Value::Nil)),
    ("provider", |_, _, _| Ok(Value::Nil)),
    ("guest", |_, _, _| Ok(Value::Nil)),
    ("synced_folder", |_, _, _| Ok(Value::Nil)),
    // Whatever else a plugin declares concerns Vagrant alone.
    ("method_missing", |_, _, _| Ok(Value::Nil)),
];

const PLATFORM: Methods = &[
    ("windows?", |it, _, _| {
        Ok(Value::Boolean(platform(it) == Platform::Windows))
    }),
    ("darwin?", |it, _, _| {
        Ok(Value::Boolean(platform(it) == Platform::MacOs))
    }),
    ("linux?", |it, _, _| Ok(Value::Boolean(platform(it) == Platform::Linux))),
    ("bsd?", |it, _, _| Ok(Value::Boolean(platform(it) == Platform::Bsd))),
    ("freebsd?", |it, _, _| Ok(Value::Boolean(platform(it) == Platform::Bsd))),
    ("solaris?", |_, _, _| Ok(Value::Boolean(false))),
    ("cygwin?", |_, _, _| Ok(Value::Boolean(false))),
    ("msys?", |_, _, _| Ok(Value::Boolean(false))),
    ("mingw?", |_, _, _| Ok(Value::Boolean(false))),
    ("wsl?", |_, _, _| Ok(Value::Boolean(false))),
    ("wsl_path?", |_, _, _| Ok(Value::Boolean(false))),
    ("bit64?", |_, _, _| Ok(Value::Boolean(true))),
    ("bit32?", |_, _, _| Ok(Value::Boolean(false))),
    ("terminal_supports_colors?", |_, _, _| Ok(Value::Boolean(false))),
    ("architecture", |it, _, _| {
        let architecture = it.shared.world.borrow().host.facts().architecture;
        Ok(Value::string(match architecture.as_str() {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        }))
    }),
    ("platform", |it, _, _| {
        Ok(Value::string(match platform(it) {
            Platform::Linux => "linux-gnu",
            Platform::MacOs => "darwin23",
            Platform::Windows => "mingw32",
            Platform::Bsd => "freebsd14",
        }))
    }),
    ("fs_real_path", |it, _, arguments| {
        let file = Value::Class(it.core.class_at("File", &it.core.object.clone()));
        it.send(&file, "expand_path", arguments.list.clone())
    }),
    ("windows_admin?", |_, _, _| Ok(Value::Boolean(false))),
    ("systemd?", |_, _, _| Ok(Value::Boolean(true))),
];

/// What a `Vagrant::UI` prints is shown as it is.
const UI: Methods = &[
    ("initialize", |_, _, _| Ok(Value::Nil)),
    ("info", say),
    ("warn", say),
    ("error", say),
    ("success", say),
    ("output", say),
    ("detail", say),
    ("say", |it, this, arguments| {
        say(
            it,
            this,
            &Arguments::of(arguments.list.iter().skip(1).cloned().collect()),
        )
    }),
    ("ask", |_, _, _| Ok(Value::string(""))),
    ("opts", |_, _, _| Ok(Value::hash([]))),
];

fn say(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let text = super::kernel::lines(it, arguments.split().0)?;
    super::kernel::print(it, &text)
}

fn platform(it: &Interpreter) -> Platform {
    it.shared.world.borrow().host.facts().platform
}

fn configure(it: &mut Interpreter, version: &Value, arguments: &Arguments) -> Eval {
    let version = it.to_s(version)?;
    let Some(block) = arguments.block.clone() else {
        return Err(it.error("ArgumentError", "Vagrant.configure needs a block"));
    };
    if !matches!(version.as_str(), "1" | "2") {
        return Err(it.error(
            "ArgumentError",
            format!("there is no configuration version {version:?}; known are \"1\" and \"2\""),
        ));
    }
    let block = crate::ruby::config::keep(it, &block);
    it.configures.push(Configure {
        block,
        is_version_one: version == "1",
    });
    Ok(Value::Nil)
}

fn satisfies(it: &mut Interpreter, version: &Value, arguments: &Arguments) -> crate::ruby::interpreter::Outcome<bool> {
    let object = Value::Class(it.core.object.clone());
    let gem = it.send(&object, "const_get", vec![Value::symbol("Gem")])?;
    let requirement = it.send(&gem, "const_get", vec![Value::symbol("Requirement")])?;
    let requirement = it.send(&requirement, "new", arguments.list.clone())?;
    let class = it.send(&gem, "const_get", vec![Value::symbol("Version")])?;
    let version = it.send(&class, "new", vec![version.clone()])?;
    Ok(it.send(&requirement, "satisfied_by?", vec![version])?.is_true())
}

fn require_version(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    if satisfies(it, &Value::string(VERSION), arguments)? {
        return Ok(Value::Nil);
    }
    let mut wanted = Vec::new();
    for value in &arguments.list {
        wanted.push(it.to_s(value)?);
    }
    let message = format!(
        "this file asks for Vagrant {}; what it gets is compatible with {VERSION}",
        wanted.join(", ")
    );
    Err(it.error("Vagrant::Errors::VagrantVersionBad", message))
}

fn find_program(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let name = it.text_of(arguments.get(0))?;
    let path = it.shared.world.borrow().variable("PATH").unwrap_or_default().to_owned();
    let found = path
        .split(':')
        .filter(|it| !it.is_empty())
        .map(|folder| std::path::Path::new(folder).join(&name))
        .find(|path| {
            it.shared
                .world
                .borrow()
                .metadata(path)
                .is_ok_and(|it| !it.is_directory && it.mode & 0o111 != 0)
        });
    Ok(found.map_or(Value::Nil, |path| Value::string(path.to_string_lossy())))
}

fn deep_merge(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let (Some(one @ Value::Hash(_)), Some(two)) = (arguments.get(0), arguments.get(1)) else {
        return Ok(arguments.get(1).cloned().unwrap_or(Value::Nil));
    };
    it.tick()?;
    let merged = super::object::copy(it, one)?;
    if let Value::Hash(table) = &merged {
        for (key, value) in super::hash::pairs(two) {
            let value = match table.get(&key) {
                Some(old @ Value::Hash(_)) if matches!(value, Value::Hash(_)) => {
                    deep_merge(it, &Arguments::of(vec![old, value]))?
                }
                _ => value,
            };
            table.insert(key, value);
        }
    }
    Ok(merged)
}

/// What `Vagrant.plugin` knows a class for.
fn is_plugin_component(version: &str, component: &str) -> bool {
    match (version, component) {
        ("remote", component) => component == "plugin",
        ("1", "push" | "synced_folder") => false,
        ("1" | "2", component) => [
            "plugin",
            "command",
            "communicator",
            "config",
            "guest",
            "host",
            "provider",
            "provisioner",
            "push",
            "synced_folder",
        ]
        .contains(&component),
        _ => false,
    }
}
