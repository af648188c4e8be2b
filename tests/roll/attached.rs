//! What a tool over SSH needs from each host: progress as JSON, a call-off by the end of standard
//! input, the room in HAProxy, and a wait for its turn.

use std::time::Duration;

use serde_json::Value;

use lab::agent::{Agent, Ended, Running};
use lab::fleet::Fleet;
use lab::reference::QUICK;
use lab::settings::Settings;
use lab::wait_for;

#[test]
fn the_end_of_standard_input_calls_a_restart_off() {
    let fleet = Fleet::two_stage("hang_up");
    fleet.open_gates();
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let begin = |number| attached(&fleet.agent(number, |settings| settings));

    let request = fleet.held_request(1);
    let mut draining = begin(1);
    fleet.host(1).wait_for_phase("drain");
    draining.hang_up();
    let ended = draining.wait().expect_exit(129);
    assert_eq!(ended.json()["outcome"], "interrupted", "{}", ended.out);
    assert_eq!(fleet.host(1).gates_are_open(), [true; 2]);
    assert_eq!(request.answer().status, 200);

    fleet.app(2).set_cold(Duration::from_secs(30));
    let mut starting = begin(2);
    fleet.app(2).wait_for_boot_after(1);
    starting.hang_up();
    fleet.app(2).set_cold(Duration::from_secs(1));
    starting.wait().expect_exit(129);
    assert_eq!(fleet.host(2).gates_are_open(), [true; 2]);
    assert_eq!(fleet.boots(), [boots[0], boots[1] + 1, boots[2]]);
    fleet.haproxy.wait_until_all_up();
    traffic.stop().assert_unnoticed();
}

/// A caller that is not attached has no standard input to lose, as under systemd and Ansible.
#[test]
fn each_phase_is_one_json_line() {
    // The test must see a wait before it is over, even when the machine has other work.
    let slow = "inter 1s fastinter 500ms downinter 500ms";
    let fleet = Fleet::quick("progress", |reference| reference.with(QUICK, slow));
    let agent = fleet.agent(1, |settings| settings);
    let ended = agent.words(&["restart", "web", "--json", "--progress"]);
    let ended = ended.expect_exit(0);
    assert_eq!(ended.json()["outcome"], "restarted");
    let lines = progress_lines(&ended);
    let phases: Vec<&str> = lines
        .iter()
        .filter_map(|one| one["phase"].as_str())
        .collect();
    let all = [
        "claim", "close", "floor", "drain", "restart", "healthy", "open",
    ];
    assert_eq!(phases, all, "{}", ended.err);
    for one in &lines {
        assert_eq!(one["app"], "web");
        assert!(one["at_seconds"].is_number(), "{one}");
        let words = one["what"].is_string() && one["limit_seconds"].is_number();
        assert!(
            words || one["waiting"].is_array() || one["note"].is_string(),
            "{one}"
        );
    }
    let settled: Vec<&str> = lines
        .iter()
        .filter(|one| one["settled"] == true)
        .filter_map(|one| one["phase"].as_str())
        .collect();
    assert_eq!(settled, all[2..], "{}", ended.err);
    let waits = |what: &str| {
        lines
            .iter()
            .any(|one| one["waiting"].to_string().contains(what))
    };
    assert!(
        waits("srvs/bkp1 is UP") && waits("srvs/web1 is UP"),
        "{}",
        ended.err
    );
    let quiet = agent.words(&["restart", "web", "--json"]).expect_exit(0);
    assert_eq!(quiet.err, "");
}

#[test]
fn a_turn_comes_when_another_host_is_back() {
    let fleet = Fleet::quick("turn_comes", |reference| reference);
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let agent = |number| fleet.agent(number, |settings| settings.set("app.web.min_available", 2));
    fleet
        .agent(2, |settings| settings)
        .run("close", "web")
        .expect_exit(0);
    let first = agent(1);
    first.run("restart", "web").expect(12, "min_available is 2");
    let soon = first.words(&["close", "web", "--turn", "1s", "--json"]);
    soon.expect(12, "our turn did not come in time");
    let waiting = first.start_words(&["restart", "web", "--turn", "30s", "--json"]);
    fleet.host(1).wait_for_phase("back_off");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(fleet.host(1).gates_are_open(), [true; 2]);
    agent(2).open("web");
    let report = waiting.wait().expect_exit(0).report();
    let notices = report.notices.join("\n");
    assert!(notices.contains("waiting for our turn"), "{notices}");
    assert_eq!(fleet.boots(), [boots[0] + 1, boots[1], boots[2]]);
    traffic.stop().assert_unnoticed();
}

#[test]
fn status_shows_the_room_in_haproxy() {
    let fleet = Fleet::quick("room", |reference| reference);
    let status = |number, min_available: i64| {
        let floor = |settings: Settings| settings.set("app.web.min_available", min_available);
        let status = fleet
            .agent(number, floor)
            .words(&["status", "--json"])
            .json();
        let app = &status["apps"][0];
        (
            app["in_rotation"] == true,
            app["serving"] == true,
            app["spare"].as_i64(),
        )
    };
    assert_eq!(status(1, 1), (true, true, Some(2)));
    assert_eq!(status(1, 3), (true, true, Some(0)));
    fleet
        .agent(2, |settings| settings)
        .run("close", "web")
        .expect_exit(0);
    assert_eq!(status(1, 1), (true, true, Some(1)));
    assert_eq!(status(2, 1), (false, false, Some(1)));
    // A host that has claimed its turn and still serves.
    let rules = fleet.host(3).rules();
    let mut chain = rules
        .lines()
        .filter(|rule| rule.starts_with("-A HAPROXY-GATE"));
    let twin = chain.position(|rule| rule.contains("--dport 3000"));
    let number = (twin.expect("a rule of the twin's gate") + 1).to_string();
    let delete = ["-t", "nat", "-D", "HAPROXY-GATE", &number];
    fleet.host(3).namespace.run("iptables", &delete);
    wait_for("a claim", Duration::from_secs(20), || {
        (fleet.haproxy.server("bkp3").status() == "DOWN").then_some(())
    });
    assert_eq!(status(1, 1), (true, true, Some(0)));
    assert_eq!(status(3, 1), (false, true, Some(1)));
}

fn attached(agent: &Agent) -> Running {
    agent.start_attached(&["restart", "web", "--json", "--attached"])
}

/// The objects on stderr.
fn progress_lines(ended: &Ended) -> Vec<Value> {
    let lines = ended.err.lines();
    let object =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    lines.map(object).collect()
}
