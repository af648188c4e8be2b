//! Apps that start slowly, and apps that are sick.

use crate::operation::Operation;
use crate::round::Round;

pub fn slow(round: &mut Round) {
    round.set_cold(2000..6000);
    round.run("restart", &[0]);
    round.booted(1..=1);
}

/// Sick from its boot on, for a while that the agent waits out, or for longer.
pub fn sick(round: &mut Round) {
    round.booted(1..=1);
    match round.one_in(2) {
        true => for_a_while(round),
        false => for_longer(round),
    }
}

fn for_a_while(round: &mut Round) {
    let operation = restart_sick(round);
    std::thread::sleep(round.millis(500..3000));
    round.fleet.app(round.number).set_sick(false);
    round.end(operation, "sick for a while", &[0]);
}

/// The gates stay closed until the app is healthy again.
fn for_longer(round: &mut Round) {
    round.set("app.web.timeouts.healthy", "2s");
    let operation = restart_sick(round);
    round.end(operation, "sick", &[15]);
    round.run("status", &[1]);
    if round.one_in(2) {
        round.run("recover", &[15]);
    }
    if round.host().gate_is_open(2000) || round.host().gate_is_open(3000) {
        round.violated("a gate is open before a sick app");
    }
    round.fleet.app(round.number).set_sick(false);
    let then = round.pick(&["recover", "recover", "open"]);
    round.run(then, &[0]);
}

/// Cold for long enough to fall sick before its first healthy answer.
fn restart_sick<'a>(round: &mut Round<'a>) -> Operation<'a> {
    round.set_cold(700..1000);
    let operation = round.start("restart");
    let app = round.fleet.app(round.number);
    app.wait_for_boot_after(round.boots_before[round.number - 1]);
    app.set_sick(true);
    operation
}
