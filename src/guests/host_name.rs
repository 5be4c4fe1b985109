//! The name of a guest, and the scripts that set it.
//!
//! The files are written and the kernel is told; `hostnamectl` does no more than that, and takes seconds where it has to be
//! started first.

use std::net::IpAddr;

/// A host name, with or without a domain. It is safe within a script as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// Takes a name of letters, digits, dashes and dots, as the rules for host names have it.
    pub fn new(name: &str) -> Option<Self> {
        let is_label = |it: &str| {
            let fine = it.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
            fine && (1..=63).contains(&it.len()) && !it.starts_with('-') && !it.ends_with('-')
        };
        (name.len() <= 253 && name.split('.').all(is_label)).then(|| Self(name.to_owned()))
    }

    /// The whole name.
    pub fn full(&self) -> &str {
        &self.0
    }

    /// The name without its domain.
    pub fn short(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }

    /// The name, and its short form if that is another.
    fn aliases(&self) -> String {
        match self.full() == self.short() {
            true => self.full().to_owned(),
            false => format!("{} {}", self.full(), self.short()),
        }
    }

    /// A pattern for the name as a word of its own.
    fn word(&self) -> String {
        format!("[[:space:]]{}\\([[:space:]]\\|$\\)", self.full().replace('.', "\\."))
    }

    /// Makes the name stand for the second loopback address, as Debian does, unless it stands for one already. Written in
    /// place: where `/etc/hosts` is a mount, it cannot be replaced.
    pub(super) fn add_to_hosts(&self) -> String {
        format!(
            "if ! grep -q '{}' /etc/hosts; then\n  \
             hosts=$(sed '/^127\\.0\\.1\\.1[[:space:]]/d' /etc/hosts)\n  \
             printf '%s\\n%s\\n' \"$hosts\" '127.0.1.1 {}' > /etc/hosts || exit\n\
             fi\n",
            self.word(),
            self.aliases()
        )
    }

    /// Makes the name stand for an address and for no other.
    pub(super) fn replace_in_hosts(&self, address: IpAddr) -> String {
        format!(
            "hosts=$(sed '/{}/d' /etc/hosts)\n\
             printf '%s\\n%s\\n' '{address} {}' \"$hosts\" > /etc/hosts || exit\n",
            self.word(),
            self.aliases()
        )
    }
}

pub(super) fn linux(name: &HostName) -> String {
    write_and_tell(name.full())
}

pub(super) fn alpine(name: &HostName) -> String {
    debian(name)
}

pub(super) fn arch(name: &HostName) -> String {
    write_and_tell(name.short())
}

pub(super) fn debian(name: &HostName) -> String {
    write_and_tell(name.short()) + &format!("echo {} > /etc/mailname\n", name.full())
}

pub(super) fn redhat(name: &HostName) -> String {
    let sysconfig = format!(
        "if grep -q ^HOSTNAME= /etc/sysconfig/network 2>/dev/null; then\n  \
         sed -i 's/^HOSTNAME=.*/HOSTNAME={}/' /etc/sysconfig/network\n\
         fi\n",
        name.full()
    );
    sysconfig + &write_and_tell(name.full())
}

pub(super) fn suse(name: &HostName) -> String {
    write_and_tell(name.short()) + &format!("echo {} > /etc/HOSTNAME\n", name.full())
}

fn write_and_tell(name: &str) -> String {
    format!(
        "echo {name} > /etc/hostname || exit\n\
         hostname {name} 2>/dev/null || echo {name} > /proc/sys/kernel/hostname || exit\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hosts_are_taken_and_scripts_are_not() {
        for good in ["web", "web-1.example.com", "1"] {
            assert!(HostName::new(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "-web",
            "web-",
            "a..b",
            "a b",
            "a;reboot",
            "ä",
            "a/b",
            &"x".repeat(64),
        ] {
            assert!(HostName::new(bad).is_none(), "{bad}");
        }
    }

    /// Runs a script by a real shell, with a file in the place of `/etc/hosts`.
    #[track_caller]
    fn check(script: &str, before: &str, after: &str) {
        let folder = tempfile::tempdir().unwrap();
        let hosts = folder.path().join("hosts");
        std::fs::write(&hosts, before).unwrap();
        let script = script.replace("/etc/hosts", &hosts.display().to_string());
        let shell = |script: &str| {
            std::process::Command::new("sh")
                .arg("-c")
                .arg(script)
                .status()
                .unwrap()
                .success()
        };
        // Twice: it must change nothing then.
        assert!(shell(&script) && shell(&script));
        assert_eq!(std::fs::read_to_string(&hosts).unwrap(), after);
    }

    #[test]
    fn the_line_of_the_old_name_makes_way_for_the_new_one() {
        let name = HostName::new("web.example.com").unwrap();
        let before = "127.0.0.1 localhost\n127.0.1.1 bookworm\n::1 ip6\n";
        let after = "127.0.0.1 localhost\n::1 ip6\n127.0.1.1 web.example.com web\n";
        check(&name.add_to_hosts(), before, after);
    }

    #[test]
    fn a_name_that_is_there_stays_where_it_is_and_a_longer_one_is_another() {
        let name = HostName::new("web").unwrap();
        check(&name.add_to_hosts(), "10.0.0.1\tweb\n", "10.0.0.1\tweb\n");
        check(
            &name.add_to_hosts(),
            "10.0.0.1 web2\n",
            "10.0.0.1 web2\n127.0.1.1 web\n",
        );
    }

    #[test]
    fn a_name_stands_for_its_address_alone() {
        let name = HostName::new("web.x").unwrap();
        let before = "127.0.0.1 localhost\n127.0.1.1 web.x web\n10.0.0.1 web-x\n";
        let after = "10.0.0.5 web.x web\n127.0.0.1 localhost\n10.0.0.1 web-x\n";
        check(&name.replace_in_hosts("10.0.0.5".parse().unwrap()), before, after);
    }
}
