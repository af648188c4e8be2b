//! Explains why gates are closed while no operation is under way, and what opens them. Pure.

use crate::clock;
use crate::gate::Position;
use crate::state::hold::Held;

/// Why gates are closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closed {
    /// By a hold. True if not all gates are closed.
    Held(bool),
    /// By the sidecar as it stopped, in seconds since 1970.
    BySidecar(u64),
    /// By this hold, whose time is over.
    Over(String),
    /// By a flush of the rules, a reboot, or another process.
    Unexpectedly,
    /// No gate is closed.
    NotAtAll,
}

impl Closed {
    /// Decides from the gates, the hold, and the mark of the sidecar's stop.
    pub(super) fn of(positions: &[Position], held: Option<&Held>, mark: Option<u64>) -> Closed {
        let is_closed = |gate: &Position| *gate == Position::Closed;
        let all = positions.iter().all(is_closed);
        match (held, mark) {
            (Some(held), _) if !held.is_over() => Closed::Held(!all),
            _ if !positions.iter().any(is_closed) => Closed::NotAtAll,
            (_, Some(since)) if all => Closed::BySidecar(since),
            (Some(over), _) => Closed::Over(over.describe()),
            (None, _) => Closed::Unexpectedly,
        }
    }

    /// When the sidecar closed them.
    pub(super) fn by_sidecar(&self) -> Option<u64> {
        match self {
            Closed::BySidecar(since) => Some(*since),
            _ => None,
        }
    }

    /// The problem and its fix. None if nothing is wrong.
    pub(super) fn trouble(&self, app: &str, opener: &str) -> Option<String> {
        let opens = format!("{opener} opens the gates once the app is healthy");
        match self {
            Closed::NotAtAll | Closed::Held(false) => None,
            Closed::Held(true) => Some(format!(
                "a hold keeps the gates closed, but one is open: `agent close {app}` closes it, \
                 `agent open {app}` ends the hold"
            )),
            Closed::BySidecar(since) => Some(format!(
                "the sidecar took this host out of rotation when it stopped, at {}: {opens}",
                clock::timestamp(*since)
            )),
            Closed::Over(hold) => Some(format!(
                "the gates were held closed by {hold}; that hold is over: {opens}"
            )),
            Closed::Unexpectedly => Some(format!("a gate was closed unexpectedly: {opens}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Position::{Closed as Shut, Open};
    use super::*;
    use crate::restart::Verb;
    use crate::state::hold::{Hold, Until};
    use crate::state::invocation::Invocation;
    use std::time::Duration;

    fn held(seconds: u64) -> Held {
        Held::By(Hold {
            invocation: Invocation::new(Verb::Close, "web"),
            user: None,
            owner: None,
            reason: None,
            until: Some(Until::after(Duration::from_secs(seconds))),
            boot: String::new(),
            also: None,
            failed: None,
        })
    }

    #[test]
    fn closed_gates_have_a_cause_and_an_opener() {
        let (now, over) = (held(1000), held(0));
        let ended = Closed::Over(over.describe());
        for (positions, held, mark, why) in [
            ([Open, Open], None, None, Closed::NotAtAll),
            ([Shut, Open], None, None, Closed::Unexpectedly),
            ([Shut, Shut], None, None, Closed::Unexpectedly),
            ([Shut, Shut], Some(&now), None, Closed::Held(false)),
            ([Shut, Open], Some(&now), None, Closed::Held(true)),
            ([Open, Open], Some(&now), None, Closed::Held(true)),
            (
                [Shut, Shut],
                Some(&Held::Unknown),
                None,
                Closed::Held(false),
            ),
            ([Shut, Shut], Some(&over), None, ended.clone()),
            ([Open, Open], Some(&over), None, Closed::NotAtAll),
            ([Shut, Shut], None, Some(7), Closed::BySidecar(7)),
            ([Shut, Shut], Some(&over), Some(7), Closed::BySidecar(7)),
            // A hold explains its gates. One open gate is not as the sidecar left it.
            ([Shut, Shut], Some(&now), Some(7), Closed::Held(false)),
            ([Shut, Open], None, Some(7), Closed::Unexpectedly),
            ([Open, Open], None, Some(7), Closed::NotAtAll),
        ] {
            assert_eq!(
                Closed::of(&positions, held, mark),
                why,
                "{positions:?} {held:?} {mark:?}"
            );
        }
        let opens = "`agent recover web` opens the gates once the app is healthy";
        for (why, says) in [
            (Closed::NotAtAll, None),
            (Closed::Held(false), None),
            (Closed::Held(true), Some("`agent open web` ends the hold")),
            (Closed::BySidecar(7), Some(opens)),
            (ended, Some(opens)),
            (Closed::Unexpectedly, Some(opens)),
        ] {
            let text = why.trouble("web", "`agent recover web`");
            assert_eq!(text.is_some(), says.is_some(), "{why:?}");
            assert!(
                text.is_none_or(|text| text.ends_with(says.unwrap_or_default())),
                "{why:?}"
            );
        }
    }
}
