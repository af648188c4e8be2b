//! How an operation begins after another one was interrupted. The journal has its last phase, and
//! the kernel has the gates' positions. The app is restarted at most once. No upgrade is continued:
//! only its author knows what half of it does.

use super::begin::{GatesFound, NoStart, Start, UnfinishedOperation};
use super::resume::resume;
use super::switch::Switching;
use super::{Phase, Verb, Version, Why};
use std::time::Duration;

/// How far the operation that died had come.
enum Reached {
    Nothing,
    /// It may have closed gates that an operator holds closed; the app was not touched.
    Closing,
    /// The app was restarted; `confirmed` is false if that is only likely.
    Restarted {
        confirmed: bool,
    },
    Opening,
    /// The app was changed, and not restarted after that.
    Upgrading(String),
}

/// Whether the gates stay closed once the app is healthy. They do while they are held, if this
/// operation or the interrupted one has to keep them closed.
pub fn stays_closed(asked: Verb, stay: bool, left: bool, gates: GatesFound) -> bool {
    let wanted = match asked {
        Verb::Restart => stay,
        Verb::Recover => left,
        _ => false,
    };
    wanted && gates == GatesFound::Held
}

/// Decides where to begin. Err: there is no operation to begin.
pub fn start(
    asked: Verb,
    left: Option<&UnfinishedOperation>,
    gates: GatesFound,
) -> Result<Start, NoStart> {
    // It only waited for the group's lock.
    let left = left.filter(|left| left.phase != Phase::Lock);
    if let Some((left, switching)) = left.and_then(|left| Some((left, left.switch?)))
        && asked != Verb::Stop
    {
        return resume(asked, left, switching);
    }
    let start = |verb, phase| {
        Ok(Start {
            verb,
            phase,
            version: Version::Same,
            finishes: None,
            note: None,
        })
    };
    let nothing = |why: &str| Err(NoStart::Nothing(format!("nothing to recover: {why}")));
    let healthy = Phase::Healthy { streak: 0 };
    match (asked, reached(left, gates)) {
        (Verb::Close | Verb::Stop, _) => start(asked, Phase::Close),
        // A switch begins as its caller asks: see `Start::of_switch`.
        (Verb::Switch | Verb::MaintenanceOn | Verb::MaintenanceOff, _) => {
            Ok(Start::of_switch(Switching::default()))
        }
        (Verb::Open, _) => start(Verb::Open, healthy),
        (Verb::Restart | Verb::Recover, Reached::Restarted { confirmed }) => Ok(Start {
            verb: Verb::Restart,
            phase: match left.is_some_and(|left| is_back(left, gates)) {
                true => Phase::Open,
                false => healthy,
            },
            version: left.map_or(Version::Same, |left| left.version.inherited()),
            finishes: Some(confirmed),
            note: Some(not_repeated(confirmed).to_owned()),
        }),
        (Verb::Recover, Reached::Upgrading(how)) => Err(NoStart::Unfinished(how)),
        (Verb::Restart, Reached::Upgrading(how)) => Ok(Start {
            note: Some(format!(
                "{how}: this restart begins again, with the upgrade if there is one"
            )),
            ..start(Verb::Restart, Phase::Close)?
        }),
        (Verb::Restart, _) => start(Verb::Restart, Phase::Close),
        (Verb::Recover, Reached::Closing) => start(Verb::Recover, Phase::PutBack(Why::CutShort)),
        (Verb::Recover, Reached::Opening) => start(Verb::Open, healthy),
        (Verb::Recover, Reached::Nothing) => match gates {
            GatesFound::Open => nothing("the gates are open"),
            GatesFound::Held => nothing("an operator closed the gates"),
            GatesFound::ClosedUnexpectedly => start(Verb::Open, healthy),
        },
    }
}

fn reached(left: Option<&UnfinishedOperation>, gates: GatesFound) -> Reached {
    let Some(left) = left else {
        return Reached::Nothing;
    };
    if let Some(how) = upgrading(left) {
        return Reached::Upgrading(how);
    }
    match left.phase {
        Phase::Restart if left.restarting && left.restarted == Some(false) => closing(left, gates),
        Phase::Restart if left.restarting => Reached::Restarted {
            confirmed: left.restarted.is_some(),
        },
        Phase::Healthy { .. } | Phase::Open | Phase::Settle if left.restarting => {
            Reached::Restarted {
                confirmed: !left.unsure,
            }
        }
        Phase::Healthy { .. } | Phase::Open | Phase::Settle | Phase::Restart => Reached::Opening,
        _ => closing(left, gates),
    }
}

/// How it changed the app without a restart after that.
fn upgrading(left: &UnfinishedOperation) -> Option<String> {
    let unknown = "was cut short, and its progress is unknown";
    match &left.phase {
        Phase::Upgrade => Some(format!("an earlier upgrade {unknown}")),
        Phase::Rollback(why) => Some(format!("an earlier rollback {unknown} ({why})")),
        Phase::Restart if left.restarted == Some(false) && left.version != Version::Same => {
            let old = "the app was changed, but the old version still runs";
            Some(format!(
                "an earlier upgrade was cut short before its restart: {old}"
            ))
        }
        _ => None,
    }
}

/// Gates that were open, or closed unexpectedly, are opened once the app is healthy: it may have
/// failed meanwhile. Gates that an operator closed are put back closed.
fn closing(left: &UnfinishedOperation, gates: GatesFound) -> Reached {
    match (gates, left.verb) {
        // The operator has the result; only its end is missing in the journal.
        (GatesFound::Held, Verb::Close | Verb::Stop) => Reached::Nothing,
        (GatesFound::Held, _) => Reached::Closing,
        _ => Reached::Opening,
    }
}

/// The app was healthy, and the gates are open: HAProxy may send users already. Gates that close again
/// would take a server away that other hosts count on.
fn is_back(left: &UnfinishedOperation, gates: GatesFound) -> bool {
    matches!(left.phase, Phase::Open | Phase::Settle) && gates == GatesFound::Open
}

fn not_repeated(confirmed: bool) -> &'static str {
    match confirmed {
        true => {
            "an earlier operation restarted the app and was cut short: the agent finishes it and \
             does not restart again; for another restart run `agent restart` again"
        }
        false => {
            "an earlier operation was cut short, and the agent can't confirm that it restarted \
             the app: it does not restart again; if the app is still the old one, run `agent \
             restart` again"
        }
    }
}

/// The time of each try, from the waits between them, until the time is up.
pub fn turns(waits: impl Iterator<Item = Duration>, limit: Duration) -> Vec<Duration> {
    let moments = waits.scan(Duration::ZERO, |at, wait| {
        *at += wait;
        Some(*at)
    });
    moments.take_while(|at| *at <= limit).collect()
}
