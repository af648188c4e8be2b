//! Explains why gates are closed while no operation is under way, and what opens them. Pure.

use super::left::LeftClosed;
use crate::clock;
use crate::gate::Position;
use crate::state::hold::{By, Failed, Held, HoldReport};

/// Why gates are closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closed {
    /// By a hold. True if not all gates are closed.
    Held(bool),
    /// By a maintenance, although not all are.
    NotForUsers,
    /// By the agent's own hold after this failure.
    Failed(String),
    /// By this failed operation.
    Left(LeftClosed),
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
    /// Decides from the gates, the hold, the mark of the sidecar's stop, and the history, which is
    /// read only if nothing else explains them.
    pub(super) fn of(
        positions: &[Position],
        held: Option<&Held>,
        mark: Option<u64>,
        left: impl FnOnce() -> Option<LeftClosed>,
    ) -> Closed {
        let is_closed = |gate: &Position| *gate == Position::Closed;
        let is_unknown = |gate: &Position| matches!(gate, Position::Unknown(_));
        let all = positions
            .iter()
            .all(|gate| is_closed(gate) || is_unknown(gate));
        match (held, mark) {
            (Some(held), _) if held.is_of_maintenance() && !all => Closed::NotForUsers,
            (Some(held), _) if !held.is_over() => {
                let failure = failure(&held.report(false)).filter(|_| all);
                failure.map_or(Closed::Held(!all), Closed::Failed)
            }
            _ if !positions.iter().any(is_closed) => Closed::NotAtAll,
            _ if positions.iter().any(is_unknown) => Closed::NotAtAll,
            (_, Some(since)) if all => Closed::BySidecar(since),
            (Some(over), _) => Closed::Over(over.describe()),
            (None, _) => left()
                .filter(|_| all)
                .map_or(Closed::Unexpectedly, Closed::Left),
        }
    }

    /// The failed operation that left them closed without a hold.
    pub(super) fn left(self) -> Option<LeftClosed> {
        match self {
            Closed::Left(left) => Some(left),
            _ => None,
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
            Closed::NotForUsers => Some(format!(
                "a gate of the app is open, although maintenance is on: users meet the app; \
                 `agent maintenance on {app}` closes it, `agent maintenance off {app}` brings all \
                 users back"
            )),
            Closed::BySidecar(since) => Some(format!(
                "the sidecar took this host out of rotation when it stopped, at {}: {opens}",
                clock::timestamp(*since)
            )),
            Closed::Failed(failure) => {
                let again = match failure.starts_with(RESTART) {
                    true => "",
                    false => " (with the upgrade again)",
                };
                Some(format!(
                    "left closed by {failure}: look at the app, then run `agent restart {app}`{again} \
                     or `agent open {app}`"
                ))
            }
            Closed::Left(left) => Some(format!("left closed by {}: {opens}", left.describe())),
            Closed::Over(hold) => Some(format!(
                "the gates were held closed by {hold}; that hold is over: {opens}"
            )),
            Closed::Unexpectedly => Some(format!("a gate was closed unexpectedly: {opens}")),
        }
    }
}

/// How a restart that failed without an upgrade is described.
const RESTART: &str = "the failed restart";

/// The failure after which the agent itself holds the gates closed: `the failed restart
/// 1ng3gtr3xfn of alice (the restart failed: exit status: 3, since ...)`.
fn failure(hold: &HoldReport) -> Option<String> {
    if hold.by != By::Agent {
        return None;
    }
    let what = match hold.failed? {
        Failed::Restart => RESTART,
        Failed::Upgrade => "the failed upgrade",
        Failed::UpgradeCutShort => "an upgrade that was cut short,",
    };
    let (Some(id), Some(user)) = (&hold.operation, &hold.user) else {
        return Some(format!("{what} of {}", hold.text));
    };
    let reason = hold.reason.as_deref().unwrap_or_default();
    let since = clock::timestamp(hold.since_unix_seconds?);
    Some(format!("{what} {id} of {user} ({reason}, since {since})"))
}

#[cfg(test)]
mod tests {
    use super::Position::{Closed as Shut, Open};

    fn unknown() -> Position {
        Position::Unknown("needs root".to_owned())
    }

    use super::*;
    use crate::restart::Verb;
    use crate::state::hold::{Hold, Until};
    use crate::state::invocation::Invocation;
    use std::time::Duration;

    fn held(seconds: u64) -> Held {
        held_by(Verb::Close, seconds)
    }

    fn held_by(verb: Verb, seconds: u64) -> Held {
        Held::By(Hold {
            invocation: Invocation::new(verb, "web"),
            user: None,
            operation: None,
            owner: None,
            reason: None,
            until: Some(Box::new(Until::after(Duration::from_secs(seconds)))),
            boot: String::new(),
            also: None,
            failed: None,
            before: None,
        })
    }

    #[test]
    fn closed_gates_have_a_cause_and_an_opener() {
        let (now, over) = (held(1000), held(0));
        let page = held_by(Verb::MaintenanceOn, 1000);
        let ended = Closed::Over(over.describe());
        for (positions, held, mark, why) in [
            ([Open, Open], None, None, Closed::NotAtAll),
            ([Shut, Open], None, None, Closed::Unexpectedly),
            ([Shut, Shut], None, None, Closed::Unexpectedly),
            ([Shut, Shut], Some(&now), None, Closed::Held(false)),
            ([Shut, Open], Some(&now), None, Closed::Held(true)),
            ([Shut, Shut], Some(&page), None, Closed::Held(false)),
            ([Shut, Open], Some(&page), None, Closed::NotForUsers),
            ([Open, Open], Some(&now), None, Closed::Held(true)),
            (
                [Shut, Shut],
                Some(&Held::Unknown),
                None,
                Closed::Held(false),
            ),
            ([Shut, Shut], Some(&over), None, ended.clone()),
            (
                [unknown(), unknown()],
                Some(&now),
                None,
                Closed::Held(false),
            ),
            (
                [unknown(), unknown()],
                Some(&over),
                Some(7),
                Closed::NotAtAll,
            ),
            ([unknown(), unknown()], None, None, Closed::NotAtAll),
            ([Open, Open], Some(&over), None, Closed::NotAtAll),
            ([Shut, Shut], None, Some(7), Closed::BySidecar(7)),
            ([Shut, Shut], Some(&over), Some(7), Closed::BySidecar(7)),
            // A hold explains its gates. One open gate is not as the sidecar left it.
            ([Shut, Shut], Some(&now), Some(7), Closed::Held(false)),
            ([Shut, Open], None, Some(7), Closed::Unexpectedly),
            ([Open, Open], None, Some(7), Closed::NotAtAll),
        ] {
            assert_eq!(
                Closed::of(&positions, held, mark, || None),
                why,
                "{positions:?} {held:?} {mark:?}"
            );
        }
        let opens = "`agent recover web` opens the gates once the app is healthy";
        for (why, says) in [
            (Closed::NotAtAll, None),
            (Closed::Held(false), None),
            (Closed::Held(true), Some("`agent open web` ends the hold")),
            (Closed::NotForUsers, Some("brings all users back")),
            (Closed::BySidecar(7), Some(opens)),
            (ended, Some(opens)),
            (Closed::Unexpectedly, Some(opens)),
            (Closed::Failed("x".to_owned()), Some("or `agent open web`")),
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
