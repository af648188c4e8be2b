//! The shares of an operation's time: what it waited for, and what it took itself.

use crate::restart::PhaseTime;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The seconds of one operation, by their cause.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Shares {
    /// HAProxy: its checks had to find that a line is DOWN, or UP again.
    pub detection: f64,
    /// The users: their requests in flight, and their sticky time.
    pub drain: f64,
    /// The app: its upgrade, its restart, its start until it was healthy.
    pub app: f64,
    /// Other hosts had to come back first, or another operation on this host had to end.
    pub others: f64,
    /// The agent itself: the preflight, the gates, notes, and the time between the phases.
    pub agent: f64,
}

/// The waits before the first phase.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before {
    /// For the locks: another operation on this host had to end.
    pub for_locks: Duration,
    /// For a change of the app that an earlier operation had begun.
    pub settling: Duration,
}

impl Shares {
    /// Of an operation of so many `seconds`. Time without a wait is the agent's.
    pub fn of(before: &Before, phases: &[PhaseTime], seconds: f64) -> Shares {
        let mut shares = Shares {
            others: before.for_locks.as_secs_f64(),
            app: before.settling.as_secs_f64(),
            ..Shares::default()
        };
        for phase in phases {
            let waited = (phase.seconds - phase.acting).max(0.0);
            match phase.phase {
                "claim" | "close" | "floor" | "shed" | "open" | "put_back" | "join" | "leave"
                | "take_back" | "withdraw" => {
                    shares.detection += waited;
                }
                "sticky" | "drain" | "park" => shares.drain += waited,
                "upgrade" | "rollback" | "restart" | "prepare" | "start" | "verify" | "stop" => {
                    shares.app += phase.seconds;
                }
                "healthy" | "settle" | "unpark" => shares.app += waited,
                "back_off" | "lock" => shares.others += waited,
                _ => {}
            }
        }
        let waited = shares.detection + shares.drain + shares.app + shares.others;
        // To the microsecond, as all seconds of a report.
        let rounded = |seconds: f64| (seconds * 1e6).round() / 1e6;
        Shares {
            detection: rounded(shares.detection),
            drain: rounded(shares.drain),
            app: rounded(shares.app),
            others: rounded(shares.others),
            agent: rounded((seconds - waited).max(0.0)),
        }
    }
}

impl fmt::Display for Shares {
    /// `HAProxy's checks 41 %, drain 2 %, ...`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            ("HAProxy's checks", self.detection),
            ("drain", self.drain),
            ("app", self.app),
            ("others", self.others),
            ("agent", self.agent),
        ];
        let total: f64 = all.iter().map(|(_, seconds)| seconds).sum();
        let shown = all.iter().filter(|(_, seconds)| *seconds >= 0.005);
        let parts =
            shown.map(|(whose, seconds)| format!("{whose} {:.0} %", 100.0 * seconds / total));
        f.write_str(&parts.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restart::Phase;
    use crate::restart::tests::phases::each_phase;

    fn phase(phase: &'static str, seconds: f64, acting: f64) -> PhaseTime {
        PhaseTime {
            phase,
            start: 0.0,
            seconds,
            acting,
            waited_for: Vec::new(),
            output: Vec::new(),
        }
    }

    #[test]
    fn gate_seconds_are_the_agents_and_app_seconds_are_the_apps() {
        let phases = [
            phase("preflight", 0.1, 0.1),
            phase("claim", 0.5, 0.1),
            phase("close", 0.5, 0.1),
            phase("drain", 0.2, 0.0),
            phase("restart", 1.0, 1.0),
            phase("healthy", 0.5, 0.1),
            phase("open", 0.6, 0.1),
        ];
        let shares = Shares::of(&Before::default(), &phases, 3.5);
        let wanted = Shares {
            detection: 1.3,
            drain: 0.2,
            app: 1.4,
            others: 0.0,
            agent: 0.6,
        };
        assert_eq!(shares, wanted);
        assert_eq!(
            shares.to_string(),
            "HAProxy's checks 37 %, drain 6 %, app 40 %, agent 17 %"
        );
    }

    #[test]
    fn waits_before_the_first_phase_are_not_the_agents() {
        let before = Before {
            for_locks: Duration::from_secs(8),
            settling: Duration::from_secs(1),
        };
        let shares = Shares::of(&before, &[phase("preflight", 1.5, 1.5)], 10.0);
        assert_eq!(shares.to_string(), "app 10 %, others 80 %, agent 10 %");
    }

    #[test]
    fn every_phase_that_waits_has_a_share() {
        // This one does nothing and waits for nothing.
        let instant = "sick";
        for name in each_phase()
            .iter()
            .map(Phase::name)
            .filter(|name| *name != instant)
        {
            let shares = Shares::of(&Before::default(), &[phase(name, 2.0, 0.0)], 2.0);
            assert_eq!(shares.agent, 0.0, "{name}: {shares:?}");
        }
    }
}
