//! Decides what the sidecar does for an app, from what it observed. Pure.

/// The positions of an app's gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gates {
    /// All open.
    Open,
    /// All closed.
    Closed,
    /// Anything else: only one of two is open, a rule is doubled, a jump is missing.
    Broken,
}

/// One look at an app while no operation is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// The positions of its gates.
    pub gates: Gates,
    /// A hold asks that the gates stay closed.
    pub held: bool,
    /// There is an unfinished operation.
    pub unfinished: bool,
    /// The app answered often enough in a row. False also if it was not asked yet.
    pub healthy: bool,
}

/// What the sidecar does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAction {
    /// Nothing.
    Rest,
    /// Ask the app for its health.
    Ask,
    /// Run `agent recover`: it finishes or undoes an unfinished operation, and opens the gates.
    Recover,
    /// Close the gates of an app with a hold.
    Close,
}

/// The next action. It opens no gates before the app is healthy, and none that a hold keeps
/// closed.
pub fn next_action(observation: Observation) -> NextAction {
    match (observation.held, observation.unfinished, observation.gates) {
        (true, true, _) => NextAction::Recover,
        (true, false, Gates::Closed) => NextAction::Rest,
        (true, false, _) => NextAction::Close,
        (false, false, Gates::Open) => NextAction::Rest,
        (false, _, _) if observation.healthy => NextAction::Recover,
        (false, _, _) => NextAction::Ask,
    }
}

#[cfg(test)]
mod tests {
    use super::Gates::{Broken, Closed, Open};
    use super::*;

    const ALL: [Gates; 3] = [Open, Closed, Broken];

    fn action(gates: Gates, held: bool, unfinished: bool, healthy: bool) -> NextAction {
        next_action(Observation {
            gates,
            held,
            unfinished,
            healthy,
        })
    }

    #[test]
    fn gates_as_expected_need_no_action() {
        for healthy in [true, false] {
            assert_eq!(action(Open, false, false, healthy), NextAction::Rest);
            assert_eq!(action(Closed, true, false, healthy), NextAction::Rest);
        }
    }

    #[test]
    fn gates_without_a_hold_open_only_for_a_healthy_app() {
        for gates in [Closed, Broken] {
            assert_eq!(action(gates, false, false, false), NextAction::Ask);
            assert_eq!(action(gates, false, false, true), NextAction::Recover);
        }
    }

    #[test]
    fn a_hold_keeps_its_gates_closed() {
        for healthy in [true, false] {
            assert_eq!(action(Open, true, false, healthy), NextAction::Close);
            assert_eq!(action(Broken, true, false, healthy), NextAction::Close);
        }
    }

    /// `agent recover` also respects the hold, and leaves held gates closed.
    #[test]
    fn an_unfinished_operation_is_recovered() {
        for gates in ALL {
            assert_eq!(action(gates, true, true, false), NextAction::Recover);
            assert_eq!(action(gates, false, true, true), NextAction::Recover);
            assert_eq!(action(gates, false, true, false), NextAction::Ask);
        }
    }
}
