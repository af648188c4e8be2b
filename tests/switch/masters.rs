//! Balancers with a master socket: it shows what leaving workers carry, so the drain of a switch counts
//! no connections. One kind of connection is on no line of the target: it came by a parked port.

use lab::settings::Settings;
use lab::targets::{BLUE, Farm, GREEN, Lines};
use lab::traffic::InFlight;
use std::time::Duration;

use crate::met::Meeting;

#[test]
fn a_request_that_came_by_the_parked_port_is_waited_for() {
    let farm = Farm::open("masters", 1, Lines::without_twins());
    let master = farm.haproxy.master().to_owned();
    let agent = farm.agent(1, |settings: Settings| settings.master(&master));
    for target in [BLUE, GREEN] {
        farm.target(1, target).set_cold(Duration::from_millis(100));
    }
    agent.run("switch", "web").expect_exit(0);
    // As HAProxy sends it in the moment after a reload. The drain begins before it ends.
    let parked = format!("{}:{}", farm.host(1).address(), farm.target(1, BLUE).port());
    let request = InFlight::send(&farm.site.balancer, &parked, "/slow?ms=6000", None);
    farm.target(1, GREEN).wait_for_late_request_after(0);
    let meeting = Meeting::begin(&farm);
    let running = agent.start_words(&["switch", "web", "--json", "--progress"]);
    running.wait_for_word("came by the parked port of another target (1 from ");
    let ended = running.wait().expect_exit(0);
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.ended_at < ended.at, "{answer:?}");
    meeting.end().assert_unnoticed();
    farm.assert_current(1, BLUE);
}

/// A neighbour has the balancer's address and calls the app itself. Where connections are counted it is
/// taken for a user of a leaving worker.
#[test]
fn a_connection_that_is_none_of_haproxys_is_not_waited_for() {
    let farm = Farm::open("masters_other", 1, Lines::without_twins());
    let master = farm.haproxy.master().to_owned();
    let agent = farm.agent(1, |settings: Settings| settings.master(&master));
    let port = farm.target(1, BLUE).port();
    let direct = format!("{}:{port}", farm.host(1).address());
    let _request = InFlight::send(&farm.site.balancer, &direct, "/slow?ms=20000", None);
    farm.target(1, BLUE).wait_for_late_request_after(0);
    let ended = agent.run("switch", "web").expect_exit(0);
    let report = ended.report();
    println!("{} s: {:?}", report.seconds, report.notices);
    assert!(report.seconds < 10.0, "{report:?}");
    farm.assert_current(1, GREEN);
}
