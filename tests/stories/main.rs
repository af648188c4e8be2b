//! Ring 2: whole operations on a host on paper, written as text. The tests also kill a story at
//! every look and at every action. Then `agent recover`, or the next `agent restart`, must leave
//! the host healthy, with the app restarted at most once.

mod locked;
mod narrator;
mod pair;
mod paper;
mod switching;
mod world;

use haproxy_gate::haproxy::Floor;
use haproxy_gate::restart::switch::Switching;
use haproxy_gate::restart::{
    Action, GatesFound, Limits, NoStart, OnDrainTimeout, Outcome, PerGate, Verb, start,
    stays_closed,
};
use haproxy_gate::state::invocation::Invocation;
use haproxy_gate::state::journal::{Entry, Journal, found_open};
use narrator::{Narrator, runs};
use paper::{Death, Trace};
use std::path::Path;
use std::time::Duration;
use world::World;

fn limits() -> Limits {
    Limits {
        sticky: Duration::ZERO,
        out_of_rotation: Duration::from_secs(2),
        drain: Duration::from_secs(3),
        restart: Duration::from_secs(2),
        upgrade: Duration::from_secs(2),
        healthy: Duration::from_secs(2),
        in_rotation: Duration::from_secs(2),
        on_drain_timeout: OnDrainTimeout::Abort,
        healthy_times: 1,
        two_stage: true,
        all_found_open: true,
        stays_closed: false,
        min_available: Floor::Servers(1),
        serving: vec!["lb backend srvs".to_owned()],
        turn: Duration::from_secs(20),
        claimed_before: Vec::new(),
        turns: [3, 6, 12].map(Duration::from_secs).to_vec(),
        upgrades: false,
        rolls_back: false,
        settle: None,
        lock: None,
        switch: Switching::default(),
    }
}

/// Runs one operation as the command line does. None: it was killed half way.
fn run(verb: Verb, world: &mut World, limits: &Limits, state_dir: &Path) -> Option<Outcome> {
    let left = Journal::unfinished(state_dir, "web").unwrap();
    let now = Some(format!("instance {}", world.restarts));
    let before = left.as_ref().and_then(|entry| entry.instance.clone());
    let restarted = before.map(|before| Some(before) != now);
    let unfinished = left.as_ref().map(|entry| entry.unfinished(restarted));
    let found = match world.gates {
        _ if world.held => GatesFound::Held,
        [true, true] => GatesFound::Open,
        _ => GatesFound::ClosedUnexpectedly,
    };
    let left_closed = left.as_ref().is_some_and(|entry| entry.stays_closed);
    let stays_closed = stays_closed(verb, limits.stays_closed, left_closed, found);
    let start = match start(verb, unfinished.as_ref(), found) {
        Ok(start) => start,
        Err(NoStart::Nothing(why)) => {
            Journal::forget(state_dir, "web").unwrap();
            return Some(Outcome::Nothing(why));
        }
        Err(NoStart::Unfinished(how)) => return Some(Outcome::UpgradeFailed(how)),
        Err(NoStart::CutSwitch(_)) => unreachable!("no targets"),
    };
    let [main, twin] = world.gates;
    let gates = PerGate {
        main,
        twin: Some(twin),
    };
    let mut found_open = found_open(gates, left.as_ref(), restarted);
    if stays_closed {
        found_open = found_open.map(|_| false);
    }
    world.found_open = found_open;
    let limits = Limits {
        all_found_open: found_open.iter().all(|open| *open),
        stays_closed,
        ..limits.clone()
    };
    let start = start.within(&limits, false);
    let entry = Entry {
        invocation: Invocation::new(verb, "web"),
        phase: start.phase.clone(),
        found_open,
        instance: None,
        restarting: start.verb == Verb::Restart,
        unsure: start.finishes == Some(false),
        stays_closed: limits.stays_closed,
        version: start.version.clone(),
        switch: None,
        origin: Default::default(),
        without_balancers: Vec::new(),
        ended: false,
    };
    let mut journal = Journal::begin(state_dir, entry).unwrap();
    let narrator = Narrator::new(&world.trace);
    let outcome = runs(world, &mut journal, narrator, &start, &limits)?;
    let _ = journal.end();
    Some(outcome)
}

/// Runs the operation from begin to end, and returns its story.
fn story(verb: Verb, world: &World, limits: &Limits) -> String {
    let (mut world, directory) = (world.clone(), paper::directory());
    let outcome = run(verb, &mut world, limits, directory.path()).unwrap();
    let exit = format!(
        "exit {}: {}",
        outcome.exit_code(),
        outcome.message(verb, "web")
    );
    format!("{}\n{exit}\n{}", world.trace.take(), world.left())
}

/// Kills the story at every look and around every action. The next operation must complete it.
fn cut_everywhere(world: &World, limits: &Limits) {
    let whole = {
        let (mut world, directory) = (world.clone(), paper::directory());
        run(Verb::Restart, &mut world, limits, directory.path()).unwrap();
        world
    };
    let mut cuts = 0;
    for death in Death::anywhere(whole.now, whole.death.actions) {
        for then in [Verb::Recover, Verb::Restart] {
            let killed = World {
                death: death.clone(),
                ..world.clone()
            };
            cuts += u32::from(is_completed(killed, limits, then, &whole));
        }
    }
    assert!(
        cuts > 20,
        "only {cuts} cuts: the story is too short to prove anything"
    );
}

/// False: the operation ended before the kill.
fn is_completed(mut world: World, limits: &Limits, then: Verb, whole: &World) -> bool {
    let directory = paper::directory();
    let what = format!("{:?} {then:?}", world.death);
    world.trace = Trace::default();
    if run(Verb::Restart, &mut world, limits, directory.path()).is_some() {
        return false;
    }
    let restarts = world.restarts;
    world.death = Death::default();
    let outcome = run(then, &mut world, limits, directory.path()).unwrap();
    assert_eq!(outcome.exit_code(), 0, "{what}: {outcome:?}");
    assert_eq!(world.gates, whole.gates, "{what}");
    assert!(
        world.left().contains("app healthy"),
        "{what}: {}",
        world.left()
    );
    match then {
        Verb::Recover => assert_eq!(world.restarts, restarts, "{what}"),
        _ => assert_eq!(world.restarts, 1, "{what}"),
    }
    assert_eq!(Journal::unfinished(directory.path(), "web"), Ok(None));
    true
}

#[test]
fn a_restart_two_stage() {
    let world = World::new();
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
    cut_everywhere(&world, &limits());
}

#[test]
fn a_restart_classic() {
    let (world, limits) = (
        World {
            classic: true,
            ..World::new()
        },
        Limits {
            two_stage: false,
            ..limits()
        },
    );
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits));
    cut_everywhere(&world, &limits);
}

#[test]
fn a_restart_with_a_sticky_time() {
    let limits = Limits {
        sticky: Duration::from_secs(1),
        ..limits()
    };
    insta::assert_snapshot!(story(Verb::Restart, &World::new(), &limits));
    cut_everywhere(&World::new(), &limits);
}

#[test]
fn a_restart_of_a_sick_app() {
    let world = World {
        app_up: false,
        in_flight: 0,
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
}

#[test]
fn haproxy_never_notices() {
    let world = World {
        notices_after: None,
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
}

#[test]
fn the_drain_runs_out() {
    let world = World {
        endless: true,
        ..World::new()
    };
    insta::assert_snapshot!(
        "the_drain_runs_out_abort",
        story(Verb::Restart, &world, &limits())
    );
    let proceed = Limits {
        on_drain_timeout: OnDrainTimeout::Proceed,
        ..limits()
    };
    insta::assert_snapshot!(
        "the_drain_runs_out_proceed",
        story(Verb::Restart, &world, &proceed)
    );
}

#[test]
fn the_restart_fails_or_the_app_never_comes_back() {
    let fails = World {
        restart_fails: true,
        ..World::new()
    };
    insta::assert_snapshot!("the_restart_fails", story(Verb::Restart, &fails, &limits()));
    let never = World {
        healthy_after: None,
        ..World::new()
    };
    insta::assert_snapshot!(
        "the_app_never_comes_back",
        story(Verb::Restart, &never, &limits())
    );
}

#[test]
fn a_signal_at_any_look_leaves_the_host_open_or_the_app_sick() {
    let whole = {
        let (mut world, directory) = (World::new(), paper::directory());
        run(Verb::Restart, &mut world, &limits(), directory.path()).unwrap();
        world.now
    };
    for at in 0..whole {
        let directory = paper::directory();
        let mut world = World {
            signal: Some((at, 15)),
            ..World::new()
        };
        let outcome = run(Verb::Restart, &mut world, &limits(), directory.path()).unwrap();
        assert_eq!(outcome.exit_code(), 143, "signal at look {at}");
        assert_eq!(world.gates, [true, true], "signal at look {at}");
    }
    let world = World {
        signal: Some((4, 2)),
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
}

#[test]
fn another_process_has_the_xtables_lock() {
    let a_while = World {
        gate_fails: 3,
        ..World::new()
    };
    insta::assert_snapshot!(
        "the_lock_is_held_for_a_while",
        story(Verb::Restart, &a_while, &limits())
    );
    let for_good = World {
        gate_fails: 1000,
        ..World::new()
    };
    let text = story(Verb::Restart, &for_good, &limits());
    assert!(
        text.contains("exit 1: the rules could not be set"),
        "{text}"
    );
}

#[test]
fn a_balancer_out_of_sight_is_neither_drained_nor_up() {
    let world = World {
        blind: 2..14,
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
}

#[test]
fn a_host_found_closed_is_put_back_closed() {
    let limits = Limits {
        all_found_open: false,
        ..limits()
    };
    let world = World {
        gates: [false, false],
        shown: [false, false],
        endless: true,
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits));
}

fn held() -> World {
    World {
        held: true,
        gates: [false, false],
        shown: [false, false],
        ..World::new()
    }
}

/// Any operation may die in it, and any other may follow: the hold remains to the end.
#[test]
fn a_held_host_stays_closed() {
    let limits = Limits {
        stays_closed: true,
        serving: Vec::new(),
        ..limits()
    };
    insta::assert_snapshot!(story(Verb::Restart, &held(), &limits));
    cut_everywhere(&held(), &limits);
}

/// Another process opened the gates of a held host: the restart closes them, also if it aborts.
#[test]
fn a_held_host_that_was_opened_is_closed() {
    let limits = Limits {
        stays_closed: true,
        serving: Vec::new(),
        ..limits()
    };
    let opened = World {
        held: true,
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &opened, &limits));
    let endless = World {
        endless: true,
        ..opened
    };
    let given_up = story(Verb::Restart, &endless, &limits);
    assert!(given_up.contains("exit 14: "), "{given_up}");
    let left = "main gate closed, backup gate closed, app healthy, restarted 0 times";
    assert!(given_up.ends_with(left), "{given_up}");
}

#[test]
fn a_held_host_that_comes_back_sick_stays_closed() {
    let limits = Limits {
        stays_closed: true,
        serving: Vec::new(),
        ..limits()
    };
    let sick = World {
        healthy_after: None,
        ..held()
    };
    insta::assert_snapshot!(story(Verb::Restart, &sick, &limits));
    let upgraded = World {
        upgrade_is_sick: true,
        ..held()
    };
    let limits = Limits {
        upgrades: true,
        rolls_back: true,
        ..limits
    };
    insta::assert_snapshot!(
        "a_held_host_is_rolled_back",
        story(Verb::Restart, &upgraded, &limits)
    );
}

#[test]
fn the_rules_are_flushed_while_the_gates_open() {
    let world = World {
        flushed_at: Some(11),
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
}

#[test]
fn close_and_open() {
    insta::assert_snapshot!("close", story(Verb::Close, &World::new(), &limits()));
    let closed = World {
        gates: [false, false],
        ..World::new()
    };
    insta::assert_snapshot!("open", story(Verb::Open, &closed, &limits()));
}

#[test]
fn haproxy_is_reloaded_while_the_host_drains() {
    let world = World {
        in_flight: 3,
        endless: false,
        reloaded_at: Some(5),
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
    cut_everywhere(&world, &limits());
}

#[test]
fn another_host_goes_out_at_the_same_moment() {
    let world = World {
        alone: 2..40,
        ..World::new()
    };
    insta::assert_snapshot!(
        "another_host_is_back_in_time",
        story(Verb::Restart, &world, &limits())
    );
    cut_everywhere(&world, &limits());
    let for_good = World {
        alone: 2..1000,
        ..World::new()
    };
    insta::assert_snapshot!(
        "another_host_is_not_back_in_time",
        story(Verb::Restart, &for_good, &limits())
    );
}

/// No other host has seen a claim, so this one still counts them, also once its twin is DOWN.
#[test]
fn an_operator_gives_the_twin_free_while_another_host_goes() {
    let world = World {
        shown: [true, false],
        twin_held: 0..2,
        failing: 2..4,
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
}

/// In the classic layout, and with a sticky time, hosts see each other go by their main lines.
#[test]
fn another_host_is_a_check_ahead_without_a_claim() {
    let sticky = Limits {
        sticky: Duration::from_secs(1),
        ..limits()
    };
    let world = World {
        failing: 1..3,
        alone: 3..20,
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &sticky));
}

/// Its line is DOWN when the operation begins, and UP when the gate is closed.
#[test]
fn a_host_rises_while_it_begins() {
    let limits = Limits {
        serving: Vec::new(),
        ..limits()
    };
    let world = World {
        shown: [false, false],
        gate_fails: 5,
        alone: 0..20,
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits));
}

#[test]
fn recover_opens_gates_that_a_flush_closed() {
    let flushed = World {
        gates: [false, false],
        shown: [false, false],
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Recover, &flushed, &limits()));
    let whole = story(Verb::Recover, &World::new(), &limits());
    assert!(whole.contains("nothing to recover"), "{whole}");
}

#[test]
fn another_process_restores_rules_while_the_host_drains() {
    let world = World {
        endless: true,
        restored_at: Some(8),
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
}

#[test]
fn another_process_restores_rules_before_a_sick_app() {
    let world = World {
        healthy_after: None,
        restored_at: Some(8),
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &limits()));
}

/// HAProxy takes the host for UP while its app restarts.
#[test]
fn another_process_answers_the_checks_while_the_app_restarts() {
    let answered = World {
        answered_at: Some(10),
        ..World::new()
    };
    insta::assert_snapshot!(
        "another_process_answers_the_checks",
        story(Verb::Restart, &answered, &limits())
    );
    let never = World {
        healthy_after: None,
        ..answered.clone()
    };
    let text = story(Verb::Restart, &never, &limits());
    assert!(
        text.contains("although its gate is closed") && text.contains("exit 15"),
        "{text}"
    );
    // The twin that checks the app itself is UP as soon as the app is: that is nothing to report.
    let classic = World {
        classic: true,
        ..World::new()
    };
    let text = story(
        Verb::Restart,
        &classic,
        &Limits {
            two_stage: false,
            ..limits()
        },
    );
    assert!(!text.contains("its gate is closed"), "{text}");
}

/// The agent tries again to put the gates back. The causes in the message are those of the closed
/// gate.
#[test]
fn a_line_stays_up_and_putting_the_gates_back_fails_at_first() {
    let stays_up = World {
        notices_after: None,
        answered_at: Some(0),
        back_fails: 3,
        causes_take: 30,
        ..World::new()
    };
    // A claim closes the twin's gate; a sticky time begins with the main gate.
    for (min_available, sticky, closed, other) in [(1, 0, "3000", "2000"), (0, 1, "2000", "3000")] {
        let limits = Limits {
            min_available: Floor::Servers(min_available),
            sticky: Duration::from_secs(sticky),
            ..limits()
        };
        let text = story(Verb::Restart, &stays_up, &limits);
        assert!(text.contains("exit 13"), "{text}");
        assert!(
            text.contains(&format!("on the status port {closed}")) && !text.contains(other),
            "{text}"
        );
        assert!(text.ends_with("main gate open, backup gate open, app healthy, restarted 0 times"));
    }
}

/// The restart does not wait for the balancer either.
#[test]
fn haproxy_does_not_answer_while_the_app_restarts() {
    let blind = World {
        blind: 9..12,
        ..World::new()
    };
    insta::assert_snapshot!(story(Verb::Restart, &blind, &limits()));
}

fn upgrading() -> Limits {
    Limits {
        upgrades: true,
        rolls_back: true,
        ..limits()
    }
}

#[test]
fn an_upgrade_and_one_that_is_rolled_back() {
    insta::assert_snapshot!(
        "an_upgrade",
        story(Verb::Restart, &World::new(), &upgrading())
    );
    let sick = World {
        upgrade_is_sick: true,
        ..World::new()
    };
    insta::assert_snapshot!(
        "an_upgrade_is_rolled_back",
        story(Verb::Restart, &sick, &upgrading())
    );
    let fails = World {
        upgrade_fails: true,
        ..World::new()
    };
    insta::assert_snapshot!(
        "an_upgrade_fails_and_is_rolled_back",
        story(Verb::Restart, &fails, &upgrading())
    );
}

#[test]
fn an_upgrade_fails_without_a_rollback_or_with_a_failed_one() {
    let no_way_back = Limits {
        rolls_back: false,
        ..upgrading()
    };
    let fails = World {
        upgrade_fails: true,
        ..World::new()
    };
    insta::assert_snapshot!(
        "an_upgrade_fails",
        story(Verb::Restart, &fails, &no_way_back)
    );
    let neither = World {
        upgrade_is_sick: true,
        rollback_fails: true,
        ..World::new()
    };
    insta::assert_snapshot!(
        "a_rollback_fails",
        story(Verb::Restart, &neither, &upgrading())
    );
}

/// Killed around every action of an upgrade that is rolled back. A changed app gets no users before
/// its restart. A recovery that does not know the version opens nothing either.
#[test]
fn an_upgrade_is_killed_at_every_action() {
    let sick = World {
        upgrade_is_sick: true,
        healthy_after: Some(1),
        ..World::new()
    };
    // The agent asks a sick app a few times, not twenty.
    let limits = Limits {
        healthy: Duration::from_millis(300),
        ..upgrading()
    };
    let whole = {
        let (mut world, directory) = (sick.clone(), paper::directory());
        run(Verb::Restart, &mut world, &limits, directory.path()).unwrap();
        world
    };
    use Action::{Restart, Rollback, Upgrade};
    assert_eq!(whole.touched, [Upgrade, Restart, Rollback, Restart]);
    let mut unfinished = 0;
    for (at, after) in (1..=whole.death.actions).flat_map(|at| [(at, false), (at, true)]) {
        for then in [Verb::Recover, Verb::Restart] {
            let mut world = World {
                death: Death::acting(at, after),
                ..sick.clone()
            };
            world.trace = Trace::default();
            let directory = paper::directory();
            if run(Verb::Restart, &mut world, &limits, directory.path()).is_some() {
                continue;
            }
            let touched = std::mem::take(&mut world.touched);
            world.death = Death::default();
            let outcome = run(then, &mut world, &limits, directory.path()).unwrap();
            let what = format!("{at} {after} {touched:?}, then {then:?}: {outcome:?}");
            let served = world.gates == [true, true];
            assert_eq!(served, [0, 16, 17].contains(&outcome.exit_code()), "{what}");
            assert!(!served || world.runs_new == world.new, "{what}");
            if then == Verb::Recover {
                assert_eq!(world.touched, [], "{what}");
            }
            if let Outcome::UpgradeFailed(how) = outcome {
                assert!(how.contains("cut short"), "{what}");
                assert!(touched.len() >= usize::from(after), "{what}");
                unfinished += 1;
            }
        }
    }
    // Before and after the upgrade and the rollback, and before the restart of each.
    assert_eq!(unfinished, 6);
}

/// After a crash the agent would not know whether it had restarted the app.
#[test]
fn without_a_journal_the_app_is_not_touched() {
    let directory = paper::directory();
    let state_dir = directory.path().join("state");
    std::fs::create_dir(&state_dir).unwrap();
    let mut world = World {
        state_dir_gone: Some((4, state_dir.clone())),
        ..World::new()
    };
    let restart = run(Verb::Restart, &mut world, &limits(), &state_dir);
    let outcome = restart.unwrap();
    assert_eq!(outcome.exit_code(), 1, "{outcome:?}");
    assert!(matches!(outcome, Outcome::Unrecorded { back: true, .. }));
    assert_eq!((world.gates, world.restarts), ([true, true], 0));
}
