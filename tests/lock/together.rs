//! Eight hosts at once, with one slot.

use crate::{agent, status};
use lab::agent::Agent;
use lab::etcd::Etcd;
use lab::fleet::Fleet;
use lab::report::Report;
use lab::wait_for;
use lab::watch::Watch;
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
        Some(status(&agents[0])).filter(|[holders, waiting]| holders.len() + waiting.len() > 4)
    });
    assert_eq!(seen[0].len(), 1, "{seen:?}");
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
    compare(&fleet, &etcd, &reports);
}

/// Prints the seconds of a host by the lock and by a claim, on the same farm.
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
    }
}
