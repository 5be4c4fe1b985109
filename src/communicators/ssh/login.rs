//! Logging in: which keys and passwords are offered, in which order, and what the server says to them.

use std::path::Path;
use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};

use super::error::Error;
use super::handler::GuestHandler;
use super::insecure_keys::InsecureKey;
use super::keys;
use super::legacy::Algorithms;
use super::target::{KeySource, SshTarget};

/// What a server let us in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// A private key; `insecure` says which of the published ones it is, wherever it was read from.
    Key {
        source: KeySource,
        insecure: Option<InsecureKey>,
    },
    /// A key that an agent holds.
    Agent,
    /// The password.
    Password,
    /// Nothing: the server asks for nothing.
    Nothing,
}

impl Login {
    /// Whether anybody could log in like this, so that the machine needs a key of its own (`insert_key`).
    pub fn is_insecure(&self) -> bool {
        match self {
            Self::Key { insecure, .. } => insecure.is_some(),
            Self::Password | Self::Nothing => true,
            Self::Agent => false,
        }
    }
}

/// A login that worked, and the algorithms that it took.
pub(super) struct Accepted {
    pub(super) login: Login,
    pub(super) algorithms: Algorithms,
}

/// Offers everything that the target has until the server takes something.
pub(super) async fn authenticate(
    handle: &mut Handle<GuestHandler>,
    target: &SshTarget,
    algorithms: Algorithms,
) -> Result<Accepted, Error> {
    let mut attempt = Attempt {
        handle,
        target,
        algorithms,
        tried: Vec::new(),
        accepted: None,
    };
    match attempt.offer_everything().await {
        Ok(Some(login)) => Ok(Accepted {
            login,
            algorithms: attempt.algorithms,
        }),
        // A server that has heard enough hangs up instead of saying no.
        Err(Error::Protocol { .. }) if !attempt.tried.is_empty() => Err(attempt.refused()),
        Ok(None) => Err(attempt.refused()),
        Err(error) => Err(error),
    }
}

/// Whether the server asks for this key's signature, which it does for keys that it would let in.
pub(super) async fn would_accept(
    handle: &mut Handle<GuestHandler>,
    target: &SshTarget,
    key: &PrivateKey,
    algorithms: Algorithms,
) -> Result<bool, Error> {
    let mut attempt = Attempt {
        handle,
        target,
        algorithms,
        tried: Vec::new(),
        accepted: None,
    };
    for hash in attempt.hashes(key).await? {
        let (user, public) = (&target.user, key.public_key().clone());
        let mut asked = Asked(false);
        let answer = attempt
            .handle
            .authenticate_publickey_with(user, public, hash, &mut asked)
            .await;
        match answer {
            _ if asked.0 => return Ok(true),
            Ok(_) => {}
            // The signer itself fails only when it was asked.
            Err(_) => {
                return Err(Error::Protocol {
                    source: russh::Error::Disconnect,
                });
            }
        }
    }
    Ok(false)
}

/// Notes that a signature was asked for, and gives none.
struct Asked(bool);

impl russh::Signer for Asked {
    type Error = russh::AgentAuthError;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        _: Option<HashAlg>,
        _: Vec<u8>,
    ) -> Result<Vec<u8>, russh::AgentAuthError> {
        self.0 = true;
        Err(russh::SendError {}.into())
    }
}

struct Attempt<'a> {
    handle: &'a mut Handle<GuestHandler>,
    target: &'a SshTarget,
    algorithms: Algorithms,
    tried: Vec<String>,
    accepted: Option<MethodSet>,
}

impl Attempt<'_> {
    async fn offer_everything(&mut self) -> Result<Option<Login>, Error> {
        let target = self.target;
        for source in &target.private_keys {
            let key = Arc::new(keys::load(source)?);
            if self.offer_key(&key).await? {
                let insecure = InsecureKey::recognise(key.public_key());
                return Ok(Some(Login::Key {
                    source: source.clone(),
                    insecure,
                }));
            }
            self.tried.push(source.to_string());
        }
        if let Some(agent) = &target.agent_for_login
            && self.offer_agent(agent).await?
        {
            return Ok(Some(Login::Agent));
        }
        if let Some(password) = &target.password {
            if self.offer_password(password.reveal()).await? {
                return Ok(Some(Login::Password));
            }
            self.tried.push("the password".to_owned());
        }
        if self.tried.is_empty() {
            let answer = self.handle.authenticate_none(&target.user).await?;
            return Ok(self.took(answer).then_some(Login::Nothing));
        }
        Ok(None)
    }

    async fn offer_key(&mut self, key: &Arc<PrivateKey>) -> Result<bool, Error> {
        for hash in self.hashes(key).await? {
            let offered = PrivateKeyWithHashAlg::new(key.clone(), hash);
            let answer = self.handle.authenticate_publickey(&self.target.user, offered).await?;
            if self.took(answer) {
                if key.algorithm().is_rsa() && hash.is_none() {
                    self.algorithms = Algorithms::Old;
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The hashes to sign with: what the server names; else the sound one, and SHA-1 only after that.
    async fn hashes(&mut self, key: &PrivateKey) -> Result<Vec<Option<HashAlg>>, Error> {
        if !key.algorithm().is_rsa() {
            return Ok(vec![None]);
        }
        let named = self.handle.best_supported_rsa_hash().await?;
        let sound = Some(named.flatten().unwrap_or(HashAlg::Sha512));
        // A server of the old kind may name hashes that it is configured to refuse.
        let is_old = named.flatten().is_none() || self.algorithms == Algorithms::Old;
        Ok(if is_old && self.target.allow_old_algorithms {
            vec![sound, None]
        } else {
            vec![sound]
        })
    }

    /// An agent that does not answer is no error: it is there for convenience.
    #[cfg(unix)]
    async fn offer_agent(&mut self, socket: &Path) -> Result<bool, Error> {
        let Ok(mut agent) = AgentClient::connect_uds(socket).await else {
            return Ok(false);
        };
        let Ok(identities) = agent.request_identities().await else {
            return Ok(false);
        };
        let hash = self.handle.best_supported_rsa_hash().await?.flatten();
        for identity in identities {
            let AgentIdentity::PublicKey { key, comment } = identity else {
                continue;
            };
            let hash = if key.algorithm().is_rsa() { hash } else { None };
            let answer = self
                .handle
                .authenticate_publickey_with(&self.target.user, key, hash, &mut agent)
                .await;
            match answer {
                Ok(answer) if self.took(answer.clone()) => return Ok(true),
                _ => self.tried.push(format!("`{comment}` of the agent")),
            }
        }
        Ok(false)
    }

    #[cfg(not(unix))]
    async fn offer_agent(&mut self, _: &Path) -> Result<bool, Error> {
        Ok(false)
    }

    async fn offer_password(&mut self, password: &str) -> Result<bool, Error> {
        let answer = self.handle.authenticate_password(&self.target.user, password).await?;
        if self.took(answer) {
            return Ok(true);
        }
        let asks = self
            .accepted
            .as_ref()
            .is_some_and(|it| it.contains(&MethodKind::KeyboardInteractive));
        Ok(asks && self.answer_questions(password).await?)
    }

    /// Some servers ask for the password in a dialogue only.
    async fn answer_questions(&mut self, password: &str) -> Result<bool, Error> {
        let user = &self.target.user;
        let mut said = self.handle.authenticate_keyboard_interactive_start(user, None).await?;
        for _ in 0..3 {
            let KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } = said else {
                break;
            };
            let answers = prompts.iter().map(|_| password.to_owned()).collect();
            said = self.handle.authenticate_keyboard_interactive_respond(answers).await?;
        }
        Ok(matches!(said, KeyboardInteractiveAuthResponse::Success))
    }

    fn took(&mut self, answer: AuthResult) -> bool {
        match answer {
            AuthResult::Success => true,
            AuthResult::Failure { remaining_methods, .. } => {
                self.accepted = Some(remaining_methods);
                false
            }
        }
    }

    fn refused(&self) -> Error {
        let names = self
            .accepted
            .iter()
            .flat_map(|it| it.iter())
            .map(String::from)
            .collect::<Vec<_>>();
        let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
        Error::AuthenticationRefused {
            address: self.target.address(),
            user: self.target.user.clone(),
            tried: or(self.tried.join(", "), "nothing"),
            accepted: or(names.join(", "), "unknown"),
        }
    }
}
