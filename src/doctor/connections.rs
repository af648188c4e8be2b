//! Checks whether this host can see what HAProxy's leaving workers carry: it asks their master, or
//! counts the connections to the app at both ends.

use super::Point;
use super::check::{Check, NEEDS_ROOT, checks};
use super::fault::Fault;
use crate::restart::{Connections, Count, Counted, peers_in_words};

checks! {
    CONNECTIONS "connections":
        "after a reload of HAProxy the drain waits for what its leaving workers carry: its master socket \
         shows that; without one, the connections to the app that HAProxy does not count";
}

pub(super) const MASTER: &str =
    "name HAProxy's master socket (`haproxy -S`): `master` in [[haproxy]]";

/// How the agent sees what leaving workers carry.
#[derive(Debug, Clone)]
pub(crate) enum Leaving {
    /// It asks the master: every balancer has a master socket.
    Asked,
    /// It counts at both ends, while the number is steady.
    Counted(Connections, Count),
    /// It can't see that.
    Unknown(Fault),
    /// HAProxy does not show our lines, which another point reports.
    NoLines,
    /// Another user than root can't see it.
    NeedsRoot,
}

/// None: `master-socket` or `lines` shows it, or the app is so busy that the drain counts once the
/// host is out.
pub(super) fn point(port: u16, leaving: &Leaving) -> Option<Point> {
    match leaving {
        Leaving::Asked | Leaving::NoLines => None,
        Leaving::NeedsRoot => Some(CONNECTIONS.unseen(format!(
            "what leaving workers of HAProxy carry: unknown: {NEEDS_ROOT}"
        ))),
        Leaving::Unknown(fault) => Some(CONNECTIONS.error(&fault.found, &fault.fix)),
        Leaving::Counted(seen, _) if !seen.misnamed.is_empty() => {
            let checks: Vec<String> = seen.misnamed.iter().map(|ip| format!("\"{ip}\"")).collect();
            let checks = checks.join(", ");
            Some(CONNECTIONS.error(
                format!(
                    "`source` names none of the addresses that check the status ports: {checks}"
                ),
                format!("[[haproxy]] source = [{checks}]"),
            ))
        }
        Leaving::Counted(seen, before) => match seen.counted(*before) {
            Counted::All => Some(CONNECTIONS.ok(equation(seen, *before))),
            Counted::Unsteady => None,
            Counted::Left(left) => {
                let left = left.concat();
                let found = left.split("; ").next().unwrap_or_default();
                let fix = match seen.hidden || seen.fall_short(*before) {
                    true => MASTER.to_owned(),
                    false => format!(
                        "`ss -tnp sport = :{port}` shows them; `source` in [[haproxy]] names the balancers' addresses; \
                         or {MASTER}"
                    ),
                };
                Some(CONNECTIONS.warning(found, fix))
            }
        },
    }
}

/// "7 from 10.0.0.1 = 7 that HAProxy counts; 1 from 10.0.0.50, no balancer"
fn equation(seen: &Connections, counted: Count) -> String {
    let counted = counted.connections.unwrap_or_default();
    let all_are_ours = seen.of_balancers.values().sum::<u64>() < counted;
    let ours = match all_are_ours {
        false => peers_in_words(&seen.of_balancers),
        true => peers_in_words(&seen.by_peer()),
    };
    let equal = match counted {
        0 => "no connections, and HAProxy counts none".to_owned(),
        _ => format!("{ours} = {counted} that HAProxy counts"),
    };
    match seen.of_others.values().sum() {
        0_u64 => equal,
        _ if all_are_ours => equal,
        _ => format!("{equal}; {}, no balancer", peers_in_words(&seen.of_others)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{self, Error, Ok as Well, Unseen, Warning};
    use super::*;

    fn counted(of_balancers: u64, of_others: u64, counted: u64) -> (Verdict, String) {
        let peers = |ip: &str, count| [(ip.parse().unwrap(), count)].into();
        let count = Count {
            connections: Some(counted),
            sessions: 9,
        };
        let (of_balancers, of_others) = (
            peers("10.0.0.1", of_balancers),
            peers("10.0.0.50", of_others),
        );
        let seen = Connections {
            addresses_known: true,
            ..Connections::new(of_balancers, of_others, Ok(count))
        };
        let point = point(1000, &Leaving::Counted(seen, count)).unwrap();
        (point.verdict, point.found + &point.fix.unwrap_or_default())
    }

    #[test]
    fn the_equation_is_shown_with_its_terms() {
        let (verdict, text) = counted(7, 1, 7);
        let expected = "7 from 10.0.0.1 = 7 that HAProxy counts; 1 from 10.0.0.50, no balancer";
        assert_eq!((verdict, text.as_str()), (Well, expected));
        assert_eq!(
            counted(0, 0, 0).1,
            "no connections, and HAProxy counts none"
        );
    }

    #[test]
    fn a_wrong_count_is_a_warning_with_a_fix() {
        let (verdict, surplus) = counted(8, 0, 7);
        assert_eq!(verdict, Warning);
        assert!(surplus.contains("1 more connection to the app") && surplus.contains("ss -tnp"));
        let (verdict, hidden) = counted(1, 0, 7);
        assert_eq!(verdict, Warning);
        assert!(
            hidden.contains("show 1") && hidden.contains("`master` in"),
            "{hidden}"
        );
    }

    #[test]
    fn a_master_has_its_own_point_and_a_missing_table_is_unknown() {
        let verdict = |leaving| point(1000, &leaving).map(|point| point.verdict);
        assert_eq!(verdict(Leaving::Asked), None);
        assert_eq!(
            verdict(Leaving::Unknown(Fault::of("no table", MASTER))),
            Some(Error)
        );
        assert_eq!(verdict(Leaving::NoLines), None);
        assert_eq!(verdict(Leaving::NeedsRoot), Some(Unseen));
    }
}
