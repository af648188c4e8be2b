//! What the machine does and what the configuration says -> how the sidecar ends. Pure.

use crate::config::OnStop;

/// What systemd says of the machine, in the moment of the sidecar's stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Machine {
    /// All apps are stopped after the sidecar: what systemd is at.
    GoesDown(String),
    /// Nothing but the sidecar was asked to stop.
    StaysUp,
    /// No systemd runs here: nobody says whether the machine goes down.
    NoSystemd,
    /// systemd does not answer: why.
    Unknown(String),
}

/// How the sidecar ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The gates stay as they are.
    Keep,
    /// The host is taken out of rotation and drained, where enough others are left. Where they
    /// are not, its turn is waited for, and in the end the gates stay as they are.
    OutIfEnough,
    /// The same, but in the end the host goes, however many are left: its apps are about to
    /// stop.
    Out,
}

/// Decides. A stop of the sidecar alone is no reason to take users away from an app that
/// goes on running: all sidecars may be stopped at once.
pub fn ending(machine: &Machine, on_stop: OnStop) -> Ending {
    match (machine, on_stop) {
        (Machine::GoesDown(_), _) => Ending::Out,
        (_, OnStop::Drain) => Ending::OutIfEnough,
        (Machine::StaysUp | Machine::NoSystemd | Machine::Unknown(_), OnStop::Keep) => Ending::Keep,
    }
}

/// Whether the host goes without its turn, after a stop that wanted one ended like this.
pub(crate) fn goes_without_turn(ending: Ending, exit: u8) -> bool {
    // Out of rotation: drained, or not in time.
    let is_out = matches!(exit, 0 | 14);
    ending == Ending::Out && !is_out
}

/// The jobs by which systemd stops all apps. It begins each way down with the first.
const DOWN: [&str; 3] = ["shutdown.target", "rescue.target", "emergency.target"];

/// What systemd's state and its queue of jobs (a unit and a type each) say. The state alone
/// is not enough: as long as a machine has not finished to boot it is "starting", also on the
/// way down.
pub(crate) fn machine(state: &str, jobs: &[(String, String)]) -> Machine {
    let is_down = |(unit, kind): &&(String, String)| kind == "start" && DOWN.contains(&&**unit);
    match (jobs.iter().find(is_down), state) {
        (Some((unit, _)), _) => Machine::GoesDown(format!("it starts {unit}")),
        (None, "stopping") => Machine::GoesDown("it is stopping".to_owned()),
        (None, _) => Machine::StaysUp,
    }
}

impl Machine {
    /// In words.
    pub fn told(&self) -> String {
        match self {
            Machine::GoesDown(how) => format!("this machine goes down (systemd: {how})"),
            Machine::StaysUp => "this machine stays up".to_owned(),
            Machine::NoSystemd => {
                "no systemd runs here, so this is a stop of the sidecar alone".to_owned()
            }
            Machine::Unknown(why) => format!(
                "systemd does not say whether this machine goes down ({why}), so this is a stop of the sidecar alone"
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
    fn or_a_configuration_that_says_so_where_enough_others_are_left() {
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
        // A reboot waits for all other jobs; none of these says so by itself.
        assert!(!goes_down(
            "running",
            &[job("reboot.target", "verify-active")]
        ));
        assert!(!goes_down("running", &[job("multi-user.target", "start")]));
    }
}
