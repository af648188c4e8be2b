//! What the kernel's tables show of parked ports, in both families and variants. Pure.

use super::plan::{plan_parking, position};
use super::{Parking, ParkingPosition, Parkings};
use crate::gate::iptables::{Family, Iptables};
use crate::gate::listing::Listing;
use crate::gate::rule::{Change, Destination};
use crate::gate::view::{Tables, View};
use std::net::IpAddr;

/// The changes that park the app's targets as wanted, in order, for each program that has any.
pub(super) fn to_do(tables: &Tables, wanted: &Parkings) -> Vec<(Iptables, Vec<Change>)> {
    let changes = |(iptables, listing): &(Iptables, Listing)| {
        let here = wanted.in_family(iptables.family);
        (*iptables, plan_parking(listing, &here))
    };
    let all = tables.iter().map(changes);
    all.filter(|(_, changes)| !changes.is_empty()).collect()
}

/// Each target's position: the same in every family that its place is in, or broken.
pub(super) fn positions(tables: &Tables, wanted: &Parkings) -> Vec<ParkingPosition> {
    let targets = wanted.targets.iter();
    targets.map(|one| everywhere(tables, wanted, one)).collect()
}

fn everywhere(tables: &Tables, wanted: &Parkings, target: &Parking) -> ParkingPosition {
    let seen = |(iptables, listing): &(Iptables, Listing)| {
        let position = position(listing, wanted, target);
        let is_as_expected = position == ParkingPosition::NotSet && !target.is_in(iptables.family);
        (!is_as_expected).then_some((iptables.program, position))
    };
    let mut seen = tables.iter().filter_map(seen);
    let Some((first, one)) = seen.next() else {
        return ParkingPosition::NotSet;
    };
    match seen.find(|(_, other)| *other != one) {
        None => one,
        Some((second, other)) => {
            ParkingPosition::Broken(format!("{first}: {one}, {second}: {other}"))
        }
    }
}

impl Parkings {
    /// A translation to an address has no place in the other family.
    fn in_family(&self, family: Family) -> Parkings {
        let mut here = self.clone();
        let beside = here.targets.iter_mut().filter(|one| !one.is_in(family));
        beside.for_each(|one| one.to = None);
        here
    }
}

impl Parking {
    fn is_in(&self, family: Family) -> bool {
        let address = self.to.and_then(Destination::address);
        address.is_none_or(|to| Family::of(to.ip()) == family)
    }
}

impl View {
    /// The position of each target, in their order.
    pub fn parked(&self, wanted: &Parkings) -> Vec<ParkingPosition> {
        positions(&self.used, wanted)
    }

    /// The calls that would park the targets as wanted, each with its program.
    pub fn plan_parking(&self, wanted: &Parkings) -> Vec<String> {
        self.calls(|iptables, listing| plan_parking(listing, &wanted.in_family(iptables.family)))
    }

    /// The rules of parked ports whose target or app is gone. They go with the next change.
    pub fn parked_of_gone(&self, wanted: &Parkings) -> Vec<String> {
        let rules = self.used.iter().flat_map(|(iptables, listing)| {
            let gone = listing.parked().filter(|one| wanted.is_gone(&one.rule));
            gone.map(|one| format!("{}: {one}", iptables.program))
        });
        rules.collect()
    }

    /// The place to park a target on whose current one has this port: the port at the address that
    /// HAProxy calls, or the address that a rule translates the port to (a container). `address`:
    /// the app listens there.
    pub fn place(&self, port: u16, address: Option<IpAddr>) -> Destination {
        let outside = address.filter(|ip| !ip.is_loopback() && !ip.is_unspecified());
        let listens = outside.map(|ip| (ip, port).into());
        let published = self.published(port).first().copied();
        published
            .or(listens)
            .map_or(Destination::Port(port), Destination::Address)
    }
}
