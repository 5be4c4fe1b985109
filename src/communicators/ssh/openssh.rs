//! What only OpenSSH's own client can do: forwarding with `-- -L ...`, a `proxy_command`, `extra_args`, X11, a
//! configuration file. It is called with the arguments that Vagrant gives it.
//!
//! **Invariant:** no secret is on the command line, where other users of this computer could read it: keys are named by
//! their files, and a password is asked for by `ssh` itself.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::communicators::Exit;

/// A session that OpenSSH's client runs.
#[derive(Debug, Clone, Default)]
pub struct OpensshSession {
    /// `config.ssh.ssh_command`, else `ssh`.
    pub program: String,
    pub host: String,
    pub port: u16,
    /// The login user and the files of the private keys; neither is passed on with `plain`.
    pub user: String,
    pub private_keys: Vec<PathBuf>,
    /// `--plain`: authentication is left to the user.
    pub plain: bool,
    /// `config.ssh.keys_only`.
    pub keys_only: bool,
    /// Where the guest's host key is pinned; it is checked when it is there.
    pub host_key_file: Option<PathBuf>,
    /// `config.ssh.compression`.
    pub compression: bool,
    pub forward_agent: bool,
    pub forward_x11: bool,
    /// Names of variables that the guest is to get (`forward_env`).
    pub forward_env: Vec<String>,
    /// `config.ssh.config`, a configuration file of OpenSSH.
    pub config: Option<PathBuf>,
    pub proxy_command: Option<String>,
    /// `FATAL` where absent.
    pub log_level: Option<String>,
    /// `config.ssh.extra_args`, and what stands behind `--`; in this order.
    pub extra_args: Vec<String>,
    /// The command line for the guest.
    pub command: Option<String>,
    /// Whether the command gets a terminal.
    pub tty: bool,
}

impl OpensshSession {
    /// Why this session needs OpenSSH's client, as the message about a missing one says it; `None` where it does not.
    pub fn reason(&self) -> Option<&'static str> {
        let reasons = [
            (!self.extra_args.is_empty(), "passing arguments on to `ssh`"),
            (self.proxy_command.is_some(), "`config.ssh.proxy_command`"),
            (self.config.is_some(), "`config.ssh.config`"),
            (self.forward_x11, "`config.ssh.forward_x11`"),
            (
                !self.program.is_empty() && self.program != "ssh",
                "`config.ssh.ssh_command`",
            ),
            (self.plain, "`--plain`"),
        ];
        reasons.into_iter().find_map(|(is_so, reason)| is_so.then_some(reason))
    }

    /// The arguments, without the program.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut all = Arguments(Vec::new());
        // First, as in Vagrant: what follows may hold a command, which has to come behind the host.
        all.word(if self.plain {
            self.host.clone()
        } else {
            format!("{}@{}", self.user, self.host)
        });
        all.word("-p").word(self.port.to_string());
        all.option("LogLevel", self.log_level.as_deref().unwrap_or("FATAL"));
        all.option_if(self.compression, "Compression", "yes");
        all.option_if(self.keys_only && !self.plain, "IdentitiesOnly", "yes");
        self.host_key(&mut all);
        if !self.plain {
            for key in &self.private_keys {
                all.path_option("IdentityFile", key);
            }
        }
        all.option_if(self.forward_x11, "ForwardX11", "yes")
            .option_if(self.forward_x11, "ForwardX11Trusted", "yes");
        if let Some(config) = &self.config {
            all.word("-F").word(config.clone());
        }
        if let Some(proxy) = &self.proxy_command {
            all.option("ProxyCommand", proxy);
        }
        all.option_if(!self.forward_env.is_empty(), "SendEnv", &self.forward_env.join(" "));
        all.option_if(self.forward_agent, "ForwardAgent", "yes");
        for argument in &self.extra_args {
            all.word(argument);
        }
        if let Some(command) = &self.command {
            if self.tty && !self.extra_args.iter().any(|it| it == "-t" || it == "-T") {
                all.word("-t");
            }
            all.word(command);
        }
        all.0
    }

    fn host_key(&self, all: &mut Arguments) {
        match self.host_key_file.as_deref().filter(|it| it.is_file()) {
            Some(file) => {
                all.path_option("UserKnownHostsFile", file);
                all.option("GlobalKnownHostsFile", NO_FILE)
                    .option("StrictHostKeyChecking", "yes");
            }
            None => {
                all.option("StrictHostKeyChecking", "no")
                    .option("UserKnownHostsFile", NO_FILE);
            }
        }
    }

    /// Runs the client on this process's streams until it ends.
    ///
    /// Meanwhile Ctrl-C is the client's: both programs get the signal, and this one has to live on to say how the
    /// other one ended.
    pub async fn run(&self) -> Result<Exit, Error> {
        let program = if self.program.is_empty() { "ssh" } else { &self.program };
        self.refuse_options_in_disguise()?;
        let _signals = super::user_signals::UserSignals::listen().map_err(|source| Error::Terminal { source })?;
        let status = tokio::process::Command::new(program)
            .args(self.arguments())
            .status()
            .await;
        let status = status.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::OpensshMissing {
                program: program.to_owned(),
                needed_for: self.reason().unwrap_or("this session").to_owned(),
            },
            _ => Error::Openssh {
                program: program.to_owned(),
                source,
            },
        })?;
        Ok(Exit {
            code: exit_code(status),
        })
    }

    /// A user or a host that begins with a dash would be an option of `ssh`, which can run commands on this computer.
    fn refuse_options_in_disguise(&self) -> Result<(), Error> {
        let destination = if self.plain { &self.host } else { &self.user };
        match destination.starts_with('-') {
            true => Err(Error::OpensshDestination {
                destination: destination.clone(),
            }),
            false => Ok(()),
        }
    }
}

#[cfg(windows)]
const NO_FILE: &str = "NUL";
#[cfg(not(windows))]
const NO_FILE: &str = "/dev/null";

#[cfg(unix)]
fn exit_code(status: std::process::ExitStatus) -> u32 {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.signal().map(|it| 128 + it.unsigned_abs());
    status.code().map(i32::unsigned_abs).or(signal).unwrap_or(255)
}

#[cfg(not(unix))]
fn exit_code(status: std::process::ExitStatus) -> u32 {
    status.code().map_or(255, i32::unsigned_abs)
}

struct Arguments(Vec<OsString>);

impl Arguments {
    fn word(&mut self, word: impl Into<OsString>) -> &mut Self {
        self.0.push(word.into());
        self
    }

    fn option(&mut self, name: &str, value: &str) -> &mut Self {
        self.word("-o").word(format!("{name}={value}"))
    }

    fn option_if(&mut self, is_wanted: bool, name: &str, value: &str) -> &mut Self {
        if is_wanted { self.option(name, value) } else { self }
    }

    /// OpenSSH splits such values at spaces and expands `%` in them.
    fn path_option(&mut self, name: &str, path: &Path) -> &mut Self {
        let path = path
            .display()
            .to_string()
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('%', "%%");
        self.option(name, &format!("\"{path}\""))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(call: OpensshSession, expected: Expect) {
        let arguments = call
            .arguments()
            .into_iter()
            .map(|it| it.to_string_lossy().into_owned())
            .collect::<Vec<_>>();
        expected.assert_eq(&arguments.join("\n"));
    }

    fn call() -> OpensshSession {
        OpensshSession {
            host: "127.0.0.1".to_owned(),
            port: 2222,
            user: "vagrant".to_owned(),
            private_keys: vec!["/a project/100%/private_key".into()],
            keys_only: true,
            compression: true,
            ..OpensshSession::default()
        }
    }

    #[test]
    fn what_stands_behind_the_dashes_comes_last() {
        let extra_args = ["-L", "8080:localhost:80", "uptime"].map(str::to_owned).to_vec();
        check(
            OpensshSession { extra_args, ..call() },
            expect![[r#"
                vagrant@127.0.0.1
                -p
                2222
                -o
                LogLevel=FATAL
                -o
                Compression=yes
                -o
                IdentitiesOnly=yes
                -o
                StrictHostKeyChecking=no
                -o
                UserKnownHostsFile=/dev/null
                -o
                IdentityFile="/a project/100%%/private_key"
                -L
                8080:localhost:80
                uptime"#]],
        );
    }

    #[test]
    fn everything_that_a_vagrantfile_can_say_is_passed_on() {
        let call = OpensshSession {
            forward_agent: true,
            forward_x11: true,
            forward_env: vec!["A".to_owned(), "B".to_owned()],
            config: Some("/etc/my config".into()),
            proxy_command: Some("nc -x proxy %h %p".to_owned()),
            log_level: Some("DEBUG".to_owned()),
            command: Some("bash -l -c 'id'".to_owned()),
            tty: true,
            private_keys: Vec::new(),
            compression: false,
            ..call()
        };
        check(
            call,
            expect![[r#"
                vagrant@127.0.0.1
                -p
                2222
                -o
                LogLevel=DEBUG
                -o
                IdentitiesOnly=yes
                -o
                StrictHostKeyChecking=no
                -o
                UserKnownHostsFile=/dev/null
                -o
                ForwardX11=yes
                -o
                ForwardX11Trusted=yes
                -F
                /etc/my config
                -o
                ProxyCommand=nc -x proxy %h %p
                -o
                SendEnv=A B
                -o
                ForwardAgent=yes
                -t
                bash -l -c 'id'"#]],
        );
    }

    #[test]
    fn plain_mode_names_neither_user_nor_keys() {
        check(
            OpensshSession {
                plain: true,
                compression: false,
                ..call()
            },
            expect![[r#"
                127.0.0.1
                -p
                2222
                -o
                LogLevel=FATAL
                -o
                StrictHostKeyChecking=no
                -o
                UserKnownHostsFile=/dev/null"#]],
        );
    }

    #[test]
    fn an_ordinary_session_does_without() {
        assert_eq!(call().reason(), None);
        let through_proxy = OpensshSession {
            proxy_command: Some("nc %h %p".to_owned()),
            ..call()
        };
        assert_eq!(through_proxy.reason(), Some("`config.ssh.proxy_command`"));
    }

    #[tokio::test]
    async fn a_missing_client_is_an_error_that_says_what_it_was_for() {
        let extra_args = vec!["-L".to_owned(), "1:a:2".to_owned()];
        let call = OpensshSession {
            program: "no-such-ssh".to_owned(),
            extra_args,
            ..call()
        };

        let error = call.run().await.expect_err("there is no such program");

        expect![
            "passing arguments on to `ssh` needs OpenSSH's client, but `no-such-ssh` is not installed, or not on PATH"
        ]
        .assert_eq(&error.to_string());
    }

    #[tokio::test]
    async fn a_user_that_is_an_option_is_refused() {
        let call = OpensshSession {
            user: "-oProxyCommand=touch /tmp/x;".to_owned(),
            ..call()
        };

        let error = call.run().await.expect_err("it is no user");

        assert!(matches!(error, Error::OpensshDestination { .. }), "{error:?}");
    }
}
