//! The kernel's rules and the ports to be parked -> the changes between the two. Pure.

use super::{Parking, ParkingPosition, Parkings};
use crate::gate::listing::Listing;
use crate::gate::ours::{PARK_CHAIN, PARK_HOOK, park_jump};
use crate::gate::owned::is_at;
use crate::gate::plan::{deletes, missing_keeper};
use crate::gate::rule::{Change, Listed, Rule};

/// The changes that park the app's targets as wanted, in order. None if they already are. The rules
/// that are not wanted go first: without a rule users are no worse off than without parking.
///
/// The jump and the rule that keeps connections tracked stay when no port is parked: a connection
/// that was made while the port was parked would otherwise lose its packets.
pub fn plan_parking(listing: &Listing, wanted: &Parkings) -> Vec<Change> {
    let mut missing: Vec<Rule> = wanted.rules().collect();
    let is_used = !missing.is_empty();
    let mut surplus: Vec<&Listed> = Vec::new();
    for one in listing.parked().filter(|one| wanted.owns(&one.rule)) {
        match missing.iter().position(|rule| *rule == one.rule) {
            Some(at) => drop(missing.remove(at)),
            None => surplus.push(one),
        }
    }
    let mut changes = Vec::new();
    if is_used && !listing.has_chain(PARK_CHAIN) {
        changes.push(Change::NewChain(PARK_CHAIN));
    }
    if is_used || !surplus.is_empty() {
        changes.extend(missing_keeper(listing, PARK_CHAIN));
    }
    changes.extend(deletes(surplus));
    if is_used {
        changes.extend(jumps(listing));
    }
    changes.extend(missing.into_iter().map(Change::Append));
    changes
}

/// Exactly one jump, ahead of all other rules, so that none of them takes the connections away.
fn jumps(listing: &Listing) -> Vec<Change> {
    let mut jumps = listing.park_jumps();
    match jumps.next() {
        None => vec![Change::Insert(park_jump())],
        Some(_) => deletes(jumps),
    }
}

/// Whether the port of `target`, one of those of `wanted`, is parked in this listing.
pub(super) fn position(listing: &Listing, wanted: &Parkings, target: &Parking) -> ParkingPosition {
    let in_place = |one: &&Listed| wanted.has(target, &one.rule);
    let rules: Vec<&Listed> = listing.parked().filter(in_place).collect();
    if rules.is_empty() {
        return ParkingPosition::NotSet;
    }
    ParkingPosition::Broken(if let Some(stale) = stale(&rules, wanted, target) {
        format!("a rule of an earlier configuration: {stale}")
    } else if listing.park_jumps().next().is_none() {
        format!("no jump from {PARK_HOOK} to {PARK_CHAIN}")
    } else if rules.len() > 1 {
        format!("{} times the same rule", rules.len())
    } else if missing_keeper(listing, PARK_CHAIN).is_some() {
        "without the rule that keeps connections tracked".to_owned()
    } else {
        return ParkingPosition::Set;
    })
}

/// The first rule that is not the wanted one. If none is wanted, one that is not of this target.
fn stale<'a>(rules: &[&'a Listed], wanted: &Parkings, target: &Parking) -> Option<&'a Listed> {
    let rule = target.rule(&wanted.app);
    let comment = Some(target.comment(&wanted.app));
    let is_wanted = |one: &Rule| match &rule {
        Some(rule) => one == rule,
        None => one.comment == comment && is_at(one, target.port),
    };
    rules.iter().find(|one| !is_wanted(&one.rule)).copied()
}
