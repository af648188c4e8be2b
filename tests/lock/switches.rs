//! Switches take the lock, too: they go one after the other.

use crate::{locked, status};
use lab::agent::Agent;
use lab::etcd::Etcd;
use lab::targets::{Farm, GREEN, Lines};
use nix::sys::signal::Signal;

/// Two hosts switch at once. Before that one of them is killed while it waits: nothing is to recover, and
/// the same words begin again in its place of the queue.
#[test]
fn switches_go_one_after_the_other() {
    let farm = Farm::open("lock_switch", 2, Lines::without_twins());
    let etcd = Etcd::start(&farm.site, 1);
    let agent = |number| {
        farm.agent(number, |settings| {
            locked(settings, &etcd, number).slowly("app.web.target.green.run.start", 1.0)
        })
    };
    let [one, two] = [agent(1), agent(2)];
    let start = |agent: &Agent<'_>| agent.start_words(&["switch", "web", "--json"]);
    let traffic = farm.traffic();
    let first = start(&one);
    farm.host(1).wait_for_phase("start");
    let killed = start(&two);
    farm.host(2).wait_for_phase("lock");
    killed.interrupt(Signal::SIGKILL);
    killed.wait();
    let second = start(&two);
    let reports = [first, second].map(|one| one.wait().expect_exit(0).report());
    for report in &reports {
        assert_eq!(report.phases[1].phase, "lock", "{report:?}");
    }
    let [first, second] = reports;
    assert!(
        second.had_the_lock_after(&first),
        "both at once: {first:#?}
{second:#?}"
    );
    for number in [1, 2] {
        farm.assert_current(number, GREEN);
    }
    traffic.stop().assert_unnoticed();
    assert_eq!(status(&one), [Vec::<String>::new(), Vec::new()]);
}
