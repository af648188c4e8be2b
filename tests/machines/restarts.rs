//! The app of a machine is restarted: by the agent, by its unit, by plain systemctl.

use crate::lab::now;
use crate::pair::Pair;

#[test]
fn by_the_agent() {
    let pair = Pair::up("m_agent");
    restarted_by(&pair, &["agent", "restart", "web"]);
}

#[test]
fn by_its_unit() {
    let pair = Pair::up("m_unit");
    restarted_by(&pair, &["systemctl", "start", "haproxy-gate-restart@web"]);
}

/// Under traffic the command restarts the app of machine 1 once, out of rotation, and comes
/// back when HAProxy shows it UP.
fn restarted_by(pair: &Pair, command: &[&str]) {
    let app = &pair.machine(1).app;
    let boots = app.boots();
    let traffic = pair.traffic();
    let began = now();
    let ended = pair.machine(1).run(command).expect_exit(0);
    for line in ["web1", "bkp1"] {
        assert_eq!(pair.haproxy.server(line).status(), "UP", "{line}");
    }
    assert_eq!(app.boots().len(), boots.len() + 1, "restarted once");
    let stopped = app.stopped(boots.last().expect("a boot")).expect("a stop");
    for line in ["srvs/web1", "srvs/bkp1"] {
        let down = pair.haproxy.said(line, "DOWN", began);
        assert!(down.expect("DOWN") < stopped, "{line} DOWN before the stop");
        let up = pair.haproxy.said(line, "UP", stopped);
        assert!(up.expect("UP") < ended.at, "{line} UP before the return");
    }
    pair.assert_unnoticed(traffic);
}
