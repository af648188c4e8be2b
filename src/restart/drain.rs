//! The drain: nothing may be left in flight on lines that are out.

use super::out::gate_failed;
use super::step::{Step, again, go};
use super::{
    ActionResult, Counted, Limits, Observation, OnDrainTimeout, Outcome, Phase, Verb, Version, Why,
};
use crate::haproxy::{BalancerObservation, Role};

/// Looks in a row that must show nothing in flight. HAProxy prints its counters line by line, so a
/// request may hide between two lines.
const ZEROS: u32 = 2;

/// The same beside a classic twin that goes on serving. HAProxy counts the connection of a session
/// that ends a moment longer than the kernel does: at 1 of 100 to 200 looks, and never twice in a
/// row.
const ZEROS_BESIDE_SESSIONS: u32 = 5;

const UNSTEADY: &str = "counting connections again, because sessions began meanwhile (with \
    HAProxy's master socket the agent need not count: set `master` in [[haproxy]])";

/// What one look shows.
pub(super) struct Drained {
    /// Lines that are not out, or can't be seen.
    pub(super) not_out: Vec<String>,
    /// What is in flight.
    pub(super) carried: Vec<String>,
    /// All that the drain waits for.
    pub(super) waiting: Vec<String>,
    /// Looks in a row that have shown nothing in flight, this one included.
    pub(super) zeros: u32,
}

impl Drained {
    pub(super) fn at(observation: &Observation, zeros: u32) -> Drained {
        Drained::carrying(observation.in_flight(), observation, zeros)
    }

    /// Of a target that a switch stops: its classic twin may have the users with a cookie of that target.
    /// It goes on serving them, and the other target could.
    pub(super) fn of_target(observation: &Observation, zeros: u32) -> Drained {
        let in_flight = [observation.in_flight(), observation.on_classic_twins()].concat();
        Drained::carrying(in_flight, observation, zeros)
    }

    fn carrying(in_flight: Vec<String>, observation: &Observation, zeros: u32) -> Drained {
        let not_out = [
            observation.unseen(),
            observation.not_out(Role::Main),
            observation.not_out(Role::Twin),
        ]
        .concat();
        let leaving_load = observation.leaving_load();
        let carried = match &leaving_load {
            Counted::Left(left) => [in_flight, left.clone()].concat(),
            Counted::All | Counted::Unsteady => in_flight,
        };
        let mut waiting = [not_out.clone(), observation.reloaded(), carried.clone()].concat();
        let zeros = match leaving_load {
            // The classic twin goes on serving, so a look must fall between two of its sessions.
            Counted::Unsteady if waiting.is_empty() => {
                waiting.push(UNSTEADY.to_owned());
                zeros
            }
            _ if waiting.is_empty() => zeros + 1,
            _ => 0,
        };
        Drained {
            not_out,
            carried,
            waiting,
            zeros,
        }
    }
}

/// Nothing may be in flight on lines that are out. A line that came back or can't be seen may carry
/// the next request in a moment, so no policy goes on over it. A reload only restarts the looks:
/// they include what the leaving worker carries.
pub(super) fn drain(
    verb: Verb,
    zeros: u32,
    observation: &Observation,
    limits: &Limits,
    over: bool,
) -> Step {
    if let ActionResult::Failed(why) = &observation.action_result {
        return match over {
            true => gate_failed(verb, why),
            false => again(Phase::Drain { zeros: 0 }, vec![why.clone()]),
        };
    }
    let seen = Drained::at(observation, zeros);
    if seen.zeros >= zeros_needed(observation) {
        let twins = classic_twins(verb, observation);
        return goes_on(
            verb,
            observation,
            limits,
            twins,
            "the agent can't take the classic layout's twin out",
        );
    }
    // The time may be up, with nothing in flight: then one more look confirms it. The action is
    // repeated, because another process may open the gate meanwhile.
    if !over || seen.waiting.is_empty() {
        return again(Phase::Drain { zeros: seen.zeros }, seen.waiting);
    }
    match limits.on_drain_timeout {
        _ if verb == Verb::Stop => Step::End(Outcome::Undrained(seen.waiting)),
        _ if !seen.not_out.is_empty() => go(Phase::PutBack(Why::NotOut(seen.not_out))),
        OnDrainTimeout::Abort => go(Phase::PutBack(Why::DrainRanOut(seen.waiting))),
        OnDrainTimeout::Proceed => goes_on(
            verb,
            observation,
            limits,
            seen.carried,
            "the drain ran out of time, and on_drain_timeout is proceed",
        ),
    }
}

/// What the classic twins carry. For `close`, also that they go on serving.
fn classic_twins(verb: Verb, observation: &Observation) -> Vec<String> {
    match verb {
        Verb::Close => observation.not_out(Role::ClassicTwin),
        _ => observation.on_classic_twins(),
    }
}

/// How often in a row a look must show nothing in flight.
pub(super) fn zeros_needed(observation: &Observation) -> u32 {
    let lines = observation
        .balancers
        .iter()
        .flat_map(BalancerObservation::lines);
    let mut serving = lines.filter(|line| line.role == Role::ClassicTwin && line.serves());
    match observation.counts_connections() && serving.next().is_some() {
        true => ZEROS_BESIDE_SESSIONS,
        false => ZEROS,
    }
}

/// Out of rotation and drained, or as much as policy asks for.
fn goes_on(
    verb: Verb,
    observation: &Observation,
    limits: &Limits,
    carried: Vec<String>,
    because: &str,
) -> Step {
    let rests = "what is in flight depends on the app's graceful stop and on HAProxy's redispatch";
    let note = (!carried.is_empty()).then(|| format!("{}: {because}; {rests}", carried.join(", ")));
    match verb {
        Verb::Restart => Step::Go {
            to: match &observation.version {
                Version::Sick(why) => Phase::Rollback(format!("the app was sick: {why}")),
                _ => limits.touch(),
            },
            note,
        },
        _ => Step::End(Outcome::Done { note }),
    }
}
