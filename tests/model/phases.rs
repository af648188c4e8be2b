//! The phases, verbs and actions of the core, as the numbers of the farm.

use farm::{Effect, Left, Look, UnderWay};
use haproxy_gate::restart::{
    Action, GatesFound, Limits, Phase, UnfinishedOperation, Verb, Version, Why, start,
};
use std::time::Duration;

/// The time of the next turn of a host that gave way.
pub(super) const TURN: Duration = Duration::from_secs(1);

pub(super) fn unfinished(left: Left) -> UnfinishedOperation {
    let verb = VERBS[usize::from(left.under_way.verb)];
    UnfinishedOperation {
        verb,
        phase: PHASES[usize::from(left.under_way.phase)](),
        restarting: verb == Verb::Restart,
        restarted: Some(left.restarted),
        unsure: false,
        version: Version::Same,
        switch: None,
    }
}

/// The first phase and verb after which the same operations begin as after these.
pub(super) fn first_like(left: Left, gates: GatesFound) -> UnderWay {
    let next = |left: Left| {
        [Verb::Restart, Verb::Recover].map(|asked| start(asked, Some(&unfinished(left)), gates))
    };
    let all = (0..PHASES.len()).flat_map(|phase| (0..VERBS.len()).map(move |verb| (phase, verb)));
    let mut all = all.map(|(phase, verb)| UnderWay {
        phase: u8::try_from(phase).expect("few phases"),
        verb: u8::try_from(verb).expect("few verbs"),
        ..left.under_way
    });
    let is_like = |under_way: &UnderWay| {
        next(Left {
            under_way: *under_way,
            ..left
        }) == next(left)
    };
    all.find(is_like).expect("itself")
}

pub(super) fn effect(phase: &Phase, verb: Verb, limits: &Limits) -> Option<Effect> {
    Some(match phase.action(verb, limits)? {
        Action::CloseMain => Effect::CloseMain,
        Action::CloseTwin => Effect::CloseTwin,
        Action::CloseBoth => Effect::CloseBoth,
        Action::OpenBoth | Action::PutBack => Effect::OpenBoth,
        Action::Restart => Effect::Restart,
        other => unreachable!("{other:?}"),
    })
}

pub(super) fn phase_of(look: &Look) -> Phase {
    PHASES[usize::from(look.under_way.phase)]()
}

pub(super) fn verb_of(look: &Look) -> Verb {
    VERBS[usize::from(look.under_way.verb)]
}

const VERBS: [Verb; 3] = [Verb::Restart, Verb::Open, Verb::Recover];

pub(super) fn number_of(verb: Verb) -> u8 {
    let place = VERBS.iter().position(|one| *one == verb);
    place
        .and_then(|place| u8::try_from(place).ok())
        .expect("a verb of the farm")
}

/// The phases of a restart. Their texts are left out, and their times are those of the clock.
const PHASES: [fn() -> Phase; 19] = [
    || Phase::Lock,
    || Phase::Claim,
    || Phase::Close,
    || Phase::Floor,
    || Phase::Sticky {
        sessions: 0,
        busy_at: Duration::ZERO,
    },
    || Phase::Shed,
    || Phase::Drain { zeros: 0 },
    || Phase::Drain { zeros: 1 },
    || Phase::Restart,
    || Phase::Healthy { streak: 0 },
    || Phase::Open,
    || Phase::PutBack(Why::TooFewServers(Vec::new())),
    || Phase::PutBack(Why::NotOut(Vec::new())),
    || Phase::PutBack(Why::DrainRanOut(Vec::new())),
    || Phase::PutBack(Why::Interrupted(2)),
    || Phase::PutBack(Why::CutShort),
    || Phase::PutBack(Why::LockLost(String::new())),
    || Phase::BackOff { until: TURN },
    || Phase::Settle,
];

/// For a story.
pub(super) fn name(phase: u8) -> String {
    match PHASES[usize::from(phase)]() {
        Phase::PutBack(Why::TooFewServers(_)) => "put_back (too few)".to_owned(),
        phase => phase.name().to_owned(),
    }
}

pub(super) fn number(phase: &Phase) -> u8 {
    let bare = match phase {
        Phase::Sticky { sessions, .. } => Phase::Sticky {
            sessions: *sessions,
            busy_at: Duration::ZERO,
        },
        Phase::Healthy { .. } => Phase::Healthy { streak: 0 },
        Phase::BackOff { .. } => Phase::BackOff { until: TURN },
        Phase::PutBack(Why::TooFewServers(_)) => Phase::PutBack(Why::TooFewServers(Vec::new())),
        Phase::PutBack(Why::NotOut(_)) => Phase::PutBack(Why::NotOut(Vec::new())),
        Phase::PutBack(Why::DrainRanOut(_)) => Phase::PutBack(Why::DrainRanOut(Vec::new())),
        Phase::PutBack(Why::LockLost(_)) => Phase::PutBack(Why::LockLost(String::new())),
        phase => phase.clone(),
    };
    let place = PHASES.iter().position(|phase| phase() == bare);
    let place = place.unwrap_or_else(|| panic!("{phase:?} is not a phase of the farm"));
    u8::try_from(place).expect("few phases")
}
