//! An operator sets our line to MAINT or DRAIN at any moment of a restart. The agent does not
//! confuse it with its own gate, never waits for it, and never changes it back.

use std::time::Duration;

use lab::agent::Ended;
use lab::fleet::Fleet;
use lab::now;
use lab::reference::Reference;
use lab::report::Report;
use lab::settings::Settings;
use lab::traffic::InFlight;

const PHASES: [&str; 5] = ["close", "sticky", "drain", "healthy", "open"];

#[test]
fn an_operators_maint_remains() {
    in_each_phase("op_maint", "maint", "MAINT");
}

#[test]
fn an_operators_drain_remains() {
    in_each_phase("op_drain", "drain", "DRAIN");
}

fn in_each_phase(test: &str, state: &str, shown: &str) {
    let fleet = fleet(test);
    let traffic = fleet.traffic();
    operate(&fleet, "web1", state);
    let ended = fleet.agent(1, settings).run("restart", "web");
    respected(&fleet, ended, shown);
    for phase in PHASES {
        operate(&fleet, "web1", "ready");
        fleet.haproxy.wait_until_all_up();
        let (ended, at) = hold_in(&fleet, phase, state);
        let report = respected(&fleet, ended, shown);
        assert!(at <= report.ended(phase), "{state} came after {phase}");
    }
    assert_eq!(fleet.boots()[0], 2 + PHASES.len());
    traffic.stop().assert_unnoticed();
}

/// Sets the state as soon as that phase has begun, and returns the time.
fn hold_in(fleet: &Fleet, phase: &str, state: &str) -> (Ended, f64) {
    let request = (phase == "drain").then(|| fleet.slow_request(1, 800));
    let running = fleet.agent(1, settings).start("restart", "web");
    fleet.host(1).wait_for_phase(phase);
    operate(fleet, "web1", state);
    let at = now();
    let ended = running.wait();
    if let Some(answer) = request.map(InFlight::answer) {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let restarted = ended.report().began("restart");
        assert!(restarted > answer.ended_at - 0.02, "not drained");
    }
    (ended, at)
}

/// The app has restarted, the gates are open, the line is in the operator's state, and the report
/// says so.
fn respected(fleet: &Fleet, ended: Ended, shown: &str) -> Report {
    let ended = ended.expect(0, "restarted, and the gates are open");
    let report = ended.report();
    let note = format!(
        "srvs/web1 is {shown}: held out in HAProxy, so the agent does not wait for \
        UP"
    );
    assert!(
        report.notices.iter().any(|one| one.ends_with(&note)),
        "{report:?}"
    );
    assert_eq!(report.balancers[0].line("srvs/web1"), shown);
    assert_eq!(report.balancers[0].line("srvs/bkp1"), "UP");
    assert_eq!(fleet.haproxy.server("web1").status(), shown);
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    // A wait for the line would take a minute.
    assert!(report.seconds < 20.0, "it waited: {report:?}");
    report
}

/// A closed host (DOWN) may also be in DRAIN: HAProxy shows that as soon as the host is back.
#[test]
fn an_operators_drain_behind_a_closed_gate_remains() {
    let fleet = fleet("op_both");
    let agent = fleet.agent(1, settings);
    agent.run("close", "web").expect_exit(0);
    operate(&fleet, "web1", "drain");
    assert_eq!(fleet.haproxy.server("web1").status(), "DOWN");
    let reopened = agent.words(&["restart", "web", "--json", "--reopen"]);
    respected(&fleet, reopened, "DRAIN");
    let traffic = fleet.traffic();
    operate(&fleet, "bkp1", "maint");
    let report = agent
        .run("restart", "web")
        .expect(0, "and the gates are open")
        .report();
    let notices = report.notices.join("\n");
    let before = "srvs/bkp1 is MAINT: held out in HAProxy, so the agent does not wait for UP";
    let note = "srvs/web1 is DRAIN, tcp://10.77.0.1:9999 srvs/bkp1 is MAINT: held out in HAProxy, so the \
         agent does not wait for UP";
    assert!(
        notices.contains(before) && notices.contains(note),
        "{notices}"
    );
    assert_eq!(fleet.boots()[0], 3);
    traffic.stop().assert_unnoticed();
}

/// A line that leaves MAINT is UP at once, and HAProxy checks it afterwards. So while the gate is
/// closed, the host is not drained until the checks have failed again.
#[test]
fn a_line_may_come_back_in_each_phase() {
    let fleet = fleet("op_ready");
    let traffic = fleet.traffic();
    for phase in PHASES {
        let request = (phase == "drain").then(|| fleet.slow_request(1, 800));
        operate(&fleet, "web1", "maint");
        let running = fleet.agent(1, settings).start("restart", "web");
        fleet.host(1).wait_for_phase(phase);
        operate(&fleet, "web1", "ready");
        let report = running.wait().expect_exit(0).report();
        assert_eq!(report.message, "restarted, and back in rotation", "{phase}");
        assert_eq!(report.balancers[0].line("srvs/web1"), "UP", "{phase}");
        if let Some(answer) = request.map(InFlight::answer) {
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert!(report.began("restart") > answer.ended_at - 0.02);
        }
    }
    assert_eq!(fleet.boots()[0], 1 + PHASES.len());
    traffic.stop().assert_unnoticed();
}

fn operate(fleet: &Fleet, line: &str, state: &str) {
    let command = format!("set server srvs/{line} state {state}");
    fleet.haproxy.operate(&command);
}

fn fleet(test: &str) -> Fleet {
    let fleet = Fleet::quick(test, Reference::for_operators);
    fleet.app(1).set_cold(Duration::from_millis(200));
    fleet
}

/// Just long enough to set a line in the middle of the restart.
fn settings(settings: Settings) -> Settings {
    settings.set("app.web.sticky", "300ms")
}
