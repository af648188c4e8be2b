//! How an operation begins, after another one was cut short: the journal says how far that
//! had come, the kernel how the gates stand now. The app is restarted at most once, and no
//! upgrade is gone on with: nobody but its author knows what half of it is.

use super::{Limits, Phase, Verb, Version, Why};
use std::time::Duration;

/// What an operation left behind by dying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
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
pub enum Stand {
    /// All open.
    Open,
    /// Closed by an operator, who wants it so.
    Held,
    /// Closed or broken, and nobody asked for that.
    Astray,
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
enum Was {
    Nowhere,
    /// It had closed gates, perhaps, that an operator wants closed; the app was not touched.
    Closing,
    /// The app was restarted, surely or perhaps.
    Restarted {
        surely: bool,
    },
    Opening,
    /// The app was changed, and not restarted after that.
    Upgrading(String),
}

/// Whether the gates stay closed once the app is healthy: for as long as they are held, where
/// the operation was asked for that, or the one that died and is finished now.
pub fn stays_closed(asked: Verb, stay: bool, left: bool, stand: Stand) -> bool {
    let wanted = match asked {
        Verb::Restart => stay,
        Verb::Recover => left,
        Verb::Close | Verb::Open | Verb::Stop => false,
    };
    wanted && stand == Stand::Held
}

/// Where to begin. Err: nowhere.
pub fn start(asked: Verb, left: Option<&LeftBehind>, stand: Stand) -> Result<Start, NoStart> {
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
    match (asked, was(left, stand)) {
        (Verb::Close | Verb::Stop, _) => start(asked, Phase::Close),
        (Verb::Open, _) => start(Verb::Open, healthy),
        (Verb::Restart | Verb::Recover, Was::Restarted { surely }) => Ok(Start {
            verb: Verb::Restart,
            phase: healthy,
            version: left.map_or(Version::Same, |left| left.version.inherited()),
            finishes: Some(surely),
            note: Some(not_repeated(surely).to_owned()),
        }),
        (Verb::Recover, Was::Upgrading(how)) => Err(NoStart::Unfinished(how)),
        (Verb::Restart, Was::Upgrading(how)) => Ok(Start {
            note: Some(format!(
                "{how}: begun anew, with the upgrade where there is one"
            )),
            ..start(Verb::Restart, Phase::Close)?
        }),
        (Verb::Restart, _) => start(Verb::Restart, Phase::Close),
        (Verb::Recover, Was::Closing) => start(Verb::Recover, Phase::PutBack(Why::CutShort)),
        (Verb::Recover, Was::Opening) => start(Verb::Open, healthy),
        (Verb::Recover, Was::Nowhere) => match stand {
            Stand::Open => nothing("the gates are open"),
            Stand::Held => nothing("an operator closed the gates"),
            Stand::Astray => start(Verb::Open, healthy),
        },
    }
}

fn was(left: Option<&LeftBehind>, stand: Stand) -> Was {
    let Some(left) = left else {
        return Was::Nowhere;
    };
    if let Some(how) = upgrading(left) {
        return Was::Upgrading(how);
    }
    match left.phase {
        Phase::Restart if left.restarting && left.restarted == Some(false) => closing(left, stand),
        Phase::Restart if left.restarting => Was::Restarted {
            surely: left.restarted.is_some(),
        },
        Phase::Healthy { .. } | Phase::Open if left.restarting => Was::Restarted {
            surely: !left.unsure,
        },
        Phase::Healthy { .. } | Phase::Open | Phase::Restart => Was::Opening,
        _ => closing(left, stand),
    }
}

/// How it left the app changed, and not restarted after that.
fn upgrading(left: &LeftBehind) -> Option<String> {
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
fn closing(left: &LeftBehind, stand: Stand) -> Was {
    match (stand, left.verb) {
        // He has got what he asked for; only its end was not recorded.
        (Stand::Held, Verb::Close | Verb::Stop) => Was::Nowhere,
        (Stand::Held, _) => Was::Closing,
        _ => Was::Opening,
    }
}

fn not_repeated(surely: bool) -> &'static str {
    match surely {
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
