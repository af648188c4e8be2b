//! The sidecar reserves the status ports as long as it runs.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::kept_open;
use lab::fleet::Fleet;
use lab::grab;
use lab::sidecar::Sidecar;
use lab::{built, wait_for};

/// At rest, and beside an operation, to which the sidecar leaves the ports.
#[test]
fn another_user_can_not_bind_the_ports() {
    let (fleet, sidecar) = kept_open("sc_ports");
    let host = &fleet.host(1).namespace;
    let bound = || [2000, 3000].map(|port| grab::can_bind(host, port));
    assert_eq!(bound(), [false; 2]);
    let agent = fleet.agent(1, |settings| settings);
    agent.words(&["status"]).expect_exit(0);
    let doctor = agent.words(&["doctor", "--all"]);
    let reserved = "status port 2000: reserved by `agent run`, pid ";
    assert!(doctor.out.contains(reserved), "{}", doctor.out);
    agent.run("restart", "web").expect_exit(0);
    assert_eq!(bound(), [false; 2]);
    sidecar.kill();
    assert_eq!(bound(), [true; 2]);
}

/// The ports are never free while it goes on as another program.
#[test]
fn a_new_program_inherits_the_ports() {
    let fleet = Fleet::quick("sc_handed", |reference| reference);
    let program = fleet.host(1).dir.join("agent");
    fs::copy(built::agent(), &program).unwrap();
    let agent = fleet.agent(1, |settings| settings).installed_at(&program);
    let mut sidecar = Sidecar::start(fleet.host(1), agent);
    sidecar.wait_for_notification("web: open");
    let grabber = grab::for_seconds(&fleet.host(1).namespace, 2000, "2");
    for _ in 0..3 {
        sidecar.forget();
        sidecar.signal(Signal::SIGUSR2);
        sidecar.wait_for_notification("READY=1");
        sidecar.wait_for_notification("web: open");
    }
    grab::assert_never(grabber);
    assert_eq!(sidecar.stop().exit, 0);
}

/// The ports of a new configuration, and a port that another process had, as soon as that is gone.
#[test]
fn a_new_configuration_takes_and_returns_ports() {
    let (fleet, mut sidecar) = kept_open("sc_again");
    let host = &fleet.host(1).namespace;
    let config = fleet.host(1).dir.join("agent.toml");
    let one = fs::read_to_string(&config).unwrap();
    let two = format!(
        "{one}\n[app.two]\nport = 1100\nstatus_port = 2100\nrestart = {{ command = [\"true\"] }}\n"
    );
    let grabber = grab::hold(host, 2100);
    fs::write(&config, two).unwrap();
    sidecar.signal(Signal::SIGHUP);
    sidecar.wait_for_notification("two: closed until");
    assert_eq!(
        [2000, 3000].map(|port| grab::can_bind(host, port)),
        [false; 2]
    );
    drop(grabber);
    let within = Duration::from_secs(10);
    wait_for("its port", within, || {
        (!grab::can_bind(host, 2100)).then_some(())
    });
    sidecar.forget();
    fs::write(&config, one).unwrap();
    sidecar.signal(Signal::SIGHUP);
    sidecar.wait_for_notification("READY=1");
    wait_for("a free port", within, || {
        grab::can_bind(host, 2100).then_some(())
    });
    assert_eq!(
        [2000, 3000].map(|port| grab::can_bind(host, port)),
        [false; 2]
    );
}
