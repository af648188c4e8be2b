//! How an operation ended, and the exit code that says so. One mapping.

use super::{Refusal, Verb, Why};

/// The end of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or already so.
    Done {
        /// What the operator should know about it.
        note: Option<String>,
    },
    /// There was nothing to do: why.
    Nothing(String),
    /// A dry run: nothing was changed.
    Planned,
    /// Another operation holds the lock: which.
    Locked(String),
    /// The preflight said no: nothing was changed.
    Refused(Refusal),
    /// HAProxy did not show the lines DOWN in time; the app was not touched.
    NotOut {
        /// What it showed.
        waiting: Vec<String>,
        /// The lines are UP again.
        back: bool,
    },
    /// The drain's time was up, policy abort; the app was not touched.
    DrainRanOut {
        /// What was in flight.
        waiting: Vec<String>,
        /// The lines are UP again.
        back: bool,
    },
    /// With this host out, too few others were left, and it did not get its turn in time;
    /// the app was not touched.
    FloorBroken {
        /// Where.
        few: Vec<String>,
        /// The lines are UP again.
        back: bool,
    },
    /// The journal can't be written; the app was not touched.
    Unrecorded {
        /// Why.
        why: String,
        /// The lines are UP again.
        back: bool,
    },
    /// The app's restart failed. The gates stay closed.
    RestartFailed(String),
    /// The app is not healthy. The gates stay closed.
    NotHealthy(String),
    /// The gates are open, but HAProxy does not show the lines fully UP in time.
    NotBack(Vec<String>),
    /// The rules could not be set.
    GateFailed {
        /// Why.
        why: String,
        /// The gates were put back all the same.
        put_back: bool,
    },
    /// SIGINT or SIGTERM ended it.
    Interrupted {
        /// The signal's number.
        signal: i32,
        /// How the host was left.
        left: String,
    },
}

impl Outcome {
    /// The outcome once the gates are put back.
    pub fn put_back(why: &Why, back: bool) -> Outcome {
        match why.clone() {
            Why::NotOut(waiting) => Outcome::NotOut { waiting, back },
            Why::DrainRanOut(waiting) => Outcome::DrainRanOut { waiting, back },
            Why::GateFailed(why) => Outcome::GateFailed {
                why,
                put_back: true,
            },
            Why::TooFewServers(few) => Outcome::FloorBroken { few, back },
            Why::Unrecorded(why) => Outcome::Unrecorded { why, back },
            Why::CutShort => Outcome::Done { note: None },
            Why::Interrupted(signal) => Outcome::Interrupted {
                signal,
                left: "the gates were put back as they were found, the app was not touched"
                    .to_owned(),
            },
        }
    }

    /// The process's exit code; 2 (usage, configuration) is given before there is an
    /// operation.
    pub fn exit_code(&self) -> u8 {
        match self {
            Outcome::Done { .. } | Outcome::Nothing(_) | Outcome::Planned => 0,
            Outcome::GateFailed { .. } | Outcome::Unrecorded { .. } => 1,
            Outcome::Locked(_) => 10,
            Outcome::Refused(Refusal::Preflight(_)) => 11,
            Outcome::Refused(Refusal::TooFewServers(_)) | Outcome::FloorBroken { .. } => 12,
            Outcome::NotOut { .. } => 13,
            Outcome::DrainRanOut { .. } => 14,
            Outcome::RestartFailed(_) | Outcome::NotHealthy(_) => 15,
            Outcome::NotBack(_) => 16,
            Outcome::Interrupted { signal, .. } => 128_u8.wrapping_add(*signal as u8),
        }
    }

    /// One word for machines.
    pub fn word(&self, verb: Verb) -> &'static str {
        match (self, verb) {
            (Outcome::Done { .. }, Verb::Restart) => "restarted",
            (Outcome::Done { .. }, Verb::Close) => "closed",
            (Outcome::Done { .. }, Verb::Open) => "opened",
            (Outcome::Done { .. }, Verb::Recover) => "recovered",
            (Outcome::Nothing(_), _) => "nothing_to_do",
            (Outcome::Planned, _) => "planned",
            (Outcome::Locked(_), _) => "locked",
            (Outcome::Refused(Refusal::Preflight(_)), _) => "refused",
            (Outcome::Refused(Refusal::TooFewServers(_)) | Outcome::FloorBroken { .. }, _) => {
                "too_few_servers"
            }
            (Outcome::Unrecorded { .. }, _) => "not_recorded",
            (Outcome::NotOut { .. }, _) => "not_out_of_rotation",
            (Outcome::DrainRanOut { .. }, _) => "drain_ran_out",
            (Outcome::RestartFailed(_), _) => "restart_failed",
            (Outcome::NotHealthy(_), _) => "not_healthy",
            (Outcome::NotBack(_), _) => "not_in_rotation",
            (Outcome::GateFailed { .. }, _) => "gate_failed",
            (Outcome::Interrupted { .. }, _) => "interrupted",
        }
    }

    /// One line for people: what happened, how the host was left, what to do.
    pub fn message(&self, verb: Verb, app: &str) -> String {
        let reopened = "the gates were put back, the app was not touched";
        let rotation = |back: bool| {
            if back {
                "its lines are back"
            } else {
                "its lines are not all UP"
            }
        };
        match self {
            Outcome::Done { note } => done(verb, note.is_some()).to_owned(),
            Outcome::Nothing(why) => why.clone(),
            Outcome::Planned => "a dry run: nothing was changed".to_owned(),
            Outcome::Locked(holder) => format!("refused: {holder}; nothing was changed"),
            Outcome::Refused(refusal) => format!("refused: {refusal}; nothing was changed"),
            Outcome::NotOut { waiting, back } => {
                format!(
                    "not out of rotation in time: {}; {reopened}; {}",
                    list(waiting),
                    rotation(*back)
                )
            }
            Outcome::DrainRanOut { waiting, back } => {
                format!(
                    "the drain ran out: {}; {reopened}; {}",
                    list(waiting),
                    rotation(*back)
                )
            }
            Outcome::FloorBroken { few, back } => {
                format!(
                    "another host went out at the same moment, and our turn did not come in time: {}; \
                     {reopened}; {}",
                    list(few),
                    rotation(*back)
                )
            }
            Outcome::Unrecorded { why, back } => {
                format!(
                    "the journal can't be written: {why}; {reopened}; {}; mend [agent] state_dir",
                    rotation(*back)
                )
            }
            Outcome::RestartFailed(why) => {
                format!(
                    "the restart failed: {why}; the gates stay closed: mend it, then `agent open {app}`"
                )
            }
            Outcome::NotHealthy(why) if matches!(verb, Verb::Open | Verb::Recover) => {
                format!(
                    "not opened, the app is not healthy: {why}; mend it, then `agent open {app}`"
                )
            }
            Outcome::NotHealthy(why) => format!(
                "the app is not healthy after the restart: {why}; the gates stay closed: mend it, then \
                 `agent open {app}`"
            ),
            Outcome::NotBack(waiting) => {
                format!(
                    "the gates are open and the app was healthy, but HAProxy: {}",
                    list(waiting)
                )
            }
            Outcome::GateFailed {
                why,
                put_back: true,
            } => {
                format!("the rules could not be set: {why}; {reopened}")
            }
            Outcome::GateFailed {
                why,
                put_back: false,
            } => format!(
                "the rules could not be set: {why}; see `agent status {app}` for how they stand"
            ),
            Outcome::Interrupted { left, .. } => format!("interrupted: {left}"),
        }
    }
}

/// With a note it is less than one would think: what, the note says.
fn done(verb: Verb, noted: bool) -> &'static str {
    match (verb, noted) {
        (Verb::Restart, false) => "restarted, and back in rotation",
        (Verb::Restart, true) => "restarted, and the gates are open",
        (Verb::Close, false) => "closed: out of rotation and drained",
        (Verb::Close, true) => "closed: out of rotation, not fully drained",
        (Verb::Open, false) => "open: in rotation",
        (Verb::Open, true) => "open",
        (Verb::Recover, _) => "recovered",
    }
}

fn list(waiting: &[String]) -> String {
    waiting.join(", ")
}
