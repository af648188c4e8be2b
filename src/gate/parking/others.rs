//! Finds rules that park a port, and that the agent does not change. Pure.

use super::{Parking, Parkings, translation};
use crate::gate::foreign::{Asked, Foreign, foreign_at, native_at};
use crate::gate::ours::PARK_CHAIN;
use crate::gate::rule::{Destination, Rule, Target};
use crate::gate::view::{Tables, View};

impl View {
    /// Rules that are not the agent's to change, and redirect the port of this target to another
    /// target of the app: they still do so once the target is unparked. Those of the variant that the
    /// agent does not use are among them.
    pub fn parked_by_others(&self, wanted: &Parkings, target: &Parking) -> Vec<Foreign> {
        let parks = |rule: &Rule| rule.chain == PARK_CHAIN || wanted.leads_away(target, rule);
        let owns = |rule: &Rule| wanted.owns(rule);
        let asked = Asked {
            port: target.port,
            is_ours: &owns,
            counts: &parks,
        };
        let unused = Asked {
            is_ours: &|_| false,
            ..asked
        };
        let of_iptables = |tables: &Tables, asked: &Asked| {
            let found = tables.iter().flat_map(|(iptables, listing)| {
                foreign_at(iptables, listing, asked, &self.checked)
            });
            found.collect::<Vec<_>>()
        };
        let native = self.native_tables();
        let native = native.flat_map(|table| native_at(table, &asked, &self.checked));
        [
            of_iptables(&self.used, &asked),
            native.collect(),
            of_iptables(&self.unused, &unused),
        ]
        .concat()
    }
}

impl Parkings {
    /// Whether the rule redirects to another target of the app.
    fn leads_away(&self, from: &Parking, rule: &Rule) -> bool {
        let others = self.targets.iter().filter(|one| one.port != from.port);
        let ports = others.map(|one| Destination::Port(one.port));
        let mut places = ports.chain(from.to);
        places.any(|to| rule.target == translation(to) || rule.target == Target::Redirect(to))
    }
}
