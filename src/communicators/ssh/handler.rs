//! Our side of what a guest's SSH server may ask for on its own: to be trusted, and to use the user's agent.
//!
//! **Invariant:** a guest is a stranger. It can open an agent channel where the user has asked for that, and nothing else.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use russh::Channel;
use russh::client::{ChannelOpenHandle, Handler, Msg, Session};
use russh::keys::{PublicKey, PublicKeyOrCertificate};

use super::error::Error;
use super::host_key::fingerprint;

/// Decides on the host key, and carries the agent's bytes.
#[derive(Debug)]
pub(super) struct GuestHandler {
    pub(super) address: String,
    pub(super) host_key_file: Option<PathBuf>,
    pub(super) pinned: Option<PublicKey>,
    /// The key that the server showed, for the caller to pin once the login has worked.
    pub(super) presented: Arc<OnceLock<PublicKey>>,
    pub(super) agent: Option<PathBuf>,
}

impl GuestHandler {
    fn check_pin(&self, presented: &PublicKey) -> Result<(), Error> {
        match (&self.pinned, &self.host_key_file) {
            (Some(pinned), Some(file)) if pinned.key_data() != presented.key_data() => Err(Error::HostKeyChanged {
                address: self.address.clone(),
                file: file.clone(),
                pinned: fingerprint(pinned),
                presented: fingerprint(presented),
            }),
            _ => Ok(()),
        }
    }
}

impl Handler for GuestHandler {
    type Error = Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Error> {
        let key = shown.public_key();
        self.check_pin(&key)?;
        // Already set when keys are exchanged anew on a long connection.
        let _ = self.presented.set(key);
        Ok(true)
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        if let Some(agent) = self.agent.clone() {
            tokio::spawn(relay_agent(agent, channel, reply));
        }
        Ok(())
    }

    // A handle that is dropped refuses. The library would accept what is not listed here.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(unix)]
async fn relay_agent(agent: PathBuf, channel: Channel<Msg>, reply: ChannelOpenHandle) {
    let Ok(mut socket) = tokio::net::UnixStream::connect(&agent).await else {
        tracing::debug!(agent = %agent.display(), "the agent does not answer");
        return;
    };
    reply.accept().await;
    // Either side may hang up whenever it likes; that is the end and not a failure.
    let _ = tokio::io::copy_bidirectional(&mut channel.into_stream(), &mut socket).await;
}

#[cfg(not(unix))]
async fn relay_agent(_: PathBuf, _: Channel<Msg>, _: ChannelOpenHandle) {}
