//! Stories of the group's lock: it is waited for, it replaces the claim, and it is lost.

use super::*;
use haproxy_gate::restart::{GroupLock, TakesLock, WhenAway};

fn takes(when_away: WhenAway) -> TakesLock {
    TakesLock {
        when_away,
        alone: true,
        is_out: false,
    }
}

fn locked() -> Limits {
    Limits {
        lock: Some(takes(WhenAway::Refuse)),
        ..limits()
    }
}

/// What the lock shows, each from that tick on.
fn world(lock: &[(u32, GroupLock)]) -> World {
    World {
        lock: lock.to_vec(),
        ..World::new()
    }
}

fn asked() -> GroupLock {
    GroupLock::Asked {
        lasts: Duration::ZERO,
    }
}

fn full() -> GroupLock {
    GroupLock::Full(vec!["web2 (agent restart web, by alice)".to_owned()])
}

fn lost() -> GroupLock {
    GroupLock::Lost("its lease has expired in etcd".to_owned())
}

fn away(seconds: u64) -> GroupLock {
    GroupLock::Away {
        why: "http://10.0.0.5:2379: Connection refused".to_owned(),
        lasts: Duration::from_secs(seconds),
    }
}

#[test]
fn a_restart_waits_for_the_lock_and_needs_no_claim() {
    let world = world(&[(0, asked()), (1, full()), (9, GroupLock::Held)]);
    insta::assert_snapshot!(story(Verb::Restart, &world, &locked()));
    cut_everywhere(&world, &locked());
}

/// Another host has the lock for long, and the sidecar leaves the app to this operation.
#[test]
fn a_flush_in_the_wait_for_the_lock_is_put_right() {
    let world = World {
        flushed_at: Some(4),
        ..world(&[(0, full()), (20, GroupLock::Held)])
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &locked()));
    cut_everywhere(&world, &locked());
}

/// The host looks at the others once it has the lock, and waits for its turn again.
#[test]
fn with_the_lock_too_few_others_are_still_waited_for() {
    let world = World {
        alone: 0..20,
        ..world(&[(0, GroupLock::Held)])
    };
    insta::assert_snapshot!(story(Verb::Restart, &world, &locked()));
}

#[test]
fn the_lock_is_full_for_the_whole_turn() {
    let limits = Limits {
        turn: Duration::from_secs(1),
        ..locked()
    };
    insta::assert_snapshot!(story(Verb::Restart, &world(&[(0, full())]), &limits));
}

#[test]
fn the_lock_server_is_away() {
    let world = world(&[(0, away(0)), (5, away(10))]);
    insta::assert_snapshot!("away_refuse", story(Verb::Restart, &world, &locked()));
    let claims = Limits {
        lock: Some(takes(WhenAway::Claims)),
        ..limits()
    };
    insta::assert_snapshot!("away_claims", story(Verb::Restart, &world, &claims));
}

#[test]
fn the_lock_is_lost_before_the_app_is_touched() {
    let world = world(&[(0, GroupLock::Held), (3, lost())]);
    insta::assert_snapshot!(story(Verb::Restart, &world, &locked()));
}

#[test]
fn the_lock_is_lost_after_the_app_is_touched() {
    let whole = World {
        in_flight: 0,
        healthy_after: Some(10),
        ..world(&[(0, GroupLock::Held), (12, lost())])
    };
    insta::assert_snapshot!(story(Verb::Restart, &whole, &locked()));
}

/// Whenever it is lost: the app is restarted once or not at all, the gates are open, and the outcome says
/// which.
#[test]
fn a_lock_lost_at_any_look_leaves_the_host_open() {
    let whole = {
        let (mut world, directory) = (world(&[(0, GroupLock::Held)]), paper::directory());
        run(Verb::Restart, &mut world, &locked(), directory.path()).unwrap();
        world.now
    };
    assert!(whole > 10, "{whole}");
    for at in 1..whole {
        let (mut world, directory) = (
            world(&[(0, GroupLock::Held), (at, lost())]),
            paper::directory(),
        );
        let outcome = run(Verb::Restart, &mut world, &locked(), directory.path()).unwrap();
        let wanted = if world.restarts == 0 { 12 } else { 0 };
        assert_eq!(
            outcome.exit_code(),
            wanted,
            "lost at look {at}: {outcome:?}"
        );
        assert_eq!(world.gates, [true, true], "lost at look {at}");
    }
}
