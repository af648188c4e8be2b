//! Agents that get SIGKILL, SIGINT or SIGTERM at a random moment.

use std::ops::RangeInclusive;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::account::KILLED;
use crate::operation::says;
use crate::round::Round;
use lab::agent::Ended;

/// Before its handlers are installed, a signal ends the agent at once. It has touched nothing then.
const YOUNG: Duration = Duration::from_millis(300);

pub fn killed(round: &mut Round) {
    let (ended, died_in) = kill(round, "restart");
    let then = round.pick(&["recover", "restart"]);
    let last = round.run(then, exits_after(then));
    let first = match ended.exit {
        KILLED => boots_of(died_in.as_deref()),
        _ => 1..=1,
    };
    let times = match then {
        "recover" => first,
        // If the first one ended, this is another restart. Otherwise the two together restart once.
        _ if ended.exit == 0 => 2..=2,
        _ if died_in.is_none() => 1..=2,
        _ if says(&last, "can't confirm that") => 0..=1,
        _ => 1..=1,
    };
    round.booted(times);
}

/// A restart does not succeed if it is unknown whether it has happened.
fn exits_after(verb: &str) -> &'static [i32] {
    match verb {
        "restart" => &[0, 1],
        _ => &[0],
    }
}

/// How often a restart that died in this phase has restarted the app.
fn boots_of(phase: Option<&str>) -> RangeInclusive<usize> {
    match phase {
        Some("healthy" | "open") => 1..=1,
        // Before its first record, or after its last one.
        None | Some("restart") => 0..=1,
        Some(_) => 0..=0,
    }
}

pub fn killed_twice(round: &mut Round) {
    let (first, died_in) = kill(round, "restart");
    let then = round.pick(&["recover", "restart"]);
    kill(round, then);
    round.run("recover", &[0]);
    // After one that ended, or left nothing to do, another restart follows.
    let is_over = first.exit == 0 || died_in.is_none();
    let twice = is_over && then == "restart";
    round.booted(0..=1 + usize::from(twice));
}

/// `close` is killed: the recovery undoes it, unless it had done its work.
pub fn close_killed(round: &mut Round) {
    kill(round, "close");
    let then = round.pick(&["recover", "restart", "open"]);
    // If it had recorded the hold, the agent refuses a restart.
    let exits = match then {
        "restart" => &[0, 1, 11],
        then => exits_after(then),
    };
    let restarted = round.run(then, exits).exit != 11 && then == "restart";
    round.run("open", &[0]);
    round.booted(if restarted { 1..=1 } else { 0..=0 });
}

/// The phase in the journal of the killed operation. None: it left no journal.
fn kill(round: &mut Round, verb: &'static str) -> (Ended, Option<String>) {
    let mut operation = round.start(verb);
    let detail = operation.cut(Signal::SIGKILL, round.moment());
    let exits = [exits_after(verb), &[KILLED]].concat();
    let ended = round.end(operation, &detail, &exits);
    (ended, round.host().journal_phase())
}

pub fn interrupted(round: &mut Round) {
    let (signal, exit) = round.pick(&[(Signal::SIGINT, 130), (Signal::SIGTERM, 143)]);
    let verb = round.pick(&["restart", "restart", "close"]);
    let mut operation = round.start(verb);
    let detail = operation.cut(signal, round.moment());
    let is_young = operation.started.elapsed() < YOUNG;
    let ended = match is_young {
        true => round.end(operation, &detail, &[0, exit, KILLED]),
        false => round.end(operation, &detail, &[0, exit]),
    };
    let untouched = ended.exit != 0
        && (ended.exit == KILLED
            || says(&ended, "was not touched")
            || says(&ended, "nothing was changed"));
    match verb {
        "close" => round.run_if(ended.exit == 0, "open"),
        _ if untouched => {}
        _ => round.booted(1..=1),
    }
}
