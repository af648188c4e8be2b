//! Operations of the command line beside the sidecar, operations that die, a new configuration, and
//! a new program.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::kept_open;
use lab::built;
use lab::fleet::Fleet;
use lab::sidecar::Sidecar;

const KEEPS: &str = "the sidecar keeps the old configuration: ";

/// The command line works the same beside a sidecar. The end of an operation starts nothing in the
/// sidecar.
#[test]
fn restarts_work_beside_a_sidecar() {
    let (fleet, mut sidecar) = kept_open("sc_beside");
    let agent = || fleet.agent(1, |settings| settings);
    let traffic = fleet.traffic();
    let boots = fleet.boots()[0];
    for _ in 0..3 {
        agent()
            .run("restart", "web")
            .expect(0, "restarted, and back in rotation");
    }
    assert_eq!(fleet.boots()[0], boots + 3);
    traffic.stop().assert_unnoticed();
    sidecar.wait_for_notification("web: open");
}

/// Killed before and after the operation touched the app: the sidecar completes it and restarts
/// nothing.
#[test]
fn a_sidecar_completes_what_a_killed_agent_began() {
    let (fleet, mut sidecar) = kept_open("sc_killed");
    let agent = || fleet.agent(1, |settings| settings);
    let traffic = fleet.traffic();
    sidecar.forget();
    for (phase, restarts, ms) in [("drain", 0, 4000), ("healthy", 1, 100)] {
        let boots = fleet.boots()[0];
        fleet.app(1).set_cold(Duration::from_secs(1));
        let request = fleet.slow_request(1, ms);
        let restart = agent().start("restart", "web");
        fleet.host(1).wait_for_phase(phase);
        restart.interrupt(Signal::SIGKILL);
        restart.wait();
        assert_eq!(request.answer().status, 200);
        fleet.host(1).wait_for_gate(2000, true);
        fleet.haproxy.wait_until_all_up();
        assert_eq!(fleet.boots()[0], boots + restarts, "{phase}");
        sidecar.wait_for_notification("web: open, UP");
        sidecar.forget();
        assert_eq!(fleet.host(1).journal_phase(), None);
    }
    traffic.stop().assert_unnoticed();
}

/// The sidecar takes the whole new configuration, or nothing of it after an error.
#[test]
fn a_new_configuration_is_taken_whole_or_not_at_all() {
    let (fleet, mut sidecar) = kept_open("sc_reload");
    let config = fleet.host(1).dir.join("agent.toml");
    let good = fs::read_to_string(&config).unwrap();
    let rules = fleet.host(1).rules();
    for (old, new, says) in [
        (
            "port = 1000",
            "prot = 1000",
            "prot is not known: did you mean `port`?",
        ),
        (
            "[agent]",
            "[agent]\nhold_dir = \"/tmp\"",
            "restart the sidecar to change it",
        ),
        // HAProxy only sees the gate that is there.
        ("status_port = 2000", "status_port = 2001", "port 2000"),
    ] {
        assert!(good.contains(old), "{old} is not in\n{good}");
        fs::write(&config, good.replacen(old, new, 1)).unwrap();
        sidecar.forget();
        sidecar.signal(Signal::SIGHUP);
        sidecar.wait_for_notification("RELOADING=1");
        let status = sidecar.wait_for_notification(&format!("STATUS={KEEPS}"));
        assert!(status.contains(says), "{says:?} in {status}");
        let status = sidecar.wait_for_notification("web: open, UP on 1 of 1 balancer");
        assert!(status.contains(KEEPS), "{status}");
        assert!(sidecar.notifications().iter().any(|line| line == "READY=1"));
        assert_eq!(fleet.host(1).rules(), rules, "{new}");
    }
    let slow = good.replacen("[agent]", "[agent]\npoll = \"50ms\"", 1);
    fs::write(&config, slow).unwrap();
    sidecar.forget();
    sidecar.signal(Signal::SIGHUP);
    let status = sidecar.wait_for_notification("STATUS=web: open");
    assert!(!status.contains(KEEPS), "{status}");
    assert_eq!(fleet.host(1).rules(), rules);
}

/// The same process runs another program, and no gate moves. A program that cannot go on does not
/// replace it.
#[test]
fn a_new_program_goes_on_in_the_same_process() {
    let fleet = Fleet::quick("sc_exec", |reference| reference);
    let program = fleet.host(1).dir.join("agent");
    fs::copy(built::agent(), &program).unwrap();
    let agent = || fleet.agent(1, |settings| settings).installed_at(&program);
    let mut sidecar = Sidecar::start(fleet.host(1), agent());
    sidecar.wait_for_notification("web: open");
    let pid = sidecar.pid();
    let rules = fleet.host(1).rules();
    let running = || fs::read_link(format!("/proc/{pid}/exe")).unwrap();
    for (what, replaces) in [("broken", false), ("whole", true)] {
        fs::remove_file(&program).unwrap();
        match replaces {
            true => fs::copy(built::agent(), &program).map(drop).unwrap(),
            false => fs::copy("/bin/false", &program).map(drop).unwrap(),
        }
        sidecar.forget();
        sidecar.signal(Signal::SIGUSR2);
        sidecar.wait_for_notification("READY=1");
        let gone = running().to_string_lossy().ends_with(" (deleted)");
        assert_eq!(gone, !replaces, "{what}");
        assert_eq!(fleet.host(1).rules(), rules, "{what}");
    }
    sidecar.wait_for_notification("web: open");
    assert_eq!(sidecar.stop().exit, 0);
}
