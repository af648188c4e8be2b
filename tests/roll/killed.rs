//! SIGKILL at every step that the agent records, and in the middle of every wait. The next `agent
//! recover` or `agent restart` completes it: the gates are open, the lines UP, the app restarted at
//! most once, and no user has noticed.

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;
use toml::Value;

use lab::agent::Agent;
use lab::fleet::{Fleet, Layout};
use lab::reference::{QUICK, Reference};
use lab::report::Report;
use lab::settings::Settings;
use lab::site::Host;

/// The verb after the kill. For an app with a restart command, also the seconds before the command
/// touches the app: the command goes on without the agent.
#[derive(Debug, Clone, Copy)]
struct Way(&'static str, Option<f64>);

const RECOVER: Way = Way("recover", None);
const RESTART: Way = Way("restart", None);
const BY_COMMAND: Way = Way("recover", Some(0.7));

/// Each way on a host of its own. `scripts/soak` tries each way with all records.
#[test]
fn a_restart_killed_at_any_record_is_completed() {
    killed_at_every_record("killed_record", [RECOVER, RESTART, BY_COMMAND]);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn recover_completes_a_restart_killed_at_any_record() {
    killed_at_every_record("killed_recover", [RECOVER; 3]);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn a_restart_completes_one_killed_at_any_record() {
    killed_at_every_record("killed_restart", [RESTART; 3]);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn a_restart_by_command_killed_at_any_record_is_completed() {
    killed_at_every_record("killed_command_at", [BY_COMMAND; 3]);
}

/// The agent writes its journal before each phase and syncs the file, then the folder. It dies at
/// the first sync, the second, and so on, until one run on each host completes.
fn killed_at_every_record(test: &str, ways: [Way; 3]) {
    let fleet = fleet(test);
    let mut died_in = Vec::new();
    let mut through = BTreeSet::new();
    let traffic = fleet.traffic();
    for sync in 1.. {
        let number = 1 + sync % 3;
        if through.len() == ways.len() {
            break;
        }
        if through.contains(&number) {
            continue;
        }
        let Way(then, command) = ways[number - 1];
        let boots = fleet.boots()[number - 1];
        let change = |settings| match command {
            Some(seconds) => by_command(fleet.host(number), seconds, settings),
            None => settings,
        };
        let agent = fleet.agent(number, change);
        let ended = agent.start_killed_at("restart", sync).wait();
        if ended.exit == 0 {
            through.insert(number);
            continue;
        }
        died_in.extend(fleet.host(number).journal_phase());
        let report = well_after(&fleet, number, then, change);
        let more = fleet.boots()[number - 1] - boots;
        assert!(more <= 1, "killed at sync {sync}, restarted {more} times");
        if then == "restart" && !has_notice(&report, "can't confirm that") {
            assert_eq!(more, 1, "killed at sync {sync}: {report:?}");
        }
    }
    traffic.stop().assert_unnoticed();
    for phase in [
        "claim", "close", "floor", "drain", "restart", "healthy", "open",
    ] {
        let found = died_in.iter().any(|died| died == phase);
        assert!(found, "never died with {phase} recorded: {died_in:?}");
    }
    println!("{ways:?}: died {} times, in {died_in:?}", died_in.len());
}

#[test]
fn a_restart_killed_in_any_wait_is_completed() {
    let slow =
        |reference: Reference| reference.with(QUICK, "inter 600ms fastinter 400ms downinter 400ms");
    let fleet = Fleet::with("killed_waiting", Layout::TwoStage, slow);
    fleet.open_gates();
    let traffic = fleet.traffic();
    for (round, phase) in ["claim", "close", "shed", "drain", "healthy", "open"]
        .iter()
        .enumerate()
    {
        for (number, then) in [(1, "recover"), (2, "restart")] {
            let what = format!("round {round}, {phase}, then {then}");
            let boots = fleet.boots()[number - 1];
            let cold = Duration::from_millis(600);
            // Until the kill.
            let long = Duration::from_secs(30);
            fleet
                .app(number)
                .set_cold(if *phase == "healthy" { long } else { cold });
            let request = (*phase == "drain").then(|| fleet.slow_request(number, 5000));
            let sticky = |settings: Settings| match *phase {
                // With a sticky time the twin sheds in a phase of its own, which takes time.
                "shed" => settings.set("app.web.sticky", "1ms"),
                _ => settings,
            };
            let agent = fleet.agent(number, sticky).start("restart", "web");
            fleet.host(number).wait_for_phase(phase);
            sleep(Duration::from_millis(50));
            agent.interrupt(Signal::SIGKILL);
            agent.wait();
            fleet.app(number).set_cold(cold);
            let died_in = fleet.host(number).journal_phase();
            assert_eq!(died_in.as_deref(), Some(*phase), "{what}");
            well_after(&fleet, number, then, sticky);
            let more = fleet.boots()[number - 1] - boots;
            let untouched =
                then == "recover" && ["claim", "close", "shed", "drain"].contains(phase);
            assert_eq!(more, usize::from(!untouched), "{what}");
            if let Some(request) = request {
                let answer = request.answer();
                assert_eq!(answer.status, 200, "{what}: {}", answer.body);
            }
        }
    }
    traffic.stop().assert_unnoticed();
}

/// The restart command outlives the agent: nothing opens the gates before the command has done its
/// work.
#[test]
fn no_gate_opens_while_the_orphan_command_runs() {
    let fleet = fleet("killed_command");
    let traffic = fleet.traffic();
    for (number, then) in [(1, "recover"), (2, "restart")] {
        let boots = fleet.boots()[number - 1];
        let command = |settings| by_command(fleet.host(number), 1.5, settings);
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

/// A restart by a command that waits so many seconds before it touches the app.
fn by_command(host: &Host, seconds: f64, settings: Settings) -> Settings {
    let pidfile = host.dir.join(host.name()).join("pid");
    let script = format!("sleep {seconds}; kill -USR2 $(cat {})", pidfile.display());
    let argv = ["sh", "-c", &script].map(Value::from).to_vec();
    let restart = toml::Table::from_iter([("command".to_owned(), Value::Array(argv))]);
    settings.set("app.web.restart", restart)
}

/// `agent open` and `agent close`, killed at every record: a recovery completes the open, and
/// undoes or completes the close.
#[test]
fn a_killed_open_is_completed_and_a_killed_close_undone() {
    let fleet = fleet("killed_by_hand");
    let traffic = fleet.traffic();
    let (host, agent) = (fleet.host(1), fleet.agent(1, |settings| settings));
    for verb in ["close", "open"] {
        for sync in 1.. {
            if verb == "open" {
                agent.run("close", "web").expect_exit(0);
            }
            if agent.start_killed_at(verb, sync).wait().exit == 0 {
                break;
            }
            let held = host.dir.join("state/web.closed").exists();
            // A recovery completes an open that had begun.
            let opening = verb == "open" && host.journal_phase().is_some();
            agent.run("recover", "web").expect_exit(0);
            let open = host.gate_is_open(2000);
            assert_eq!(open, opening || !held, "{verb} killed at sync {sync}");
            agent.open("web");
        }
        agent.open("web");
    }
    fleet.haproxy.wait_until_all_up();
    traffic.stop().assert_unnoticed();
}

/// The app has fallen sick while it was out, or HAProxy is out of sight. The gates open only before
/// a healthy app, and then also without HAProxy.
#[test]
fn a_recovery_opens_only_before_a_healthy_app() {
    let fleet = fleet("killed_changed");
    let traffic = fleet.traffic();
    let hurried = |settings: Settings| {
        let settings = settings.set("app.web.timeouts.healthy", "1s");
        settings.set("app.web.timeouts.in_rotation", "1s")
    };
    let host = fleet.host(1);
    let kill = || {
        let request = fleet.held_request(1);
        let agent = fleet.agent(1, |settings| settings).start("restart", "web");
        host.wait_for_phase("drain");
        agent.interrupt(Signal::SIGKILL);
        agent.wait();
        assert_eq!(request.answer().status, 200);
    };
    kill();
    fleet.app(1).set_sick(true);
    let sick = fleet
        .agent(1, hurried)
        .run("recover", "web")
        .expect_exit(15);
    assert!(!host.gate_is_open(2000), "{}", sick.out);
    fleet.app(1).set_sick(false);
    well_after(&fleet, 1, "recover", hurried);
    kill();
    // No HAProxy listens there.
    let blind = hurried(fleet.settings(1).haproxy("tcp://10.77.0.1:9990"));
    let blind = Agent::new(host, &blind)
        .run("recover", "web")
        .expect_exit(16);
    assert!(
        host.gate_is_open(2000) && host.gate_is_open(3000),
        "{}",
        blind.out
    );
    fleet.haproxy.wait_until_all_up();
    traffic.stop().assert_unnoticed();
}

/// The rules are gone, and the journal is gone or torn. The boot has started the app.
#[test]
fn a_recovery_works_after_a_power_loss() {
    let fleet = fleet_with("power_loss", |reference| {
        reference.with(QUICK, "inter 300ms fastinter 500ms downinter 150ms")
    });
    let traffic = fleet.traffic();
    for (number, phase, torn) in [(1, "drain", false), (2, "healthy", true), (3, "open", true)] {
        let boots = fleet.boots()[number - 1];
        let host = fleet.host(number);
        let request = (phase == "drain").then(|| fleet.held_request(number));
        if phase == "healthy" {
            fleet.app(number).set_cold(Duration::from_secs(30));
        }
        let agent = fleet
            .agent(number, |settings| settings)
            .start("restart", "web");
        host.wait_for_phase(phase);
        agent.interrupt(Signal::SIGKILL);
        agent.wait();
        fleet.app(number).set_cold(COLD);
        if let Some(request) = request {
            assert_eq!(request.answer().status, 200);
        }
        host.namespace.run("iptables", &["-t", "nat", "-F"]);
        host.namespace.run("ip6tables", &["-t", "nat", "-F"]);
        let journal = host.dir.join("state/web.json");
        match torn {
            true => fs::write(&journal, "{\"pid\": 12, \"verb\"").unwrap(),
            false => fs::remove_dir_all(host.dir.join("state")).unwrap(),
        }
        let report = well_after(&fleet, number, "recover", |settings| settings);
        assert_eq!(has_notice(&report, "can't be read"), torn, "{report:?}");
        assert!(!journal.exists(), "the journal is still there");
        assert!(fleet.boots()[number - 1] <= boots + 1);
    }
    traffic.stop().assert_unnoticed();
}

/// `agent recover` or `agent restart` on a host: when it returns, the gates are open and the lines
/// UP.
fn well_after(
    fleet: &Fleet,
    number: usize,
    then: &str,
    change: impl Fn(Settings) -> Settings,
) -> Report {
    let ended = fleet.agent(number, change).run(then, "web");
    // If it is unknown whether the restart has happened, `agent recover` does not report success.
    let ended = match ended.out.contains("\"not_confirmed\"") {
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

fn has_notice(report: &Report, what: &str) -> bool {
    report.notices.iter().any(|notice| notice.contains(what))
}

/// The cold time of the apps.
const COLD: Duration = Duration::from_millis(300);

fn fleet(test: &str) -> Fleet {
    fleet_with(test, |reference| reference)
}

fn fleet_with(test: &str, change: impl FnOnce(Reference) -> Reference) -> Fleet {
    let fleet = Fleet::with(test, Layout::TwoStage, change);
    for app in &fleet.apps {
        app.set_cold(COLD);
    }
    fleet.open_gates();
    fleet
}
