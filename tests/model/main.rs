//! The protocols by which hosts never leave too few others, in every order of steps.
//!
//! Each test searches a whole farm: one to four hosts with one operation each, one or two balancers,
//! and the steps that it names. A step may come at any moment: a check, a look, an action of the
//! agent, a command of the operator, a death, a reload, Ctrl-C, the end of a limit or of the lock's
//! lease. So a pause may be of any length, and the balancers see a change at different times. The core
//! of the program makes every decision, from rows of `show stat`: `core.rs` and `two.rs` call its `decide`,
//! `begin.rs` its `start`, `preflight` and `takes_lock`. What an action does to a host is the farm's own.
//!
//! What is not in it: an app that fails later or does not come up, except a new target of a switch; a balancer
//! that can't be seen, a rule that another process changes, a check that takes longer than the next
//! one, a switch with `keep`, `settle` or a sticky time. An agent may look once more right after a reload, where
//! the real one waits. Of two states from which the core decides the same one is kept: in a story the
//! balancers may change places.

mod begin;
mod core;
mod flaw;
mod in_time;
mod inputs;
mod large;
mod locked;
mod maint;
mod memory;
mod phases;
mod shown;
mod slots;
mod switching;
mod two;
mod two_stage;

use self::core::Core;
use farm::{Clock, Farm, First, Found, Lock, New, Settings, Twin};
use flaw::Flaw;

/// No limit ends, but a host that gave way gets its turn.
const TURNS: &[Clock] = &[Clock::Early, Clock::Turn];
/// A phase may end by its limit.
const LIMITS: &[Clock] = &[Clock::Early, Clock::Turn, Clock::Late];
/// So may the time for all turns.
const ALL: &[Clock] = &[Clock::Early, Clock::Turn, Clock::Late, Clock::Spent];

/// Two hosts of which one may go, behind one balancer.
const TWO_STAGE: Settings = Settings {
    hosts: 2,
    switching: 0,
    at_rest: 0,
    balancers: 1,
    min_available: 1,
    twin: Twin::Gate,
    rise: 1,
    fall: 2,
    crashes: 0,
    reloads: 0,
    interrupts: false,
    in_time: false,
    one_by_one: false,
    clocks: TURNS,
    lock: Lock::None,
    slots: 1,
    first: First::Runs,
    held: None,
    new: New::Well,
    requests: false,
};

const SINGLE: Settings = Settings {
    twin: Twin::None,
    ..TWO_STAGE
};

fn search(settings: &Settings) -> Found {
    search_by(settings, Core::new(settings))
}

fn search_with(flaw: Flaw, settings: &Settings) -> Found {
    search_by(settings, Core::new(settings).with(flaw))
}

fn search_by(settings: &Settings, core: Core) -> Found {
    let found = Farm::new(settings.clone(), core).search();
    eprintln!("{} states", found.states);
    found
}

/// Enough are usable on each balancer, enough apps run, and all operations end.
#[track_caller]
fn always(found: &Found, states: usize) {
    never(&found.too_few_usable, "too few usable");
    ends(found, states);
}

/// Users may have too few servers for a moment. But enough apps run, and all operations end.
#[track_caller]
fn runs(found: &Found, states: usize) {
    assert!(found.too_few_usable.is_some(), "it is not reached");
    ends(found, states);
}

/// So many states at least: fewer would show that a step never came.
#[track_caller]
fn ends(found: &Found, states: usize) {
    never(&found.too_few_run, "too few apps run");
    never(&found.none_open, "no target serves");
    never(&found.cuts_users, "a target is stopped with users");
    never(&found.unsettled, "not one target is open at rest");
    never(&found.stuck, "no way to the end");
    assert!(found.states >= states, "only {} states", found.states);
}

#[track_caller]
fn never(story: &Option<String>, what: &str) {
    if let Some(story) = story {
        panic!("{what} after this:\n{story}");
    }
}
