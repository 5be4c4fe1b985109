//! Several machines in one command: in the order that `config.vm.depends_on` gives them, and as many at once as may be.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::report;
use crate::config::Mistakes;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::lifecycle::queue::{self, Next, Queue};
use crate::project::{Target, Wish};
use vagrantfile::layer::Origin;

/// The machines that a command is about, each with those of them that come before it.
pub struct Several {
    targets: Vec<Target>,
    queue: Queue,
    /// Whether the backends of all of them can.
    is_parallel: bool,
    at_once: usize,
}

/// A machine with what its file says of others.
struct Member {
    target: Target,
    needs: Vec<String>,
    origin: Option<Origin>,
    is_parallel: bool,
}

impl Several {
    /// Machines that are brought up: those that others depend on first. `up` brings up what is needed, too, named or not.
    pub fn upwards(context: &Context, targets: Vec<Target>, wish: &Wish, with_needed: bool) -> Result<Self> {
        let mut members: Vec<Member> = targets.into_iter().map(|it| Member::look(context, it, wish)).collect();
        if with_needed {
            add_needed(context, &mut members, wish);
        }
        let after = after(&members);
        if let Some(ring) = queue::ring(&after) {
            return Err(Error::Configuration {
                report: mistake_of_ring(&members, &ring).to_string(),
            });
        }
        Ok(Self {
            queue: Queue::needing_success(after),
            is_parallel: is_parallel(&members),
            at_once: usual_bound(context),
            targets: members.into_iter().map(|it| it.target).collect(),
        })
    }

    /// Machines that are stopped or removed: the last one first, and none before those that depend on it.
    pub fn downwards(context: &Context, mut targets: Vec<Target>) -> Self {
        targets.reverse();
        Self::dependents_first(context, targets)
    }

    /// Machines that are suspended: as they stand in the file, as in Vagrant, but none before those that depend on it.
    pub fn dependents_first(context: &Context, targets: Vec<Target>) -> Self {
        let look = |it| Member::look(context, it, &Wish::default());
        let members: Vec<Member> = targets.into_iter().map(look).collect();
        let after = queue::reversed(&after(&members));
        // Machines of a file that is wrong can be stopped, too.
        let after = if queue::ring(&after).is_some() {
            vec![Vec::new(); members.len()]
        } else {
            after
        };
        Self {
            queue: Queue::in_order(after),
            is_parallel: is_parallel(&members),
            at_once: usual_bound(context),
            targets: members.into_iter().map(|it| it.target).collect(),
        }
    }

    /// One after the other.
    pub fn one_by_one(self) -> Self {
        Self {
            is_parallel: false,
            ..self
        }
    }

    /// So many at once, as far as the backends can.
    pub fn at_once(self, wanted: usize) -> Self {
        Self {
            at_once: wanted,
            ..self
        }
    }

    /// Does the same to all of them. One that fails is reported, and the others go on; the exit code tells of it.
    pub async fn each(mut self, context: &Context, action: impl AsyncFn(&Target) -> Result<()>) -> Result<u8> {
        let targets = std::mem::take(&mut self.targets);
        let bound = if self.is_parallel { self.at_once.max(1) } else { 1 };
        if bound > 1 && targets.len() > 1 {
            context.ui.share();
        }
        let mut running = FuturesUnordered::new();
        let mut failure = None;
        loop {
            while running.len() < bound
                && !context.interrupt.is_raised()
                && let Some(next) = self.queue.next()
            {
                match next {
                    Next::Begin(index) => running.push(of_one(index, action(&targets[index]))),
                    Next::Skip { machine, because_of } => {
                        let error = left_out(&targets[machine], &targets[because_of]);
                        failure = Some(report(&context.ui, &error));
                    }
                }
            }
            let Some((index, result)) = running.next().await else {
                break;
            };
            self.queue.finish(index, result.is_ok());
            match result {
                Ok(()) => {}
                Err(error) if error.is_interrupt() => {}
                Err(error) if targets.len() == 1 => return Err(error),
                Err(error) => failure = Some(report(&context.ui, &error)),
            }
        }
        if context.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        Ok(failure.unwrap_or(0))
    }
}

async fn of_one(index: usize, work: impl Future<Output = Result<()>>) -> (usize, Result<()>) {
    (index, work.await)
}

fn left_out(target: &Target, needed: &Target) -> Error {
    Error::NeededFailed {
        machine: target.name.clone(),
        needed: needed.name.clone(),
    }
}

impl Member {
    /// What cannot be opened is reported by the work on it; it needs nobody.
    fn look(context: &Context, target: Target, wish: &Wish) -> Self {
        match target.machine_as(context, wish) {
            Ok(machine) => Self {
                needs: machine.config.vm.depends_on.clone(),
                origin: machine.config.origin("vm.depends_on").cloned(),
                is_parallel: machine.provider.features().parallel && !wants_turns(&target),
                target,
            },
            Err(error) => {
                tracing::debug!(machine = %target.name, %error, "not opened for its place in the order");
                Self {
                    target,
                    needs: Vec::new(),
                    origin: None,
                    is_parallel: true,
                }
            }
        }
    }

    fn is(&self, project: &Target, name: &str) -> bool {
        self.target.name == name && self.target.project.vagrantfile == project.project.vagrantfile
    }
}

/// The order of all machines of a project, checked for rings; for `validate`.
pub fn check_order(context: &Context, targets: Vec<Target>) -> Result<()> {
    Several::upwards(context, targets, &Wish::default(), false).map(drop)
}

fn add_needed(context: &Context, members: &mut Vec<Member>, wish: &Wish) {
    let mut index = 0;
    while index < members.len() {
        let target = members[index].target.clone();
        for name in members[index].needs.clone() {
            if members.iter().any(|it| it.is(&target, &name)) {
                continue;
            }
            if let Some(needed) = target.neighbour(&name) {
                context
                    .ui
                    .of(&target.name)
                    .info(&format!("It depends on '{name}', which is brought up before it."));
                members.push(Member::look(context, needed, wish));
            }
        }
        index += 1;
    }
}

fn after(members: &[Member]) -> Vec<Vec<usize>> {
    let place = |of: &Member, name: &String| members.iter().position(|it| it.is(&of.target, name));
    members
        .iter()
        .map(|member| member.needs.iter().filter_map(|it| place(member, it)).collect())
        .collect()
}

fn mistake_of_ring(members: &[Member], ring: &[usize]) -> Mistakes {
    let names: Vec<String> = ring
        .iter()
        .map(|it| format!("`{}`", members[*it].target.name))
        .collect();
    let mut mistakes = Mistakes::default();
    let mistake = mistakes.at(
        members[ring[0]].origin.as_ref(),
        "vm",
        format!("machines wait for each other: {}", names.join(" depends on ")),
    );
    mistake.advise("take one of the names out of `depends_on`");
    mistakes.read_source_lines();
    mistakes
}

/// Vagrant's rule: one backend that takes its machines one by one has all of them taken so.
fn is_parallel(members: &[Member]) -> bool {
    members.iter().all(|it| it.is_parallel)
}

/// Whether the user wants the machines one after the other, or the Vagrantfile, which may set the variable as well.
fn wants_turns(target: &Target) -> bool {
    !matches!(target.project.variable("VAGRANT_NO_PARALLEL"), Ok(None))
}

/// `JAUNT_PARALLEL`, else as many as there are processors.
fn usual_bound(context: &Context) -> usize {
    let set = context
        .environment
        .text("JAUNT_PARALLEL")
        .and_then(|it| it.parse().ok());
    let processors = || std::thread::available_parallelism().map_or(1, |it| it.get());
    set.unwrap_or_else(|| processors().max(2))
}
