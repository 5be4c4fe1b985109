//! Operating-system families: what a guest is, and how each family is told to do things.
//!
//! A family is a table of pure functions to scripts. What a family does not say itself, its parent says (ubuntu, debian, linux).
//! Nothing here reaches a guest: scripts go out through a communicator, as root where their documentation says so.

mod clock;
mod detect;
mod host_name;
mod power;

use std::net::IpAddr;

pub use detect::{DETECT, detect};
pub use host_name::HostName;
pub use power::BOOT_ID;

/// A family of operating systems.
#[derive(Debug)]
pub struct Family {
    /// The name that `config.vm.guest` uses.
    pub name: &'static str,
    parent: Option<&'static Family>,
    /// Names in `/etc/os-release` that mean it.
    ids: &'static [&'static str],
    change_host_name: Option<fn(&HostName) -> String>,
    halt: Option<&'static str>,
}

impl Family {
    /// The family of that name.
    pub fn by_name(name: &str) -> Option<&'static Family> {
        ALL.iter().copied().find(|it| it.name == name)
    }

    /// A script that, run as root, gives the guest a name for good; running it again changes nothing.
    ///
    /// `address` is the guest's own in a network that was defined with `hostname: true`; else the name stands for a loopback
    /// address. Networks are not restarted.
    pub fn change_host_name(&self, name: &HostName, address: Option<IpAddr>) -> String {
        let hosts = match address {
            Some(address) => name.replace_in_hosts(address),
            None => name.add_to_hosts(),
        };
        let change = self.find(|it| it.change_host_name).unwrap_or(host_name::linux);
        hosts + &change(name)
    }

    /// A script that, run as root, shuts the guest down. The connection may end before it does.
    pub fn halt(&self) -> &'static str {
        self.find(|it| it.halt).unwrap_or(power::HALT)
    }

    /// A script that, run as root, reboots the guest. The connection may end before it does; [`BOOT_ID`] tells when it is over.
    pub fn reboot(&self) -> &'static str {
        power::REBOOT
    }

    /// A script that, run as root, sets the clock.
    pub fn set_clock(&self, seconds_since_epoch: u64) -> String {
        clock::set(seconds_since_epoch)
    }

    /// What the family or the nearest of its parents says.
    fn find<T>(&self, ability: impl Fn(&Family) -> Option<T>) -> Option<T> {
        ability(self).or_else(|| self.parent?.find(ability))
    }
}

/// A family that only has a name and a parent.
const fn child(name: &'static str, parent: Option<&'static Family>, ids: &'static [&'static str]) -> Family {
    Family {
        name,
        parent,
        ids,
        change_host_name: None,
        halt: None,
    }
}

static LINUX: Family = Family {
    change_host_name: Some(host_name::linux),
    halt: Some(power::HALT),
    ..child("linux", None, &["linux"])
};

static ALPINE: Family = Family {
    change_host_name: Some(host_name::alpine),
    halt: Some("poweroff\n"),
    ..child("alpine", Some(&LINUX), &["alpine"])
};
static ARCH: Family = Family {
    change_host_name: Some(host_name::arch),
    ..child("arch", Some(&LINUX), &["arch", "archarm", "manjaro"])
};
static DEBIAN: Family = Family {
    change_host_name: Some(host_name::debian),
    ..child("debian", Some(&LINUX), &["debian", "raspbian"])
};
static KALI: Family = child("kali", Some(&DEBIAN), &["kali"]);
static UBUNTU: Family = child("ubuntu", Some(&DEBIAN), &["ubuntu"]);
static ELEMENTARY: Family = child("elementary", Some(&UBUNTU), &["elementary"]);
static MINT: Family = child("mint", Some(&UBUNTU), &["linuxmint"]);
static TRISQUEL: Family = child("trisquel", Some(&UBUNTU), &["trisquel"]);
static REDHAT: Family = Family {
    change_host_name: Some(host_name::redhat),
    ..child("redhat", Some(&LINUX), &["rhel", "ol", "scientific"])
};
static ALMA: Family = child("alma", Some(&REDHAT), &["almalinux"]);
static AMAZON: Family = child("amazon", Some(&REDHAT), &["amzn"]);
static CENTOS: Family = child("centos", Some(&REDHAT), &["centos"]);
static FEDORA: Family = child("fedora", Some(&REDHAT), &["fedora"]);
static ROCKY: Family = child("rocky", Some(&REDHAT), &["rocky"]);
static SUSE: Family = Family {
    change_host_name: Some(host_name::suse),
    ..child(
        "suse",
        Some(&LINUX),
        &[
            "suse",
            "sles",
            "sled",
            "opensuse",
            "opensuse-leap",
            "opensuse-tumbleweed",
        ],
    )
};

/// Every family, children before their parents where both could be meant.
static ALL: [&Family; 16] = [
    &ALPINE,
    &ARCH,
    &ELEMENTARY,
    &MINT,
    &TRISQUEL,
    &UBUNTU,
    &KALI,
    &DEBIAN,
    &ALMA,
    &AMAZON,
    &CENTOS,
    &FEDORA,
    &ROCKY,
    &REDHAT,
    &SUSE,
    &LINUX,
];

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    /// What every family is told, those with the same text together.
    fn all(script: impl Fn(&Family) -> String) -> String {
        let mut texts: Vec<(String, Vec<&str>)> = Vec::new();
        for family in ALL {
            let text = script(family);
            match texts.iter_mut().find(|it| it.0 == text) {
                Some((_, names)) => names.push(family.name),
                None => texts.push((text, vec![family.name])),
            }
        }
        texts
            .iter()
            .map(|(text, names)| format!("--- {}\n{text}", names.join(", ")))
            .collect()
    }

    #[test]
    fn a_name_is_set_in_every_family() {
        let name = HostName::new("web.example.com").unwrap();
        expect![[r#"
            --- alpine, elementary, mint, trisquel, ubuntu, kali, debian
            if ! grep -q '[[:space:]]web\.example\.com\([[:space:]]\|$\)' /etc/hosts; then
              hosts=$(sed '/^127\.0\.1\.1[[:space:]]/d' /etc/hosts)
              printf '%s\n%s\n' "$hosts" '127.0.1.1 web.example.com web' > /etc/hosts || exit
            fi
            echo web > /etc/hostname || exit
            hostname web 2>/dev/null || echo web > /proc/sys/kernel/hostname || exit
            echo web.example.com > /etc/mailname
            --- arch
            if ! grep -q '[[:space:]]web\.example\.com\([[:space:]]\|$\)' /etc/hosts; then
              hosts=$(sed '/^127\.0\.1\.1[[:space:]]/d' /etc/hosts)
              printf '%s\n%s\n' "$hosts" '127.0.1.1 web.example.com web' > /etc/hosts || exit
            fi
            echo web > /etc/hostname || exit
            hostname web 2>/dev/null || echo web > /proc/sys/kernel/hostname || exit
            --- alma, amazon, centos, fedora, rocky, redhat
            if ! grep -q '[[:space:]]web\.example\.com\([[:space:]]\|$\)' /etc/hosts; then
              hosts=$(sed '/^127\.0\.1\.1[[:space:]]/d' /etc/hosts)
              printf '%s\n%s\n' "$hosts" '127.0.1.1 web.example.com web' > /etc/hosts || exit
            fi
            if grep -q ^HOSTNAME= /etc/sysconfig/network 2>/dev/null; then
              sed -i 's/^HOSTNAME=.*/HOSTNAME=web.example.com/' /etc/sysconfig/network
            fi
            echo web.example.com > /etc/hostname || exit
            hostname web.example.com 2>/dev/null || echo web.example.com > /proc/sys/kernel/hostname || exit
            --- suse
            if ! grep -q '[[:space:]]web\.example\.com\([[:space:]]\|$\)' /etc/hosts; then
              hosts=$(sed '/^127\.0\.1\.1[[:space:]]/d' /etc/hosts)
              printf '%s\n%s\n' "$hosts" '127.0.1.1 web.example.com web' > /etc/hosts || exit
            fi
            echo web > /etc/hostname || exit
            hostname web 2>/dev/null || echo web > /proc/sys/kernel/hostname || exit
            echo web.example.com > /etc/HOSTNAME
            --- linux
            if ! grep -q '[[:space:]]web\.example\.com\([[:space:]]\|$\)' /etc/hosts; then
              hosts=$(sed '/^127\.0\.1\.1[[:space:]]/d' /etc/hosts)
              printf '%s\n%s\n' "$hosts" '127.0.1.1 web.example.com web' > /etc/hosts || exit
            fi
            echo web.example.com > /etc/hostname || exit
            hostname web.example.com 2>/dev/null || echo web.example.com > /proc/sys/kernel/hostname || exit
        "#]]
        .assert_eq(&all(|it| it.change_host_name(&name, None)));
    }

    #[test]
    fn a_name_with_an_address_of_its_own_stands_for_it() {
        let name = HostName::new("web").unwrap();
        expect![[r#"
            hosts=$(sed '/[[:space:]]web\([[:space:]]\|$\)/d' /etc/hosts)
            printf '%s\n%s\n' '192.168.56.10 web' "$hosts" > /etc/hosts || exit
            echo web > /etc/hostname || exit
            hostname web 2>/dev/null || echo web > /proc/sys/kernel/hostname || exit
        "#]]
        .assert_eq(&LINUX.change_host_name(&name, Some("192.168.56.10".parse().unwrap())));
    }

    #[test]
    fn every_family_is_halted() {
        expect![[r#"
            --- alpine
            poweroff
            --- arch, elementary, mint, trisquel, ubuntu, kali, debian, alma, amazon, centos, fedora, rocky, redhat, suse, linux
            if [ -d /run/systemd/system ]; then
              systemctl poweroff
            else
              shutdown -h now 2>/dev/null || poweroff
            fi
        "#]].assert_eq(&all(|it| it.halt().to_owned()));
    }

    #[test]
    fn families_are_found_by_the_names_that_vagrantfiles_use() {
        assert_eq!(Family::by_name("ubuntu").map(|it| it.name), Some("ubuntu"));
        assert!(Family::by_name("windows").is_none());
    }
}
