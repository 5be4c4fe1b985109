//! The contract of [`Provider`], as checks that run over any of them.
//!
//! A check is told how to make a provider, and makes a new one for every call: what one call leaves in memory cannot help the next.
//! It is not told how a backend does what it does.

use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

use crate::{BoundForward, Error, Forward, MachineId, MachineSpec, Provider, State, Stop};

/// A sentence of the contract, and what a provider did instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {found}")]
pub struct Broken {
    /// The sentence.
    pub rule: &'static str,
    /// What was found.
    pub found: String,
}

/// What the checks work on.
pub struct Subject<'a> {
    /// Makes a provider; each of them must find the machines of the others.
    pub provider: &'a (dyn Fn() -> Box<dyn Provider> + Sync),
    /// Makes the identity of a machine that does not exist, with a folder.
    pub new_machine: &'a (dyn Fn() -> MachineId + Sync),
    /// A machine that starts; its forwards are free ports.
    pub spec: MachineSpec,
    /// A port at the forwards' address that is taken while the checks run.
    pub taken_port: u16,
}

type Checked = Result<(), Broken>;

const POWER_OFF: Stop = Stop::PowerButton {
    patience: Duration::from_secs(1),
};

impl Subject<'_> {
    /// Goes through the whole contract and returns what is broken; machines are gone afterwards.
    pub async fn check(&self) -> Vec<Broken> {
        let results = [
            self.a_machine_that_was_never_created().await,
            self.every_call_twice().await,
            self.ports_after_a_restart().await,
            self.a_running_machine_destroyed().await,
            self.two_machines().await,
            self.a_taken_port().await,
            self.a_taken_port_that_may_be_corrected().await,
            self.a_suspended_machine().await,
            self.snapshots().await,
        ];
        results.into_iter().filter_map(Result::err).collect()
    }

    fn provider(&self) -> Box<dyn Provider> {
        (self.provider)()
    }

    async fn a_machine_that_was_never_created(&self) -> Checked {
        let id = (self.new_machine)();
        self.expect_state(&id, State::NotCreated).await?;
        done(
            "stopping what does not exist is Ok",
            self.provider().stop(&id, POWER_OFF).await,
        )?;
        done(
            "destroying what does not exist is Ok",
            self.provider().destroy(&id).await,
        )?;
        let endpoint = self.provider().endpoint(&id).await;
        holds(
            "what does not exist has no endpoint",
            matches!(endpoint, Err(Error::NotRunning)),
            &endpoint,
        )?;
        let started = self.provider().start(&id, &self.spec).await;
        holds(
            "what does not exist cannot be started",
            matches!(started, Err(Error::NotCreated)),
            &started,
        )
    }

    async fn every_call_twice(&self) -> Checked {
        let id = (self.new_machine)();
        done(
            "a machine can be created",
            self.provider().create(&id, &self.spec).await,
        )?;
        done(
            "creating what exists is Ok",
            self.provider().create(&id, &self.spec).await,
        )?;
        self.expect_state(&id, State::Stopped).await?;
        let bound = self.start(&id).await?;
        self.expect_forwards(&bound)?;
        self.expect_state(&id, State::Running).await?;
        let again = self.start(&id).await?;
        holds("starting what runs returns what is bound", again == bound, &again)?;
        let endpoint = done("what runs has an endpoint", self.provider().endpoint(&id).await)?;
        holds(
            "the endpoint is what start returned",
            endpoint.forwards == bound,
            &endpoint,
        )?;
        done("a machine can be stopped", self.provider().stop(&id, POWER_OFF).await)?;
        done(
            "stopping what is stopped is Ok",
            self.provider().stop(&id, Stop::Power).await,
        )?;
        self.expect_state(&id, State::Stopped).await?;
        self.destroy(&id).await?;
        self.destroy(&id).await
    }

    async fn ports_after_a_restart(&self) -> Checked {
        let id = (self.new_machine)();
        done(
            "a machine can be created",
            self.provider().create(&id, &self.spec).await,
        )?;
        let first = self.start(&id).await?;
        done("a machine can be stopped", self.provider().stop(&id, Stop::Power).await)?;
        let endpoint = self.provider().endpoint(&id).await;
        holds(
            "what is stopped has no endpoint",
            matches!(endpoint, Err(Error::NotRunning)),
            &endpoint,
        )?;
        let second = self.start(&id).await?;
        holds(
            "a machine that was stopped gets its ports again",
            first == second,
            &second,
        )?;
        self.destroy(&id).await
    }

    async fn a_running_machine_destroyed(&self) -> Checked {
        let id = (self.new_machine)();
        done(
            "a machine can be created",
            self.provider().create(&id, &self.spec).await,
        )?;
        self.start(&id).await?;
        self.destroy(&id).await?;
        done(
            "a machine can be created again",
            self.provider().create(&id, &self.spec).await,
        )?;
        self.start(&id).await?;
        self.destroy(&id).await
    }

    async fn two_machines(&self) -> Checked {
        let (one, other) = ((self.new_machine)(), (self.new_machine)());
        let quiet = MachineSpec {
            forwards: Vec::new(),
            ..self.spec.clone()
        };
        for id in [&one, &other] {
            done("a machine can be created", self.provider().create(id, &quiet).await)?;
            done("a machine can be started", self.provider().start(id, &quiet).await)?;
        }
        self.destroy(&one).await?;
        self.expect_state(&other, State::Running).await?;
        self.destroy(&other).await
    }

    async fn a_taken_port(&self) -> Checked {
        let id = (self.new_machine)();
        let spec = self.with_taken_port(None);
        done("a machine can be created", self.provider().create(&id, &spec).await)?;
        let started = self.provider().start(&id, &spec).await;
        let about_it = matches!(&started, Err(Error::PortTaken { port, .. }) if *port == self.taken_port);
        holds("a taken port is an error about that port", about_it, &started)?;
        self.expect_state(&id, State::Stopped).await?;
        self.start(&id).await?;
        self.destroy(&id).await
    }

    async fn a_taken_port_that_may_be_corrected(&self) -> Checked {
        let id = (self.new_machine)();
        let spec = self.with_taken_port(Some((40_000, 40_500)));
        done("a machine can be created", self.provider().create(&id, &spec).await)?;
        let bound = done("a taken port is corrected", self.provider().start(&id, &spec).await)?;
        let port = bound.first().map(|it| it.host.port());
        let is_corrected = port.is_some_and(|it| (40_000..=40_500).contains(&it));
        holds("a corrected port is one of its range", is_corrected, &bound)?;
        self.destroy(&id).await
    }

    async fn a_suspended_machine(&self) -> Checked {
        let provider = self.provider();
        let Some(suspend) = provider.suspend() else {
            return Ok(());
        };
        let id = (self.new_machine)();
        done(
            "a machine can be created",
            self.provider().create(&id, &self.spec).await,
        )?;
        self.start(&id).await?;
        done("what runs can be suspended", suspend.save_memory(&id).await)?;
        done("suspending what is suspended is Ok", suspend.save_memory(&id).await)?;
        self.expect_state(&id, State::Saved).await?;
        let bound = self.start(&id).await?;
        self.expect_forwards(&bound)?;
        self.expect_state(&id, State::Running).await?;
        done("what was woken can be suspended again", suspend.save_memory(&id).await)?;
        done(
            "what is suspended can be stopped",
            self.provider().stop(&id, POWER_OFF).await,
        )?;
        self.expect_state(&id, State::Stopped).await?;
        let suspended = suspend.save_memory(&id).await;
        holds(
            "what is stopped cannot be suspended",
            matches!(suspended, Err(Error::NotRunning)),
            &suspended,
        )?;
        done("discarding what is not saved is Ok", suspend.discard_memory(&id).await)?;
        self.destroy(&id).await
    }

    async fn snapshots(&self) -> Checked {
        let provider = self.provider();
        let Some(snapshots) = provider.snapshots() else {
            return Ok(());
        };
        let id = (self.new_machine)();
        done(
            "a machine can be created",
            self.provider().create(&id, &self.spec).await,
        )?;
        done("what is stopped can be saved", snapshots.save(&id, "stopped").await)?;
        self.start(&id).await?;
        done("what runs can be saved", snapshots.save(&id, "running").await)?;
        self.expect_state(&id, State::Running).await?;
        let twice = snapshots.save(&id, "running").await;
        holds("a name is given once", twice.is_err(), &twice)?;
        let restored = done("one can go back", snapshots.restore(&id, "stopped").await)?;
        holds(
            "what was stopped is stopped again",
            restored == State::Stopped,
            &restored,
        )?;
        self.expect_state(&id, State::Stopped).await?;
        let restored = done("one can go forth", snapshots.restore(&id, "running").await)?;
        holds("what ran can go on", restored == State::Saved, &restored)?;
        self.expect_state(&id, State::Saved).await?;
        self.start(&id).await?;
        self.expect_state(&id, State::Running).await?;
        done("a snapshot can be deleted", snapshots.delete(&id, "running").await)?;
        done("deleting what is gone is Ok", snapshots.delete(&id, "running").await)?;
        let left = done("snapshots can be listed", snapshots.list(&id).await)?;
        holds(
            "what is deleted is not listed",
            left.len() == 1 && left[0].name == "stopped",
            &left,
        )?;
        self.destroy(&id).await
    }

    fn with_taken_port(&self, correct_within: Option<(u16, u16)>) -> MachineSpec {
        let address = self
            .spec
            .forwards
            .first()
            .map_or(IpAddr::from([127, 0, 0, 1]), |it| it.host_address);
        let forward = Forward {
            id: "taken".to_owned(),
            protocol: crate::Protocol::Tcp,
            guest_address: None,
            guest_port: 80,
            host_address: address,
            host_port: self.taken_port,
            correct_within,
        };
        MachineSpec {
            forwards: vec![forward],
            ..self.spec.clone()
        }
    }

    async fn start(&self, id: &MachineId) -> Result<Vec<BoundForward>, Broken> {
        done("a machine can be started", self.provider().start(id, &self.spec).await)
    }

    async fn destroy(&self, id: &MachineId) -> Checked {
        done("a machine can be destroyed", self.provider().destroy(id).await)?;
        self.expect_state(id, State::NotCreated).await
    }

    async fn expect_state(&self, id: &MachineId, expected: State) -> Checked {
        let state = done("the state can be asked at any time", self.provider().state(id).await)?;
        holds(
            "the state is what was done last",
            state == expected,
            &(state, "instead of", expected),
        )
    }

    fn expect_forwards(&self, bound: &[BoundForward]) -> Checked {
        let wanted: Vec<_> = self
            .spec
            .forwards
            .iter()
            .map(|it| (&it.id, it.protocol, it.guest_port, it.host_port))
            .collect();
        let got: Vec<_> = bound
            .iter()
            .map(|it| (&it.id, it.protocol, it.guest_port, it.host.port()))
            .collect();
        holds("forwards are bound as asked, in that order", wanted == got, &bound)
    }
}

fn done<T, E: std::error::Error>(rule: &'static str, result: Result<T, E>) -> Result<T, Broken> {
    result.map_err(|error| Broken {
        rule,
        found: error.to_string(),
    })
}

fn holds(rule: &'static str, is_so: bool, found: &impl Debug) -> Checked {
    if is_so {
        Ok(())
    } else {
        Err(Broken {
            rule,
            found: format!("{found:?}"),
        })
    }
}
