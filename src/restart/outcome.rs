//! How an operation ended, and the exit code that says so. One mapping.

use super::switch::How;
use super::{Refusal, Why};

/// The end of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The operation has done what was asked, or the host was already like that.
    Done {
        /// A notice for the operator.
        note: Option<String>,
    },
    /// The app is restarted and healthy; a hold keeps the gates closed.
    RestartedClosed,
    /// A restart of an earlier operation is finished, and not repeated.
    Finished {
        /// The app was restarted. False: that could not be confirmed.
        confirmed: bool,
        /// A hold keeps the gates closed.
        closed: bool,
    },
    /// A hold asks to leave this host alone: why nothing was done.
    Skipped(String),
    /// Closed and drained, but the hold could not be written: why.
    NotHeld(String),
    /// There was nothing to do: why.
    Nothing(String),
    /// A dry run: nothing was changed.
    Planned,
    /// Another operation has the lock: which.
    Locked(String),
    /// The windows of the configuration allow no operation now: which, and when the next one begins.
    OutsideWindow(String),
    /// The preflight refused the operation; nothing was changed.
    Refused(Refusal),
    /// HAProxy did not show the lines DOWN in time; the app was not touched.
    NotOut {
        /// What it showed.
        waiting: Vec<String>,
        /// What may answer its checks, if a line was still UP.
        causes: Vec<String>,
        /// The lines are UP again.
        back: bool,
    },
    /// The drain ran out of time and the policy is abort; the app was not touched.
    DrainRanOut {
        /// What was in flight.
        waiting: Vec<String>,
        /// The lines are UP again.
        back: bool,
    },
    /// The drain ran out of time, and the gates stay closed: the sidecar was stopped, or
    /// `agent close --owner` was asked.
    Undrained(Vec<String>),
    /// Too few other servers would be left, and the host did not get its turn in time. The app
    /// was not touched.
    FloorBroken {
        /// The backends.
        few: Vec<String>,
        /// The lines are UP again.
        back: bool,
    },
    /// All slots of the group's lock were taken for the whole turn: by which hosts. Nothing was
    /// changed.
    LockFull(Vec<String>),
    /// The lock server can't be asked: why. Nothing was changed.
    LockAway(String),
    /// The group's lock was lost; the app was not touched.
    LockLost {
        /// Why.
        why: String,
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
    /// The app is not healthy. A hold keeps the gates closed, also if it recovers.
    NotHealthyClosed(String),
    /// The upgrade did not come up, and neither did a rollback; or the state of the app is not
    /// known. The gates stay closed.
    UpgradeFailed(String),
    /// The upgrade was rolled back. The old version is healthy, and the gates are open.
    RolledBack {
        /// What failed.
        why: String,
        /// What HAProxy did not show fully UP in time.
        waiting: Vec<String>,
        /// A notice for the operator.
        note: Option<String>,
    },
    /// The upgrade was rolled back: why. The old version is healthy, and a hold keeps the gates
    /// closed.
    RolledBackClosed(String),
    /// The gates are open, but HAProxy does not show the lines fully UP in time.
    NotBack(Vec<String>),
    /// The app is restarted and healthy, and the gates are as expected. But HAProxy showed lines
    /// UP while the gates were closed, and sent users to the host.
    UpWhileClosed {
        /// The lines.
        lines: Vec<String>,
        /// Why, as far as this host can see it.
        causes: Vec<String>,
        /// A hold keeps the gates closed.
        closed: bool,
        /// Other notices for the operator.
        note: Option<String>,
    },
    /// A switch: the new target serves.
    Switched {
        /// What the switch did.
        how: How,
        /// A notice for the operator.
        note: Option<String>,
    },
    /// A switch: the new target had no room, was not started, not healthy, not verified, or not UP.
    /// The old one serves as before.
    NotPlaced {
        /// Why.
        why: String,
        /// A notice for the operator.
        note: Option<String>,
    },
    /// A switch: the new target was sick under users, or the old one did not go. The old one serves
    /// again.
    SwappedBack {
        /// Why, with the figures.
        why: String,
        /// A notice for the operator.
        note: Option<String>,
    },
    /// A switch: the new target serves. The old one was left running, with closed gates.
    StillDraining {
        /// What is in flight on it, or may be.
        waiting: Vec<String>,
        /// Nothing is, but the new target is not healthy: why.
        unwell: Option<String>,
        /// A notice for the operator.
        note: Option<String>,
    },
    /// A switch: the new target can't serve, and HAProxy does not show the old one UP. The gates of
    /// both are open.
    NeitherHealthy {
        /// Why the new one can't.
        why: String,
        /// What HAProxy shows of the old one.
        waiting: Vec<String>,
    },
    /// A switch could not go on, and not back either, because a balancer can't be seen: the agent
    /// closes no target that this balancer may need. The old one is open, and the new one may be, so
    /// both may serve users.
    BothMayServe {
        /// Why it did not go on.
        why: String,
        /// The balancers that can't be seen, by name.
        unseen: Vec<String>,
        /// Another balancer is seen, so the operator can leave these out.
        some_seen: bool,
    },
    /// The restarted app has its users again and is sick: why, with the figures. The gates are open.
    Sick(String),
    /// The rules could not be set.
    GateFailed {
        /// Why.
        why: String,
        /// The gates were put back anyway.
        put_back: bool,
    },
    /// SIGHUP, SIGINT or SIGTERM ended it.
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
            Why::LockLost(why) => Outcome::LockLost { why, back },
            Why::CutShort => Outcome::Done { note: None },
            Why::Interrupted(signal) => Outcome::Interrupted {
                signal,
                left: "the gates were put back as they were found, the app was not touched"
                    .to_owned(),
            },
        }
    }

    /// The process's exit code. Usage and configuration errors (2) come before there is an
    /// operation.
    pub fn exit_code(&self) -> u8 {
        match self {
            Outcome::Done { .. } | Outcome::RestartedClosed | Outcome::Switched { .. } => 0,
            Outcome::Nothing(_) | Outcome::Skipped(_) | Outcome::Planned => 0,
            Outcome::GateFailed { .. } | Outcome::Unrecorded { .. } | Outcome::NotHeld(_) => 1,
            Outcome::Finished { confirmed, .. } => u8::from(!confirmed),
            Outcome::Locked(_) => 10,
            Outcome::Refused(Refusal::Preflight(_)) => 11,
            Outcome::Refused(Refusal::TooFewServers(_)) | Outcome::FloorBroken { .. } => 12,
            Outcome::LockAway(_) => 11,
            Outcome::LockFull(_) | Outcome::LockLost { .. } => 12,
            Outcome::NotOut { .. } => 13,
            Outcome::DrainRanOut { .. } | Outcome::Undrained(_) => 14,
            Outcome::RestartFailed(_) | Outcome::UpgradeFailed(_) => 15,
            Outcome::NotHealthy(_) | Outcome::NotHealthyClosed(_) => 15,
            Outcome::NeitherHealthy { .. } | Outcome::Sick(_) => 15,
            Outcome::RolledBackClosed(_) | Outcome::SwappedBack { .. } => 17,
            Outcome::NotPlaced { .. } => 18,
            Outcome::StillDraining { .. } => 19,
            Outcome::RolledBack { waiting, .. } if waiting.is_empty() => 17,
            Outcome::NotBack(_) | Outcome::RolledBack { .. } => 16,
            Outcome::BothMayServe { .. } => 16,
            Outcome::UpWhileClosed { .. } => 20,
            Outcome::OutsideWindow(_) => 21,
            Outcome::Interrupted { signal, .. } => 128_u8.wrapping_add(*signal as u8),
        }
    }
}
