//! Eight hosts at once, with one slot; three of them with two.

use crate::{agent, locked, status};
use lab::agent::Agent;
use lab::etcd::Etcd;
use lab::fleet::Fleet;
use lab::report::Report;
use lab::watch::Watch;
use lab::{now, wait_for};
use std::time::Duration;

const HOSTS: usize = 8;

/// The floor alone would let six of them go together. Never two are out, each is done, and none of them
/// announces itself by its twin.
#[test]
fn eight_hosts_go_one_after_the_other() {
    let fleet = Fleet::of_hosts("lock_eight", HOSTS);
    let etcd = Etcd::start(&fleet.site, 1);
    let (boots, traffic) = (fleet.boots(), fleet.traffic());
    let watch = Watch::start([&fleet.haproxy]);
    let agents: Vec<Agent<'_>> = (1..=HOSTS)
        .map(|number| agent(&fleet, &etcd, number))
        .collect();
    let running: Vec<_> = agents
        .iter()
        .map(|one| one.start("restart", "web"))
        .collect();
    let seen = wait_for("the queue", Duration::from_secs(10), || {
        // The holder may have just given it back.
        let is_seen =
            |[holders, waiting]: &[Vec<String>; 2]| !holders.is_empty() && waiting.len() > 3;
        Some(status(&agents[0])).filter(is_seen)
    });
    assert_eq!(seen[0].len(), 1, "{seen:?}");
    shows_the_holder(&agents[0]);
    let reports: Vec<Report> = running
        .into_iter()
        .map(|one| one.wait().expect_exit(0).report())
        .collect();
    watch.stop().assert_at_most(1);
    traffic.stop().assert_unnoticed();
    let once: Vec<usize> = boots.iter().map(|boots| boots + 1).collect();
    assert_eq!(fleet.boots(), once);
    for report in &reports {
        let phases: Vec<&str> = report.phases.iter().map(|one| one.phase.as_str()).collect();
        assert_eq!(phases[1], "lock", "{phases:?}");
        assert!(phases.contains(&"shed"), "{phases:?}");
        assert!(!phases.contains(&"claim"), "{phases:?}");
    }
    assert_eq!(status(&agents[0]), [Vec::<String>::new(), Vec::new()]);
    assert_eq!(etcd.keys(0), 0, "each has given it back");
    two_slots(&fleet, &etcd);
    compare(&fleet, &etcd, &reports);
}

/// Who has the lock, since when, and until when at most. It may have just given it back.
fn shows_the_holder(agent: &Agent<'_>) {
    let seen = wait_for("a holder", Duration::from_secs(5), || {
        let seen = agent.words(&["lock", "status", "--json"]).expect_exit(0);
        seen.json()["holders"].as_array()?.first().cloned()
    });
    let host = seen["host"].as_str().unwrap_or_default();
    assert_eq!(seen["id"], format!("{host}/web"), "{seen}");
    assert!(host.starts_with("web"), "{seen}");
    let seconds = |key: &str| {
        seen[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{key}: {seen}"))
    };
    let has_it = now() - seconds("since_unix_seconds");
    assert!((0.0..30.0).contains(&has_it), "since {has_it:.1} s: {seen}");
    let ends_in = seconds("ends_in_seconds");
    assert!((1.0..=20.0).contains(&ends_in), "{seen}");
}

/// With two slots a host that has the lock counts the other one by its claim: two of three at once, and
/// the floor holds.
fn two_slots(fleet: &Fleet, etcd: &Etcd) {
    let boots = fleet.boots();
    let watch = Watch::start([&fleet.haproxy]);
    let agents = [1, 2, 3].map(|number| {
        fleet.agent(number, |settings| {
            locked(settings, etcd, number)
                .set("lock.group", "two")
                .set("lock.slots", 2)
                .set(
                    "app.web.min_available",
                    i64::try_from(HOSTS - 2).expect("a small number"),
                )
        })
    });
    let running = agents.each_ref().map(|one| one.start("restart", "web"));
    wait_for("two holders at once", Duration::from_secs(10), || {
        (status(&agents[0])[0].len() == 2).then_some(())
    });
    for one in running {
        let report = one.wait().expect_exit(0).report();
        assert!(
            report.phases.iter().any(|one| one.phase == "claim"),
            "{report:?}"
        );
    }
    let seen = watch.stop();
    seen.assert_at_most(2);
    println!("two slots: {:?} out at most", seen.most());
    assert_eq!(
        fleet.boots()[..3],
        [boots[0] + 1, boots[1] + 1, boots[2] + 1]
    );
}

/// The seconds of a host by the lock and by a claim, on the same farm: a lock saves the wait for others.
fn compare(fleet: &Fleet, etcd: &Etcd, reports: &[Report]) {
    let own: f64 = reports
        .iter()
        .map(|one| one.seconds - (one.ended("lock") - one.began("lock")))
        .sum();
    let begin = reports
        .iter()
        .map(|one| one.started_at)
        .fold(f64::MAX, f64::min);
    let end = reports
        .iter()
        .map(|one| one.ended("open"))
        .fold(0.0, f64::max);
    println!(
        "{HOSTS} hosts at once: {:.2} s in all; a host without its wait for the lock: {:.2} s",
        end - begin,
        own / reports.len() as f64
    );
    let mut fastest = [f64::MAX; 2];
    for number in 1..=3 {
        let by_lock = agent(fleet, etcd, number)
            .run("restart", "web")
            .expect_exit(0);
        let by_claim = fleet
            .agent(number, |settings| settings)
            .run("restart", "web");
        let (by_lock, by_claim) = (by_lock.report(), by_claim.expect_exit(0).report());
        println!(
            "by lock {:.2} s, by claim {:.2} s",
            by_lock.seconds, by_claim.seconds
        );
        assert!(by_claim.phases.iter().any(|one| one.phase == "claim"));
        // A pause of the machine makes one of them slow, and not each.
        fastest[0] = fastest[0].min(by_lock.seconds);
        fastest[1] = fastest[1].min(by_claim.seconds);
    }
    let [by_lock, by_claim] = fastest;
    assert!(
        by_lock < by_claim,
        "by lock {by_lock:.2} s, by claim {by_claim:.2} s"
    );
}
