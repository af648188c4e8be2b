//! The faults. HAProxy can serve all requests in each of them, because two other hosts are always
//! UP.

use fastrand::Rng;

use crate::round::Round;
use crate::{cut, gates, leaving, ports, rotation, sick, together, unread};

pub struct Fault {
    pub name: &'static str,
    /// Its share of the rounds.
    weight: u32,
    pub play: fn(&mut Round),
}

static FAULTS: [Fault; 20] = [
    fault("none", 4, none),
    fault("killed, then recover or restart", 10, cut::killed),
    fault("killed twice", 3, cut::killed_twice),
    fault("close killed", 3, cut::close_killed),
    fault("SIGINT or SIGTERM", 8, cut::interrupted),
    fault(
        "rules changed between operations",
        6,
        gates::changed_between,
    ),
    fault("rules changed in an operation", 8, gates::changed_meanwhile),
    fault("held by an operator, restarted, opened", 5, gates::held),
    fault("two operations on a host", 4, together::on_one_host),
    fault("two hosts, one may be out", 3, together::on_two_hosts),
    fault("MAINT or DRAIN by an operator", 5, rotation::maintained),
    fault("stats socket silent or refused", 5, rotation::silent),
    fault("HAProxy reloaded", 6, rotation::reloaded),
    fault("reloaded under users, no master", 6, leaving::counted),
    fault(
        "DOWN by its agent check, then UP",
        5,
        rotation::down_by_agent,
    ),
    fault("another user wants the status ports", 4, ports::grabbed),
    fault("an operation without a reader", 3, unread::operation),
    fault("a sidecar without a reader, stopped", 5, unread::sidecar),
    fault("app slow to come up", 3, sick::slow),
    fault("app sick after its restart", 5, sick::sick),
];

const fn fault(name: &'static str, weight: u32, play: fn(&mut Round)) -> Fault {
    Fault { name, weight, play }
}

impl Fault {
    /// Those with this word in their name.
    pub fn named(word: &str) -> Vec<&'static Fault> {
        let faults = FAULTS.iter();
        faults.filter(|fault| fault.name.contains(word)).collect()
    }

    pub fn draw(of: &[&'static Fault], rng: &mut Rng) -> &'static Fault {
        let mut at = rng.u32(0..of.iter().map(|fault| fault.weight).sum());
        let drawn = of.iter().find(|fault| {
            let is_it = at < fault.weight;
            at = at.saturating_sub(fault.weight);
            is_it
        });
        drawn.expect("the weights add up")
    }
}

fn none(round: &mut Round) {
    round.run("restart", &[0]);
    round.booted(1..=1);
}
