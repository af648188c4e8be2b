//! How an operation ended, in one word: `outcome` of `--json`.

use super::switch::How;
use super::{Outcome, Refusal, Verb};

impl Outcome {
    /// One word for machines.
    pub fn word(&self, verb: Verb) -> &'static str {
        match (self, verb) {
            (Outcome::Done { .. }, Verb::Restart) => "restarted",
            (Outcome::Done { .. }, Verb::Close) => "closed",
            (Outcome::Done { .. }, Verb::Open) => "opened",
            (Outcome::Done { .. }, Verb::Recover) => "recovered",
            (Outcome::Done { .. }, Verb::Stop) => "stopped",
            (Outcome::Done { .. }, Verb::Switch) => "switched",
            (Outcome::Done { .. } | Outcome::Switched { .. }, Verb::MaintenanceOn) => {
                "maintenance_on"
            }
            (Outcome::Done { .. } | Outcome::Switched { .. }, Verb::MaintenanceOff) => {
                "maintenance_off"
            }
            (Outcome::Switched { .. }, Verb::Recover) => "recovered",
            (Outcome::Switched { how: How::Back, .. }, _) => "switched_back",
            (Outcome::Switched { .. }, _) => "switched",
            (Outcome::NotPlaced { .. }, _) => "not_placed",
            (Outcome::SwappedBack { .. }, _) => "swapped_back",
            (Outcome::StillDraining { .. }, _) => "still_draining",
            (Outcome::NeitherHealthy { .. }, _) => "neither_healthy",
            (Outcome::BothMayServe { .. }, _) => "both_may_serve",
            (Outcome::Sick(_), _) => "sick",
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
            ) => "not_confirmed",
            (Outcome::Skipped(_), _) => "skipped",
            (Outcome::NotHeld(_), _) => "not_recorded",
            (Outcome::Nothing(_), _) => "nothing_to_do",
            (Outcome::Planned, _) => "planned",
            (Outcome::Locked(_), _) => "locked",
            (Outcome::OutsideWindow(_), _) => "outside_window",
            (Outcome::Refused(Refusal::Preflight(_)), _) => "refused",
            (Outcome::Refused(Refusal::TooFewServers(_)) | Outcome::FloorBroken { .. }, _) => {
                "too_few_servers"
            }
            (Outcome::LockFull(_), _) => "lock_full",
            (Outcome::LockAway(_), _) => "lock_away",
            (Outcome::LockLost { .. }, _) => "lock_lost",
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
