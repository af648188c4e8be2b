//! What a switch leaves at its end: the record of a new target that still runs, and parked ports.

use super::pair::Pair;
use crate::host::TwoHosts;
use crate::report::Draft;
use crate::restart::Outcome;
use crate::restart::switch::{How, Part};

/// A switch that went back may have left the new target running: it was busy, or did not stop. Nothing
/// goes back to that one, because it may be sick or not verified. One that does not run is not ready any
/// more. `is_touched`: the new target was stopped or started.
pub(super) async fn record_left(two: &TwoHosts, pair: &Pair, outcome: &Outcome, is_touched: bool) {
    let went_back = matches!(
        outcome,
        Outcome::NotPlaced { .. }
            | Outcome::SwappedBack { .. }
            | Outcome::Interrupted { .. }
            | Outcome::Unrecorded { .. }
            | Outcome::Done { .. }
            | Outcome::GateFailed { put_back: true, .. }
    );
    if !went_back || pair.switching.how != How::Start {
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
