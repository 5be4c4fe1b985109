//! One running command: feeding it, handing over what it says, and learning how it ended.

use std::time::Duration;

use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelWriteHalf};
use tokio::io::AsyncReadExt;

use super::connection::{Connection, exit_of};
use super::error::Error;
use crate::communicators::{Exit, Input, OnOutput, Stream};

/// How long the output may be silent after the exit code before it counts as complete. A daemon that a script has
/// started may hold the output open for ever.
const SILENCE_AFTER_EXIT: Duration = Duration::from_secs(2);

/// Follows a command that was started on a channel to its end.
///
/// Reading and writing go on side by side: a command that says much before it reads must not wait for us.
pub(super) async fn follow(
    connection: &Connection,
    channel: Channel<Msg>,
    input: Option<Input>,
    output: &mut OnOutput<'_>,
) -> Result<Exit, Error> {
    let (mut said, writing) = channel.split();
    let mut feeding = std::pin::pin!(feed(input, &writing));
    let (mut fed, mut exit, mut is_complete) = (false, None, false);
    loop {
        let silence = exit.map_or(Duration::MAX, |_| SILENCE_AFTER_EXIT);
        tokio::select! {
            outcome = &mut feeding, if !fed => {
                fed = true;
                outcome?;
            }
            message = tokio::time::timeout(silence, said.wait()) => match message {
                Ok(Some(message)) => {
                    exit = exit_of(&message).or(exit);
                    is_complete |= matches!(message, ChannelMsg::Eof);
                    let is_closed = hand_over(connection, message, output)? == Channels::Closed;
                    if is_closed || is_complete && exit.is_some() {
                        break;
                    }
                }
                Ok(None) | Err(_) => break,
            },
        }
    }
    // The channel may be gone with the connection; the exit code, if there was one, stands.
    let _ = writing.close().await;
    exit.ok_or_else(|| {
        if connection.is_closed() {
            connection.disconnected()
        } else {
            Error::NoExitCode
        }
    })
}

#[derive(PartialEq, Eq)]
enum Channels {
    Open,
    Closed,
}

fn hand_over(connection: &Connection, message: ChannelMsg, output: &mut OnOutput<'_>) -> Result<Channels, Error> {
    match message {
        ChannelMsg::Data { data } => output(Stream::Output, &data),
        ChannelMsg::ExtendedData { data, ext: 1 } => output(Stream::Error, &data),
        ChannelMsg::Failure => return Err(connection.refused("to run a command")),
        ChannelMsg::Close => return Ok(Channels::Closed),
        _ => {}
    }
    Ok(Channels::Open)
}

/// Gives a command what it reads, and then the end of it.
pub(super) async fn feed(input: Option<Input>, writing: &ChannelWriteHalf<Msg>) -> Result<(), Error> {
    if let Some(mut input) = input {
        let mut buffer = vec![0; 32 * 1024];
        loop {
            let count = input
                .read(&mut buffer)
                .await
                .map_err(|source| Error::Input { source })?;
            let chunk = buffer.get(..count).unwrap_or_default();
            if chunk.is_empty() {
                break;
            }
            if writing.data_bytes(chunk.to_vec()).await.is_err() {
                // It ended without reading everything, as `head` does. How it ended comes on the other half.
                return Ok(());
            }
        }
    }
    let _ = writing.eof().await;
    Ok(())
}
