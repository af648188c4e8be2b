//! Whether a host is at rest, so that a switch can begin: the gates of exactly one target are open, and
//! no target is stopped that still carries users. Pure.

use crate::config::AppSettings;
use crate::gate::Position;
use crate::host::Snapshot;
use crate::restart::switch::How;

/// One target before a switch.
#[derive(Debug, Clone)]
pub(super) struct Resting {
    /// `web/blue`.
    label: String,
    /// The positions of its gates.
    gates: Vec<Position>,
    /// What HAProxy shows in flight on its lines, one entry each.
    busy: Vec<String>,
}

impl Resting {
    pub(super) fn of(app: &AppSettings, seen: &Snapshot) -> Resting {
        let lines = seen.balancers.iter().flat_map(|balancer| balancer.lines());
        let busy = lines.filter(|line| line.in_flight > 0);
        let busy = busy.map(|line| {
            let carried = line.mode.in_flight(line.in_flight);
            format!("{} has {carried}", line.name)
        });
        Resting {
            label: app.label(),
            gates: seen.positions().into_iter().collect(),
            busy: busy.collect(),
        }
    }

    fn all(&self, wanted: &Position) -> bool {
        self.gates.iter().all(|position| position == wanted)
    }
}

/// Why a switch can't begin, each with its fix. `beside`: the other targets with a gate that is not
/// closed. They may have users, whom the switch would leave there.
pub(super) fn not_at_rest(
    app: &str,
    how: How,
    (old, new): (&Resting, &Resting),
    beside: &[String],
) -> Vec<String> {
    let (serves, idle) = match how {
        How::Start | How::Back => (old, new),
        How::Finish => (new, old),
    };
    let (serving, label) = (&serves.label, &idle.label);
    let mut reasons = Vec::new();
    if !serves.all(&Position::Open) {
        reasons.push(format!(
            "the gates of {serving}, the current target, are not open, and no hold explains it: run \
             `agent recover {app}` first"
        ));
    }
    let mut open: Vec<&str> = beside.iter().map(String::as_str).collect();
    if !idle.all(&Position::Closed) {
        open.insert(0, label);
    }
    if !open.is_empty() {
        reasons.push(format!(
            "the gates of {} are not closed, although {serving} is current: run `agent recover \
             {app}` first, which closes them if {serving} serves",
            open.join(" and ")
        ));
    }
    // It is stopped before it starts anew. A finish drains it first.
    if how == How::Start && !idle.busy.is_empty() {
        reasons.push(format!(
            "{label} still carries users: {}; run `agent switch {app} --finish` to end that first, or \
             `agent switch {app} --back` to move all users there",
            idle.busy.join(", ")
        ));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resting(label: &str, position: &Position, busy: &[&str]) -> Resting {
        Resting {
            label: label.to_owned(),
            gates: vec![position.clone(); 2],
            busy: busy.iter().map(|what| (*what).to_owned()).collect(),
        }
    }

    #[test]
    fn the_gates_of_exactly_the_current_target_are_open() {
        let (open, closed) = (Position::Open, Position::Closed);
        let broken = Position::Broken("no jump".to_owned());
        let first = "the gates of web/blue, the current target, are not open";
        let second = "the gates of web/green are not closed";
        for (blue, green, reasons) in [
            (&open, &closed, &[][..]),
            (&closed, &closed, &[first]),
            (&broken, &closed, &[first]),
            (&open, &open, &[second]),
            (&open, &broken, &[second]),
            (&closed, &open, &[first, second]),
        ] {
            let blue = resting("web/blue", blue, &[]);
            let green = resting("web/green", green, &[]);
            for (how, old, new) in [
                (How::Start, &blue, &green),
                (How::Back, &blue, &green),
                (How::Finish, &green, &blue),
            ] {
                let said = not_at_rest("web", how, (old, new), &[]);
                assert_eq!(said.len(), reasons.len(), "{said:?}");
                let pairs = said.iter().zip(reasons);
                pairs.for_each(|(said, reason)| assert!(said.starts_with(reason), "{said}"));
            }
        }
    }

    #[test]
    fn a_third_target_with_an_open_gate_is_named() {
        let blue = resting("web/blue", &Position::Open, &[]);
        let beside = ["web/red".to_owned()];
        for (green, names) in [
            (Position::Closed, "web/red"),
            (Position::Open, "web/green and web/red"),
        ] {
            let green = resting("web/green", &green, &[]);
            for (how, old, new) in [
                (How::Start, &blue, &green),
                (How::Back, &blue, &green),
                (How::Finish, &green, &blue),
            ] {
                let said = not_at_rest("web", how, (old, new), &beside);
                let says = format!(
                    "the gates of {names} are not closed, although web/blue is current: run `agent \
                     recover web` first, which closes them if web/blue serves"
                );
                assert_eq!(said, [says]);
            }
        }
    }

    #[test]
    fn a_target_that_carries_users_is_not_started_anew() {
        let blue = resting(
            "web/blue",
            &Position::Open,
            &["srvs/w1 has 3 requests in flight"],
        );
        let green = resting(
            "web/green",
            &Position::Closed,
            &["srvs/w2 has 1 request in flight"],
        );
        let said = not_at_rest("web", How::Start, (&blue, &green), &[]);
        assert!(
            said[0].contains("srvs/w2 has 1 request in flight"),
            "{said:?}"
        );
        assert!(!said[0].contains("srvs/w1"), "{said:?}");
        assert_eq!(not_at_rest("web", How::Back, (&blue, &green), &[]), [""; 0]);
        assert_eq!(
            not_at_rest("web", How::Finish, (&green, &blue), &[]),
            [""; 0]
        );
    }
}
