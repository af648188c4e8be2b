//! An operator sets our line to MAINT or DRAIN at any moment of a restart. The agent does not
//! confuse it with its own gate, never waits for it, and never changes it back.

use std::time::Duration;

use lab::agent::{Agent, Ended};
use lab::fleet::Fleet;
use lab::held::Held;
use lab::now;
use lab::reference::Reference;
use lab::report::Report;
use lab::settings::Settings;
use lab::stats_proxy::{Fault, StatsProxy};

const PHASES: [&str; 5] = ["close", "sticky", "drain", "healthy", "open"];

/// The cold time of the app.
const COLD: Duration = Duration::from_millis(200);

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
    let proxy = StatsProxy::start(&fleet.site.dir, &fleet.haproxy.socket);
    let traffic = fleet.traffic();
    operate(&fleet, "web1", state);
    let ended = fleet.agent(1, sticky).run("restart", "web");
    respected(&fleet, ended, shown);
    for phase in PHASES {
        operate(&fleet, "web1", "ready");
        fleet.haproxy.wait_until_all_up();
        let (ended, at) = hold_in(&fleet, &proxy, phase, ["ready", state]);
        let report = respected(&fleet, ended, shown);
        assert!(at <= report.ended(phase), "{state} came after {phase}");
    }
    assert_eq!(fleet.boots()[0], 2 + PHASES.len());
    traffic.stop().assert_unnoticed();
}

/// Begins a restart in one state, sets the other one as soon as that phase has begun, and returns the
/// time. Until then the app is cold, or HAProxy's answer does not come.
fn hold_in(
    fleet: &Fleet,
    proxy: &StatsProxy,
    phase: &'static str,
    [first, state]: [&str; 2],
) -> (Ended, f64) {
    let app = fleet.app(1);
    let request = (phase == "drain").then(|| fleet.held_request(1));
    operate(fleet, "web1", first);
    match phase {
        "healthy" => app.set_cold(Duration::from_secs(30)),
        _ => proxy.set_in(fleet.host(1), phase, Fault::Hangs),
    }
    let socket = proxy.socket.display().to_string();
    let settings = sticky(fleet.settings(1).haproxy_within(&socket, "10s"));
    let running = Agent::new(fleet.host(1), &settings).start("restart", "web");
    match phase {
        "healthy" => {
            fleet.host(1).wait_for_phase(phase);
        }
        _ => proxy.wait_until_met(),
    }
    operate(fleet, "web1", state);
    let at = now();
    app.set_cold(COLD);
    proxy.set(Fault::None);
    let answer = request.map(Held::answer);
    let ended = running.wait();
    if let Some(answer) = answer {
        assert_eq!(answer.status, 200, "{}", answer.body);
        app.assert_answered_before_the_stop();
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
    let agent = fleet.agent(1, sticky);
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
    let proxy = StatsProxy::start(&fleet.site.dir, &fleet.haproxy.socket);
    let traffic = fleet.traffic();
    for phase in PHASES {
        let (ended, _) = hold_in(&fleet, &proxy, phase, ["maint", "ready"]);
        let report = ended.expect_exit(0).report();
        assert_eq!(report.message, "restarted, and back in rotation", "{phase}");
        assert_eq!(report.balancers[0].line("srvs/web1"), "UP", "{phase}");
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
    fleet.app(1).set_cold(COLD);
    fleet
}

/// Just long enough to set a line in the middle of the restart.
fn sticky(settings: Settings) -> Settings {
    settings.set("app.web.sticky", "300ms")
}
