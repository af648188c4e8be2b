//! The kernel's rules and the wanted ones -> the changes between the two. Pure.

use super::ours::{CHAIN, HOOKS, PARK_CHAIN, jump, keeper_of};
use super::owned::is_of_a_gate;
use super::rule::{Change, Listed};
use super::{Gate, Listing, Position};
use std::borrow::Cow;

/// The position of `gate` in this listing.
pub fn position(listing: &Listing, gate: &Gate) -> Position {
    let wanted = gate.rule();
    let rules: Vec<&Listed> = of_gate(listing, gate).collect();
    if rules.is_empty() {
        return Position::Closed;
    }
    if let Some(stale) = rules.iter().find(|one| one.rule != wanted) {
        let what = match is_of_a_gate(&stale.rule) {
            true => "a rule of an earlier configuration",
            false => "not as configured",
        };
        return Position::Broken(format!("{what}: {stale}"));
    }
    match HOOKS
        .iter()
        .find(|hook| listing.jumps(hook).next().is_none())
    {
        Some(hook) => Position::Broken(format!("no jump from {hook} to {CHAIN}")),
        None if rules.len() > 1 => Position::Broken(format!("{} times the same rule", rules.len())),
        None if missing_keeper(listing, CHAIN).is_some() => {
            Position::Broken("without the rule that keeps connections tracked".to_owned())
        }
        None => Position::Open,
    }
}

/// The changes that open (or close) `gate`, in order. None if it is already open (or closed). The
/// rule itself is the last thing added and the only thing deleted, so that a gate flips in one
/// step.
pub fn plan(listing: &Listing, gate: &Gate, open: bool) -> Vec<Change> {
    match open {
        true => plan_open(listing, gate),
        false => plan_close(listing, gate),
    }
}

/// The same for several gates, each from the listing as the changes for the earlier ones leave it.
pub fn plan_all(listing: &Listing, wanted: &[(&Gate, bool)]) -> Vec<Change> {
    let mut listing = Cow::Borrowed(listing);
    let mut all = Vec::new();
    for (gate, open) in wanted {
        let changes = plan(&listing, gate, *open);
        // Copies nothing if there is nothing to do, because every look asks for this.
        changes.iter().for_each(|one| listing.to_mut().apply(one));
        all.extend(changes);
    }
    all
}

/// The changes that remove every rule of ours from the table, in order: each jump to a chain of
/// ours, then the chain with all its rules. None: nothing is ours.
pub fn removal(listing: &Listing) -> Vec<Change> {
    let chains = [CHAIN, PARK_CHAIN];
    let is_jump = |one: &&Listed| chains.iter().any(|chain| one.rule.leads_to(chain));
    let mut changes = deletes(listing.rules().filter(is_jump));
    for chain in chains.into_iter().filter(|chain| listing.has_chain(chain)) {
        changes.extend([Change::Flush(chain), Change::DeleteChain(chain)]);
    }
    changes
}

fn plan_close(listing: &Listing, gate: &Gate) -> Vec<Change> {
    let deletes = deletes(of_gate(listing, gate));
    let keeper = missing_keeper(listing, CHAIN).filter(|_| !deletes.is_empty());
    keeper.into_iter().chain(deletes).collect()
}

/// The change that adds the rule that keeps connections tracked to this chain of ours.
pub(super) fn missing_keeper(listing: &Listing, chain: &str) -> Option<Change> {
    let keeper = keeper_of(chain);
    let is_there = listing.rules().any(|one| one.rule == keeper);
    (!is_there).then_some(Change::Append(keeper))
}

fn plan_open(listing: &Listing, gate: &Gate) -> Vec<Change> {
    let mut changes = Vec::new();
    if !listing.has_chain(CHAIN) {
        changes.push(Change::NewChain(CHAIN));
    }
    changes.extend(missing_keeper(listing, CHAIN));
    for hook in HOOKS {
        let mut jumps = listing.jumps(hook);
        match jumps.next() {
            // Ahead of all other rules, so that none of them takes the check away.
            None => changes.push(Change::Insert(jump(hook))),
            Some(_) => changes.extend(deletes(jumps)),
        }
    }
    let wanted = gate.rule();
    let (exact, stale): (Vec<&Listed>, Vec<&Listed>) =
        of_gate(listing, gate).partition(|one| one.rule == wanted);
    match exact.as_slice() {
        [] => changes.push(Change::Append(wanted)),
        [_, extra @ ..] => changes.extend(deletes(extra.iter().copied())),
    }
    changes.extend(deletes(stale));
    changes
}

/// The rules in this gate's place, as configured or not.
fn of_gate<'a>(listing: &'a Listing, gate: &'a Gate) -> impl Iterator<Item = &'a Listed> {
    listing.ours().filter(move |one| gate.owns(&one.rule))
}

pub(super) fn deletes<'a>(rules: impl IntoIterator<Item = &'a Listed>) -> Vec<Change> {
    let rules = rules.into_iter().cloned();
    rules.map(Change::Delete).collect()
}

#[cfg(test)]
mod tests;
