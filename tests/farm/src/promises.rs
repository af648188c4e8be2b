//! What a switch promises, for one host.

use super::{Host, Life, New, Settings};

impl Host {
    /// A target that runs is open. If the new one does not fail under users, it also answers.
    pub(crate) fn has_open(&self, settings: &Settings) -> bool {
        let Some(two) = &self.two else { return true };
        let serves = |target: usize| match settings.new {
            New::Fails => two.runs[target],
            New::Well | New::Sick => self.answers(target),
        };
        let mut targets = self.targets();
        targets.any(|target| self.gates_of(target)[0] && serves(target))
    }

    /// A target was stopped while it was open or busy, or a balancer sends users to one that does not run.
    pub(crate) fn cuts_users(&self, settings: &Settings) -> bool {
        let Some(two) = &self.two else { return false };
        let mut stopped = self.targets().filter(|target| !two.runs[*target]);
        stopped.any(|target| {
            let is_open = self.gates_of(target).contains(&true);
            is_open || two.busy[target] || self.is_sent_to(settings, target)
        })
    }

    /// No operation is under way, and not exactly one target is open: one that runs.
    pub(crate) fn is_unsettled(&self) -> bool {
        let Some(two) = &self.two else { return false };
        let is_at_rest = matches!(self.life, Life::Idle | Life::Done);
        let current = usize::from(two.current);
        let is_settled = two.runs[current]
            && self.gates_of(current) == [true; 2]
            && self.gates_of(1 - current) == [false; 2];
        is_at_rest && !is_settled
    }

    /// At the end of a switch: whether there is nothing more to do. A new target that can't serve is given up.
    pub(crate) fn has_switched(&self, settings: &Settings) -> bool {
        let Some(two) = &self.two else { return false };
        let is_given_up = settings.new == New::Sick || two.failed;
        !two.runs[0] || is_given_up
    }
}
