//! SIGKILL, at every step that the agent records and in the middle of every wait. What comes
//! next, `agent recover` or simply the next `agent restart`, ends it well: the gates open,
//! the lines UP, the app restarted at most once, and no user has noticed.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;
use toml::Value;

use crate::lab::fleet::{Fleet, Layout};
use crate::lab::reference::{QUICK, Reference};
use crate::lab::report::Report;
use crate::lab::settings::Settings;

#[test]
fn at_every_record_then_recover() {
    at_every_record("killed_recover", "recover");
}

#[test]
fn at_every_record_then_restart() {
    at_every_record("killed_restart", "restart");
}

/// The agent writes its journal before each phase and syncs it to the disk, the file and
/// then the folder: it dies at the first sync, the second, ... until one run is through.
fn at_every_record(test: &str, then: &str) {
    let fleet = fleet(test);
    let mut died_in = Vec::new();
    let traffic = fleet.traffic();
    for sync in 1.. {
        let number = 1 + sync % 3;
        let boots = fleet.boots()[number - 1];
        let agent = fleet.agent(number, |settings| settings);
        let ended = agent.start_killed_at("restart", sync).wait();
        if ended.exit == 0 {
            break;
        }
        died_in.extend(fleet.host(number).journal_phase());
        let report = well_after(&fleet, number, then, |settings| settings);
        let more = fleet.boots()[number - 1] - boots;
        assert!(more <= 1, "killed at sync {sync}, restarted {more} times");
        if then == "restart" && !told(&report, "can't be told") {
            assert_eq!(more, 1, "killed at sync {sync}: {report:?}");
        }
    }
    traffic.stop().assert_unnoticed();
    for phase in [
        "close", "floor", "shed", "drain", "restart", "healthy", "open",
    ] {
        let found = died_in.iter().any(|died| died == phase);
        assert!(found, "never died with {phase} recorded: {died_in:?}");
    }
    println!("{then}: died {} times, in {died_in:?}", died_in.len());
}

#[test]
fn in_the_middle_of_every_wait() {
    let slow =
        |reference: Reference| reference.with(QUICK, "inter 600ms fastinter 400ms downinter 400ms");
    let fleet = Fleet::with("killed_waiting", Layout::TwoStage, slow);
    fleet.open_gates();
    let traffic = fleet.traffic();
    for (round, phase) in ["close", "shed", "drain", "healthy", "open"]
        .iter()
        .enumerate()
    {
        for (number, then) in [(1, "recover"), (2, "restart")] {
            let what = format!("round {round}, {phase}, then {then}");
            let boots = fleet.boots()[number - 1];
            fleet.app(number).set_cold(Duration::from_millis(600));
            let request = (*phase == "drain").then(|| fleet.slow_request(number, 2500));
            let sticky = |settings: Settings| match *phase {
                // With a window the twin is shed by itself, and takes its time.
                "shed" => settings.set("app.web.sticky", "1ms"),
                _ => settings,
            };
            let agent = fleet.agent(number, sticky).start("restart", "web");
            fleet.host(number).wait_for_phase(phase);
            sleep(Duration::from_millis(100));
            agent.interrupt(Signal::SIGKILL);
            agent.wait();
            let died_in = fleet.host(number).journal_phase();
            assert_eq!(died_in.as_deref(), Some(*phase), "{what}");
            well_after(&fleet, number, then, sticky);
            let more = fleet.boots()[number - 1] - boots;
            let untouched = then == "recover" && ["close", "shed", "drain"].contains(phase);
            assert_eq!(more, usize::from(!untouched), "{what}");
            if let Some(request) = request {
                let answer = request.answer();
                assert_eq!(answer.status, 200, "{what}: {}", answer.body);
            }
        }
    }
    traffic.stop().assert_unnoticed();
}

/// The restart command outlives the agent: nothing is opened before it has done its work.
#[test]
fn while_the_restart_command_runs() {
    let fleet = fleet("killed_command");
    let traffic = fleet.traffic();
    for (number, then) in [(1, "recover"), (2, "restart")] {
        let boots = fleet.boots()[number - 1];
        let pidfile = fleet.host(number).dir.join(format!("web{number}/pid"));
        let script = format!("sleep 1.5; kill -USR2 $(cat {})", pidfile.display());
        let command = |settings: Settings| {
            let argv = ["sh", "-c", &script].map(Value::from).to_vec();
            settings.set(
                "app.web.restart",
                toml::Table::from_iter([("command".to_owned(), Value::Array(argv))]),
            )
        };
        let agent = fleet.agent(number, command).start("restart", "web");
        fleet.host(number).wait_for_phase("restart");
        sleep(Duration::from_millis(300));
        agent.interrupt(Signal::SIGKILL);
        agent.wait();
        assert_eq!(
            fleet.boots()[number - 1],
            boots,
            "the command has not done it yet"
        );
        well_after(&fleet, number, then, command);
        assert_eq!(fleet.boots()[number - 1], boots + 1);
    }
    traffic.stop().assert_unnoticed();
}

/// The rules are gone, the journal is gone or torn; the app was started by the boot.
#[test]
fn with_the_power_gone() {
    let fleet = fleet("power_loss");
    let traffic = fleet.traffic();
    for (number, phase, torn) in [(1, "drain", false), (2, "healthy", true), (3, "open", true)] {
        let boots = fleet.boots()[number - 1];
        let host = fleet.host(number);
        let request = (phase == "drain").then(|| fleet.slow_request(number, 1500));
        let agent = fleet
            .agent(number, |settings| settings)
            .start("restart", "web");
        host.wait_for_phase(phase);
        agent.interrupt(Signal::SIGKILL);
        agent.wait();
        host.namespace.run("iptables", &["-t", "nat", "-F"]);
        host.namespace.run("ip6tables", &["-t", "nat", "-F"]);
        let journal = host.dir.join("state/web.json");
        match torn {
            true => fs::write(&journal, "{\"pid\": 12, \"verb\"").unwrap(),
            false => fs::remove_dir_all(host.dir.join("state")).unwrap(),
        }
        let report = well_after(&fleet, number, "recover", |settings| settings);
        assert_eq!(told(&report, "can't be read"), torn, "{report:?}");
        assert!(!journal.exists(), "the journal is still there");
        assert!(fleet.boots()[number - 1] <= boots + 1);
        if let Some(request) = request {
            assert_eq!(request.answer().status, 200);
        }
    }
    traffic.stop().assert_unnoticed();
}

/// `agent recover` or `agent restart` on a host: at its return the gates are open and the
/// lines UP.
fn well_after(
    fleet: &Fleet,
    number: usize,
    then: &str,
    change: impl Fn(Settings) -> Settings,
) -> Report {
    let ended = fleet.agent(number, change).run(then, "web");
    // A restart of which nobody can tell whether it has happened is no success.
    let ended = match ended.out.contains("\"not_told\"") {
        true => ended.expect_exit(1),
        false => ended.expect_exit(0),
    };
    let host = fleet.host(number);
    let open = host.gate_is_open(2000) && host.gate_is_open(3000);
    assert!(open, "{}\n{}", ended.out, ended.err);
    for line in [format!("web{number}"), format!("bkp{number}")] {
        assert_eq!(fleet.haproxy.server(&line).status(), "UP", "{line}");
    }
    assert_eq!(host.journal_phase(), None);
    ended.report()
}

fn told(report: &Report, what: &str) -> bool {
    report.notices.iter().any(|notice| notice.contains(what))
}

fn fleet(test: &str) -> Fleet {
    let fleet = Fleet::two_stage(test);
    for app in &fleet.apps {
        app.set_cold(Duration::from_millis(300));
    }
    fleet.open_gates();
    fleet
}
