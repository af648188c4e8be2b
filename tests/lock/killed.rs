//! Holders that are killed, and members of etcd that are.

use crate::{agent, brief, locked, status};
use lab::agent::Agent;
use lab::etcd::Etcd;
use lab::fleet::Fleet;
use lab::report::Report;
use lab::{now, wait_for};
use nix::sys::signal::Signal;
use std::time::Duration;

/// A killed holder keeps the others waiting for its TTL at most. Its `recover` needs no lock that another
/// host has, and the next restart of the same host keeps its place. Then etcd has trouble of its own.
#[test]
fn a_killed_holder_is_waited_for_at_most_its_ttl() {
    let fleet = Fleet::of_hosts("lock_killed", 3);
    let mut etcd = Etcd::start(&fleet.site, 3);
    let [one, two] = [brief(&fleet, &etcd, 1), agent(&fleet, &etcd, 2)];
    let slow = fleet.slow_request(1, 6000);
    let killed = one.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    let next = two.start("restart", "web");
    wait_for("host 2 to wait", Duration::from_secs(20), || {
        (status(&two)[1] == ["web2/web"]).then_some(())
    });
    killed.interrupt(Signal::SIGKILL);
    let at = now();
    killed.wait();
    wait_for("host 2 to have the lock", Duration::from_secs(20), || {
        (status(&two)[0] == ["web2/web"]).then_some(())
    });
    one.run("recover", "web").expect_exit(0);
    assert_eq!(slow.answer().status, 200);
    let waited = next.wait().expect_exit(0).report().ended("lock") - at;
    println!("a killed holder was waited for {waited:.2} s");
    // The lease has 4 s, and that of the others 20 s. etcd looks for those that are over twice a second.
    assert!(waited < 7.5, "{waited:.2} s");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    a_recovery_takes_it_again(&fleet, &etcd);
    a_member_without_a_majority_is_passed_over(&fleet, &etcd);
    the_leader_dies_in_the_drain(&fleet, &mut etcd);
}

/// The app is restarted and the agent is killed: `recover` has the lock until the host is UP again.
fn a_recovery_takes_it_again(fleet: &Fleet, etcd: &Etcd) {
    let [one, two] = [1, 2].map(|number| agent(fleet, etcd, number));
    fleet.app(1).set_cold(Duration::from_secs(3));
    let killed = one.start("restart", "web");
    fleet.host(1).wait_for_phase("healthy");
    killed.interrupt(Signal::SIGKILL);
    killed.wait();
    let finishing = one.start("recover", "web");
    wait_for("`recover` to have the lock", Duration::from_secs(5), || {
        let seen = two
            .words(&["lock", "status", "--json"])
            .expect_exit(0)
            .json();
        (seen["holders"][0]["command"] == "agent recover web").then_some(())
    });
    finishing.wait().expect_exit(0);
    assert_eq!(status(&two)[0], Vec::<String>::new());
}

/// The agent asks this member first. It renews its lock every 2 s.
fn asks_first<'a>(fleet: &'a Fleet, etcd: &Etcd, member: usize) -> Agent<'a> {
    let mut members = etcd.endpoints();
    members.swap(0, member);
    fleet.agent(3, |settings| {
        let settings = locked(settings, etcd, 3).set("lock.etcd", members);
        settings.set("lock.ttl", "6s")
    })
}

/// A member that still listens, and has lost its way to the other two.
fn a_member_without_a_majority_is_passed_over(fleet: &Fleet, etcd: &Etcd) {
    let parted = (etcd.leader() + 1) % 3;
    let agent = asks_first(fleet, etcd, parted);
    etcd.part(parted);
    wait_for("it to know no leader", Duration::from_secs(10), || {
        (!etcd.has_leader(parted)).then_some(())
    });
    let ended = agent.run("restart", "web").expect_exit(0);
    let report = ended.report();
    let waited = report.ended("lock") - report.began("lock");
    println!("past a member without a majority: {waited:.2} s for the lock");
    never_lost(&report);
    etcd.join(parted);
}

/// The leader has answered all questions so far, and dies: the agent finds the other two.
fn the_leader_dies_in_the_drain(fleet: &Fleet, etcd: &mut Etcd) {
    let leader = etcd.leader();
    let slow = fleet.slow_request(3, 6500);
    let running = asks_first(fleet, etcd, leader).start("restart", "web");
    fleet.host(3).wait_for_phase("drain");
    etcd.kill(leader);
    let killed = now();
    let report = running.wait().expect_exit(0).report();
    assert_eq!(slow.answer().status, 200);
    let drained = report.ended("drain") - killed;
    println!("the drain lasted {drained:.2} s after the leader's death");
    assert!(drained > 2.0, "it has not renewed its lock meanwhile");
    never_lost(&report);
    assert_eq!(etcd.keys((leader + 1) % 3), 0, "it has given it back");
}

fn never_lost(report: &Report) {
    assert_eq!(report.outcome, "restarted");
    let notices = report.notices.join("\n");
    assert!(!notices.contains("lock"), "{notices}");
}
