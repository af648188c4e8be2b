//! One look at one balancer. Everything that shows or judges a balancer takes it from here.

use super::{BackendCapacity, BackendErrors, Leaving, NoAnswer, ServerLine, Worker};
use std::time::Duration;

/// What one look at one balancer has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerObservation {
    /// Its name.
    pub name: String,
    /// The worker that answered last, perhaps at an earlier look; None: none has answered yet.
    pub worker: Option<Worker>,
    /// Another worker answers than at the last look, so its counters begin at 0.
    pub reloaded: bool,
    /// Its answer; Err: why our lines can't be seen.
    pub answer: Result<Answer, NoAnswer>,
}

/// What a balancer answered. If part of it can't be seen, the whole balancer counts as unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Our lines.
    pub lines: Vec<ServerLine>,
    /// The capacity of the backends that serve us; empty: the look did not ask for it.
    pub backends: Vec<BackendCapacity>,
    /// What its leaving workers carry, from its master socket; None: not asked, or it has none.
    pub leaving: Option<Vec<Leaving>>,
    /// HAProxy's counters of our lines and of the other servers; None: not asked, or too early to
    /// ask again.
    pub errors: Option<Vec<BackendErrors>>,
}

impl BalancerObservation {
    /// Our lines; empty if they can't be seen.
    pub fn lines(&self) -> &[ServerLine] {
        self.answer.as_ref().map_or(&[], |answer| &answer.lines)
    }

    /// The capacity of the backends that serve us, where the look shows it.
    pub fn backends(&self) -> &[BackendCapacity] {
        self.answer.as_ref().map_or(&[], |answer| &answer.backends)
    }

    /// What its leaving workers carry, where the look shows it.
    pub fn leaving(&self) -> &[Leaving] {
        let leaving = self.answer.as_ref().ok().and_then(|it| it.leaving.as_ref());
        leaving.map_or(&[], Vec::as_slice)
    }

    /// HAProxy's counters, where the look shows them.
    pub fn errors(&self) -> Option<&[BackendErrors]> {
        let answer = self.answer.as_ref().ok()?;
        answer.errors.as_deref()
    }

    /// What the current worker has in flight on our lines.
    pub fn in_flight(&self) -> u64 {
        self.lines().iter().map(|line| line.in_flight).sum()
    }

    /// How long the current worker has run; None: this look did not show it.
    pub fn uptime(&self) -> Option<Duration> {
        let worker = self.worker.as_ref().filter(|_| self.answer.is_ok())?;
        Some(Duration::from_secs(worker.uptime))
    }

    /// Reports that it can't be seen, or lacks our lines, and why.
    pub fn unseen(&self) -> Option<String> {
        let why = self.answer.as_ref().err()?;
        Some(match why.lacks_lines {
            true => format!("{}: {why}", self.name),
            false => format!("{} can't be seen: {why}", self.name),
        })
    }

    /// Reports that another worker answers since the last look.
    pub fn reload_notice(&self) -> Option<String> {
        let note = || format!("{} was reloaded: looking again", self.name);
        self.reloaded.then(note)
    }

    /// It shows every line of ours fully UP.
    pub fn all_up(&self) -> bool {
        let answer = self.answer.as_ref();
        answer.is_ok_and(|answer| answer.lines.iter().all(|line| line.proven))
    }
}

#[cfg(test)]
impl BalancerObservation {
    /// Balancer `lb`, with these lines and nothing else.
    pub(crate) fn of_lines(lines: Vec<ServerLine>) -> BalancerObservation {
        BalancerObservation {
            name: "lb".to_owned(),
            worker: None,
            reloaded: false,
            answer: Ok(Answer {
                lines,
                backends: Vec::new(),
                leaving: None,
                errors: None,
            }),
        }
    }

    /// Balancer `lb`, which gives no answer, and may do so at the next look.
    pub(crate) fn silent(why: &str) -> BalancerObservation {
        BalancerObservation {
            answer: Err(NoAnswer {
                why: why.to_owned(),
                fix: None,
                may_pass: true,
                out_of_reach: true,
                lacks_lines: false,
                checks: None,
            }),
            ..BalancerObservation::of_lines(Vec::new())
        }
    }

    /// Its answer, to change it.
    pub(crate) fn answer_mut(&mut self) -> &mut Answer {
        self.answer.as_mut().expect("an answer")
    }
}
