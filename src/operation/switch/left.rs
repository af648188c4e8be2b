//! What a switch leaves at its end: the record of the idle target that still runs, and parked ports.

use super::pair::Pair;
use crate::clock::since_1970;
use crate::host::TwoHosts;
use crate::report::Draft;
use crate::restart::Outcome;
use crate::restart::switch::{Ends, How, Part, stays_ready, went_back};

/// The end of the target that stays ready.
pub(super) fn record_ready(two: &TwoHosts, pair: &Pair, outcome: &Outcome) {
    if pair.has_page() {
        return;
    }
    let Some((ready, ends)) = stays_ready(outcome, pair.switching) else {
        return;
    };
    let until = match ends {
        Ends::AfterKeep => Some(since_1970().saturating_add(pair.keep).as_secs()),
        Ends::AsBefore => pair.ready_until,
    };
    let (name, serves) = (two.name(ready), two.name(ready.other()));
    let recorded = two.change_record(|intent| match intent.current == serves {
        true => intent.with_ready_until(name, until),
        false => intent,
    });
    if let Err(error) = recorded {
        tracing::warn!(%error, "{name} stays running until `agent switch {} --finish`: its end can't \
            be recorded", two.old.app.name);
    }
}

/// A switch that went back may have left the new target running: it was busy, or did not stop. Nothing
/// goes back to that one, because it may be sick or not verified. One that does not run is not ready any
/// more. `is_touched`: the new target was stopped or started.
pub(super) async fn record_left(two: &TwoHosts, pair: &Pair, outcome: &Outcome, is_touched: bool) {
    if !went_back(outcome) || pair.switching.how != How::Start {
        return;
    }
    if !two.new.runs().await {
        two.record_stopped(Part::New);
        return;
    }
    let name = two.name(Part::New);
    // Else it runs as it did before.
    if is_touched && let Err(error) = two.change_record(|intent| intent.with_failed(name)) {
        tracing::warn!(%error, "{name} runs, and that can't be recorded");
    }
}

/// The first switch may find an idle target that no command has parked yet, and one that still drains
/// is not parked. Its connections go on; a reload of HAProxy would bring it new ones.
pub(super) async fn park_at_rest(two: &mut TwoHosts, outcome: &Outcome, draft: &mut Draft) {
    let is_at_rest = !matches!(
        outcome,
        Outcome::NeitherHealthy { .. }
            | Outcome::BothMayServe { .. }
            | Outcome::GateFailed {
                put_back: false,
                ..
            }
    );
    if is_at_rest && let Err(error) = two.park_at_rest().await {
        draft.notices.push(format!(
            "the port of the idle target is not parked: {error}; a reload of HAProxy may make users \
             wait for a moment until then: `agent recover {}` parks it",
            two.old.app.name
        ));
    }
}
