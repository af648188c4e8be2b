//! The looks at both targets that a switch begins with. It looks again while a refusal may pass by
//! itself, as during a reload of HAProxy.

use super::page::serves_on;
use super::pair::Pair;
use super::rest::{Resting, not_at_rest};
use crate::config::AppSettings;
use crate::gate::Position;
use crate::haproxy::Floor;
use crate::host::{Snapshot, TwoHosts};
use crate::operation::Operation;
use crate::operation::earlier::Earlier;
use crate::operation::go::{Begin, Preflight};
use crate::operation::looks::{PATIENCE, PAUSE};
use crate::report::Draft;
use crate::restart::{GatesFound, Host, NoStart, Reason, Refusal, Start, Verb, preflight, start};
use std::ops::ControlFlow::{Break, Continue};
use std::time::Instant;

/// What the last look has shown, and the decision.
pub(super) struct Seen {
    pub(super) old: Snapshot,
    pub(super) new: Snapshot,
    pub(super) start: Start,
}

impl Seen {
    pub(super) fn unreserved(&self) -> impl Iterator<Item = String> {
        self.old.unreserved().chain(self.new.unreserved())
    }
}

impl Operation<'_> {
    /// Looks until nothing refuses the switch. Break: the refusal lasts.
    pub(super) async fn look_at_both(
        &self,
        two: &mut TwoHosts,
        pair: &Pair,
        draft: &mut Draft,
        earlier: &Earlier,
    ) -> Preflight<Seen> {
        let began = Instant::now();
        loop {
            let [old, new] = two.snapshots().await;
            draft.set_snapshots(two.elapsed(), [&old, &new]);
            let refusal = match self.permits_switch(pair, &old, &new, earlier) {
                Ok((start, notices)) => {
                    draft.notices.extend(notices);
                    return Continue(Seen { old, new, start });
                }
                Err(Begin::Refused(refusal)) => refusal,
                Err(begin) => return Break(begin),
            };
            if !refusal.may_pass() || began.elapsed() + PAUSE > PATIENCE {
                return Break(self.advised(Begin::Refused(refusal), draft));
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                signal = two.old.stopped() => return Break(Begin::Interrupted(signal)),
            }
        }
    }

    /// Where it begins, and what the operator should know.
    fn permits_switch(
        &self,
        pair: &Pair,
        old: &Snapshot,
        new: &Snapshot,
        earlier: &Earlier,
    ) -> Result<(Start, Vec<String>), Begin> {
        let mut reasons = Vec::new();
        let mut notices = Vec::new();
        for (app, snapshot) in [(&pair.from, old), (&pair.to, new)] {
            match preflight(self.verb, &snapshot.facts(), Floor::Servers(0)) {
                Ok(some) => notices.extend(some),
                Err(Refusal::Preflight(some) | Refusal::TooFewServers(some)) => {
                    reasons.extend(
                        some.into_iter()
                            .map(|reason| of_target(&app.label(), reason)),
                    );
                }
            }
        }
        if self.verb == Verb::MaintenanceOn {
            reasons.extend(serves_on(old).map(Reason::Lasting));
            let beside = self.open_beside(pair, old).into_iter();
            let app = &self.app.name;
            reasons.extend(beside.map(|label| {
                Reason::Lasting(format!(
                    "the gates of {label} are not closed, so users would meet it: run `agent recover \
                     {app}` first"
                ))
            }));
        }
        if self.verb == Verb::Switch {
            let threats = old.threats().into_iter().chain(new.threats());
            let beside = self.open_beside(pair, old);
            let (old, new) = (Resting::of(&pair.from, old), Resting::of(&pair.to, new));
            let how = pair.switching.how;
            let rest = not_at_rest(&self.app.name, how, (&old, &new), &beside);
            reasons.extend(threats.chain(rest).map(Reason::Lasting));
        }
        if !reasons.is_empty() {
            return Err(Begin::Refused(Refusal::Preflight(reasons)));
        }
        let unfinished = earlier.entry.as_ref().map(|entry| entry.unfinished(None));
        match (self.verb, unfinished) {
            (verb, _) if verb.switches() => Ok((Start::of_switch(pair.switching), notices)),
            (verb, unfinished) => match start(verb, unfinished.as_ref(), GatesFound::Open) {
                Ok(start) => Ok((start, notices)),
                Err(NoStart::Nothing(why)) => Err(self.nothing(why, Vec::new())),
                Err(NoStart::Unfinished(why) | NoStart::CutSwitch(why)) => Err(Begin::refused(why)),
            },
        }
    }
}

impl Operation<'_> {
    /// The targets beside the two that have a gate which is not closed.
    fn open_beside(&self, pair: &Pair, seen: &Snapshot) -> Vec<String> {
        let Ok(rules) = &seen.rules else {
            return Vec::new();
        };
        let is_one = |app: &AppSettings| {
            [&pair.from, &pair.to]
                .map(|one| &one.target)
                .contains(&&app.target)
        };
        let is_open = |app: &AppSettings| {
            let gates = self.settings.gates(app);
            gates
                .iter()
                .any(|gate| rules.position(gate) != Position::Closed)
        };
        let beside = self.app.instances().into_iter();
        let open = beside.filter(|app| !is_one(app) && is_open(app));
        open.map(|app| app.label()).collect()
    }
}

fn of_target(label: &str, reason: Reason) -> Reason {
    match reason {
        Reason::Passing(what) => Reason::Passing(format!("{label}: {what}")),
        Reason::Lasting(what) => Reason::Lasting(format!("{label}: {what}")),
    }
}
