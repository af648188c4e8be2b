//! The preflight: what an earlier operation left unfinished, one look at everything, and the
//! decision whether and where to begin.

use super::earlier::Earlier;
use super::go::{Begin, Go, Preflight, or_refuse, refusal};
use super::judge::Judged;
use super::lasting::{Ends, without_sidecar};
use super::plan;
use super::request::{OnHold, Operation};
use crate::gate::Position;
use crate::host::{Snapshot, ThisHost};
use crate::report::Draft;
use crate::restart::{GatesFound, Host, PerGate, Verb, stays_closed};
use crate::state::hold::Held;
use crate::state::journal::found_open;
use std::ops::ControlFlow::{Break, Continue};
use std::time::Instant;

impl Operation<'_> {
    /// Decides whether and where to begin. Notes the positions of the gates before the first
    /// change.
    pub(super) async fn begin(&self, host: &mut ThisHost, draft: &mut Draft) -> Begin {
        match self.preflight(host, draft).await {
            Continue(go) => Begin::Go(Box::new(go)),
            Break(begin) => begin,
        }
    }

    /// The order matters. A hold may settle it without a look. The look must come after an earlier
    /// restart has ended, and with the status ports reserved. The gates to put back are noted before
    /// the first change.
    async fn preflight(&self, host: &mut ThisHost, draft: &mut Draft) -> Preflight<Go> {
        self.agrees_with_sidecar(host, draft).await?;
        let held = self.held()?;
        draft.in_maintenance = self.meets_page(held.as_ref());
        draft.notices.extend(self.heeds(held.as_ref())?);
        self.settle(host, draft).await?;
        let earlier = self.earlier(host, draft).await;
        self.reserve(host).await;
        let judged = self.look(host, draft, &earlier, held.is_some()).await?;
        self.warn_of_ports(&judged.snapshot, draft);
        self.beside(&judged.start, host, draft).await?;
        self.warn(&judged, &earlier, draft);
        let stays_closed = self.leaves_closed(&judged, &earlier, held.as_ref());
        host.to_reopen = to_put_back(&judged.snapshot, &earlier, stays_closed);
        let limits = self.limits(&judged, host, stays_closed);
        let start = judged.start.within(&limits, judged.few);
        self.may_change(Go { start, limits }, host, &judged.snapshot)
            .await
    }

    /// Waits while an earlier restart is still under way. An operation that opens the gates over
    /// it would believe the health of the old app.
    async fn settle(&self, host: &ThisHost, draft: &mut Draft) -> Preflight<()> {
        if self.dry_run || matches!(self.verb, Verb::Close | Verb::Stop) {
            return Continue(());
        }
        let asked = Instant::now();
        tokio::select! {
            settled = host.settle() => or_refuse(settled.map_err(refusal))?,
            signal = host.stopped() => return Break(Begin::Interrupted(signal)),
        }
        draft.before.settling = asked.elapsed();
        Continue(())
    }

    pub(super) async fn reserve(&self, host: &mut ThisHost) {
        if !self.dry_run {
            host.reserve(&self.command(), !self.non_blocking).await;
        }
    }

    fn warn_of_ports(&self, snapshot: &Snapshot, draft: &mut Draft) {
        if !self.refuses_threats() {
            draft.notices.extend(snapshot.threats());
        }
        draft.notices.extend(snapshot.unreserved());
    }

    fn warn(&self, judged: &Judged, earlier: &Earlier, draft: &mut Draft) {
        let notices = &mut draft.notices;
        if self.verb == Verb::Restart {
            notices.extend(judged.snapshot.restart.iter().flatten().cloned());
        }
        if self.verb == Verb::Close && self.options.lasts.is_some() {
            notices.extend(without_sidecar(self.state_dir(), Ends::Hold));
        }
        if judged.gates == GatesFound::ClosedUnexpectedly
            && earlier.entry.is_none()
            && judged.start.goes_out()
        {
            notices.push(self.closed_unexpectedly());
        }
    }

    /// Whether the gates stay closed once the app is healthy.
    fn leaves_closed(&self, judged: &Judged, earlier: &Earlier, held: Option<&Held>) -> bool {
        let stay =
            self.options.on_hold == OnHold::StayClosed || held.is_some_and(Held::is_of_maintenance);
        let left_closed = earlier
            .entry
            .as_ref()
            .is_some_and(|entry| entry.stays_closed);
        stays_closed(self.effective_verb(), stay, left_closed, judged.gates)
    }

    /// The last moment in which the operation can end without a change.
    async fn may_change(&self, go: Go, host: &ThisHost, snapshot: &Snapshot) -> Preflight<Go> {
        if self.dry_run {
            let steps = plan::steps(&go.start, self.app, &go.limits, snapshot);
            return Break(self.planned(steps, &go.limits, host).await);
        }
        match host.interrupted() {
            // A host that goes down closes first.
            Some(signal) if self.effective_verb() != Verb::Stop => {
                Break(Begin::Interrupted(signal))
            }
            _ => Continue(go),
        }
    }
}

/// The gates that are open after putting back.
fn to_put_back(snapshot: &Snapshot, earlier: &Earlier, stays_closed: bool) -> PerGate<bool> {
    let open = |position| !stays_closed && position != Position::Closed;
    let now = snapshot.positions().map(open);
    match stays_closed {
        true => now,
        false => found_open(now, earlier.entry.as_ref(), earlier.restarted),
    }
}
