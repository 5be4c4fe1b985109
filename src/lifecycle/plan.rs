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
    /// The memory is saved, and the machine ended.
    Suspend,
    /// The disk goes back to a snapshot, and what runs is ended.
    RestoreSnapshot,
    /// The box is looked up, and added if it is not there.
    FindBox,
    /// The provider makes the machine.
    Create,
    /// The provider starts it, with its ports forwarded.
    Start,
    /// The guest answers, and the published key is replaced.
    WaitForCommunicator,
    /// The clock of a guest whose memory was saved is set to the host's.
    SetClock,
    /// The guest gets its host name.
    SetHostname,
    /// The folders' content is brought into the guest.
    SyncFolders,
    /// The provisioners run.
    Provision,
    /// The disk is saved, and the memory of a machine that runs.
    SaveSnapshot,
    /// A snapshot is deleted.
    DeleteSnapshot,
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
            Step::Suspend => "save its memory",
            Step::RestoreSnapshot => "go back to a snapshot of it",
            Step::FindBox => "get its box",
            Step::Create => "create it",
            Step::Start => "start it",
            Step::WaitForCommunicator => "reach it by SSH",
            Step::SetClock => "set its clock",
            Step::SetHostname => "set its host name",
            Step::SyncFolders => "sync its folders",
            Step::Provision => "provision it",
            Step::SaveSnapshot => "take a snapshot of it",
            Step::DeleteSnapshot => "delete a snapshot of it",
            Step::Destroy => "destroy it",
            Step::Forget => "remove what is known of it",
        }
    }

    /// Whether nothing is left of the guest that ran, so that what an earlier command left unfinished in it no longer matters.
    ///
    /// A boot has all steps of its own; and a guest whose memory is saved still lacks what it lacked.
    pub fn begins_anew(self) -> bool {
        matches!(
            self,
            Step::ShutDown | Step::CutPower | Step::RestoreSnapshot | Step::Destroy
        )
    }

    /// Whether an interrupt may end the step in its middle. Others are short, and are finished first; a download ends by itself.
    pub fn may_be_dropped(self) -> bool {
        matches!(
            self,
            Step::WaitForCommunicator
                | Step::SetClock
                | Step::SetHostname
                | Step::SyncFolders
                | Step::Provision
                | Step::ShutDown
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

/// From saved memory to a guest that goes on: its clock stood still, and the folders may have changed meanwhile.
const WAKE: &[Step] = &[
    Step::Start,
    Step::WaitForCommunicator,
    Step::SetClock,
    Step::SyncFolders,
];

/// `up`: the way from where the machine is to a running, provisioned one.
///
/// `unfinished` is what the last command meant to do and did not: a machine that runs may still lack its folders.
pub fn up(now: State, unfinished: &[Step]) -> Vec<Step> {
    let mut steps = match now {
        State::NotCreated => [&[Step::FindBox, Step::Create], BOOT].concat(),
        State::Stopped => BOOT.to_vec(),
        State::Saved | State::Paused => WAKE.to_vec(),
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
        State::Running | State::Paused | State::Saved => {
            in_order([&halt(now, force), BOOT, &[Step::Provision]].concat())
        }
        State::Stopped => in_order([BOOT, &[Step::Provision]].concat()),
    }
}

/// `halt`.
pub fn halt(now: State, force: bool) -> Vec<Step> {
    match (now, force) {
        (State::Running | State::Paused | State::Saved, true) => vec![Step::CutPower],
        (State::Running | State::Paused, false) => vec![Step::ShutDown],
        (State::Saved, false) => vec![Step::CutPower],
        (State::NotCreated | State::Stopped, _) => vec![],
    }
}

/// `suspend`.
pub fn suspend(now: State) -> Vec<Step> {
    match now {
        State::Running | State::Paused => vec![Step::Suspend],
        State::NotCreated | State::Stopped | State::Saved => vec![],
    }
}

/// `resume`: what was suspended or is held goes on; a command that broke off in doing so is finished.
pub fn resume(now: State, unfinished: &[Step]) -> Vec<Step> {
    match now {
        State::Saved | State::Paused => up(now, unfinished),
        State::Running if unfinished.iter().any(|it| is_on_the_way_up(*it)) => up(now, unfinished),
        State::NotCreated | State::Stopped | State::Running => vec![],
    }
}

/// `snapshot save`. One of that name is replaced where the user says so, or where an earlier command broke off in taking it.
pub fn save_snapshot(is_there: bool) -> Vec<Step> {
    match is_there {
        true => vec![Step::DeleteSnapshot, Step::SaveSnapshot],
        false => vec![Step::SaveSnapshot],
    }
}

/// What becomes of a machine that is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Return {
    /// Whether it runs then.
    pub start: bool,
    /// Whether the snapshot is deleted at the end.
    pub delete: bool,
}

/// `snapshot restore` and `snapshot pop`.
///
/// The snapshot is deleted last: the machine goes on with its memory, and a command that dies before can be run again.
pub fn restore_snapshot(has_memory: bool, wish: Return) -> Vec<Step> {
    let onward = match (wish.start, has_memory) {
        (true, true) => [WAKE, &[Step::Provision]].concat(),
        (true, false) => [BOOT, &[Step::Provision]].concat(),
        // Saved memory would be lost with its snapshot.
        (false, true) if wish.delete => vec![Step::CutPower],
        (false, _) => vec![],
    };
    let deletion: &[Step] = if wish.delete { &[Step::DeleteSnapshot] } else { &[] };
    [&[Step::RestoreSnapshot], onward.as_slice(), deletion].concat()
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
        (State::Running | State::Paused, true) => vec![Step::ShutDown, Step::Destroy, Step::Forget],
        _ => vec![Step::Destroy, Step::Forget],
    }
}

fn is_on_the_way_up(step: Step) -> bool {
    BOOT.contains(&step) || WAKE.contains(&step) || step == Step::Provision
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
    fn what_is_suspended_wakes_up_with_the_right_time() {
        check(suspend(State::Running), expect!["suspend"]);
        check(suspend(State::Stopped), expect![""]);
        check(
            resume(State::Saved, &[]),
            expect!["start, wait for communicator, set clock, sync folders, provision"],
        );
        assert_eq!(up(State::Saved, &[]), resume(State::Saved, &[]));
        check(resume(State::Stopped, &[]), expect![""]);
    }

    #[test]
    fn what_is_held_goes_on_like_what_was_suspended() {
        assert_eq!(up(State::Paused, &[]), up(State::Saved, &[]));
        assert_eq!(resume(State::Paused, &[]), up(State::Saved, &[]));
        check(suspend(State::Paused), expect!["suspend"]);
        check(halt(State::Paused, false), expect!["shut down"]);
        check(provision(State::Paused), expect![""]);
    }

    #[test]
    fn resume_finishes_what_an_earlier_one_left() {
        check(
            resume(State::Running, &[Step::SetClock, Step::SyncFolders]),
            expect!["set clock, sync folders, provision"],
        );
        check(resume(State::Running, &[Step::ShutDown]), expect![""]);
    }

    #[test]
    fn a_snapshot_is_restored_before_it_is_deleted() {
        let stay = |start, delete| Return { start, delete };
        check(
            restore_snapshot(true, stay(true, true)),
            expect![
                "restore snapshot, start, wait for communicator, set clock, sync folders, provision, delete snapshot"
            ],
        );
        check(
            restore_snapshot(false, stay(true, false)),
            expect!["restore snapshot, start, wait for communicator, set hostname, sync folders, provision"],
        );
        check(restore_snapshot(true, stay(false, false)), expect!["restore snapshot"]);
        check(
            restore_snapshot(true, stay(false, true)),
            expect!["restore snapshot, cut power, delete snapshot"],
        );
        check(save_snapshot(true), expect!["delete snapshot, save snapshot"]);
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
