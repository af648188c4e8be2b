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
    /// The app is restarted and healthy; a hold keeps the gates closed.
    RestartedClosed,
    /// A restart that another operation had begun is finished, and not repeated.
    Finished {
        /// It has surely happened.
        confirmed: bool,
        /// A hold keeps the gates closed.
        closed: bool,
    },
    /// The hold asks to leave this host alone: why nothing was done.
    Skipped(String),
    /// Closed and drained, but that this is wanted could not be noted: why.
    NotHeld(String),
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
        /// What may answer its checks, where it still showed a line UP.
        causes: Vec<String>,
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
    /// The sidecar was stopped, and the drain's time was up; the gates stay closed.
    Undrained(Vec<String>),
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
    /// The app is not healthy. The gates stay closed, whatever becomes of it: they are held.
    NotHealthyClosed(String),
    /// The upgrade, or what it brought, did not come up, and nor did what a rollback brought;
    /// or nobody knows what it brought. The gates stay closed.
    UpgradeFailed(String),
    /// The upgrade was rolled back: the app is healthy, of the version of before, and the
    /// gates are open.
    RolledBack {
        /// What had failed.
        why: String,
        /// What HAProxy did not show fully UP in time.
        waiting: Vec<String>,
        /// What the operator should know about it.
        note: Option<String>,
    },
    /// The upgrade was rolled back: why. The app is healthy, of the version of before, and a
    /// hold keeps the gates closed.
    RolledBackClosed(String),
    /// The gates are open, but HAProxy does not show the lines fully UP in time.
    NotBack(Vec<String>),
    /// Restarted, healthy, and the gates are as they should be; but while the gates were closed HAProxy showed
    /// lines UP again, and sent users to the host.
    UpWhileClosed {
        /// Which.
        lines: Vec<String>,
        /// Why, as far as this host can see it.
        causes: Vec<String>,
        /// A hold keeps the gates closed.
        closed: bool,
        /// What the operator should know beside.
        note: Option<String>,
    },
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
            Why::NotOut(waiting) => Outcome::NotOut {
                waiting,
                causes: Vec::new(),
                back,
            },
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
            Outcome::Done { .. } | Outcome::RestartedClosed => 0,
            Outcome::Nothing(_) | Outcome::Skipped(_) | Outcome::Planned => 0,
            Outcome::GateFailed { .. } | Outcome::Unrecorded { .. } | Outcome::NotHeld(_) => 1,
            Outcome::Finished { confirmed, .. } => u8::from(!confirmed),
            Outcome::Locked(_) => 10,
            Outcome::Refused(Refusal::Preflight(_)) => 11,
            Outcome::Refused(Refusal::TooFewServers(_)) | Outcome::FloorBroken { .. } => 12,
            Outcome::NotOut { .. } => 13,
            Outcome::DrainRanOut { .. } | Outcome::Undrained(_) => 14,
            Outcome::RestartFailed(_) | Outcome::UpgradeFailed(_) => 15,
            Outcome::NotHealthy(_) | Outcome::NotHealthyClosed(_) => 15,
            Outcome::RolledBackClosed(_) => 17,
            Outcome::RolledBack { waiting, .. } if waiting.is_empty() => 17,
            Outcome::NotBack(_) | Outcome::RolledBack { .. } => 16,
            Outcome::UpWhileClosed { .. } => 20,
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
            (Outcome::Done { .. }, Verb::Stop) => "stopped",
            (Outcome::RestartedClosed, Verb::Recover) => "recovered",
            (Outcome::RestartedClosed, _) => "restarted_closed",
            (
                Outcome::Finished {
                    confirmed: true, ..
                },
                _,
            ) => "recovered",
            (
                Outcome::Finished {
                    confirmed: false, ..
                },
                _,
            ) => "not_told",
            (Outcome::Skipped(_), _) => "skipped",
            (Outcome::NotHeld(_), _) => "not_recorded",
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
            (Outcome::Undrained(_), _) => "not_drained",
            (Outcome::RestartFailed(_), _) => "restart_failed",
            (Outcome::NotHealthy(_) | Outcome::NotHealthyClosed(_), _) => "not_healthy",
            (Outcome::RolledBackClosed(_), _) => "rolled_back",
            (Outcome::UpgradeFailed(_), _) => "upgrade_failed",
            (Outcome::RolledBack { waiting, .. }, _) if waiting.is_empty() => "rolled_back",
            (Outcome::NotBack(_) | Outcome::RolledBack { .. }, _) => "not_in_rotation",
            (Outcome::UpWhileClosed { .. }, _) => "up_while_closed",
            (Outcome::GateFailed { .. }, _) => "gate_failed",
            (Outcome::Interrupted { .. }, _) => "interrupted",
        }
    }
}
