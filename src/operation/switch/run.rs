//! A switch, from its two targets to its outcome, within the locks.

use super::left::{park_at_rest, record_left, record_ready};
use super::pair::Pair;
use crate::gate::Position;
use crate::host::{ThisHost, TwoHosts};
use crate::operation::Operation;
use crate::operation::driver::drive;
use crate::operation::go::{Begin, Go, refusal};
use crate::operation::operate::{end_journal, preflight};
use crate::operation::remember::{By, Unwritten};
use crate::operation::request::MakeProgress;
use crate::report::{Draft, Watched};
use crate::restart::switch::{How, Part, SwitchPhase};
use crate::restart::{Host, Outcome, PerGate, Phase, Progress, Verb};
use crate::signals::StopSignal;
use crate::state::directory;
use crate::state::hold::{self, Held};
use crate::state::invocation::Invocation;
use crate::state::journal::{Entry, Journal, Targets};
use std::ops::ControlFlow::{Break, Continue};

impl Operation<'_> {
    /// Runs a switch, or the recovery of one. This process has the locks.
    pub(in crate::operation) async fn run_switch(
        &self,
        stop: StopSignal,
        make_progress: MakeProgress<'_>,
        draft: &mut Draft,
    ) -> Outcome {
        if let Some(outcome) = self.recover_first(&stop, make_progress, draft).await {
            return outcome;
        }
        let outcome = match self.pair().await {
            Continue(pair) => match self.held_before(&pair) {
                Some(before) => self.return_to(before, &pair, stop, draft).await,
                None => self.switch_between(&pair, stop, make_progress, draft).await,
            },
            Break(begin) => Err(begin),
        };
        match outcome {
            Ok(outcome) => outcome,
            Err(begin) => {
                let outcome = begin.outcome(draft);
                self.give_back_lock(None, draft).await;
                self.count(&outcome, draft);
                outcome
            }
        }
    }

    /// The same for the sidecar, which has the app's lock and writes the history without it.
    pub async fn run_switch_on(
        &self,
        stop: StopSignal,
        make_progress: MakeProgress<'_>,
    ) -> Unwritten {
        let mut draft = self.draft(By::Sidecar);
        let outcome = self.run_switch(stop, make_progress, &mut draft).await;
        self.end(&draft, &outcome)
    }

    async fn switch_between(
        &self,
        pair: &Pair,
        stop: StopSignal,
        make_progress: MakeProgress<'_>,
        draft: &mut Draft,
    ) -> Result<Outcome, Begin> {
        let (settings, left_out) = self.settings.without(&self.left_out(), &self.app.name);
        draft.leave_out(left_out);
        let targets = pair.targets();
        draft.targets = Some((targets.from, targets.to));
        let two = TwoHosts::new(&settings, (&pair.from, &pair.to), stop).await;
        let mut two = two.map_err(|error| Begin::Refused(refusal(error.to_string())))?;
        two.prepare.clone_from(&self.options.switch.prepare);
        two.starts = pair.switching.how == How::Start;
        two.maintenance = pair.hold.as_deref().cloned();
        let held = hold::find(self.hold_dir(), &self.app.name);
        let go = match self.begin_switch(&mut two, pair, draft).await {
            Begin::Go(go) => go,
            begin => return Err(begin),
        };
        self.record_first(pair).map_err(Begin::refused)?;
        let journal = self.switch_journal(&go, pair, draft);
        let mut journal = journal.map_err(Begin::refused)?;
        let progress = make_progress(&pair.to, &go.limits);
        self.prepare_lock(&go, &mut two.old, draft);
        let outcome = self
            .switch_phases(&mut two, &go, &mut journal, progress, draft)
            .await;
        let lock = two.old.group_lock.take();
        self.give_back_lock(lock, draft).await;
        record_ready(&two, pair, &outcome);
        if self.goes_nowhere(&go, &outcome) {
            self.hold_again(&mut two, held.as_ref(), draft).await;
        }
        record_left(&two, pair, &outcome, self.touches_new(draft)).await;
        park_at_rest(&mut two, &outcome, draft).await;
        // Before the journal is removed: counting takes its time, too.
        self.count(&outcome, draft);
        end_journal(journal, &outcome);
        Ok(outcome)
    }

    /// Whether the new target was stopped or started. A recovery goes on from a later phase.
    fn touches_new(&self, draft: &Draft) -> bool {
        let start = Phase::Switch(SwitchPhase::Start).name();
        self.verb == Verb::Recover || draft.phases.iter().any(|one| one.phase == start)
    }

    /// The first switch of an app finds no record. After a crash in it the record decides which
    /// target is opened.
    fn record_first(&self, pair: &Pair) -> Result<(), String> {
        match (self.verb, pair.switching.how) {
            (Verb::Switch, How::Start) | (Verb::MaintenanceOn, _) => {
                self.seen_at(&pair.from).record_target()
            }
            _ => Ok(()),
        }
    }

    fn switch_journal(&self, go: &Go, pair: &Pair, draft: &Draft) -> Result<Journal, String> {
        let entry = Entry {
            invocation: Invocation::new(self.verb, &self.app.name),
            phase: go.start.phase.clone(),
            found_open: PerGate::default(),
            instance: None,
            restarting: false,
            unsure: false,
            stays_closed: false,
            version: go.start.version.clone(),
            origin: draft.origin.clone(),
            without_balancers: draft.without_balancers.clone(),
            ended: false,
            switch: Some(Targets {
                switching: go.limits.switch,
                ..pair.targets()
            }),
        };
        let state_dir = self.state_dir();
        Journal::begin(state_dir, entry)
            .map_err(|error| directory::unusable("state_dir", state_dir, &error))
    }

    async fn switch_phases(
        &self,
        two: &mut TwoHosts,
        Go { start, limits }: &Go,
        journal: &mut Journal,
        mut progress: Box<dyn Progress>,
        draft: &mut Draft,
    ) -> Outcome {
        let begun = two.elapsed();
        let notices = draft.notices.iter();
        notices.for_each(|notice| progress.notes(begun, notice));
        let watching = &mut draft.watching;
        watching.detecting.plan(start.verb, limits);
        let mut watched = Watched { progress, watching };
        let timeline = drive(two, journal, &mut watched, start, limits).await;
        draft.phases = vec![preflight(begun)];
        draft.phases.extend(timeline.phases);
        draft.notices.extend(timeline.notes);
        draft.set_balancers(&timeline.balancers);
        let positions = [positions(&mut two.old).await, positions(&mut two.new).await].concat();
        draft.set_gates(
            positions
                .iter()
                .map(|(gate, position)| (gate, position.clone())),
        );
        timeline.outcome
    }

    /// An `on` over closed gates that ends without users on the page.
    fn goes_nowhere(&self, go: &Go, outcome: &Outcome) -> bool {
        let is_on = matches!(
            outcome,
            Outcome::Switched { .. }
                | Outcome::StillDraining { .. }
                | Outcome::GateFailed {
                    put_back: false,
                    ..
                }
        );
        self.verb == Verb::MaintenanceOn && go.limits.switch.was_closed && !is_on
    }

    /// Leaves the hold that it has found. If that is no maintenance, the page's gate closes, too.
    async fn hold_again(&self, two: &mut TwoHosts, held: Option<&Held>, draft: &mut Draft) {
        let app = &self.app.name;
        if let Err(error) = hold::as_before(self.hold_dir(), app, held) {
            tracing::warn!(%error, "the earlier hold can't be written");
        }
        if let Err(why) = two.serve_without(Part::New).await {
            draft.notices.push(format!(
                "the gate of the page may still be open: {why}; `agent recover {app}` closes it"
            ));
        }
    }
}

pub(super) async fn positions(host: &mut ThisHost) -> Vec<(crate::gate::Gate, Position)> {
    let listed = host.rules.positions(&host.firewall, &host.gates).await;
    let positions = listed.unwrap_or_else(|error| {
        let unread = |_| Position::Unknown(error.to_string());
        host.gates.as_ref().map(unread)
    });
    host.gates.clone().into_iter().zip(positions).collect()
}
