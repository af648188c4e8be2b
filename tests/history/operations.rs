//! The lines of real operations: result, caller and reason; and operations that could not write
//! one.

use haproxy_gate::state::counters::Counters;
use lab::agent::{Agent, Ended, Running};
use lab::fleet::Fleet;
use lab::settings::Settings;
use lab::wait_for;
use nix::sys::signal::Signal;
use serde_json::Value;
use std::time::Duration;

/// The environment after `ssh alice@host` and `sudo agent ...`.
const ALICE: [(&str, &str); 2] = [
    ("SUDO_USER", "alice"),
    ("SSH_CONNECTION", "192.0.2.7 51000 10.77.0.11 22"),
];

fn by_alice(agent: &Agent, words: &[&str]) -> Ended {
    let mut command = agent.command(words);
    Running::start("agent", command.envs(ALICE)).wait()
}

pub fn history(agent: &Agent, words: &[&str]) -> Vec<Value> {
    let ended = agent.words(&[&["history", "--json"], words].concat());
    let ended = ended.expect_exit(0);
    assert_eq!(ended.err, "", "no torn line either");
    let mut object = ended.json();
    match object["operations"].take() {
        Value::Array(operations) => operations,
        other => panic!("{other}"),
    }
}

fn outcomes(agent: &Agent) -> Vec<String> {
    let all = history(agent, &["--all"]);
    let outcomes = all.iter().map(|it| it["outcome"].as_str().unwrap());
    outcomes.map(str::to_owned).collect()
}

#[test]
fn each_operation_leaves_one_line_with_caller_reason_and_result() {
    let fleet = Fleet::closed("history", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let text = agent.words(&["history"]).expect_exit(0).out;
    assert!(text.starts_with("no operation yet in /"), "{text}");
    assert_eq!(history(&agent, &[]), Vec::<Value>::new());
    agent.words(&["report"]).expect_exit(1);
    fleet.open_gates();

    let ended = by_alice(
        &agent,
        &["restart", "web", "--json", "--reason", "deploy <1.2.3>"],
    );
    let report = ended.expect_exit(0).json();
    let all = history(&agent, &[]);
    let kept = &all[1];
    for key in [
        "id", "host", "app", "verb", "outcome", "exit", "message", "notices",
    ] {
        assert_eq!(kept[key], report[key], "{key}");
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(kept["host"], host.trim());
    assert_eq!(kept["phases"], report["phases"]);
    assert_eq!(kept["shares"], report["shares"]);
    assert_eq!(kept["reason"], "deploy <1.2.3>");
    assert_eq!(kept["agent"], env!("CARGO_PKG_VERSION"));
    let caller = &kept["caller"];
    let fields = [&caller["user"], &caller["run_as"], &caller["ssh"]];
    assert_eq!(fields, ["alice", "root", "192.0.2.7"]);
    let took = kept["seconds"].as_f64().unwrap() - report["seconds"].as_f64().unwrap();
    assert!(took.abs() < 0.1, "{took}");

    let id = report["id"].as_str().unwrap();
    let whole = agent.words(&["report", id, "--json"]).expect_exit(0).json();
    samples_hold(&whole);
    let text = agent.words(&["history", id]).expect_exit(0).out;
    for part in ["alice as root", "from 192.0.2.7", "deploy <1.2.3>", "drain"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.contains("time       HAProxy's checks "), "{text}");
    assert_eq!(agent.words(&["report"]).expect_exit(0).out, text);
    let text = agent.words(&["history"]).expect_exit(0).out;
    let wide = text.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None, "{text}");
    assert!(
        text.contains(&format!("{id} web restart restarted")),
        "{text}"
    );
    assert!(text.contains("\n    deploy <1.2.3>\n"), "{text}");
    agent
        .words(&["history", "web", "--since", "1h"])
        .expect_exit(0);
    assert_eq!(
        history(&agent, &["--since", "2000-01-01", "--last", "1"]).len(),
        1
    );
    agent.words(&["history", "missing"]).expect_exit(2);
    agent.words(&["report", "00000000000"]).expect_exit(2);
}

/// HAProxy's samples: UP at first and in the end, DOWN between, and a gap while the app restarts.
fn samples_hold(operation: &Value) {
    let samples = &operation["samples"];
    let at = samples["at"].as_array().unwrap();
    assert!((6..=400).contains(&at.len()), "{}", at.len());
    let lines = samples["balancers"][0]["lines"].as_array().unwrap();
    let names: Vec<_> = lines.iter().map(|line| &line["name"]).collect();
    assert_eq!(names, ["srvs/web1", "srvs/bkp1"]);
    for line in lines {
        let status = line["status"].as_array().unwrap();
        let words: Vec<_> = status.iter().map(|it| it[1].as_str()).collect();
        assert_eq!(words.first().unwrap(), &Some("UP"));
        assert_eq!(words.last().unwrap(), &Some("UP"));
        let down = words.iter().position(|word| *word == Some("DOWN")).unwrap();
        assert_eq!(words[down + 1], None, "not asked while the app restarts");
        for column in ["in_flight", "sessions"] {
            assert_eq!(line[column].as_array().unwrap().len(), at.len());
        }
    }
}

#[test]
fn an_unsuccessful_operation_leaves_its_line_too() {
    let fleet = Fleet::quick("history_not", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    agent.words(&["restart", "web", "--dry-run"]).expect_exit(0);
    assert_eq!(outcomes(&agent), ["opened"]);

    // Another operation has the lock.
    let request = fleet.slow_request(1, 5000);
    let restart = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    agent.run("restart", "web").expect_exit(10);
    restart.interrupt(Signal::SIGINT);
    restart.wait().expect_exit(130);
    assert_eq!(request.answer().status, 200);
    let few = fleet.agent(1, |settings| settings.set("app.web.min_available", 5));
    few.words(&["restart", "web", "--reason", "too early"])
        .expect_exit(12);
    let agent = fleet.agent(1, |settings| settings);
    let expected = ["opened", "locked", "interrupted", "too_few_servers"];
    assert_eq!(outcomes(&agent), expected);
    let all = history(&agent, &[]);
    assert_eq!(all[3]["reason"], "too early");
    assert_eq!(all[2]["exit"], 130);

    // Killed at the second write of its journal.
    agent.start_killed_at("close", 2).wait();
    assert_eq!(outcomes(&agent), expected, "it could not say so");
    let mut recover = agent.command(&["recover", "web", "--json"]);
    Running::start("agent", recover.envs(ALICE))
        .wait()
        .expect_exit(0);
    let all = history(&agent, &[]);
    assert_eq!(all.len(), 6);
    let (killed, recovered) = (&all[4], &all[5]);
    assert_eq!(
        (&killed["outcome"], &killed["verb"], &killed["exit"]),
        (&"cut_short".into(), &"close".into(), &Value::Null)
    );
    assert_eq!(killed["caller"]["user"], "root");
    let message = killed["message"].as_str().unwrap();
    assert!(
        message.contains("found by `agent recover web`"),
        "{message}"
    );
    assert_eq!(recovered["caller"]["user"], "alice");
}

#[test]
fn the_sidecar_records_actions_and_not_looks() {
    let fleet = Fleet::closed("history_sidecar", |reference| reference);
    // No other host serves.
    let drains = |settings: Settings| {
        let settings = settings.set("agent.on_stop", "drain");
        settings.set("app.web.min_available", 0)
    };
    let agent = fleet.agent(1, drains);
    let sidecar = agent.start_sidecar();
    fleet.host(1).wait_for_gate(2000, true);
    let opened = wait_for("a line of the sidecar's", Duration::from_secs(20), || {
        let all = history(&agent, &[]);
        (!all.is_empty()).then_some(all)
    });
    assert_eq!(opened[0]["caller"]["sidecar"], true);
    assert_eq!(opened[0]["verb"], "recover");
    // The sidecar repeats its look all the time.
    std::thread::sleep(Duration::from_millis(1500));
    sidecar.interrupt(Signal::SIGTERM);
    sidecar.wait();
    let all = history(&agent, &[]);
    assert_eq!(all.last().unwrap()["verb"], "stop");
    let recorded = |verb: &str, outcome: &str| {
        let is = |it: &&Value| it["verb"] == verb && it["outcome"] == outcome;
        all.iter().filter(is).count() as u64
    };
    // On a busy machine the sidecar may have repaired something, or failed at it again and again.
    // Such a result has a line, too.
    let counters = Counters::read(&fleet.host(1).dir.join("state"), "web");
    assert_eq!(counters.operations.len(), 2, "recover and stop: {all:?}");
    for (verb, outcomes) in &counters.operations {
        for (outcome, count) in outcomes {
            let worth = match outcome.as_str() {
                "nothing_to_do" => 0..=0,
                _ => 1..=*count,
            };
            let recorded = recorded(verb, outcome);
            assert!(
                worth.contains(&recorded),
                "{recorded} times {verb} {outcome}: {all:?}"
            );
        }
    }
    let unit = agent.words(&["open", "web", "--owner", "web.service"]);
    unit.expect_exit(0);
    let text = agent.words(&["history"]).expect_exit(0).out;
    assert!(text.contains(" s sidecar\n"), "{text}");
    assert!(text.ends_with(" s web.service\n"), "{text}");
}

/// The operation itself counts.
#[test]
fn no_operation_fails_because_of_the_history() {
    let fleet = Fleet::quick("history_broken", |reference| reference);
    let at = fleet.host(1).dir.join("no_directory");
    std::fs::write(&at, "").unwrap();
    let agent = fleet.agent(1, |settings| {
        settings.set("agent.history_dir", at.display().to_string())
    });
    let ended = agent.words(&["restart", "web"]).expect_exit(0);
    assert!(
        ended.err.contains("is missing in the history"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("history_dir"), "{}", ended.err);
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
}
