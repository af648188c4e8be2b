//! systemd's view of a unit, and the errors of its jobs.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::job::Job;

/// Why systemd did not do what the app needs.
#[derive(Debug, Error)]
pub enum UnitError {
    /// The bus does not answer.
    #[error("no answer from systemd on the system bus: {reason}; is dbus running here?")]
    Bus {
        /// In the bus's words.
        reason: String,
    },
    /// No such unit.
    #[error(
        "systemd knows no unit {unit}: correct its name, or run `systemctl daemon-reload` if it is new"
    )]
    Missing {
        /// As the configuration names it.
        unit: String,
    },
    /// The unit is masked.
    #[error("{unit} is masked: run `systemctl unmask {unit}`")]
    Masked {
        /// As the configuration names it.
        unit: String,
    },
    /// The unit cannot be loaded, or cannot do the job.
    #[error("{unit} cannot be used: {reason}")]
    Unusable {
        /// As the configuration names it.
        unit: String,
        /// With the fix.
        reason: String,
    },
    /// systemd did not take the job.
    #[error("systemd refused to {job} {unit}: {reason}")]
    Refused {
        /// The unit.
        unit: String,
        /// The job.
        job: Job,
        /// In systemd's words.
        reason: String,
    },
    /// The job ended, but failed.
    #[error(
        "{job} of {unit} ended with '{result}', the unit is {state}: {}",
        advice(unit, *refused)
    )]
    Failed {
        /// The unit.
        unit: String,
        /// The job.
        job: Job,
        /// systemd's word: failed, timeout, canceled, dependency, ...
        result: String,
        /// systemd began no run for a start: the unit had failed too often in a short time.
        refused: bool,
        /// The unit's state now.
        state: UnitState,
    },
    /// The job is done, but the unit does not run.
    #[error("{unit} is {state} after its {job}: see `journalctl -u {unit}`")]
    NotActive {
        /// The unit.
        unit: String,
        /// The job.
        job: Job,
        /// The unit's state now.
        state: UnitState,
    },
    /// The stop is done, but the unit runs again.
    #[error(
        "{unit} is {state} after its stop: a socket, another unit or an operator has started it \
         again; see `systemctl status {unit}`"
    )]
    StillActive {
        /// The unit.
        unit: String,
        /// The unit's state now.
        state: UnitState,
    },
    /// The job did not end. systemd goes on with it.
    #[error(
        "{job} of {unit} did not end within {limit:?}, {seen}; systemd continues it: see \
         `journalctl -u {unit}`"
    )]
    Limit {
        /// The unit.
        unit: String,
        /// The job.
        job: Job,
        /// The time that it had.
        limit: Duration,
        /// "the unit is activating (start)", or why the state is unknown.
        seen: String,
    },
}

/// A unit's state, in systemd's words.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitState {
    /// ActiveState: active, reloading, inactive, failed, activating, deactivating.
    pub active: String,
    /// SubState: running, dead, auto-restart, ...
    pub sub: String,
    /// How a service's last run ended: success, exit-code, timeout, ... None for other units.
    pub result: Option<String>,
}

impl fmt::Display for UnitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sub = (self.sub != self.active).then(|| self.sub.clone());
        let result = self.result.as_deref().filter(|result| *result != "success");
        let more: Vec<_> = sub
            .into_iter()
            .chain(result.map(|r| format!("Result: {r}")))
            .collect();
        match more[..] {
            [] => f.write_str(&self.active),
            _ => write!(f, "{} ({})", self.active, more.join(", ")),
        }
    }
}

fn advice(unit: &str, refused: bool) -> String {
    let log = format!("see `journalctl -u {unit}`");
    match refused {
        true => format!(
            "systemd began no run, as after too many starts in a short time: {log}; before its \
             next start run `systemctl reset-failed {unit}`"
        ),
        false => log,
    }
}

impl From<zbus::Error> for UnitError {
    fn from(error: zbus::Error) -> Self {
        Self::Bus {
            reason: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_names_what_matters() {
        let state = |active: &str, sub: &str, result: Option<&str>| {
            let result = result.map(str::to_owned);
            UnitState {
                active: active.into(),
                sub: sub.into(),
                result,
            }
            .to_string()
        };
        assert_eq!(
            state("failed", "failed", Some("exit-code")),
            "failed (Result: exit-code)"
        );
        assert_eq!(
            state("inactive", "dead", Some("success")),
            "inactive (dead)"
        );
        assert_eq!(
            state("activating", "auto-restart", Some("timeout")),
            "activating (auto-restart, Result: timeout)"
        );
        assert_eq!(state("active", "active", None), "active");
    }

    #[test]
    fn a_unit_that_systemd_starts_no_more_has_a_fix() {
        let failed = |refused| {
            let state = UnitState {
                active: "failed".to_owned(),
                sub: "failed".to_owned(),
                result: Some("exit-code".to_owned()),
            };
            let (unit, job, result) = ("web@blue.service".into(), Job::Start, "failed".into());
            let failed = UnitError::Failed {
                unit,
                job,
                result,
                refused,
                state,
            };
            failed.to_string()
        };
        let said = failed(false);
        let begins = "start of web@blue.service ended with 'failed', the unit is failed (Result: \
                      exit-code): ";
        assert!(said.starts_with(begins), "{said}");
        assert!(
            said.ends_with("see `journalctl -u web@blue.service`"),
            "{said}"
        );
        let said = failed(true);
        let fix = "; before its next start run `systemctl reset-failed web@blue.service`";
        assert!(said.ends_with(fix), "{said}");
    }
}
