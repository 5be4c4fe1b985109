//! What vagrant-libvirt makes of the calls in a provider's block: lists and tables among its attributes.

use serde_json::{Map, Value as Json, json};
use vagrantfile::layer::Value;

use super::super::table::{Body, Called};
use super::values::of_value;

/// The keys that a call takes, with what stands where one is not given.
type Keys = &'static [(&'static str, Option<&'static str>)];

/// Calls that add a table to a list: the call, the attribute, the keys.
const LISTS: &[(&str, &str, Keys)] = &[
    ("cpu_feature", "cpu_features", &[("name", None), ("policy", None)]),
    (
        "hyperv_feature",
        "features_hyperv",
        &[("name", None), ("state", None), ("retries", None)],
    ),
    ("input", "inputs", &[("type", None), ("bus", None)]),
    (
        "channel",
        "channels",
        &[
            ("type", None),
            ("source_mode", None),
            ("source_path", None),
            ("target_address", None),
            ("target_name", None),
            ("target_port", None),
            ("target_type", None),
            ("disabled", None),
        ],
    ),
    (
        "pci",
        "pcis",
        &[
            ("domain", Some("0x0000")),
            ("bus", None),
            ("slot", None),
            ("function", None),
            ("guest_domain", None),
            ("guest_bus", None),
            ("guest_slot", None),
            ("guest_function", None),
        ],
    ),
    (
        "usb",
        "usbs",
        &[
            ("bus", None),
            ("device", None),
            ("vendor", None),
            ("product", None),
            ("startupPolicy", None),
        ],
    ),
    ("redirdev", "redirdevs", &[("type", None)]),
    (
        "redirfilter",
        "redirfilters",
        &[
            ("class", Some("-1")),
            ("vendor", Some("-1")),
            ("product", Some("-1")),
            ("version", Some("-1")),
            ("allow", None),
        ],
    ),
    ("serial", "serials", &[("type", Some("pty")), ("source", None)]),
    (
        "clock_timer",
        "clock_timers",
        &[
            ("name", None),
            ("track", None),
            ("tickpolicy", None),
            ("frequency", None),
            ("mode", None),
            ("present", None),
        ],
    ),
    ("qemuargs", "qemu_args", &[("value", None)]),
];

/// Calls that fill one table.
const TABLES: &[(&str, &str, Keys)] = &[
    (
        "cputopology",
        "cpu_topology",
        &[("sockets", None), ("cores", None), ("threads", None)],
    ),
    ("random", "rng", &[("model", None)]),
    (
        "watchdog",
        "watchdog_dev",
        &[("model", None), ("action", Some("reset"))],
    ),
    ("usb_controller", "usbctl_dev", &[("model", None), ("ports", None)]),
    (
        "smartcard",
        "smartcard_dev",
        &[
            ("mode", None),
            ("type", Some("spicevmc")),
            ("source_mode", None),
            ("source_host", None),
            ("source_service", None),
        ],
    ),
    (
        "disk_driver",
        "disk_driver_opts",
        &[
            ("cache", None),
            ("io", None),
            ("copy_on_read", None),
            ("discard", None),
            ("detect_zeroes", None),
        ],
    ),
];

const DISK: Keys = &[
    ("device", None),
    ("type", Some("qcow2")),
    ("address_type", None),
    ("size", Some("10G")),
    ("path", None),
    ("bus", Some("virtio")),
    ("cache", Some("default")),
    ("allow_existing", None),
    ("shareable", None),
    ("serial", None),
    ("io", None),
    ("copy_on_read", None),
    ("discard", None),
    ("detect_zeroes", None),
    ("pool", None),
    ("wwn", None),
];

const CDROM: Keys = &[
    ("dev", None),
    ("type", Some("raw")),
    ("bus", Some("ide")),
    ("path", None),
];

const FLOPPY: Keys = &[("dev", None), ("bus", Some("fdc")), ("path", None)];

/// The attributes that a block's calls make.
pub fn attributes(body: &Body) -> Vec<(String, Json)> {
    let mut found: Vec<(String, Json)> = Vec::new();
    for called in &body.calls {
        if let Some((_, attribute, keys)) = LISTS.iter().find(|(name, ..)| *name == called.name) {
            push(&mut found, attribute, table(called, keys));
        }
        if let Some((_, attribute, keys)) = TABLES.iter().find(|(name, ..)| *name == called.name) {
            extend(&mut found, attribute, table(called, keys));
        }
        match called.name.as_str() {
            "storage" => storage(&mut found, called),
            "boot" => push(&mut found, "boot_order", first(called)),
            "qemuenv" => extend(&mut found, "qemu_env", Json::Object(given(called))),
            "memorybacking" => push(
                &mut found,
                "memory_backing",
                json!({ "name": first(called), "config": given(called) }),
            ),
            _ => {}
        }
    }
    for (attribute, prefix) in [("cdroms", "hd"), ("floppies", "fd")] {
        name_devices(&mut found, attribute, prefix);
    }
    add_channels(&mut found, body);
    found.extend(disk_defaults(body));
    found.extend(computed(body));
    if !found.iter().any(|(it, _)| it == "usbctl_dev") && found.iter().any(|(it, _)| it == "usbs" || it == "redirdevs")
    {
        found.push(("usbctl_dev".to_owned(), json!({ "model": "qemu-xhci" })));
    }
    found
}

/// What follows from other options that the block has.
fn computed(body: &Body) -> Vec<(String, Json)> {
    let is_set = |name: &str| body.options.value(name).is_some();
    let is_true = |name: &str| matches!(body.options.value(name), Some(Value::Boolean(true)));
    let mut found = Vec::new();
    let mut add = |name: &str, value: Json| found.push((name.to_owned(), value));
    if let Some(pool) = body
        .options
        .value("storage_pool_name")
        .filter(|_| !is_set("snapshot_pool_name"))
    {
        add("snapshot_pool_name", of_value(pool));
    }
    match text(body, "cpu_mode") {
        Some("custom") if is_set("cpu_model") => {}
        Some("custom") => add("cpu_model", json!("qemu64")),
        // Only a processor of one's own has a model: another one is dropped.
        _ if is_set("cpu_model") => add("cpu_model", json!("")),
        _ => {}
    }
    for (name, value) in [("graphics_gl", json!(true)), ("video_type", json!("virtio"))] {
        if is_true("video_accel3d") && !is_set(name) {
            add(name, value);
        }
    }
    if is_set("graphics_passwd") && !matches!(text(body, "graphics_type"), None | Some("vnc" | "spice")) {
        add("graphics_passwd", Json::Null);
    }
    if is_true("qemu_use_session") && !["uri", "host", "socket", "connect_via_ssh"].into_iter().any(is_set) {
        add("uri", json!("qemu:///session"));
    }
    found
}

fn text<'a>(body: &'a Body, name: &str) -> Option<&'a str> {
    match body.options.value(name) {
        Some(Value::String(it) | Value::Symbol(it)) => Some(it),
        _ => None,
    }
}

/// The main disk's device and controller, where the block only says its bus, or its bus where it only says the device.
fn disk_defaults(body: &Body) -> Vec<(String, Json)> {
    let (bus, device) = (text(body, "disk_bus"), text(body, "disk_device"));
    let is_scsi = bus.map_or(device.is_some_and(|it| it.starts_with("sd")), |it| it == "scsi");
    let defaults = [
        ("disk_bus", "scsi"),
        ("disk_device", "sda"),
        ("disk_controller_model", "virtio-scsi"),
    ];
    let unsaid = defaults
        .iter()
        .filter(|(name, _)| is_scsi && text(body, name).is_none());
    unsaid.map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

/// The channels that the plugin adds itself, unless the block has them, and without those that it switches off.
fn add_channels(found: &mut Vec<(String, Json)>, body: &Body) {
    let is_spice = text(body, "graphics_type") == Some("spice");
    let uses_agent = matches!(body.options.value("qemu_use_agent"), Some(Value::Boolean(true)));
    for (is_wanted, kind, name) in [
        (uses_agent, "unix", "org.qemu.guest_agent."),
        (is_spice, "spicevmc", "com.redhat.spice."),
    ] {
        let list = found
            .iter()
            .find(|(it, _)| it == "channels")
            .and_then(|it| it.1.as_array());
        let has_it = list
            .into_iter()
            .flatten()
            .any(|it| it["target_name"].as_str().is_some_and(|it| it.starts_with(name)));
        if is_wanted && !has_it {
            let target = format!("{name}0");
            push(
                found,
                "channels",
                json!({ "type": kind, "target_name": target, "target_type": "virtio" }),
            );
        }
    }
    if let Some((_, Json::Array(channels))) = found.iter_mut().find(|(it, _)| it == "channels") {
        channels.retain(|it| it["disabled"] != json!(true));
    }
}

fn storage(found: &mut Vec<(String, Json)>, called: &Called) {
    if first(called) != json!("file") {
        return;
    }
    let device = given(called).remove("device");
    match device.as_ref().and_then(Json::as_str) {
        Some("cdrom") => push(found, "cdroms", table(called, CDROM)),
        Some("floppy") => push(found, "floppies", table(called, FLOPPY)),
        _ => push(found, "disks", table(called, DISK)),
    }
}

/// Drives without a name get the first letter that is free.
fn name_devices(found: &mut [(String, Json)], attribute: &str, prefix: &str) {
    let Some((_, Json::Array(drives))) = found.iter_mut().find(|(it, _)| it == attribute) else {
        return;
    };
    for index in 0..drives.len() {
        if drives[index]["dev"].is_null() {
            let names = ('a'..='d').map(|letter| json!(format!("{prefix}{letter}")));
            let free = names
                .into_iter()
                .find(|name| drives.iter().all(|it| it["dev"] != *name));
            drives[index]["dev"] = free.unwrap_or(Json::Null);
        }
    }
}

fn first(called: &Called) -> Json {
    called.call.positional.first().map_or(Json::Null, of_value)
}

/// The options of a call, named or as a table.
fn given(called: &Called) -> Map<String, Json> {
    let mut given = Map::new();
    for value in &called.call.positional {
        if let Json::Object(table) = of_value(value) {
            given.extend(table);
        }
    }
    let named = called
        .call
        .named
        .iter()
        .map(|(name, value)| (name.clone(), of_value(value)));
    given.extend(named);
    given
}

fn table(called: &Called, keys: Keys) -> Json {
    let mut given = given(called);
    let mut table = Map::new();
    for (key, default) in keys {
        let value = given.remove(*key).filter(|it| !it.is_null());
        let default = default.map_or(Json::Null, |it| json!(it));
        table.insert((*key).to_owned(), value.unwrap_or(default));
    }
    table.retain(|_, value| !value.is_null());
    Json::Object(table)
}

fn push(found: &mut Vec<(String, Json)>, attribute: &str, value: Json) {
    match found.iter_mut().find(|(it, _)| it == attribute) {
        Some((_, Json::Array(list))) => list.push(value),
        _ => found.push((attribute.to_owned(), json!([value]))),
    }
}

fn extend(found: &mut Vec<(String, Json)>, attribute: &str, value: Json) {
    match (found.iter_mut().find(|(it, _)| it == attribute), value) {
        (Some((_, Json::Object(table))), Json::Object(more)) => table.extend(more),
        (_, value) => found.push((attribute.to_owned(), value)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vagrantfile::layer::{Origin, Value};

    use super::{Body, attributes};

    fn check(options: &[(&str, Value)], expected: serde_json::Value) {
        let origin = Origin {
            file: std::path::Path::new("/project/Vagrantfile").into(),
            line: 1,
            column: 1,
        };
        let mut body = Body::default();
        for (name, value) in options {
            body.assign(name, value, &origin, &[]);
        }
        let found: serde_json::Map<_, _> = attributes(&body).into_iter().collect();
        assert_eq!(serde_json::Value::Object(found), expected);
    }

    #[test]
    fn the_plugin_adds_the_channels_that_graphics_and_agent_need() {
        let spice = json!({ "type": "spicevmc", "target_name": "com.redhat.spice.0", "target_type": "virtio" });
        let agent = json!({ "type": "unix", "target_name": "org.qemu.guest_agent.0", "target_type": "virtio" });
        let graphics = ("graphics_type", Value::String("spice".to_owned()));
        check(std::slice::from_ref(&graphics), json!({ "channels": [spice.clone()] }));
        check(
            &[graphics, ("qemu_use_agent", Value::Boolean(true))],
            json!({ "channels": [agent, spice] }),
        );
        check(&[("graphics_type", Value::String("vnc".to_owned()))], json!({}));
    }

    #[test]
    fn a_disk_on_scsi_gets_its_device_and_controller() {
        let text = |it: &str| Value::String(it.to_owned());
        check(
            &[("disk_bus", text("scsi"))],
            json!({ "disk_device": "sda", "disk_controller_model": "virtio-scsi" }),
        );
        check(
            &[("disk_device", text("sdb"))],
            json!({ "disk_bus": "scsi", "disk_controller_model": "virtio-scsi" }),
        );
        check(&[("disk_bus", text("virtio")), ("disk_device", text("sda"))], json!({}));
    }
    #[test]
    fn options_that_others_decide_follow_them() {
        let text = |it: &str| Value::String(it.to_owned());
        check(
            &[("storage_pool_name", text("images"))],
            json!({ "snapshot_pool_name": "images" }),
        );
        check(
            &[
                ("storage_pool_name", text("images")),
                ("snapshot_pool_name", text("kept")),
            ],
            json!({}),
        );
        check(&[("cpu_mode", text("custom"))], json!({ "cpu_model": "qemu64" }));
        check(
            &[("cpu_mode", text("custom")), ("cpu_model", text("qemu32"))],
            json!({}),
        );
        check(&[("cpu_model", text("qemu32"))], json!({ "cpu_model": "" }));
        check(
            &[("video_accel3d", Value::Boolean(true))],
            json!({ "graphics_gl": true, "video_type": "virtio" }),
        );
        check(
            &[("graphics_type", text("none")), ("graphics_passwd", text("x"))],
            json!({ "graphics_passwd": null }),
        );
        check(
            &[("qemu_use_session", Value::Boolean(true))],
            json!({ "uri": "qemu:///session" }),
        );
    }
}
