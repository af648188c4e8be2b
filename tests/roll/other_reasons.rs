//! A line is DOWN for another reason than its closed gate, and that reason may end at any moment.
//! The agent waits until HAProxy has checked the closed gate itself.

use std::time::Duration;

use lab::fleet::Fleet;

/// Its checks need 2 s to notice the gate; its agent check works at once.
const LINE: &str = "server web1 10.77.0.11:1000 cookie w1 port 2000";
const MORE: &str = " inter 1s fastinter 1s agent-check agent-port 9 agent-inter 1m";

#[test]
fn a_line_that_its_agent_check_holds_down_is_not_out() {
    let fleet = Fleet::quick("agent_down", |reference| {
        reference
            .for_operators()
            .with(LINE, &format!("{LINE}{MORE}"))
    });
    let traffic = fleet.traffic();
    let request = fleet.held_request(1);
    fleet.haproxy.operate("set server srvs/web1 agent down");
    fleet.haproxy.wait_until("web1 is DOWN (agent)", |lines| {
        let mut lines = lines.iter();
        lines.any(|line| line.get("svname") == "web1" && line.status() == "DOWN (agent)")
    });
    // The checks' 2 s, and more.
    let agent = fleet.agent(1, |settings| {
        settings.set("app.web.timeouts.out_of_rotation", "10s")
    });
    let restart = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    let line = fleet.haproxy.server("web1");
    let check = line.get("check_status").trim_start_matches("* ");
    assert_eq!((check, line.number("check_health")), ("L4CON", 0));
    assert_eq!(request.answer().status, 200);
    fleet.host(1).wait_for_phase("open");
    fleet.haproxy.operate("set server srvs/web1 agent up");
    let report = restart.wait().expect_exit(0).report();
    let waited = report.began("drain") - report.began("claim");
    assert!(waited > Duration::from_secs(1).as_secs_f64(), "{report:?}");
    traffic.stop().assert_unnoticed();
}
