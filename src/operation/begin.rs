//! How an operation begins: what an earlier one left unfinished, the preflight, and the limits.

use super::early::{Begun, or_ends, refused, untouched};
use super::judge::Judged;
use super::plan;
use super::request::{OnHold, Operation};
use crate::gate::Position;
use crate::host::{Snapshot, ThisHost};
use crate::report::Report;
use crate::restart::Host;
use crate::restart::{
    Facts, GatesFound, Limits, Outcome, Phase, Start, Verb, claimed, serving, stays_closed, turns,
};
use crate::state::directory;
use crate::state::journal::found_open;
use crate::state::lock::Lock;
use backon::{BackoffBuilder, ExponentialBuilder};
use std::ops::ControlFlow::{Break, Continue};
use std::time::{Duration, Instant};

/// The first and the longest wait of a host that gave way to another. Each has jitter.
const BACK_OFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

const NO_SIDECAR: &str = "no sidecar runs on this host (`systemctl start haproxy-gate`): nobody opens \
                          the gates in time but it, or `agent recover` after that";

/// Where an operation begins, and within which limits.
pub(super) struct Go {
    pub(super) start: Start,
    pub(super) limits: Limits,
}

impl Operation<'_> {
    /// Looks at everything, decides whether and where to begin, and notes the positions of the
    /// gates.
    pub(super) async fn begin(&self, host: &mut ThisHost, report: &mut Report) -> Begun<Go> {
        let held = self.held()?;
        report.notices.extend(self.heeds(held.as_ref())?);
        let asked = Instant::now();
        self.settle(host).await?;
        report.before.settling = asked.elapsed();
        let left = self.left(host, report).await;
        if !self.dry_run {
            host.reserve(&self.command(), !self.non_blocking).await;
        }
        let Judged {
            snapshot,
            stand,
            facts,
            start,
            few,
        } = self.look(host, report, (&left, held.is_some())).await?;
        if !self.refuses_threats() {
            report.notices.extend(snapshot.threats());
        }
        report.notices.extend(snapshot.unreserved());
        self.beside(&start, host, report).await?;
        if self.verb == Verb::Restart {
            report
                .notices
                .extend(snapshot.restart.iter().flatten().cloned());
        }
        if self.verb == Verb::Close
            && self.options.lasts.is_some()
            && Lock::owner(&directory::sidecar(self.state_dir())).is_none()
        {
            report.notices.push(NO_SIDECAR.to_owned());
        }
        if stand == GatesFound::ClosedUnexpectedly
            && left.entry.is_none()
            && start.phase == Phase::Close
        {
            report.notices.push(self.closed_unexpectedly());
        }
        let now = snapshot
            .positions()
            .map(|position| position != Position::Closed);
        host.found_open = found_open(now, left.entry.as_ref(), left.restarted);
        let left_closed = left.entry.as_ref().is_some_and(|entry| entry.stays_closed);
        let stay = self.options.on_hold == OnHold::StayClosed;
        let stays_closed = stays_closed(self.effective_verb(), stay, left_closed, stand);
        if stays_closed {
            host.found_open = host.found_open.map(|_| false);
        }
        let limits = Limits {
            stays_closed,
            ..self.limits(&start, &facts, host)
        };
        let start = start.within(&limits, few);
        self.go_ahead(&start, &limits, (host, &snapshot), report)?;
        Continue(Go { start, limits })
    }

    /// Waits while an earlier restart is still under way. An operation that opens the gates over
    /// it would believe the health of the old app.
    async fn settle(&self, host: &ThisHost) -> Begun<()> {
        if self.dry_run || matches!(self.verb, Verb::Close | Verb::Stop) {
            return Continue(());
        }
        tokio::select! {
            settled = host.settle() => or_ends(settled.map_err(refused)),
            signal = host.stopped() => Break(untouched(signal)),
        }
    }

    fn limits(&self, start: &Start, facts: &Facts, host: &ThisHost) -> Limits {
        let limits = &self.app.limits;
        let turn = self.options.turn.unwrap_or(limits.turn);
        let min_available = match start.verb {
            // A host that goes down at once waits for no other host's turn.
            Verb::Stop if !self.stops_in_turn() => 0,
            _ => limits.min_available,
        };
        let [first, longest] = BACK_OFF;
        let waits = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest);
        Limits {
            found_open: host.found_open.iter().all(|open| *open),
            serving: serving(facts),
            claimed_before: claimed(facts),
            min_available,
            upgrades: self.app.upgrade.is_some(),
            rolls_back: self.app.rollback.is_some(),
            turns: turns(waits.with_jitter().without_max_times().build(), turn),
            turn,
            ..limits.clone()
        }
    }

    /// The operation can still end here without a change.
    fn go_ahead(
        &self,
        start: &Start,
        limits: &Limits,
        (host, snapshot): (&ThisHost, &Snapshot),
        report: &mut Report,
    ) -> Begun<()> {
        if self.dry_run {
            report.plan = Some(plan::steps(start, self.app, limits, snapshot));
            return Break(Outcome::Planned);
        }
        match host.interrupted() {
            // A host that goes down closes first.
            Some(signal) if self.effective_verb() != Verb::Stop => Break(untouched(signal)),
            _ => Continue(()),
        }
    }
}
