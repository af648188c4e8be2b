//! One look -> one step. The law of the restart.

use super::back::{back_off, healthy, open, put_back, restart, rollback, upgrade};
use super::out::{claim, close, drain, floor, shed, sticky};
use super::step::{Step, go};
use super::{Acted, Limits, Outcome, Phase, Seen, Verb, Version, Why};

/// Decides. Never restarts while something is in flight on a line that can be taken out
/// (all but the classic twin) unless `on_drain_timeout` says so; once the app was touched,
/// never opens before it is healthy.
pub fn decide(verb: Verb, phase: &Phase, seen: &Seen, limits: &Limits) -> Step {
    if let Some(step) = interrupted(verb, phase, seen, limits) {
        return step;
    }
    let over = seen.in_phase >= phase.limit(limits);
    match phase {
        Phase::Claim => claim(verb, seen, limits, over),
        Phase::Close => close(verb, seen, limits, over),
        Phase::Floor => floor(verb, seen, limits, over),
        Phase::Sticky { sessions, busy_at } => sticky(*sessions, *busy_at, seen, limits, over),
        Phase::Shed => shed(verb, seen, over),
        Phase::Drain { zeros } => drain(verb, *zeros, seen, limits, over),
        Phase::Upgrade => upgrade(seen, limits),
        Phase::Restart => restart(seen, limits),
        Phase::Rollback(why) => rollback(why, seen),
        Phase::Healthy { streak } => healthy(*streak, seen, limits, over),
        Phase::Open => open(seen, limits, over),
        Phase::PutBack(why) => put_back(why, seen, limits, over),
        Phase::BackOff { until } => back_off(*until, seen, limits),
    }
}

/// Before the app was touched a signal puts everything back; after that, what keeps the
/// host safe is finished first: the app comes up, the gates open, nothing more is awaited.
fn interrupted(verb: Verb, phase: &Phase, seen: &Seen, limits: &Limits) -> Option<Step> {
    let signal = seen.interrupted?;
    let end = |left: &str| {
        Some(Step::End(Outcome::Interrupted {
            signal,
            left: left.to_owned(),
        }))
    };
    match phase {
        phase if phase.closes() && verb == Verb::Stop && !phase.awaits_floor(limits) => {
            if seen.acted != Acted::Done {
                return None;
            }
            end("the gates stay closed, and not all was waited for")
        }
        phase if phase.closes() => Some(go(Phase::PutBack(Why::Interrupted(signal)))),
        Phase::Healthy { .. } if verb != Verb::Restart => end("nothing was changed"),
        Phase::Open if seen.acted == Acted::Done => {
            let left = "the app is healthy and the gates are open";
            match &seen.version {
                Version::Old(why) => end(&format!("{why}; rolled back: {left}")),
                _ => end(left),
            }
        }
        Phase::BackOff { .. } => {
            end("the gates were put back as they were found, the app was not touched")
        }
        Phase::PutBack(Why::CutShort) if seen.acted == Acted::Done => {
            end("the gates were put back as they were found, the app was not touched")
        }
        Phase::PutBack(why) if seen.acted == Acted::Done => {
            Some(Step::End(Outcome::put_back(why, false)))
        }
        _ => None,
    }
}
