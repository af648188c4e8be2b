//! Finds the lines that HAProxy does not use although their gate is open. Pure.

use crate::gate::Position;
use crate::haproxy::{BalancerObservation, CheckStatus, Role, ServerLine, Status};
use crate::restart::PerGate;
use serde::Serialize;

/// A line that HAProxy does not use, although its gate is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct UnusedLine {
    pub(super) balancer: String,
    /// BACKEND/SERVER.
    pub(super) line: String,
    pub(super) role: Role,
    /// HAProxy's own text as `status`, and its kind as `state`.
    #[serde(flatten)]
    pub(super) status: Status,
    /// How its last check ended.
    pub(super) check: Option<String>,
    pub(super) text: String,
    /// HAProxy brings it up: no trouble, but no users yet.
    #[serde(skip)]
    pub(super) coming_up: bool,
}

/// The main lines without new users, and the twins that are DOWN. A twin that an operator of
/// HAProxy has taken out serves no users at rest, and other hosts do not take it for a claim.
pub(super) fn unused(
    app: &str,
    positions: &PerGate<Position>,
    balancers: &[BalancerObservation],
) -> Vec<UnusedLine> {
    let is_open = |role: Role| match role {
        Role::Twin => positions.twin.as_ref() == Some(&Position::Open),
        // The twin of the classic layout has no gate of its own.
        Role::Main | Role::ClassicTwin => positions.main == Position::Open,
    };
    let lines = balancers
        .iter()
        .flat_map(|balancer| balancer.lines().iter().map(move |line| (balancer, line)));
    lines
        .filter(|(_, line)| is_open(line.role))
        .filter_map(|(balancer, line)| {
            let check = line.check.as_ref().map(|check| check.word().to_owned());
            Some(UnusedLine {
                balancer: balancer.name.clone(),
                line: line.name.clone(),
                role: line.role,
                status: line.status.clone(),
                text: format!("{}: {}", balancer.name, why(app, line, check.as_deref())?),
                check,
                coming_up: is_coming_up(line),
            })
        })
        .collect()
}

/// What is wrong, what it means, and what to do. None: the line is in use.
fn why(app: &str, line: &ServerLine, check: Option<&str>) -> Option<String> {
    let (name, status) = (&line.name, &line.status);
    let check = check.filter(|check| !check.is_empty() && !line.is_held());
    let check = check.map_or(String::new(), |check| format!(" ({check})"));
    let doctor = format!("`agent doctor {app}` looks for the cause");
    match (line.role, status) {
        (_, status) if status.is_usable() => None,
        _ if is_coming_up(line) => Some(coming_up(line)),
        (Role::Main, status) => {
            let (check, why) = match status.kept_out(name) {
                Some(kept) => (String::new(), format!(": {}; {}", kept.by, kept.fix)),
                None => (check, format!("; {doctor}")),
            };
            Some(format!(
                "{name} is {status}{check}, so HAProxy sends it no new users, although its gate is \
                 open{why}"
            ))
        }
        (Role::Twin, Status::Down(_)) => Some(format!(
            "the twin {name} is {status}{check}, although its gate is open: other hosts take this \
             host for the next one that goes; {doctor}"
        )),
        (Role::ClassicTwin, Status::Down(_)) => Some(format!(
            "the twin {name} is {status}{check}: in a restart it can't take over users with this \
             host's cookie; {doctor}"
        )),
        (Role::Twin | Role::ClassicTwin, _) => None,
    }
}

/// Its last check passed, and HAProxy waits for more.
fn is_coming_up(line: &ServerLine) -> bool {
    line.status.is_rising() && line.check.as_ref().is_some_and(CheckStatus::passed)
}

/// HAProxy's `DOWN 1/2` counts the checks that passed in a row, of those that it wants.
fn coming_up(line: &ServerLine) -> String {
    let (name, status) = (&line.name, &line.status);
    let counted = status.word().rsplit(' ').next().unwrap_or_default();
    let passed = counted.replace('/', " of ");
    format!("{name} is coming up: {passed} checks passed ({status})")
}

#[cfg(test)]
mod tests {
    use super::Position::{Closed, Open};
    use super::*;

    fn shown(lines: &[(Role, &str)]) -> Vec<BalancerObservation> {
        let line = |(role, status): &(Role, &str)| ServerLine {
            check: Some(CheckStatus::parse("L4CON")),
            ..ServerLine::idle("srvs/web1", *role, status)
        };
        vec![BalancerObservation::of_lines(
            lines.iter().map(line).collect(),
        )]
    }

    fn found(gates: (Position, Option<Position>), lines: &[(Role, &str)]) -> Vec<String> {
        let (main, twin) = gates;
        let found = unused("web", &PerGate { main, twin }, &shown(lines));
        found.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_line_behind_an_open_gate_is_in_use_or_reported() {
        let open = || (Open, Some(Open));
        for (role, status, says) in [
            (Role::Main, "UP", None),
            (Role::Main, "UP 1/3", None),
            (Role::Main, "no check", None),
            (
                Role::Main,
                "DOWN",
                Some("is DOWN (L4CON), so HAProxy sends it no new users"),
            ),
            (Role::Main, "DOWN 1/2", Some("is DOWN 1/2 (L4CON), so")),
            (Role::Main, "NOLB", Some("is NOLB (L4CON), so")),
            (Role::Main, "DRAIN", Some("lb: srvs/web1 is DRAIN, so")),
            (
                Role::Main,
                "MAINT",
                Some("set server srvs/web1 state ready"),
            ),
            (
                Role::Main,
                "MAINT (via a/b)",
                Some("on the balancer: set server a/b state ready"),
            ),
            (
                Role::Main,
                "MAINT (resolution)",
                Some("open: HAProxy finds no address for its name; correct the DNS"),
            ),
            (
                Role::Main,
                "DOWN (agent)",
                Some("is DOWN (agent), so HAProxy sends it no new users"),
            ),
            (
                Role::Main,
                "UP (weight 0)",
                Some("is UP (weight 0), so HAProxy sends it no new users"),
            ),
            (Role::Twin, "UP (weight 0)", None),
            (Role::Twin, "UP", None),
            (Role::Twin, "MAINT", None),
            (Role::Twin, "DRAIN", None),
            (Role::Twin, "DOWN", Some("other hosts take this host")),
            (Role::ClassicTwin, "DOWN", Some("it can't take over users")),
            (Role::ClassicTwin, "UP", None),
        ] {
            let found = found(open(), &[(role, status)]);
            assert_eq!(
                found.len(),
                usize::from(says.is_some()),
                "{role:?} {status}"
            );
            let text = found.first().map_or("", String::as_str);
            assert!(text.contains(says.unwrap_or_default()), "{text}");
        }
    }

    #[test]
    fn a_line_that_comes_up_is_no_trouble() {
        let rising = |role, check: &str| ServerLine {
            check: Some(CheckStatus::parse(check)),
            ..ServerLine::idle("srvs/web1", role, "DOWN 1/2")
        };
        let gates = PerGate {
            main: Open,
            twin: Some(Open),
        };
        for role in [Role::Main, Role::Twin, Role::ClassicTwin] {
            for (check, coming_up) in [("L7OK", true), ("* L4OK", true), ("L4CON", false)] {
                let lines = BalancerObservation::of_lines(vec![rising(role, check)]);
                let found = unused("web", &gates, &[lines]).remove(0);
                assert_eq!(found.coming_up, coming_up, "{check}");
                let says = "lb: srvs/web1 is coming up: 1 of 2 checks passed (DOWN 1/2)";
                assert_eq!(found.text == says, coming_up, "{}", found.text);
            }
        }
    }

    #[test]
    fn a_closed_gate_explains_its_line_alone() {
        let down = [(Role::Main, "DOWN"), (Role::Twin, "DOWN")];
        assert!(found((Closed, Some(Closed)), &down).is_empty());
        assert!(found((Closed, None), &[(Role::ClassicTwin, "DOWN")]).is_empty());
        let twin = found((Closed, Some(Open)), &down);
        assert!(twin.len() == 1 && twin[0].contains("the twin"), "{twin:?}");
        assert_eq!(found((Open, Some(Closed)), &down).len(), 1);
    }

    #[test]
    fn a_balancer_that_can_not_be_seen_has_no_lines() {
        let gates = PerGate {
            main: Open,
            twin: None,
        };
        let silent = [BalancerObservation::silent("connection refused")];
        assert!(unused("web", &gates, &silent).is_empty());
    }
}
