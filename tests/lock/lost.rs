//! The lock is lost while an operation has it.

use crate::{BRIEF, agent, brief, locked};
use lab::agent::{Agent, Running};
use lab::etcd::{Etcd, cut_off, join_again};
use lab::fleet::Fleet;
use lab::report::Report;
use lab::traffic::InFlight;
use nix::sys::signal::Signal;
use std::thread::sleep;
use std::time::Duration;

/// Longer than the lease.
const OVER: Duration = Duration::from_millis(5200);

/// Before the app is touched the host goes back, and ends with 12: a paused agent, one that an operator
/// takes the lock from, and one that loses its way to etcd. After that it finishes and says so.
#[test]
fn before_the_app_is_touched_the_host_goes_back_and_after_that_it_finishes() {
    let fleet = Fleet::of_hosts("lock_lost", 4);
    let etcd = Etcd::start(&fleet.site, 1);
    let (boots, traffic) = (fleet.boots(), fleet.traffic());
    let [paused, cut] = std::thread::scope(|scope| {
        let after = scope.spawn(|| [paused_after(&fleet, &etcd), cut_off_after(&fleet, &etcd)]);
        let slow = [paused_before, taken_away, cut_off_before].map(|lose| lose(&fleet, &etcd));
        for request in slow {
            assert_eq!(request.answer().status, 200);
        }
        after.join().expect("no panic")
    });
    let once = |number: usize| boots[number - 1] + 1;
    assert_eq!(fleet.boots(), [boots[0], once(2), once(3), once(4)]);
    for report in [paused, cut] {
        let notices = report.notices.join("\n");
        assert!(notices.contains("the group's lock was lost: "), "{notices}");
        assert!(notices.contains("the agent finishes"), "{notices}");
    }
    traffic.stop().assert_unnoticed();
}

/// It is stopped by SIGSTOP until its lease is over, and another host has restarted meanwhile.
fn paused_before(fleet: &Fleet, etcd: &Etcd) -> InFlight {
    let slow = fleet.slow_request(1, 12_000);
    let running = brief(fleet, etcd, 1).start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    running.interrupt(Signal::SIGSTOP);
    let other = agent(fleet, etcd, 2).run("restart", "web").expect_exit(0);
    assert_eq!(other.report().outcome, "restarted");
    running.interrupt(Signal::SIGCONT);
    goes_back(fleet, running);
    slow
}

/// The app of host 1 is untouched, and its users are back.
fn goes_back(fleet: &Fleet, running: Running) {
    let boots = fleet.boots()[0];
    let ended = running.wait().expect(12, "the group's lock was lost: ");
    assert_eq!(ended.report().outcome, "lock_lost");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(fleet.boots()[0], boots);
}

/// No packet of it reaches etcd until its lease is over.
fn cut_off_before(fleet: &Fleet, etcd: &Etcd) -> InFlight {
    let slow = fleet.slow_request(1, 11_000);
    let running = brief(fleet, etcd, 1).start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    cut_off(&fleet.host(1).namespace);
    goes_back(fleet, running);
    join_again(&fleet.host(1).namespace);
    slow
}

fn taken_away(fleet: &Fleet, etcd: &Etcd) -> InFlight {
    let slow = fleet.slow_request(2, 10_000);
    let renews = |settings| locked(settings, etcd, 2).set("lock.ttl", "9s");
    let running = fleet.agent(2, renews).start("restart", "web");
    fleet.host(2).wait_for_phase("drain");
    let operator = agent(fleet, etcd, 1);
    let release = [
        "lock", "release", "--force", "--reason", "it hangs", "--json",
    ];
    let released = operator.words(&release).expect_exit(0).json();
    assert_eq!(released["id"], "web2/web", "{released}");
    let ended = running.wait().expect(12, "its key was removed");
    assert_eq!(ended.report().outcome, "lock_lost");
    let history = operator.words(&["history", "--json"]).expect_exit(0).out;
    let line = history.lines().find(|line| line.contains("lock release"));
    assert!(
        line.is_some_and(|line| line.contains("it hangs")),
        "{history}"
    );
    slow
}

/// Of another group, so that both run at once.
fn apart<'a>(fleet: &'a Fleet, etcd: &Etcd, number: usize) -> Agent<'a> {
    fleet.agent(number, |settings| {
        locked(settings, etcd, number)
            .set("lock.group", "apart")
            .set("lock.ttl", BRIEF)
    })
}

fn paused_after(fleet: &Fleet, etcd: &Etcd) -> Report {
    fleet.app(3).set_cold(Duration::from_secs(2));
    let running = apart(fleet, etcd, 3).start("restart", "web");
    fleet.host(3).wait_for_phase("healthy");
    running.interrupt(Signal::SIGSTOP);
    sleep(OVER);
    running.interrupt(Signal::SIGCONT);
    running.wait().expect_exit(0).report()
}

fn cut_off_after(fleet: &Fleet, etcd: &Etcd) -> Report {
    fleet.app(4).set_cold(OVER + Duration::from_secs(1));
    let running = apart(fleet, etcd, 4).start("restart", "web");
    fleet.host(4).wait_for_phase("healthy");
    cut_off(&fleet.host(4).namespace);
    let report = running.wait().expect_exit(0).report();
    join_again(&fleet.host(4).namespace);
    let notices = report.notices.join("\n");
    assert!(
        notices.contains("the lock was not given back: "),
        "{notices}"
    );
    assert!(notices.contains("it ends by itself within 4s"), "{notices}");
    report
}
