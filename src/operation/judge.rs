//! Decides by one look at everything whether an operation begins, and where.

use super::earlier::Earlier;
use super::go::{Begin, Preflight, or_refuse};
use super::request::Operation;
use crate::gate::Position;
use crate::haproxy::Floor;
use crate::host::{Snapshot, ThisHost};
use crate::report::Draft;
use crate::restart::{
    Facts, GatesFound, NoStart, PerGate, Reason, Refusal, Start, Verb, WITHOUT, floor_unseen,
    is_out, no_turn_comes, preflight, start,
};
use crate::state::journal::Journal;
use std::ops::ControlFlow::{Break, Continue};

/// What the last look has shown, and the decision.
pub(super) struct Judged {
    pub(super) snapshot: Snapshot,
    pub(super) facts: Facts,
    pub(super) gates: GatesFound,
    pub(super) start: Start,
    /// Too few other servers are up now, and this host waits for its turn.
    pub(super) few: bool,
    /// This host is out of rotation already.
    pub(super) is_out: bool,
}

impl Operation<'_> {
    /// Whether a process that may answer the checks at any moment refuses the operation. Nothing
    /// may keep a host that goes down from closing.
    pub(super) fn refuses_threats(&self) -> bool {
        matches!(self.effective_verb(), Verb::Restart | Verb::Close)
    }

    /// Decides by one look at everything whether and where to begin.
    pub(super) async fn judge(
        &self,
        snapshot: Snapshot,
        host: &mut ThisHost,
        draft: &mut Draft,
        earlier: &Earlier,
        held: bool,
    ) -> Preflight<Judged> {
        let gates = gates_found(&snapshot.positions(), held);
        let unfinished = earlier
            .entry
            .as_ref()
            .map(|entry| entry.unfinished(earlier.restarted));
        let start = match start(self.effective_verb(), unfinished.as_ref(), gates) {
            Ok(start) => start,
            Err(NoStart::Nothing(why)) => return Break(self.nothing(why, snapshot.trouble())),
            Err(NoStart::CutSwitch(why)) => return Break(Begin::refused(why)),
            Err(NoStart::Unfinished(how)) => {
                let earlier = earlier.entry.as_ref();
                return Break(self.hold_closed(how, earlier, host).await);
            }
        };
        let mut facts = snapshot.facts();
        // An operation that died after closing the gate may have left HAProxy no time to notice.
        facts.main_closed &= earlier.entry.is_none();
        if self.refuses_threats() {
            facts.trouble.extend(snapshot.threats());
        }
        let is_out = is_out(gates, &facts.health, &facts.balancers);
        let few = self.permits(&start, is_out, &facts, draft)?;
        Continue(Judged {
            snapshot,
            gates,
            facts,
            start,
            few,
            is_out,
        })
    }

    /// Removes the journal of an earlier operation that needs nothing any more.
    pub(super) fn nothing(&self, why: String, trouble: Vec<String>) -> Begin {
        if !trouble.is_empty() {
            let reasons = trouble.into_iter().map(Reason::Lasting).collect();
            return Begin::Refused(Refusal::Preflight(reasons));
        }
        if !self.dry_run
            && let Err(error) = Journal::forget(self.state_dir(), &self.app.name)
        {
            tracing::warn!(%error, "the journal can't be removed");
        }
        Begin::NothingToDo(why)
    }

    /// Judges an operation that does not begin by closing like `recover`. Continue: whether too
    /// few other servers are up now, so that this host waits for its turn.
    fn permits(
        &self,
        start: &Start,
        is_out: bool,
        facts: &Facts,
        draft: &mut Draft,
    ) -> Preflight<bool> {
        let verb = match self.verb == Verb::Open || start.goes_out() {
            true => self.effective_verb(),
            false => Verb::Recover,
        };
        if self.stops_in_turn()
            && let Some(refusal) = floor_unseen(facts)
        {
            return Break(Begin::Refused(refusal));
        }
        let floor = self.app.limits.min_available;
        // With the lock the host waits for its turn in any case.
        let takes_turns = self.options.turn.is_some() || self.takes_lock(start, is_out).is_some();
        let waits = takes_turns && !no_turn_comes(facts, floor);
        let (few, notices) = match preflight(verb, facts, floor) {
            Err(few @ Refusal::TooFewServers(_)) if waits => {
                let waiting = format!("{few}: waiting for our turn");
                let notices = preflight(verb, facts, Floor::Servers(0));
                (
                    true,
                    notices.map(|notices| [vec![waiting], notices].concat()),
                )
            }
            notices => (false, notices),
        };
        draft.notices.extend(or_refuse(notices)?);
        draft.notices.extend(start.note.clone());
        let lock = self.takes_lock(start, is_out);
        let without = lock.is_some_and(|lock| lock.is_out);
        draft.notices.extend(without.then(|| WITHOUT.to_owned()));
        Continue(few)
    }
}

fn gates_found(positions: &PerGate<Position>, held: bool) -> GatesFound {
    let all_open = positions.iter().all(|position| *position == Position::Open);
    match (all_open, held) {
        // Also if another process has opened them.
        (_, true) => GatesFound::Held,
        (true, false) => GatesFound::Open,
        (false, false) => GatesFound::ClosedUnexpectedly,
    }
}
