//! Whether an operation begins, and where, by one look at everything.

use super::early::{Begun, or_ends};
use super::left::Left;
use super::request::Operation;
use crate::gate::Position;
use crate::host::{Snapshot, ThisHost};
use crate::report::Report;
use crate::restart::{
    Facts, GatesFound, NoStart, Outcome, PerGate, Phase, Reason, Refusal, Start, Verb,
    floor_unseen, preflight, start,
};
use crate::state::journal::Journal;
use std::ops::ControlFlow::{Break, Continue};

/// What the last look has shown, and what follows from it.
pub(super) struct Judged {
    pub(super) snapshot: Snapshot,
    pub(super) facts: Facts,
    pub(super) stand: GatesFound,
    pub(super) start: Start,
    /// There are too few others now, and this host's turn is waited for.
    pub(super) few: bool,
}

impl Operation<'_> {
    /// A process that may answer the checks at any moment keeps it from beginning; nothing may keep
    /// a host that goes down from closing.
    pub(super) fn refuses_threats(&self) -> bool {
        matches!(self.effective_verb(), Verb::Restart | Verb::Close)
    }

    /// Whether and where to begin, by one look at everything.
    pub(super) async fn judge(
        &self,
        snapshot: Snapshot,
        (left, held): (&Left, bool),
        (host, report): (&mut ThisHost, &mut Report),
    ) -> Begun<Judged> {
        let stand = stand(&snapshot.positions(), held);
        let left_behind = left
            .entry
            .as_ref()
            .map(|entry| entry.left_behind(left.restarted));
        let start = match start(self.effective_verb(), left_behind.as_ref(), stand) {
            Ok(start) => start,
            Err(NoStart::Nothing(why)) => return Break(self.nothing(why, snapshot.trouble())),
            Err(NoStart::Unfinished(how)) => return Break(self.unfinished(how, host).await),
        };
        let mut facts = snapshot.facts();
        // Who died after closing the gate may have left HAProxy no time to notice.
        facts.main_closed &= left.entry.is_none();
        if self.refuses_threats() {
            facts.gates.extend(snapshot.threats());
        }
        let few = self.preflight(&start, &facts, report)?;
        Continue(Judged {
            snapshot,
            stand,
            facts,
            start,
            few,
        })
    }

    /// What an operation left behind, and needs nothing any more, goes.
    fn nothing(&self, why: String, trouble: Vec<String>) -> Outcome {
        if !trouble.is_empty() {
            let reasons = trouble.into_iter().map(Reason::Lasting).collect();
            return Outcome::Refused(Refusal::Preflight(reasons));
        }
        if !self.dry_run
            && let Err(error) = Journal::forget(self.state_dir(), &self.app.name)
        {
            tracing::warn!(%error, "the journal stays");
        }
        Outcome::Nothing(why)
    }

    /// What does not begin by closing is judged like `recover`. Continue: whether there are too few
    /// others now, and this host's turn is waited for.
    fn preflight(&self, start: &Start, facts: &Facts, report: &mut Report) -> Begun<bool> {
        let verb = match (self.verb, &start.phase) {
            (Verb::Open, _) | (_, Phase::Close) => self.effective_verb(),
            _ => Verb::Recover,
        };
        if self.stops_in_turn()
            && let Some(refusal) = floor_unseen(facts)
        {
            return Break(Outcome::Refused(refusal));
        }
        let (few, notices) = match preflight(verb, facts, self.app.limits.min_available) {
            Err(few @ Refusal::TooFewServers(_)) if self.options.turn.is_some() => {
                let waiting = format!("{few}: waiting for our turn");
                let notices = preflight(verb, facts, 0);
                (
                    true,
                    notices.map(|notices| [vec![waiting], notices].concat()),
                )
            }
            notices => (false, notices),
        };
        report
            .notices
            .extend(or_ends(notices.map_err(Outcome::Refused))?);
        report.notices.extend(start.note.clone());
        Continue(few)
    }
}

fn stand(positions: &PerGate<Position>, held: bool) -> GatesFound {
    let all_open = positions.iter().all(|position| *position == Position::Open);
    match (all_open, held) {
        // Also where somebody else has opened them.
        (_, true) => GatesFound::Held,
        (true, false) => GatesFound::Open,
        (false, false) => GatesFound::ClosedUnexpectedly,
    }
}
