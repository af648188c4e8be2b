//! SIGKILL at every record of a switch, under traffic. `agent recover` then puts the old target back
//! or completes the switch: one target is open and healthy, the other one is stopped, and no user has
//! noticed.

use nix::sys::signal::Signal;

use lab::agent::Agent;
use lab::targets::{BLUE, Farm, GREEN, Lines};

use crate::met::Meeting;

/// Some records; `scripts/soak` tries each.
#[test]
fn a_switch_killed_at_some_records_is_recovered() {
    killed_at_records("killed_some", 2, 7);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn a_switch_killed_at_each_record_is_recovered() {
    killed_at_records("killed_each", 1, 1);
}

/// The agent dies at its first sync, or at a later one, until one switch completes.
fn killed_at_records(test: &str, first: usize, apart: usize) {
    let farm = Farm::open(test, 1, Lines::with_twins());
    let agent = farm.agent(1, |settings| settings);
    let meeting = Meeting::begin(&farm);
    let mut died_in = Vec::new();
    for sync in (first..).step_by(apart) {
        let old = farm.current(1);
        let boots = boots(&farm);
        let ended = agent.start_killed_at("switch", sync).wait();
        if ended.exit == 0 {
            break;
        }
        let phase = farm.host(1).journal_phase();
        if phase.is_some() {
            refuses_a_restart(&agent);
        }
        let now = recovered(&farm, &agent);
        println!("killed at record {sync}, in {phase:?}: from {old}, now {now}");
        let more = self::boots(&farm) - boots;
        assert!(more <= 1, "killed at {sync}: {more} starts");
        died_in.extend(phase);
    }
    let met = meeting.end();
    met.print(&format!("killed {} times", died_in.len()));
    println!("{died_in:?}");
    met.assert_unnoticed();
    if apart == 1 {
        for phase in ["start", "healthy", "join", "leave", "drain", "stop"] {
            let found = died_in.iter().any(|died| died == phase);
            assert!(found, "never died with {phase} recorded: {died_in:?}");
        }
    }
}

/// The next switch finishes one that was killed after the join. One that was killed before it is
/// undone first, and the next one begins anew.
#[test]
fn a_switch_after_a_killed_one_ends_at_the_new_target() {
    let farm = Farm::open("killed_again", 1, Lines::with_twins());
    let agent = farm.agent(1, |settings| settings);
    for phase in ["healthy", "leave"] {
        let old = farm.current(1);
        let running = agent.start("switch", "web");
        farm.host(1).wait_for_phase(phase);
        running.interrupt(Signal::SIGKILL);
        running.wait();
        agent.run("switch", "web").expect_exit(0);
        assert_ne!(farm.current(1), old, "killed in {phase}");
        at_rest(&farm, farm.current(1));
    }
}

/// Returns the current target.
fn recovered(farm: &Farm, agent: &Agent) -> &'static str {
    agent.run("recover", "web").expect_exit(0);
    let current = farm.current(1);
    at_rest(farm, current);
    current
}

fn refuses_a_restart(agent: &Agent) {
    let refused = agent.run("restart", "web").expect_exit(11).report();
    assert!(
        refused.message.contains("agent recover"),
        "{}",
        refused.message
    );
}

fn at_rest(farm: &Farm, current: &str) {
    farm.target(1, other(current)).wait_until_stopped();
    farm.assert_current(1, current);
    assert_eq!(farm.host(1).journal_phase(), None);
}

fn other(target: &str) -> &'static str {
    if target == BLUE { GREEN } else { BLUE }
}

fn boots(farm: &Farm) -> usize {
    let targets = [BLUE, GREEN].map(|name| farm.target(1, name).boots().len());
    targets.iter().sum()
}
