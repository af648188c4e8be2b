//! What was seen of an app -> what the sidecar owes it. Pure: the law of the sidecar.

/// How an app's gates stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gates {
    /// All open.
    Open,
    /// All closed.
    Closed,
    /// Something between: one of two, rules doubled, a jump missing.
    Broken,
}

/// What was seen of one app, while no operation is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How its gates stand.
    pub gates: Gates,
    /// Somebody wants them closed.
    pub held: bool,
    /// An operation was cut short.
    pub left: bool,
    /// The app has answered as often in a row as asked; false: it was not asked yet, either.
    pub healthy: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Nothing.
    Rest,
    /// Ask the app for its health.
    Ask,
    /// As `agent recover` does: to a good end with what was cut short, and the gates open.
    Recover,
    /// Close what somebody wants closed.
    Close,
}

/// Decides. Nobody's gates are opened before the app is healthy, nor those that somebody
/// wants closed.
pub fn duty(seen: Seen) -> Duty {
    match (seen.held, seen.left, seen.gates) {
        (true, true, _) => Duty::Recover,
        (true, false, Gates::Closed) => Duty::Rest,
        (true, false, _) => Duty::Close,
        (false, false, Gates::Open) => Duty::Rest,
        (false, _, _) if seen.healthy => Duty::Recover,
        (false, _, _) => Duty::Ask,
    }
}

#[cfg(test)]
mod tests {
    use super::Gates::{Broken, Closed, Open};
    use super::*;

    const ALL: [Gates; 3] = [Open, Closed, Broken];

    fn owes(gates: Gates, held: bool, left: bool, healthy: bool) -> Duty {
        duty(Seen {
            gates,
            held,
            left,
            healthy,
        })
    }

    #[test]
    fn at_rest_nothing_is_asked_of_anybody() {
        for healthy in [true, false] {
            assert_eq!(owes(Open, false, false, healthy), Duty::Rest);
            assert_eq!(owes(Closed, true, false, healthy), Duty::Rest);
        }
    }

    #[test]
    fn what_nobody_wants_closed_is_opened_before_a_healthy_app_alone() {
        for gates in [Closed, Broken] {
            assert_eq!(owes(gates, false, false, false), Duty::Ask);
            assert_eq!(owes(gates, false, false, true), Duty::Recover);
        }
    }

    #[test]
    fn what_somebody_wants_closed_is_never_opened() {
        for healthy in [true, false] {
            assert_eq!(owes(Open, true, false, healthy), Duty::Close);
            assert_eq!(owes(Broken, true, false, healthy), Duty::Close);
        }
    }

    /// `agent recover` knows the mark, too, and puts closed gates back closed.
    #[test]
    fn what_was_cut_short_is_ended() {
        for gates in ALL {
            assert_eq!(owes(gates, true, true, false), Duty::Recover);
            assert_eq!(owes(gates, false, true, true), Duty::Recover);
            assert_eq!(owes(gates, false, true, false), Duty::Ask);
        }
    }
}
