//! `jaunt rsync-transport`: what the real rsync starts in place of `ssh`. Not for people.

use std::path::PathBuf;

use clap::Args;

use crate::communicators::relay;
use crate::error::{Error, Result};

/// Carry a command of rsync's over a connection that another process holds
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct RsyncTransportArgs {
    /// The socket of the process that holds the connection
    socket: PathBuf,

    /// The host, which rsync names, and the command's words
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

impl RsyncTransportArgs {
    pub async fn run(self) -> Result<u8> {
        let command = command(&self.words);
        let (input, output, errors) = (tokio::io::stdin(), tokio::io::stdout(), tokio::io::stderr());
        let code = relay::run_over(&self.socket, &command, input, output, errors).await;
        let code = code.map_err(|source| Error::ReadFile {
            path: self.socket,
            source,
        })?;
        Ok(u8::try_from(code).unwrap_or(u8::MAX))
    }
}

/// `[-l USER] HOST WORDS...`: as with `ssh`, the words are joined and the guest's shell reads them.
fn command(words: &[String]) -> String {
    let words = match words {
        [option, _, rest @ ..] if option == "-l" => rest,
        all => all,
    };
    words.get(1..).unwrap_or_default().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_and_the_host_are_not_part_of_the_command() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            command(&words("-l vagrant guest rsync --server . /vagrant")),
            "rsync --server . /vagrant"
        );
        assert_eq!(command(&words("guest rsync --server")), "rsync --server");
    }
}
