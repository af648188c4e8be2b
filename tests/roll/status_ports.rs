//! Between the drain and the reopen another process wants to answer HAProxy's checks.

use std::time::Duration;

use lab::agent::Agent;
use lab::fleet::Fleet;
use lab::grab;
use lab::process::Process;

/// Without a sidecar the operation itself has reserved the ports.
#[test]
fn another_user_can_not_bind_a_port_during_the_restart() {
    let fleet = Fleet::quick("grabbed", |reference| reference);
    fleet.app(1).set_cold(Duration::from_secs(1));
    let host = &fleet.host(1).namespace;
    assert!(grab::can_bind(host, 2000));
    let traffic = fleet.traffic();
    let grabbers = [2000, 3000].map(|port| grab::while_down(host, port));
    let report = fleet.agent(1, |settings| settings).run("restart", "web");
    report.expect(0, "restarted, and back in rotation");
    grabbers.into_iter().for_each(grab::assert_never);
    traffic.stop().assert_unnoticed();
    // The agent has released the ports.
    assert!(grab::can_bind(host, 2000));
}

/// That process could listen at any moment. So the agent closes nothing before it is gone, and
/// names it.
#[test]
fn a_bound_port_is_refused_and_its_process_named() {
    let fleet = Fleet::quick("bound", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let grabber = grab::hold(&fleet.host(1).namespace, 3000);
    let says = "has bound the status port 3000, and can answer HAProxy's checks at any moment";
    let boots = fleet.boots();
    for verb in ["restart", "close"] {
        let message = agent.run(verb, "web").expect(11, says).report().message;
        assert!(message.ends_with("nothing was changed"), "{message}");
    }
    let dry_run = ["restart", "web", "--dry-run", "--json"];
    agent.words(&dry_run).expect(11, says);
    let status = agent.words(&["status"]).expect_exit(1);
    assert!(
        status.out.contains("has bound the status port 3000"),
        "{}",
        status.out
    );
    let doctor = agent.words(&["doctor"]).expect_exit(1);
    assert!(
        doctor.out.contains("status port 3000: bound by python3"),
        "{}",
        doctor.out
    );
    assert_eq!(fleet.host(1).gates_are_open(), [true; 2]);
    assert_eq!(fleet.boots(), boots);
    drop(grabber);
    agent.words(&["status"]).expect_exit(0);
    agent.run("restart", "web").expect_exit(0);
}

const LISTEN: &str = "import http.server as h\n\
class A(h.BaseHTTPRequestHandler):\n    \
    def do_GET(self): self.send_response(200); self.end_headers()\n    \
    do_OPTIONS = do_HEAD = do_GET\n\
h.ThreadingHTTPServer(('', 2999), A).serve_forever()";

/// The checks do not reach the reserved port. HAProxy takes the host for UP while its app restarts.
/// The agent reports that at once and in the end.
#[test]
fn a_foreign_redirect_of_a_port_is_exit_20() {
    let fleet = Fleet::quick("led_away", |reference| reference);
    fleet.app(1).set_cold(Duration::from_secs(30));
    let host = &fleet.host(1).namespace;
    let listener = Process::spawn("listener", host.command("python3").args(["-c", LISTEN]));
    let agent = fleet.agent(1, |settings| settings);
    let running = agent.start_words(&["restart", "web", "--json", "--progress"]);
    fleet.host(1).wait_for_phase("healthy");
    let rule = |how: &str| {
        let rule = "PREROUTING -p tcp --dport 2000 -j REDIRECT --to-ports 2999";
        let rule: Vec<&str> = ["-t", "nat", how]
            .into_iter()
            .chain(rule.split(' '))
            .collect();
        host.run("iptables-nft", &rule);
    };
    rule("-I");
    running.wait_for_word("srvs/web1 is UP");
    running.wait_for_word("a rule that is not ours redirects the status port 2000");
    assert_eq!(fleet.host(1).journal_phase().as_deref(), Some("healthy"));
    rule("-D");
    fleet.app(1).set_cold(Duration::ZERO);
    let report = running
        .wait()
        .expect(20, "HAProxy showed this host UP")
        .report();
    assert_eq!(report.outcome, "up_while_closed");
    let named = "a rule that is not ours redirects the status port 2000: ";
    assert!(report.message.contains(named), "{}", report.message);
    let notices = report.notices.join("\n");
    assert!(notices.contains("srvs/web1 is UP"), "{notices}");
    assert!(notices.contains("although its gate is closed"), "{notices}");
    assert_eq!(fleet.host(1).gates_are_open(), [true; 2]);
    drop(listener);
    agent.run("restart", "web").expect_exit(0);
}

/// The agent does not wait for a silent balancer while the app restarts.
#[test]
fn a_balancer_that_hangs_delays_no_restart() {
    let fleet = Fleet::quick("hangs", |reference| reference);
    let cold = Duration::from_secs(1);
    fleet.app(1).set_cold(cold);
    let patient = fleet.settings(1);
    let patient = patient.haproxy_within("tcp://10.77.0.1:9999", "10s");
    let running = Agent::new(fleet.host(1), &patient).start("restart", "web");
    fleet.host(1).wait_for_phase("healthy");
    let host = &fleet.host(1).namespace;
    let unanswered = "-A OUTPUT -p tcp --dport 9999 -j DROP";
    host.run("iptables-nft", &unanswered.split(' ').collect::<Vec<_>>());
    fleet.host(1).wait_for_phase("open");
    host.run("iptables-nft", &["-F", "OUTPUT"]);
    let report = running.wait().expect_exit(0).report();
    let healthy = report.ended("healthy") - report.began("healthy");
    // By then a look takes 10 s.
    assert!(healthy < 6.0, "{healthy} of {cold:?}");
}
