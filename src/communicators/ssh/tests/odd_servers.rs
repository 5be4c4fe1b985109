//! Servers that real programs are not, or not here: passwords, dialogues, and channels that end without a word.

use std::net::Ipv4Addr;
use std::sync::Arc;

use expect_test::{Expect, expect};
use russh::keys::Algorithm;
use russh::server::{self, Auth, ChannelOpenHandle, Msg, Session};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use tokio::net::TcpListener;

use super::fixtures::connect;
use crate::communicators::ssh::{Connection, Error, Login, Secret, SshTarget};
use crate::communicators::{Exit, Stream};

#[derive(Clone, Copy)]
struct Odd {
    /// Asks for the password in a dialogue, and not otherwise.
    asks: bool,
}

impl server::Handler for Odd {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        let is_right = !self.asks && (user, password) == ("vagrant", "vagrant");
        Ok(if is_right { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<server::Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(mut answers) = response else {
            let prompts = vec![("Password: ".into(), false)].into();
            return Ok(Auth::Partial {
                name: "".into(),
                instructions: "".into(),
                prompts,
            });
        };
        let is_right = self.asks && answers.next().is_some_and(|it| it.as_ref() == b"vagrant");
        Ok(if is_right { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        line: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        match line {
            b"refused" => session.channel_failure(channel)?,
            b"no code" => {
                session.channel_success(channel)?;
                session.data(channel, b"half".to_vec())?;
                session.close(channel)?;
            }
            b"code last" => {
                session.data(channel, b"all".to_vec())?;
                session.eof(channel)?;
                session.exit_status_request(channel, 6)?;
                session.close(channel)?;
            }
            _ => {
                session.extended_data(channel, 1, b"dumped".to_vec())?;
                session.exit_signal_request(channel, russh::Sig::SEGV, true, "", "")?;
                session.close(channel)?;
            }
        }
        Ok(())
    }
}

async fn start(asks: bool) -> SshTarget {
    let key = russh::keys::PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519);
    let methods = [MethodKind::Password, MethodKind::KeyboardInteractive];
    let config = Arc::new(server::Config {
        keys: vec![key.expect("there is randomness")],
        methods: MethodSet::from(methods.as_slice()),
        auth_rejection_time: std::time::Duration::from_millis(10),
        ..server::Config::default()
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("the loopback interface is up");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let config = config.clone();
            tokio::spawn(async move {
                if let Ok(session) = server::run_stream(config, stream, Odd { asks }).await {
                    let _ = session.await;
                }
            });
        }
    });
    SshTarget {
        password: Some(Secret::new("vagrant")),
        ..SshTarget::new("127.0.0.1", port, "vagrant")
    }
}

#[tokio::test]
async fn a_password_opens_where_there_is_no_key() {
    for asks in [false, true] {
        let connection = connect(&start(asks).await).await.expect("the password is right");

        assert_eq!(connection.login(), &Login::Password);
        assert!(connection.login().is_insecure(), "a machine with a password gets a key");
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_never_shown() {
    let target = SshTarget {
        password: Some(Secret::new("hunter2")),
        ..start(false).await
    };

    let error = Connection::open(&target).await.expect_err("it is wrong");

    assert!(matches!(error, Error::AuthenticationRefused { .. }), "{error:?}");
    let shown = format!("{error} {error:?} {target:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

async fn check(line: &str, expected: Expect) {
    let connection = connect(&start(false).await).await.expect("the password is right");
    let mut said = String::new();
    let mut collect = |_: Stream, bytes: &[u8]| said.push_str(&String::from_utf8_lossy(bytes));
    let exit = connection.execute(line, None, &mut collect).await;
    let exit = exit.map_or_else(
        |it| it.to_string().replace(&it_address(&it), "GUEST"),
        |Exit { code }| code.to_string(),
    );
    expected.assert_eq(&format!("{said}: {exit}"));
}

fn it_address(error: &Error) -> String {
    match error {
        Error::Refused { address, .. } => address.clone(),
        _ => "no address".to_owned(),
    }
}

#[tokio::test]
async fn a_server_that_runs_no_commands_is_told_apart_from_a_command_that_fails() {
    check("refused", expect![": the SSH server on GUEST refused to run a command"]).await;
}

#[tokio::test]
async fn a_command_that_ends_without_a_code_is_no_success() {
    check(
        "no code",
        expect!["half: the guest closed the channel without an exit code"],
    )
    .await;
}

#[tokio::test]
async fn a_code_after_the_end_of_the_output_counts() {
    check("code last", expect!["all: 6"]).await;
}

#[tokio::test]
async fn a_crash_counts_as_shells_count_it() {
    check("crash", expect!["dumped: 139"]).await;
}
