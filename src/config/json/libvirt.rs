//! What vagrant-libvirt makes of the calls in a provider's block: lists and tables among its attributes.

use serde_json::{Map, Value as Json, json};

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
    found
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
