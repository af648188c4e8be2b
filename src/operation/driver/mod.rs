//! Observe, decide, journal, act: the loop around the pure core.

mod end;
mod look;
mod meanwhile;

use crate::haproxy::Role;
use crate::restart::Timeline;
use crate::restart::settle::Watch;
use crate::restart::{
    Action, ActionResult, ClosedLines, Host, Limits, Meanwhile, Observation, Phase, Progress,
    Start, Step, Verb, Version, Why, decide, put_off,
};
use crate::state::journal::Journal;
use meanwhile::{Notes, judge};
use std::time::Duration;

/// The target of its log lines.
pub(crate) const LOG_TARGET: &str = module_path!();

/// Runs an operation from its first phase to its end. The journal has that phase already.
pub async fn drive<H: Host>(
    host: &mut H,
    journal: &mut Journal,
    progress: &mut dyn Progress,
    start: &Start,
    limits: &Limits,
) -> Timeline {
    let mut drive = Drive {
        entered: host.elapsed(),
        host,
        journal,
        progress,
        verb: start.verb,
        limits,
        phase: start.phase.clone(),
        acted: ActionResult::Done,
        succeeded: false,
        serving: limits.serving.clone(),
        unclaimed: Vec::new(),
        unrecorded: None,
        acknowledged: false,
        lock_noted: false,
        closed: ClosedLines::default(),
        unexplained: Vec::new(),
        failing: 0,
        ask_again: Duration::ZERO,
        watch: Watch::default(),
        timeline: Timeline::default(),
    };
    drive.enter().await;
    loop {
        let observation = drive.look().await;
        drive.progress.sees(observation.elapsed, &observation);
        drive.notes_lost_lock(&observation);
        match decide(start.verb, &drive.phase, &observation, limits) {
            Step::Stay {
                phase,
                waiting,
                again,
            } => drive.stay(phase, waiting, again, &observation).await,
            Step::Go { to, note } => {
                drive.unclaimed = observation.unclaimed_after(&drive.phase, &to);
                drive.go(to, note).await;
            }
            Step::End(outcome) => return drive.end(outcome),
        }
    }
}

const MOVED: &str = "another process changed the rules: the agent set them again";

/// An operation under way.
struct Drive<'a, H> {
    host: &'a mut H,
    journal: &'a mut Journal,
    progress: &'a mut dyn Progress,
    verb: Verb,
    limits: &'a Limits,
    phase: Phase,
    /// Since when the phase's time counts: the first success of its action.
    entered: Duration,
    /// The result of its action, the last time it ran.
    acted: ActionResult,
    /// The action succeeded at least once in this phase.
    succeeded: bool,
    /// The backends that this host serves, by all looks so far.
    serving: Vec<String>,
    /// Those in which no other host has seen the claim, as it ended.
    unclaimed: Vec<String>,
    /// Why the journal could not be written, where the phase must not act without it.
    unrecorded: Option<String>,
    /// The operator has seen that a signal arrived.
    acknowledged: bool,
    /// The operator has seen that the group's lock was lost.
    lock_noted: bool,
    /// What HAProxy shows of our lines while the gates are closed.
    closed: ClosedLines,
    /// The gates behind which a line was still UP as the time was up: why, is not known yet.
    unexplained: Vec<Role>,
    /// How many answers of the app in a row have failed.
    failing: u32,
    /// When an app that serves users is asked again.
    ask_again: Duration,
    /// What HAProxy counts on the lines of a new version.
    watch: Watch,
    timeline: Timeline,
}

impl<H: Host> Drive<'_, H> {
    async fn enter(&mut self) {
        let at = self.host.elapsed();
        self.timeline.enters(at, &self.phase);
        self.progress.enters(at, &self.phase);
        tracing::info!(phase = self.phase.name(), action = ?self.phase.action(self.verb, self.limits));
        (self.acted, self.succeeded) = (ActionResult::Done, false);
        match self.phase.counts(self.limits) {
            true => self.watch.enters_phase(),
            false => self.watch = Watch::default(),
        }
        let before = self.host.elapsed();
        self.act().await;
        self.timeline
            .acts(self.host.elapsed().saturating_sub(before));
        // The host keeps the gates closed while it restarts or upgrades the app.
        if self.phase.touches_app() && self.host.moved() {
            self.note(MOVED.to_owned());
        }
    }

    /// Does the phase's action. The phase's time counts from the action's first success, because
    /// iptables may have had to wait for its lock.
    async fn act(&mut self) {
        let action = self.phase.action(self.verb, self.limits);
        self.acted = match (self.unrecorded.take(), action) {
            (Some(why), _) => ActionResult::Failed(format!("the journal can't be written: {why}")),
            (None, Some(action)) => {
                let (closed, journal) = (&mut self.closed, &mut *self.journal);
                let mut notes = Notes {
                    at: Duration::ZERO,
                    progress: self.progress,
                    timeline: &mut self.timeline,
                };
                let mut on = |at, shown| {
                    notes.at = at;
                    judge(closed, journal, shown, &mut notes)
                };
                self.host.act(action, &mut on).await
            }
            (None, None) => ActionResult::Done,
        };
        if !self.succeeded && self.acted == ActionResult::Done {
            self.explain().await;
            (self.succeeded, self.entered) = (true, self.host.elapsed());
        }
    }

    /// Asks why lines were still UP, once the gates are put back. iptables and nft may take a moment;
    /// the phase's time begins after it.
    async fn explain(&mut self) {
        let roles = std::mem::take(&mut self.unexplained);
        if !roles.is_empty() {
            let causes = self.host.causes(&roles).await;
            self.closed.new_causes(causes);
        }
    }

    fn judge(&mut self, shown: Meanwhile) -> bool {
        let mut notes = Notes {
            at: self.host.elapsed(),
            progress: self.progress,
            timeline: &mut self.timeline,
        };
        judge(&mut self.closed, self.journal, shown, &mut notes)
    }

    async fn stay(&mut self, phase: Phase, waiting: Vec<String>, again: bool, look: &Observation) {
        self.phase = phase;
        if look.interrupted.is_some() && !std::mem::replace(&mut self.acknowledged, true) {
            self.note(put_off(&self.phase, self.limits));
        }
        self.progress.waits(self.host.elapsed(), &waiting);
        self.timeline.waits(waiting);
        self.host.pause(&self.phase, look.in_phase).await;
        if again {
            self.act_again().await;
        }
    }

    /// Another process moved a gate if the gate was right before and had to be set again.
    async fn act_again(&mut self) {
        let succeeded = self.succeeded;
        self.act().await;
        if succeeded && self.acted == ActionResult::Done && self.host.moved() {
            self.note(MOVED.to_owned());
        }
    }

    /// Enters the next phase: the journal first, then the action.
    async fn go(&mut self, to: Phase, note: Option<String>) {
        self.timeline.leaves(self.host.elapsed());
        note.into_iter().for_each(|note| self.note(note));
        // Asked on entering Drain, not between Drain and Restart: the answer may take seconds, and
        // the drain's verdict would be old by then.
        let instance = match (&self.phase, &to) {
            (_, Phase::Drain { .. }) if self.verb == Verb::Restart => self.host.instance().await,
            (Phase::Upgrade | Phase::Rollback(_), Phase::Restart) => self.host.instance().await,
            _ => None,
        };
        if let Phase::PutBack(Why::NotOut(_)) = to {
            let action = self.phase.action(self.verb, self.limits);
            let closed = action.map_or(&[][..], Action::closes);
            self.unexplained = ClosedLines::still_up(&self.timeline.balancers, closed);
        }
        let to = self.record_first(to, instance);
        if to.serves() != self.phase.serves() {
            (self.failing, self.ask_again) = (0, Duration::ZERO);
        }
        (self.phase, self.entered) = (to, self.host.elapsed());
        self.enter().await;
    }

    /// Touches the app only after the journal says so. Without that entry the next operation
    /// after a crash would restart the app once more. An upgrade or a rollback has that entry
    /// already: the next operation then restarts nothing and opens nothing.
    fn record_first(&mut self, to: Phase, instance: Option<String>) -> Phase {
        let untouched = *self.journal.version() == Version::Same;
        match self.journal.enter(&to, instance) {
            Err(error) if to.touches_app() && untouched => {
                Phase::PutBack(Why::Unrecorded(error.to_string()))
            }
            Err(error) if matches!(to, Phase::Rollback(_)) => {
                self.unrecorded = Some(error.to_string());
                to
            }
            Err(error) if let Some(instead) = to.unrecorded(&error.to_string()) => instead,
            Err(error) => {
                tracing::warn!(phase = to.name(), %error, "the journal can't be written");
                to
            }
            Ok(()) => to,
        }
    }
}
