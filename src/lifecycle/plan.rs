//! The way from where a machine is to where a command wants it: lists of steps, made by pure functions.
//!
//! Each list can be checked against Vagrant's documentation of the command. A step may run twice; what a killed command left
//! unfinished is united with what the next one wants.

use std::fmt;

use providers::State;
use serde::{Deserialize, Serialize};

/// One thing that is done to a machine. The order of the variants is the order in which they are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The guest is asked to shut down, and power is cut if it does not.
    ShutDown,
    /// Power is cut.
    CutPower,
    /// The box is looked up, and added if it is not there.
    FindBox,
    /// The provider makes the machine.
    Create,
    /// The provider starts it, with its ports forwarded.
    Start,
    /// The guest answers, and the published key is replaced.
    WaitForCommunicator,
    /// The guest gets its host name.
    SetHostname,
    /// The folders' content is brought into the guest.
    SyncFolders,
    /// The provisioners run.
    Provision,
    /// The provider removes the machine.
    Destroy,
    /// The index and the machine's folder forget it.
    Forget,
}

impl Step {
    /// What the step does, as the end of «cannot ...».
    pub fn attempt(self) -> &'static str {
        match self {
            Step::ShutDown => "shut it down",
            Step::CutPower => "cut its power",
            Step::FindBox => "get its box",
            Step::Create => "create it",
            Step::Start => "start it",
            Step::WaitForCommunicator => "reach it by SSH",
            Step::SetHostname => "set its host name",
            Step::SyncFolders => "sync its folders",
            Step::Provision => "provision it",
            Step::Destroy => "destroy it",
            Step::Forget => "remove what is known of it",
        }
    }

    /// Whether the machine is another one afterwards, so that what an earlier command left unfinished no longer matters.
    pub fn begins_anew(self) -> bool {
        matches!(
            self,
            Step::ShutDown | Step::CutPower | Step::Create | Step::Start | Step::Destroy
        )
    }

    /// Whether an interrupt may end the step in its middle. Others are short, and are finished first; a download ends by itself.
    pub fn may_be_dropped(self) -> bool {
        matches!(
            self,
            Step::WaitForCommunicator | Step::SetHostname | Step::SyncFolders | Step::Provision | Step::ShutDown
        )
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: String = format!("{self:?}")
            .chars()
            .flat_map(|it| if it.is_uppercase() { vec![' ', it] } else { vec![it] })
            .collect();
        f.write_str(words.trim_start().to_lowercase().as_str())
    }
}

/// From the power switch to a guest with its folders; Vagrant's `action_boot` of the providers it ships.
const BOOT: &[Step] = &[
    Step::Start,
    Step::WaitForCommunicator,
    Step::SetHostname,
    Step::SyncFolders,
];

/// `up`: the way from where the machine is to a running, provisioned one.
///
/// `unfinished` is what the last command meant to do and did not: a machine that runs may still lack its folders.
pub fn up(now: State, unfinished: &[Step]) -> Vec<Step> {
    let mut steps = match now {
        State::NotCreated => [&[Step::FindBox, Step::Create], BOOT].concat(),
        State::Stopped | State::Saved => BOOT.to_vec(),
        State::Running => vec![],
    };
    steps.extend(unfinished.iter().filter(|it| is_on_the_way_up(**it)));
    steps.push(Step::Provision);
    in_order(steps)
}

/// `reload`: down and up again; a machine that was never created stays so, as in Vagrant.
pub fn reload(now: State, force: bool) -> Vec<Step> {
    match now {
        State::NotCreated => vec![],
        State::Running | State::Saved => in_order([&halt(now, force), BOOT, &[Step::Provision]].concat()),
        State::Stopped => in_order([BOOT, &[Step::Provision]].concat()),
    }
}

/// `halt`.
pub fn halt(now: State, force: bool) -> Vec<Step> {
    match (now, force) {
        (State::Running | State::Saved, true) => vec![Step::CutPower],
        (State::Running, false) => vec![Step::ShutDown],
        (State::Saved, false) => vec![Step::CutPower],
        (State::NotCreated | State::Stopped, _) => vec![],
    }
}

/// `provision` of a machine that runs. Folders that a provisioner needs are brought up to date by itself.
pub fn provision(now: State) -> Vec<Step> {
    match now {
        State::Running => vec![Step::Provision],
        _ => vec![],
    }
}

/// `destroy`. A claim without a machine is forgotten too: the command that made it may have died.
pub fn destroy(now: State, graceful: bool) -> Vec<Step> {
    match (now, graceful) {
        (State::Running, true) => vec![Step::ShutDown, Step::Destroy, Step::Forget],
        _ => vec![Step::Destroy, Step::Forget],
    }
}

fn is_on_the_way_up(step: Step) -> bool {
    BOOT.contains(&step) || step == Step::Provision
}

fn in_order(mut steps: Vec<Step>) -> Vec<Step> {
    steps.sort();
    steps.dedup();
    steps
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(steps: Vec<Step>, expected: Expect) {
        let words: Vec<String> = steps.iter().map(Step::to_string).collect();
        expected.assert_eq(&words.join(", "));
    }

    #[test]
    fn up_of_nothing_goes_the_whole_way() {
        check(
            up(State::NotCreated, &[]),
            expect!["find box, create, start, wait for communicator, set hostname, sync folders, provision"],
        );
    }

    #[test]
    fn up_of_a_stopped_machine_boots_it() {
        check(
            up(State::Stopped, &[]),
            expect!["start, wait for communicator, set hostname, sync folders, provision"],
        );
    }

    #[test]
    fn up_of_a_running_machine_asks_the_provisioners_only() {
        check(up(State::Running, &[]), expect!["provision"]);
    }

    #[test]
    fn up_after_a_crash_between_start_and_sync_still_syncs() {
        check(
            up(State::Running, &[Step::SyncFolders, Step::Provision]),
            expect!["sync folders, provision"],
        );
    }

    #[test]
    fn up_after_a_crash_in_start_notes_what_was_started() {
        check(
            up(State::Running, &[Step::Start, Step::WaitForCommunicator]),
            expect!["start, wait for communicator, provision"],
        );
    }

    #[test]
    fn up_does_not_finish_a_halt_that_was_broken_off() {
        check(up(State::Running, &[Step::ShutDown]), expect!["provision"]);
    }

    #[test]
    fn reload_goes_down_first() {
        check(
            reload(State::Running, false),
            expect!["shut down, start, wait for communicator, set hostname, sync folders, provision"],
        );
        check(
            reload(State::Saved, false),
            expect!["cut power, start, wait for communicator, set hostname, sync folders, provision"],
        );
        check(reload(State::NotCreated, false), expect![""]);
    }

    #[test]
    fn halt_of_what_does_not_run_is_nothing() {
        check(halt(State::Stopped, false), expect![""]);
        check(halt(State::Running, true), expect!["cut power"]);
    }

    #[test]
    fn destroy_forgets_a_claim_without_a_machine() {
        check(destroy(State::NotCreated, false), expect!["destroy, forget"]);
        check(destroy(State::Running, true), expect!["shut down, destroy, forget"]);
    }
}
