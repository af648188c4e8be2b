//! Decides how the sidecar ends, from the state of the machine and the configuration. Pure.

use crate::config::OnStop;

/// What systemd says about the machine at the moment of the sidecar's stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Machine {
    /// systemd stops all apps after the sidecar. The text says what systemd does.
    GoesDown(String),
    /// Only the sidecar stops.
    StaysUp,
    /// No systemd runs here, so the sidecar can't know whether the machine goes down.
    NoSystemd,
    /// systemd does not answer. The text says why.
    Unknown(String),
}

/// How the sidecar ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The gates stay as they are.
    Keep,
    /// The sidecar takes the host out of rotation and drains it, if enough other hosts are left.
    /// Otherwise it waits for its turn. If the turn does not come, the gates stay as they are.
    OutIfEnough,
    /// The same, but without a turn the host goes out too, because its apps are about to stop.
    Out,
}

/// How the sidecar ends. When only the sidecar stops, its app keeps running and keeps its users:
/// an operator may stop all sidecars at once.
pub fn ending(machine: &Machine, on_stop: OnStop) -> Ending {
    match (machine, on_stop) {
        (Machine::GoesDown(_), _) => Ending::Out,
        (_, OnStop::Drain) => Ending::OutIfEnough,
        (Machine::StaysUp | Machine::NoSystemd | Machine::Unknown(_), OnStop::Keep) => Ending::Keep,
    }
}

/// Whether the host goes out without its turn, after a stop with a turn ended like this.
pub(crate) fn goes_without_turn(ending: Ending, exit: u8) -> bool {
    // Both mean out of rotation: drained, or not drained in time.
    let is_out = matches!(exit, 0 | 14);
    ending == Ending::Out && !is_out
}

/// The jobs by which systemd stops all apps. Each shutdown begins with the first.
const DOWN: [&str; 3] = ["shutdown.target", "rescue.target", "emergency.target"];

/// Reads systemd's state and its queue of jobs, each a unit and a type. The state alone is not
/// enough: a machine that shuts down before the end of its boot is still "starting".
pub(crate) fn machine(state: &str, jobs: &[(String, String)]) -> Machine {
    let is_down = |(unit, kind): &&(String, String)| kind == "start" && DOWN.contains(&&**unit);
    match (jobs.iter().find(is_down), state) {
        (Some((unit, _)), _) => Machine::GoesDown(format!("it starts {unit}")),
        (None, "stopping") => Machine::GoesDown("it is stopping".to_owned()),
        (None, _) => Machine::StaysUp,
    }
}

impl Machine {
    /// The state of the machine in words.
    pub fn describe(&self) -> String {
        match self {
            Machine::GoesDown(how) => format!("this machine goes down (systemd: {how})"),
            Machine::StaysUp => "this machine stays up".to_owned(),
            Machine::NoSystemd => {
                "no systemd runs here, so this is a stop of the sidecar alone".to_owned()
            }
            Machine::Unknown(why) => format!(
                "systemd does not report whether this machine goes down ({why}), so this is a \
                 stop of the sidecar alone"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down() -> Machine {
        Machine::GoesDown("it is stopping".to_owned())
    }

    fn others() -> [Machine; 3] {
        [
            Machine::StaysUp,
            Machine::NoSystemd,
            Machine::Unknown("silent".to_owned()),
        ]
    }

    #[test]
    fn only_a_machine_that_goes_down_takes_the_host_out() {
        for on_stop in [OnStop::Keep, OnStop::Drain] {
            assert_eq!(ending(&down(), on_stop), Ending::Out);
        }
        for machine in others() {
            assert_eq!(ending(&machine, OnStop::Keep), Ending::Keep, "{machine:?}");
        }
    }

    #[test]
    fn on_stop_drain_takes_the_host_out_if_enough_others_are_left() {
        for machine in others() {
            let ending = ending(&machine, OnStop::Drain);
            assert_eq!(ending, Ending::OutIfEnough, "{machine:?}");
        }
    }

    #[test]
    fn a_machine_that_goes_down_does_not_wait_for_its_turn_for_ever() {
        for exit in [12, 11, 1, 143] {
            assert!(goes_without_turn(Ending::Out, exit), "{exit}");
            assert!(!goes_without_turn(Ending::OutIfEnough, exit), "{exit}");
        }
        for exit in [0, 14] {
            assert!(!goes_without_turn(Ending::Out, exit), "{exit}");
        }
    }

    #[test]
    fn systemd_says_by_its_state_or_by_a_job_that_the_machine_goes_down() {
        let job = |unit: &str, kind: &str| (unit.to_owned(), kind.to_owned());
        let sidecar = job("haproxy-gate.service", "stop");
        let goes_down =
            |state: &str, jobs: &[_]| matches!(machine(state, jobs), Machine::GoesDown(_));
        for state in ["running", "degraded", "starting", "maintenance", ""] {
            assert!(!goes_down(state, &[]), "{state}");
            assert!(!goes_down(state, std::slice::from_ref(&sidecar)), "{state}");
            for unit in DOWN {
                assert!(goes_down(state, &[sidecar.clone(), job(unit, "start")]));
                assert!(!goes_down(state, &[job(unit, "stop")]), "{unit}");
            }
        }
        assert!(goes_down("stopping", &[]));
        // The job of reboot.target waits for all others, so it alone proves nothing.
        assert!(!goes_down(
            "running",
            &[job("reboot.target", "verify-active")]
        ));
        assert!(!goes_down("running", &[job("multi-user.target", "start")]));
    }
}
