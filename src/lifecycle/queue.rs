//! Who waits for whom where several machines are worked on: which one may begin next, and which one never will.
//!
//! Pure: machines are numbers here, and who works on them tells when one is finished.

/// Machines that wait for their turn.
#[derive(Debug)]
pub struct Queue {
    /// For each machine, those that come before it.
    after: Vec<Vec<usize>>,
    stages: Vec<Stage>,
    needs_success: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Begun,
    Done,
    Failed,
}

/// What the queue says of the next machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It may begin.
    Begin(usize),
    /// It will not: the other one, which it needs, has failed.
    Skip {
        /// The machine.
        machine: usize,
        /// The one that failed.
        because_of: usize,
    },
}

impl Queue {
    /// A queue where a machine begins when all before it are done, and never if one of them failed.
    pub fn needing_success(after: Vec<Vec<usize>>) -> Self {
        Self::new(after, true)
    }

    /// A queue where a machine begins when all before it have ended, however they ended.
    pub fn in_order(after: Vec<Vec<usize>>) -> Self {
        Self::new(after, false)
    }

    fn new(after: Vec<Vec<usize>>, needs_success: bool) -> Self {
        Self {
            stages: vec![Stage::Waiting; after.len()],
            after,
            needs_success,
        }
    }

    /// The first machine that can be decided on; `None` while all others wait for those that have begun.
    pub fn next(&mut self) -> Option<Next> {
        let waiting = (0..self.after.len()).filter(|it| self.stages[*it] == Stage::Waiting);
        let next = waiting.into_iter().find_map(|it| self.decide(it))?;
        match next {
            Next::Begin(machine) => self.stages[machine] = Stage::Begun,
            Next::Skip { machine, .. } => self.stages[machine] = Stage::Failed,
        }
        Some(next)
    }

    /// Notes how a machine ended.
    pub fn finish(&mut self, machine: usize, succeeded: bool) {
        self.stages[machine] = if succeeded { Stage::Done } else { Stage::Failed };
    }

    fn decide(&self, machine: usize) -> Option<Next> {
        let failed = |it: &&usize| self.needs_success && self.stages[**it] == Stage::Failed;
        let has_ended = |it: &usize| matches!(self.stages[*it], Stage::Done | Stage::Failed);
        let before = &self.after[machine];
        match before.iter().find(failed) {
            Some(&because_of) => Some(Next::Skip { machine, because_of }),
            None => before.iter().all(has_ended).then_some(Next::Begin(machine)),
        }
    }
}

/// Machines that wait for each other in a ring, the first one repeated at the end; `None` where all can be done.
pub fn ring(after: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut is_free = vec![false; after.len()];
    while let Some(free) = (0..after.len()).find(|it| !is_free[*it] && after[*it].iter().all(|it| is_free[*it])) {
        is_free[free] = true;
    }
    let mut way = vec![is_free.iter().position(|it| !it)?];
    // Whoever is not free waits for another who is not: going on from one to the next must come back.
    loop {
        let last = *way.last()?;
        let next = *after[last].iter().find(|it| !is_free[**it])?;
        if let Some(start) = way.iter().position(|it| *it == next) {
            way.drain(..start);
            way.push(next);
            return Some(way);
        }
        way.push(next);
    }
}

/// The same waiting, the other way round: who is needed waits for those who need it.
pub fn reversed(after: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut reversed = vec![Vec::new(); after.len()];
    for (machine, before) in after.iter().enumerate() {
        for it in before {
            reversed[*it].push(machine);
        }
    }
    reversed
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// Runs `at_once` machines at a time, the one that began first ending first; `failing` ones fail.
    fn check(mut queue: Queue, at_once: usize, failing: &[usize], expected: Expect) {
        let mut running = std::collections::VecDeque::new();
        let mut said = Vec::new();
        loop {
            while running.len() < at_once
                && let Some(next) = queue.next()
            {
                match next {
                    Next::Begin(machine) => {
                        said.push(format!("{machine}"));
                        running.push_back(machine);
                    }
                    Next::Skip { machine, because_of } => said.push(format!("no {machine} without {because_of}")),
                }
            }
            let Some(ended) = running.pop_front() else { break };
            said.push(format!("({ended})"));
            queue.finish(ended, !failing.contains(&ended));
        }
        expected.assert_eq(&said.join(" "));
    }

    #[test]
    fn no_more_than_the_bound_are_under_way() {
        let free = || Queue::needing_success(vec![vec![]; 3]);
        check(free(), 1, &[], expect!["0 (0) 1 (1) 2 (2)"]);
        check(free(), 2, &[], expect!["0 1 (0) 2 (1) (2)"]);
    }

    #[test]
    fn a_machine_waits_for_those_it_needs_and_others_pass_it() {
        check(
            Queue::needing_success(vec![vec![1], vec![], vec![]]),
            2,
            &[],
            expect!["1 2 (1) 0 (2) (0)"],
        );
    }

    #[test]
    fn what_needs_a_failed_machine_is_left_out_and_others_go_on() {
        let after = vec![vec![], vec![0], vec![1], vec![]];
        check(
            Queue::needing_success(after.clone()),
            1,
            &[0],
            expect!["0 (0) no 1 without 0 no 2 without 1 3 (3)"],
        );
        check(Queue::in_order(after), 1, &[0], expect!["0 (0) 1 (1) 2 (2) 3 (3)"]);
    }

    #[test]
    fn a_ring_is_found_and_named_from_its_start() {
        assert_eq!(ring(&[vec![], vec![0], vec![0, 1]]), None);
        assert_eq!(ring(&[vec![1], vec![2], vec![1]]), Some(vec![1, 2, 1]));
        assert_eq!(ring(&[vec![0]]), Some(vec![0, 0]));
    }

    #[test]
    fn on_the_way_down_who_is_needed_waits() {
        assert_eq!(reversed(&[vec![1, 2], vec![2], vec![]]), [vec![], vec![0], vec![0, 1]]);
    }
}
