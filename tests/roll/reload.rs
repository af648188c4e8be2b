//! HAProxy is reloaded in the middle of a restart. What the leaving worker carries is out
//! of sight, so the agent gives up before it touches the app.

use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::lab::fleet::Fleet;
use crate::lab::now;

#[test]
fn while_draining() {
    let fleet = Fleet::two_stage("reload");
    fleet.open_gates();
    let boots = fleet.boots();
    let request = fleet.slow_request(1, 4000);
    let started = now();
    let running = fleet.agent(1, |settings| settings).start("restart", "web");
    fleet.haproxy.wait_said("srvs/bkp1", "DOWN", started);
    sleep(Duration::from_millis(200));
    fleet.haproxy.process.signal(Signal::SIGUSR2);
    let report = running.wait().expect_exit(13).report();
    assert!(
        report.message.contains("was reloaded"),
        "{}",
        report.message
    );
    assert_eq!(fleet.boots(), boots, "the app was touched");
    assert!(fleet.host(1).gate_is_open(2000) && fleet.host(1).gate_is_open(3000));
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
}
