//! Holders that are killed, and members of etcd that are.

use crate::{agent, brief, status};
use lab::etcd::Etcd;
use lab::fleet::Fleet;
use lab::wait_for;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// A killed holder keeps the others waiting for its TTL at most. Its `recover` needs no lock that another
/// host has, and the next restart of the same host keeps its place. Then the leader of etcd is killed.
#[test]
fn a_killed_holder_is_waited_for_at_most_its_ttl() {
    let fleet = Fleet::of_hosts("lock_killed", 3);
    let mut etcd = Etcd::start(&fleet.site, 3);
    let [one, two] = [brief(&fleet, &etcd, 1), agent(&fleet, &etcd, 2)];
    let slow = fleet.slow_request(1, 6000);
    let killed = one.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    let next = two.start("restart", "web");
    wait_for("host 2 to wait", Duration::from_secs(6), || {
        (status(&two)[1] == ["web2/web"]).then_some(())
    });
    killed.interrupt(Signal::SIGKILL);
    let at = Instant::now();
    killed.wait();
    wait_for("host 2 to have the lock", Duration::from_secs(10), || {
        (status(&two)[0] == ["web2/web"]).then_some(())
    });
    let waited = at.elapsed();
    println!("a killed holder was waited for {waited:.2?}");
    // etcd looks for expired leases twice a second.
    assert!(waited < Duration::from_millis(4500), "{waited:?}");
    one.run("recover", "web").expect_exit(0);
    assert_eq!(slow.answer().status, 200);
    next.wait().expect_exit(0);
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    a_recovery_takes_it_again(&fleet, &etcd);
    etcd.kill(etcd.leader());
    let ended = agent(&fleet, &etcd, 3).run("restart", "web").expect_exit(0);
    println!("with the leader killed: {:.2} s", ended.report().seconds);
}

/// The app is restarted and the agent is killed: `recover` has the lock until the host is UP again.
fn a_recovery_takes_it_again(fleet: &Fleet, etcd: &Etcd) {
    let [one, two] = [1, 2].map(|number| agent(fleet, etcd, number));
    fleet.app(1).set_cold(Duration::from_secs(2));
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
