//! An operation that has begun: its journal, its phases, and what stays of it.

use super::driver::drive;
use super::go::Go;
use super::request::Operation;
use crate::gate::Position;
use crate::host::ThisHost;
use crate::report::{Draft, Watched};
use crate::restart::{Host, Outcome, PhaseTime, Progress, Verb, seconds};
use crate::state::invocation::Invocation;
use crate::state::journal::{Entry, Journal};
use crate::state::{StateFile, directory};
use std::time::Duration;

impl Operation<'_> {
    /// Begins the journal. Err: the operation must not go on without it.
    pub(super) fn journal(
        &self,
        invocation: Invocation,
        Go { start, limits }: &Go,
        host: &ThisHost,
        draft: &Draft,
    ) -> Result<Journal, String> {
        let entry = Entry {
            invocation,
            phase: start.phase.clone(),
            found_open: host.to_reopen,
            instance: None,
            restarting: start.verb == Verb::Restart,
            unsure: start.finishes == Some(false),
            stays_closed: limits.stays_closed,
            version: start.version.clone(),
            switch: None,
            origin: draft.origin.clone(),
            without_balancers: draft.without_balancers.clone(),
            ended: false,
        };
        let state_dir = self.state_dir();
        match Journal::begin(state_dir, entry.clone()) {
            // Nothing may keep a host that goes down from closing.
            Err(error) if self.effective_verb() == Verb::Stop => {
                tracing::warn!(%error, "the journal can't be written");
                Ok(Journal::unwritten(state_dir, entry))
            }
            journal => journal.map_err(|error| directory::unusable("state_dir", state_dir, &error)),
        }
    }

    /// Goes through the phases. Then changes the hold, and removes the journal.
    pub(super) async fn operate(
        &self,
        host: &mut ThisHost,
        go: &Go,
        mut journal: Journal,
        progress: Box<dyn Progress>,
        draft: &mut Draft,
    ) -> Outcome {
        if let Err(error) = StateFile::Stopped.remove(self.state_dir(), &self.app.name) {
            tracing::warn!(%error, "the mark of the sidecar's stop can't be removed");
        }
        let invocation = journal.invocation().clone();
        let outcome = self
            .run_phases(host, go, &mut journal, progress, draft)
            .await;
        // Before the journal is removed: after a crash `agent recover` gives it back.
        let lock = host.group_lock.take();
        self.give_back_lock(lock, draft).await;
        let outcome = self.hold(invocation, outcome, draft);
        // Before the journal is removed: counting takes its time, too.
        self.count(&outcome, draft);
        end_journal(journal, &outcome);
        outcome
    }

    async fn run_phases(
        &self,
        host: &mut ThisHost,
        Go { start, limits }: &Go,
        journal: &mut Journal,
        mut progress: Box<dyn Progress>,
        draft: &mut Draft,
    ) -> Outcome {
        let begun = host.elapsed();
        draft
            .notices
            .iter()
            .for_each(|notice| progress.notes(begun, notice));
        let watching = &mut draft.watching;
        watching.detecting.plan(start.verb, limits);
        let mut watched = Watched { progress, watching };
        let timeline = drive(host, journal, &mut watched, start, limits).await;
        let mut progress = watched.progress;
        draft.phases = vec![preflight(begun)];
        draft.phases.extend(timeline.phases);
        draft.notices.extend(timeline.notes);
        draft.set_balancers(&timeline.balancers);
        if self.verb == Verb::Open && matches!(timeline.outcome, Outcome::NotBack(_)) {
            let advice = self.advice_without(draft);
            let shown = advice.iter();
            shown.for_each(|advice| progress.notes(host.elapsed(), advice));
            draft.notices.extend(advice);
        }
        let listed = host.rules.positions(&host.firewall, &host.gates).await;
        let positions = listed.unwrap_or_else(|error| {
            let unread = |_| Position::Unknown(error.to_string());
            host.gates.as_ref().map(unread)
        });
        draft.set_gates(host.gates.iter().zip(positions));
        self.finished(start.finishes, timeline.outcome, draft)
    }

    /// The outcome of an operation that may have finished an earlier one's restart.
    /// `finishes`: whether that restart is confirmed; None: it was no earlier one's.
    fn finished(&self, finishes: Option<bool>, ended: Outcome, draft: &mut Draft) -> Outcome {
        match (self.verb, finishes, ended) {
            (
                Verb::Restart,
                Some(confirmed),
                ended @ (Outcome::Done { .. } | Outcome::RestartedClosed),
            ) => Outcome::Finished {
                confirmed,
                closed: ended == Outcome::RestartedClosed,
            },
            (_, Some(false), Outcome::RolledBackClosed(why)) => {
                draft.notices.push(format!("rolled back: {why}"));
                Outcome::Finished {
                    confirmed: false,
                    closed: true,
                }
            }
            // The app was rolled back, and perhaps not restarted after that.
            (_, Some(false), Outcome::RolledBack { why, waiting, .. }) if waiting.is_empty() => {
                draft.notices.push(format!("rolled back: {why}"));
                Outcome::Finished {
                    confirmed: false,
                    closed: false,
                }
            }
            (_, _, outcome) => outcome,
        }
    }
}

pub(super) fn preflight(took: Duration) -> PhaseTime {
    PhaseTime {
        phase: "preflight",
        start: 0.0,
        seconds: seconds(took),
        acting: seconds(took),
        waited_for: Vec::new(),
        output: Vec::new(),
    }
}

pub(super) fn end_journal(journal: Journal, outcome: &Outcome) {
    match outcome {
        // The gates are not as expected: the next operation still needs their earlier positions.
        Outcome::GateFailed {
            put_back: false, ..
        }
        | Outcome::NeitherHealthy { .. }
        | Outcome::BothMayServe { .. } => journal
            .leave()
            .unwrap_or_else(|error| tracing::warn!(%error, "the journal is not marked as ended")),
        _ => journal
            .end()
            .unwrap_or_else(|error| tracing::warn!(%error, "the journal can't be removed")),
    }
}
