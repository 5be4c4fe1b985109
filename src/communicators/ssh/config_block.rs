//! The block that `ssh-config` prints, for `~/.ssh/config` and for tools that read it (Ansible, editors, Testinfra).
//! Names, order and indentation are Vagrant's, since scripts parse them.

use std::fmt;
use std::path::PathBuf;

use crate::ui::visible::visible;

/// A `Host` block of OpenSSH's configuration.
#[derive(Debug, Clone, Default)]
pub struct ConfigBlock {
    /// The alias: `--host`, else the machine's name.
    pub host: String,
    pub host_name: String,
    pub user: String,
    pub port: u16,
    pub private_keys: Vec<PathBuf>,
    /// Whether host keys are checked (`config.ssh.verify_host_key`); they are not by default, since a machine that is
    /// made anew has a new one.
    pub verify_host_key: bool,
    pub keys_only: bool,
    pub forward_agent: bool,
    pub forward_x11: bool,
    pub proxy_command: Option<String>,
    /// `FATAL` where absent.
    pub log_level: Option<String>,
    /// Another configuration file, which is included.
    pub config: Option<PathBuf>,
}

impl fmt::Display for ConfigBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = |it: &PathBuf| quote(&it.display().to_string());
        let mut lines: Vec<(&str, String)> = Vec::new();
        lines.extend(self.config.as_ref().map(|it| ("Include", path(it))));
        lines.push(("HostName", self.host_name.clone()));
        lines.push(("User", self.user.clone()));
        lines.push(("Port", self.port.to_string()));
        if !self.verify_host_key {
            lines.push(("UserKnownHostsFile", "/dev/null".to_owned()));
            lines.push(("StrictHostKeyChecking", "no".to_owned()));
        }
        lines.push(("PasswordAuthentication", "no".to_owned()));
        lines.extend(self.private_keys.iter().map(|it| ("IdentityFile", path(it))));
        let yes = |name, is_so: bool| is_so.then(|| (name, "yes".to_owned()));
        lines.extend(yes("IdentitiesOnly", self.keys_only));
        lines.push(("LogLevel", self.log_level.clone().unwrap_or_else(|| "FATAL".to_owned())));
        lines.extend(yes("ForwardAgent", self.forward_agent));
        lines.extend(yes("ForwardX11", self.forward_x11));
        lines.extend(self.proxy_command.clone().map(|it| ("ProxyCommand", it)));
        writeln!(f, "Host {}", visible(&self.host))?;
        lines
            .iter()
            .try_for_each(|(name, value)| writeln!(f, "  {name} {}", one_line(value)))
    }
}

fn quote(path: &str) -> String {
    if path.contains(char::is_whitespace) {
        format!("\"{path}\"")
    } else {
        path.to_owned()
    }
}

/// A value with a line break would be two settings.
fn one_line(value: &str) -> String {
    value.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(block: ConfigBlock, expected: Expect) {
        expected.assert_eq(&block.to_string());
    }

    fn block() -> ConfigBlock {
        ConfigBlock {
            host: "default".to_owned(),
            host_name: "127.0.0.1".to_owned(),
            user: "vagrant".to_owned(),
            port: 2222,
            private_keys: vec!["/p/.vagrant/machines/default/qemu/private_key".into()],
            keys_only: true,
            ..ConfigBlock::default()
        }
    }

    #[test]
    fn the_block_of_an_ordinary_machine() {
        check(
            block(),
            expect![[r#"
                Host default
                  HostName 127.0.0.1
                  User vagrant
                  Port 2222
                  UserKnownHostsFile /dev/null
                  StrictHostKeyChecking no
                  PasswordAuthentication no
                  IdentityFile /p/.vagrant/machines/default/qemu/private_key
                  IdentitiesOnly yes
                  LogLevel FATAL
            "#]],
        );
    }

    #[test]
    fn the_block_of_a_machine_with_everything() {
        let everything = ConfigBlock {
            host: "web".to_owned(),
            private_keys: vec!["/a b/key".into(), "/c".into()],
            verify_host_key: true,
            forward_agent: true,
            forward_x11: true,
            proxy_command: Some("nc proxy\n  LocalCommand evil".to_owned()),
            log_level: Some("INFO".to_owned()),
            config: Some("/etc/more".into()),
            ..block()
        };
        check(
            everything,
            expect![[r#"
                Host web
                  Include /etc/more
                  HostName 127.0.0.1
                  User vagrant
                  Port 2222
                  PasswordAuthentication no
                  IdentityFile "/a b/key"
                  IdentityFile /c
                  IdentitiesOnly yes
                  LogLevel INFO
                  ForwardAgent yes
                  ForwardX11 yes
                  ProxyCommand nc proxy   LocalCommand evil
            "#]],
        );
    }
}
