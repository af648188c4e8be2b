//! What operations left: a journal, a hold, gates in an unexpected position.

use nix::sys::signal::Signal;

use crate::setup::Setup;
use lab::agent::Running;
use lab::traffic::InFlight;

#[test]
fn an_unfinished_operation_is_a_warning_and_a_running_one_is_ok() {
    let setup = Setup::start("doctor_left");
    let slow = InFlight::send(
        &setup.site.balancer,
        "10.77.0.1:80",
        "/slow?ms=6000",
        Some("w1"),
    );
    setup.apps[0].wait_for_late_request_after(0);
    let running: Running = setup
        .with_settings(|settings| settings)
        .start("restart", "web");
    setup.host().wait_for_phase("drain");
    let diagnosis = setup.doctor();
    diagnosis.expect("gate", "unseen", "an operation is under way");
    running.interrupt(Signal::SIGKILL);
    running.wait();
    let diagnosis = setup.doctor();
    let point = diagnosis.expect("unfinished", "warning", "was cut short in phase drain");
    assert_eq!(point.fix, "agent recover web");
    setup
        .with_settings(|settings| settings)
        .words(&["recover", "web"])
        .expect_exit(0);
    setup.doctor().expect_only(&[]);
    assert_eq!(slow.answer().status, 200);
}

#[test]
fn a_hold_is_a_warning() {
    let setup = Setup::start("doctor_held");
    let agent = setup.with_settings(|settings| settings);
    agent
        .words(&["close", "web", "--reason", "disk swap"])
        .expect_exit(0);
    let diagnosis = setup.doctor();
    let point = diagnosis.expect("held", "warning", "disk swap");
    assert_eq!(point.fix, "agent open web");
    diagnosis.expect("gate", "ok", "closed, as expected");
    diagnosis.expect("fully-up", "ok", "DOWN, as its gate is closed");
    setup.sh(
        "iptables -t nat -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment --comment \
              haproxy-gate:web:main -j REDIRECT --to-ports 1000; \
              ip6tables -t nat -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment --comment \
              haproxy-gate:web:main -j REDIRECT --to-ports 1000",
    );
    setup
        .doctor()
        .expect("gate", "warning", "is open, but held closed");
    agent.words(&["open", "web"]).expect_exit(0);
    setup.doctor().expect_only(&[]);
}
