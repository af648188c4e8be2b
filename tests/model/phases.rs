//! The phases, verbs and actions of the core, as the numbers of the farm.

use farm::{Effect, Left, Look, UnderWay};
use haproxy_gate::restart::switch::{How, Part, SwitchPhase, Switching, WhyBack};
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
        switch: (verb == Verb::Switch).then(|| switching_of(left.under_way.verb)),
    }
}

/// What the switch of this verb does.
pub(super) fn switching_of(verb: u8) -> Switching {
    let how = match verb {
        FINISH => How::Finish,
        _ => How::Start,
    };
    Switching {
        how,
        ..Switching::default()
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
    let switches = |verb: u8| VERBS[usize::from(verb)] == Verb::Switch;
    let is_like = |under_way: &UnderWay| {
        let how = (under_way.verb, left.under_way.verb);
        let is_same = how.0 == how.1 || !(switches(how.0) || switches(how.1));
        is_same
            && next(Left {
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
        Action::PutBack if verb == Verb::Switch => Effect::ServeOld,
        Action::OpenBoth | Action::PutBack => Effect::OpenBoth,
        Action::Restart => Effect::Restart,
        Action::Start => Effect::Start,
        Action::Unpark => Effect::Unpark,
        Action::Join => Effect::Join,
        Action::LeaveBoth => Effect::Leave,
        Action::TakeBack => Effect::TakeBack,
        Action::Withdraw => Effect::Withdraw,
        Action::Park(part) => Effect::Park(target(part) as u8),
        Action::Stop(part) => Effect::Stop(target(part) as u8),
        other => unreachable!("{other:?}"),
    })
}

/// The number of a target.
pub(super) fn target(part: Part) -> usize {
    match part {
        Part::Old => 0,
        Part::New => 1,
    }
}

pub(super) fn phase_of(look: &Look) -> Phase {
    PHASES[usize::from(look.under_way.phase)]()
}

pub(super) fn verb_of(look: &Look) -> Verb {
    VERBS[usize::from(look.under_way.verb)]
}

/// The last two are a switch, and the `--finish` of one.
const VERBS: [Verb; 5] = [
    Verb::Restart,
    Verb::Open,
    Verb::Recover,
    Verb::Switch,
    Verb::Switch,
];

/// The number of `switch --finish`.
pub(super) const FINISH: u8 = 4;

pub(super) fn number_of(verb: Verb) -> u8 {
    let place = VERBS.iter().position(|one| *one == verb);
    place
        .and_then(|place| u8::try_from(place).ok())
        .expect("a verb of the farm")
}

/// The phases of a restart and of a switch. Their texts are left out, and their times are those of the clock.
const PHASES: [fn() -> Phase; 34] = [
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
    || Phase::Switch(SwitchPhase::Start),
    || Phase::Switch(SwitchPhase::Healthy { streak: 0 }),
    || Phase::Switch(SwitchPhase::Unpark),
    || Phase::Switch(SwitchPhase::Join),
    || Phase::Switch(SwitchPhase::Leave),
    || Phase::Switch(SwitchPhase::Drain { zeros: 0 }),
    || Phase::Switch(SwitchPhase::Drain { zeros: 1 }),
    || park(0, None),
    || park(1, None),
    || park(0, Some(why_back())),
    || park(1, Some(why_back())),
    || Phase::Switch(SwitchPhase::Stop { back: None }),
    || {
        Phase::Switch(SwitchPhase::Stop {
            back: Some(why_back()),
        })
    },
    || Phase::Switch(SwitchPhase::TakeBack(why_back())),
    || Phase::Switch(SwitchPhase::Withdraw(why_back())),
];

fn park(zeros: u32, back: Option<WhyBack>) -> Phase {
    Phase::Switch(SwitchPhase::Park { zeros, back })
}

/// Each reason: it decides about the words alone.
fn why_back() -> WhyBack {
    WhyBack::NotPlaced(String::new())
}

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
        Phase::Switch(phase) => Phase::Switch(bare(phase)),
        phase => phase.clone(),
    };
    let place = PHASES.iter().position(|phase| phase() == bare);
    let place = place.unwrap_or_else(|| panic!("{phase:?} is not a phase of the farm"));
    u8::try_from(place).expect("few phases")
}

/// After the first quiet look of a parked target the next one decides, however many come before it.
fn bare(phase: &SwitchPhase) -> SwitchPhase {
    let back = |back: &Option<WhyBack>| back.as_ref().map(|_| why_back());
    match phase {
        SwitchPhase::Healthy { .. } => SwitchPhase::Healthy { streak: 0 },
        SwitchPhase::Park { zeros, back: why } => SwitchPhase::Park {
            zeros: (*zeros).min(1),
            back: back(why),
        },
        SwitchPhase::Stop { back: why } => SwitchPhase::Stop { back: back(why) },
        SwitchPhase::TakeBack(_) => SwitchPhase::TakeBack(why_back()),
        SwitchPhase::Withdraw(_) => SwitchPhase::Withdraw(why_back()),
        phase => phase.clone(),
    }
}
