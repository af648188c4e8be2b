//! `agent probe`: each step of it, with no gate moved and no user on the target.

use crate::targets::{HAPROXY, TARGETS, does};
use crate::{GOOD, agent, app, haproxy, refused, rules};
use lab::agent::Ended;
use lab::own_network::{inside, sh};

/// What a probe prints, and that it changes no rule.
fn probe(config: &str, words: &[&str], exit: i32) -> Ended {
    let before = rules();
    let ended = agent(config, &[&["probe"], words].concat());
    assert_eq!(rules(), before);
    assert_eq!(ended.exit, exit, "{words:?}: {}{}", ended.out, ended.err);
    ended
}

fn fails(config: &str, which: &str, says: &str) {
    let ended = probe(config, &[which], 15);
    assert!(ended.err.contains(says), "{says}: {}", ended.err);
}

/// The `verify` command ends with this line.
fn verify_by(line: &str) {
    let text = "#!/bin/sh\necho $AGENT_APP $AGENT_TARGET $AGENT_PORT\n";
    std::fs::write("/run/verify", format!("{text}{line}\n")).unwrap();
    sh("chmod 755 /run/verify");
}

#[test]
fn a_probe_stops_at_the_first_step_that_fails() {
    if !inside("probe::a_probe_stops_at_the_first_step_that_fails") {
        return;
    }
    let _haproxy = haproxy(HAPROXY);
    app(1000);
    does(&["open", "web"]);
    // The idle one.
    let down = "web/green: it does not run: nothing listens on port 1001; `agent switch web` \
                starts it, by touch /run/green\n";
    fails(TARGETS, "web", down);
    app(1001);
    verify_by("exit 3");
    let sick = TARGETS.replace("/healthz\"", "/healthz\", status = 204, times = 2");
    let why = "web/green: it is not healthy: 200 from GET /healthz, wanted 204 (probe 1 of 2)";
    fails(&sick, "web", why);
    let why = "web/green: it is not verified: /run/verify exited with 3";
    fails(TARGETS, "web", why);
    let report = probe(TARGETS, &["web/green", "--json"], 15).json();
    let said = ["outcome", "target", "address"].map(|key| report[key].as_str().unwrap());
    assert_eq!(said, ["not_verified", "green", "127.0.0.1:1001"]);
    let steps = report["steps"].as_array().unwrap().iter();
    let steps: Vec<_> = steps.map(|step| (&step["step"], &step["ok"])).collect();
    let expected = [("runs", true), ("health", true), ("verify", false)];
    let expected = expected.map(|(step, ok)| (step.into(), ok.into()));
    assert_eq!(steps, expected.each_ref().map(|(step, ok)| (step, ok)));
    assert_eq!(report["steps"][2]["printed"][0], "web green 1001");
    refused(
        TARGETS,
        &["probe", "web/red"],
        2,
        "app web has no target \"red\"; a probe can ask web/blue, web/green",
    );
}

#[test]
fn a_probe_of_a_good_target_prints_each_step() {
    if !inside("probe::a_probe_of_a_good_target_prints_each_step") {
        return;
    }
    app(1000);
    verify_by("exit 0");
    let twice = TARGETS.replace("/healthz\"", "/healthz\", times = 2");
    let ended = probe(&twice, &["web/blue"], 0);
    for line in [
        "web/blue: it runs, in ",
        "web/blue: it is healthy at 127.0.0.1:1000, 2 times in a row, in ",
        "web/blue: verified by /run/verify, in ",
        "web/blue: it runs, is healthy and verified\n",
    ] {
        assert!(ended.out.contains(line), "{line}: {}", ended.out);
    }
    // An app without targets, with and without its name.
    for which in [&["web"][..], &[]] {
        let ended = probe(GOOD, which, 0);
        assert!(
            ended.out.ends_with("web: it runs and is healthy\n"),
            "{}",
            ended.out
        );
    }
    // Without a gate, a rule or a record the idle target is not known.
    app(1001);
    let ended = agent(TARGETS, &["probe", "web"]);
    let says = "or name one of web/blue, web/green";
    assert!(ended.exit == 2 && ended.err.contains(says), "{}", ended.err);
}
