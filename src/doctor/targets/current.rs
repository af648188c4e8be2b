//! Which target is current: the users' one, and the only one whose gates the sidecar opens.

use super::facts::{Targets, trouble};
use crate::clock;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::operation::{By, Current};

checks! {
    pub(super) CURRENT "current-target":
        "the agent opens the gates of the current target alone: if it does not know that one, or that one \
         is not healthy, the host serves no users";
}

pub(super) fn points(targets: &Targets) -> Vec<Point> {
    vec![match &targets.current {
        Ok(current) => known(targets, current),
        Err(fault) if targets.under_way => {
            CURRENT.unseen(format!("{}: an operation is under way", fault.found))
        }
        Err(fault) => CURRENT.error(&fault.found, &fault.fix),
    }]
}

fn known(targets: &Targets, current: &Current) -> Point {
    let label = targets.label(&current.target);
    let own = targets.look(&current.target);
    let sick = own.filter(|look| !look.is_well());
    let other = targets.idle().find(|look| look.is_well());
    match (sick, other) {
        (Some(sick), Some(_)) if targets.under_way => CURRENT.unseen(format!(
            "{label} is current and {}: an operation is under way",
            trouble(sick)
        )),
        (Some(sick), Some(other)) => CURRENT.error(
            format!(
                "{label} is current and {}, while {} is healthy: the agent opens no gate of it",
                trouble(sick),
                targets.label(&other.name)
            ),
            format!("agent open {} --to {}", targets.app, other.name),
        ),
        _ => CURRENT.ok(format!("{label} is current, {}", by(targets, current))),
    }
}

fn by(targets: &Targets, current: &Current) -> String {
    match current.by {
        By::Record => match &targets.record {
            Some(record) => format!("since {}", clock::timestamp(record.since_unix_s)),
            None => "as recorded".to_owned(),
        },
        By::Operator => "as the operator says".to_owned(),
        By::Alone => "because it is the only target".to_owned(),
        By::Gates => "by its open gates; none is recorded yet".to_owned(),
        By::Health => "because only it is healthy; none is recorded yet".to_owned(),
    }
}
