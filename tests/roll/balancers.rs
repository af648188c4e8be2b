//! An app that gets users from more than one backend or balancer.

use lab::fleet::{Fleet, Layout};
use lab::reference::{QUICK, Reference};
use lab::report::CLOCKS;
use lab::settings::Settings;
use lab::traffic::RATE;
use nix::sys::signal::Signal;

#[test]
fn two_backends_serve_the_same_app() {
    let second = |reference: Reference| reference.with_second_backend("api");
    let fleet = Fleet::with("two_backends", Layout::TwoStage, second);
    fleet.open_gates();
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let api = fleet.traffic_to(80, "/api", 100.0);
    let started = lab::now();
    let report = fleet.agent(1, |settings| settings).run("restart", "web");
    let report = report.expect_exit(0).report();
    let (met, api) = (traffic.stop(), api.stop());
    met.assert_unnoticed();
    assert_eq!(api.failed, 0, "{:#?}", api.failures);
    assert_eq!(fleet.boots()[0], boots[0] + 1);
    for line in ["srvs/web1", "srvs/bkp1", "api/web1", "api/bkp1"] {
        let down = fleet.haproxy.wait_said(line, "DOWN", started);
        let restarted = report.began("restart") + CLOCKS;
        assert!(down < restarted, "{line} DOWN too late");
    }
}

/// The second balancer has slower checks: the restart has to wait for both.
#[test]
fn two_balancers_must_agree() {
    let fleet = Fleet::two_stage("two_balancers");
    let second = fleet.second_balancer("inter 800ms fastinter 400ms downinter 400ms");
    let both = |settings: Settings| settings.haproxy("tcp://10.77.0.1:9998");
    fleet.open_gates_with(both);
    second.wait_until_all_up();
    let trouble = fleet.haproxy.trouble() + second.trouble();
    let traffic = fleet.traffic();
    let other = fleet.traffic_to(81, "/", RATE / 6.0);
    let started = lab::now();
    let report = fleet.agent(1, both).run("restart", "web");
    let ended = report.expect_exit(0);
    let (met, other) = (traffic.stop(), other.stop());
    met.assert_unnoticed();
    assert_eq!(other.failed, 0, "{:#?}", other.failures);
    assert_eq!(fleet.haproxy.trouble() + second.trouble(), trouble);
    for haproxy in [&fleet.haproxy, &second] {
        let down = haproxy.wait_said("srvs/web1", "DOWN", started);
        let restarted = ended.report().began("restart") + CLOCKS;
        assert!(down < restarted, "DOWN too late");
        let up = haproxy.wait_said("srvs/web1", "UP", down);
        assert!(up <= ended.at, "the agent left before UP");
    }
}

/// `settle` watches a restart at both balancers. Only users of the second one meet errors, so the
/// first one counts none.
#[test]
fn a_restart_settles_at_each_balancer() {
    let fleet = Fleet::quick("settle_two", |reference| reference);
    let second = fleet.second_balancer(QUICK);
    second.wait_until_all_up();
    let watched = |settings: Settings| {
        let settings = settings.haproxy("tcp://10.77.0.1:9998");
        let settings = settings.set("app.web.settle.for", "2s");
        settings.set("app.web.settle.errors", "1%")
    };
    let agent = fleet.agent(1, watched);
    let traffic = fleet.traffic_to(80, "/", RATE / 3.0);
    let other = fleet.traffic_to(81, "/api", RATE / 3.0);
    let calm = agent.run("restart", "web").expect_exit(0).report();
    let settled = calm.ended("settle") - calm.began("settle");
    assert!(settled >= 1.9, "{calm:?}");
    fleet.app(1).fail_one_in(4);
    fleet.app(1).fail_only_at("/api");
    let ended = agent.run("restart", "web").expect_exit(15);
    let report = ended.report();
    println!("{}", report.message);
    assert_eq!(report.outcome, "sick");
    for figure in ["requests", "answered 5xx", "other servers", "1% more"] {
        assert!(report.message.contains(figure), "{}", report.message);
    }
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(fleet.haproxy.server("web1").number("hrsp_5xx"), 0);
    assert!(second.server("web1").number("hrsp_5xx") > 0);
    traffic.stop().assert_unnoticed();
    let failures = other.stop().failures;
    assert!(!failures.is_empty(), "no user met the fault");
    assert!(
        failures.iter().all(|one| one.what == "status 500"),
        "{failures:?}"
    );
}

/// A balancer that is gone for good. The refusal says how to leave it out, and so does
/// the recovery of such a restart that was killed.
#[test]
fn a_balancer_that_is_gone_is_left_out() {
    const GONE: &str = "tcp://10.77.0.1:9998";
    let fleet = Fleet::two_stage("gone_balancer");
    fleet.open_gates();
    let traffic = fleet.traffic();
    let agent = fleet.agent(1, |settings| settings.haproxy(GONE));
    let (rules, boots) = (fleet.host(1).rules(), fleet.boots()[0]);
    let advice = format!("if no users come through {GONE} any more, run:\n    agent restart web");
    let refused = agent.words(&["restart", "web"]).expect_exit(11);
    assert!(refused.err.contains(&advice), "{refused:?}");
    let options = format!(" --without-balancer {GONE}\n");
    assert!(refused.err.contains(&options), "{refused:?}");
    let words = ["restart", "web", "--json", "--without-balancer", GONE];
    let last = [&words[..], &["--without-balancer", "tcp://10.77.0.1:9999"]].concat();
    let unknown = ["close", "web", "--without-balancer", "lb1"];
    for (words, says) in [
        (
            &last[..],
            "--without-balancer names every balancer of app web",
        ),
        (
            &unknown[..],
            "no such balancer of app web; it has tcp://10.77.0.1:9999, tcp://",
        ),
    ] {
        let refused = agent.words(words).expect_exit(2);
        assert!(refused.err.contains(says), "{refused:?}");
    }
    assert_eq!(fleet.host(1).rules(), rules);
    let ended = agent.words(&words).expect_exit(0);
    assert_eq!(ended.json()["without_balancers"], serde_json::json!([GONE]));
    assert!(
        ended.report().notices[0].contains("is left out"),
        "{ended:?}"
    );
    assert_eq!(fleet.boots()[0], boots + 1);
    let history = agent.words(&["history", "--json"]).expect_exit(0).out;
    assert!(
        history.contains("\"without_balancers\":[\"tcp://10.77.0.1:9998\"]"),
        "{history}"
    );
    let request = fleet.held_request(1);
    let running = agent.start_words(&words);
    fleet.host(1).wait_for_phase("drain");
    running.interrupt(Signal::SIGKILL);
    running.wait();
    let recovered = agent.run("recover", "web").expect_exit(0);
    assert_eq!(
        recovered.json()["without_balancers"],
        serde_json::json!([GONE])
    );
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    assert_eq!(request.answer().status, 200);
    traffic.stop().assert_unnoticed();
}
