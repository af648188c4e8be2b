//! How an operation begins, after another one was cut short: the journal says how far that
//! had come, the kernel how the gates stand now. The app is restarted at most once, and no
//! upgrade is gone on with: nobody but its author knows what half of it is.

use super::{Limits, Phase, Verb, Version, Why};
use std::time::Duration;

/// What an operation left behind by dying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedOperation {
    /// What it was asked for.
    pub verb: Verb,
    /// The phase it was about to act on, or acting on.
    pub phase: Phase,
    /// It was to restart the app, or finished a restart that another one had begun.
    pub restarting: bool,
    /// Whether the app has been restarted since it began to drain; None: nobody can tell.
    pub restarted: Option<bool>,
    /// It finished a restart, and nobody could tell whether that had happened.
    pub unsure: bool,
    /// Which version of the app it was to bring up.
    pub version: Version,
}

/// How the gates stand when an operation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatesFound {
    /// All open.
    Open,
    /// Closed by an operator, who wants it so.
    Held,
    /// Closed or broken, and nobody asked for that.
    ClosedUnexpectedly,
}

/// The begin of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The law it follows: a recovery that finishes a restart is a restart.
    pub verb: Verb,
    /// It finishes a restart that another operation had begun; true: which surely happened.
    pub finishes: Option<bool>,
    /// Its first phase.
    pub phase: Phase,
    /// Which version of the app is to come up.
    pub version: Version,
    /// What the operator should know about it.
    pub note: Option<String>,
}

/// Why there is no operation to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoStart {
    /// There is nothing to do: why.
    Nothing(String),
    /// An upgrade, or its rollback, was cut short, and nobody knows what runs now: the gates
    /// must stay closed until somebody has looked.
    Unfinished(String),
}

impl Start {
    /// The same within its limits: the way out of rotation may begin with a claim, and with
    /// too `few` others it begins by waiting for its turn.
    pub fn within(self, limits: &Limits, few: bool) -> Start {
        let phase = match self.phase {
            Phase::Close if few => Phase::BackOff {
                until: Duration::ZERO,
            },
            Phase::Close => limits.first(),
            phase => phase,
        };
        Start { phase, ..self }
    }
}

/// How far the one that died had come.
enum Reached {
    Nothing,
    /// It had closed gates, perhaps, that an operator wants closed; the app was not touched.
    Closing,
    /// The app was restarted, surely or perhaps.
    Restarted {
        confirmed: bool,
    },
    Opening,
    /// The app was changed, and not restarted after that.
    Upgrading(String),
}

/// Whether the gates stay closed once the app is healthy: for as long as they are held, where
/// the operation was asked for that, or the one that died and is finished now.
pub fn stays_closed(asked: Verb, stay: bool, left: bool, gates: GatesFound) -> bool {
    let wanted = match asked {
        Verb::Restart => stay,
        Verb::Recover => left,
        Verb::Close | Verb::Open | Verb::Stop => false,
    };
    wanted && gates == GatesFound::Held
}

/// Where to begin. Err: nowhere.
pub fn start(
    asked: Verb,
    left: Option<&UnfinishedOperation>,
    gates: GatesFound,
) -> Result<Start, NoStart> {
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
        (Verb::Open, _) => start(Verb::Open, healthy),
        (Verb::Restart | Verb::Recover, Reached::Restarted { confirmed }) => Ok(Start {
            verb: Verb::Restart,
            phase: healthy,
            version: left.map_or(Version::Same, |left| left.version.inherited()),
            finishes: Some(confirmed),
            note: Some(not_repeated(confirmed).to_owned()),
        }),
        (Verb::Recover, Reached::Upgrading(how)) => Err(NoStart::Unfinished(how)),
        (Verb::Restart, Reached::Upgrading(how)) => Ok(Start {
            note: Some(format!(
                "{how}: begun anew, with the upgrade where there is one"
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
        Phase::Healthy { .. } | Phase::Open if left.restarting => Reached::Restarted {
            confirmed: !left.unsure,
        },
        Phase::Healthy { .. } | Phase::Open | Phase::Restart => Reached::Opening,
        _ => closing(left, gates),
    }
}

/// How it left the app changed, and not restarted after that.
fn upgrading(left: &UnfinishedOperation) -> Option<String> {
    let unknown = "was cut short, and nobody can tell how far it had come";
    match &left.phase {
        Phase::Upgrade => Some(format!("an earlier upgrade {unknown}")),
        Phase::Rollback(why) => Some(format!("an earlier rollback {unknown} ({why})")),
        Phase::Restart if left.restarted == Some(false) && left.version != Version::Same => {
            let old = "the app was changed, and what runs is still what ran before";
            Some(format!(
                "an earlier upgrade was cut short before its restart: {old}"
            ))
        }
        _ => None,
    }
}

/// What was open, or closed though nobody wanted that, is opened: once the app is healthy,
/// as it may have fallen sick meanwhile. What an operator closed is put back so.
fn closing(left: &UnfinishedOperation, gates: GatesFound) -> Reached {
    match (gates, left.verb) {
        // He has got what he asked for; only its end was not recorded.
        (GatesFound::Held, Verb::Close | Verb::Stop) => Reached::Nothing,
        (GatesFound::Held, _) => Reached::Closing,
        _ => Reached::Opening,
    }
}

fn not_repeated(confirmed: bool) -> &'static str {
    match confirmed {
        true => {
            "the app's restart that was cut short had happened: it is finished, not repeated; for another \
             one run `agent restart` again"
        }
        false => {
            "whether the app's restart that was cut short had happened can't be told: it is not repeated; \
             if the app is still the old one, run `agent restart` again"
        }
    }
}

/// When each try comes, from the waits between them, until the time is up.
pub fn turns(waits: impl Iterator<Item = Duration>, limit: Duration) -> Vec<Duration> {
    let moments = waits.scan(Duration::ZERO, |at, wait| {
        *at += wait;
        Some(*at)
    });
    moments.take_while(|at| *at <= limit).collect()
}
