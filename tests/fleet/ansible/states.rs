//! The module on one host, in each state.

use serde_json::{Value, json};

use super::{ModuleResult, ansible, start};
use lab::agent::Running;
use lab::ansible::Ansible;
use lab::estate::{Estate, settings};
use lab::traffic::{Traffic, assert_unnoticed};

const MODULE: &str = "haproxy_gate.agent.agent";

/// Gates, lines and hold, before and after.
const CLOSED: [&str; 6] = ["open", "UP", "no", "closed", "DOWN", "yes"];
const OPENED: [&str; 6] = ["closed", "DOWN", "yes", "open", "UP", "no"];

/// A fleet whose host 1 the module works on.
struct Case<'a> {
    estate: &'a Estate,
    ansible: Ansible<'a>,
}

impl<'a> Case<'a> {
    fn of(estate: &'a Estate) -> Case<'a> {
        let ansible = ansible(estate);
        Case { estate, ansible }
    }

    /// The module alone: without ssh and Ansible's own start it takes a fifth of the time.
    fn run(&self, options: &Value) -> ModuleResult {
        let remote = self.estate.remote(1);
        let mut command = self.ansible.module_alone(remote, "agent", options);
        ModuleResult::of(start(&mut command).wait())
    }

    fn by_ansible(&self, host: &str, options: &str, words: &[&str]) -> ModuleResult {
        let mut command = self.ansible.module(MODULE, host, options, words);
        ModuleResult::of(start(&mut command).wait())
    }

    fn assert_gates(&self, open: bool) {
        assert_eq!(self.estate.host(1).gates_are_open(), [open; 2]);
    }
}

/// No state disturbs the users, and a second run is no change.
#[test]
fn each_state_is_reached_once() {
    let estate = Estate::of("ansible_states", 3);
    let case = Case::of(&estate);
    let traffic = estate.traffic();

    let restarted = case
        .by_ansible("web1", "state=restarted app=web", &[])
        .expect(true);
    assert_eq!(restarted["outcome"], "restarted");
    assert_eq!(restarted["exit"], 0);
    assert_eq!(restarted["agent"]["verb"], "restart");
    let meaning = "done, or nothing to do; the host is left: as asked";
    assert_eq!(restarted["exit_meaning"], meaning);
    assert_eq!(estate.boots(), [2, 1, 1]);
    case.assert_gates(true);

    case.run(&json!({"state": "present"})).expect(false);
    case.run(&json!({"state": "open"})).expect(false);

    let close = json!({"state": "closed", "reason": "disk swap"});
    case.run(&close).expect(true);
    case.assert_gates(false);
    case.run(&close).expect(false);
    case.run(&json!({"state": "closed"})).expect(false);
    let drops = ["another --reason would replace its reason", "(exit 11: "];
    case.run(&json!({"state": "closed", "reason": "another"}))
        .expect_failure(&drops);
    let earlier = ["this --for would end it earlier"];
    case.run(&json!({"state": "closed", "for": "1h"}))
        .expect_failure(&earlier);
    case.run(&json!({"state": "closed", "for": "1h", "replace": true}))
        .expect(true);
    // A later end than before.
    case.run(&json!({"state": "closed", "for": "2h"}))
        .expect(true);
    let held = [
        "the gates are held closed by `agent close web`",
        "(exit 11: ",
    ];
    case.run(&json!({"state": "restarted"}))
        .expect_failure(&held);
    let skipped = case
        .run(&json!({"state": "restarted", "held": "skip"}))
        .expect(false);
    assert_eq!(skipped["outcome"], "skipped");
    assert_eq!(estate.boots(), [2, 1, 1]);
    let closed = case
        .run(&json!({"state": "restarted", "held": "stay_closed"}))
        .expect(true);
    assert_eq!(closed["outcome"], "restarted_closed");
    assert_eq!(estate.boots(), [3, 1, 1]);
    case.assert_gates(false);

    // An operator wants the gates closed, so there is nothing to recover.
    let said = ["web is not in rotation: closed by `agent close web`"];
    case.run(&json!({"state": "present"})).expect_failure(&said);
    case.assert_gates(false);

    let opened = case.run(&json!({"state": "open"})).expect(true);
    assert_eq!(opened["outcome"], "opened");
    case.assert_gates(true);
    case.run(&json!({"state": "open"})).expect(false);

    // After a flush of the rules there is something to recover.
    estate.remote(1).sh("iptables -t nat -F");
    let present = case.run(&json!({"state": "present"})).expect(true);
    assert_eq!(present["status"]["in_rotation"], true);
    case.assert_gates(true);
    case.run(&json!({"state": "present"})).expect(false);
    assert_eq!(estate.boots(), [3, 1, 1]);
    assert_unnoticed(&traffic.map(Traffic::stop));
}

/// The plan of each state, and the refusals.
#[test]
fn check_mode_plans_and_changes_nothing() {
    let estate = Estate::of("ansible_check", 3);
    let case = Case::of(&estate);
    let check = |options| case.by_ansible("web1", options, &["--check", "--diff"]);
    let watch = estate.watch();

    let planned = check("state=restarted").expect(true);
    assert_eq!(planned["outcome"], "planned");
    let plan = planned["agent"]["plan"].as_array().expect("a plan");
    assert!(!plan.is_empty());
    let closed = check("state=closed");
    assert_eq!(sides(&closed), CLOSED);
    closed.expect(true);
    check("state=open").expect(false);
    check("state=present").expect(false);
    assert_eq!(estate.boots(), [1; 3]);
    watch.stop().assert_batches(&[]);

    // The same for a host that is closed.
    case.run(&json!({"state": "closed"})).expect(true);
    check("state=closed").expect(false);
    let open = check("state=open");
    assert_eq!(sides(&open), OPENED);
    open.expect(true);
    check("state=present").expect_failure(&["closed by"]);
    case.assert_gates(false);

    // With host 1 out there is no spare host: the agent would refuse host 2.
    let settings = settings().set("app.web.min_available", 2);
    estate.remote(2).configure(&settings);
    let few = case.by_ansible("web2", "state=restarted", &["--check"]);
    few.expect_failure(&["(exit 12: too few other servers available"]);
}

/// The diff of a real run.
#[test]
fn diff_mode_shows_the_changes() {
    let estate = Estate::of("ansible_diff", 3);
    let case = Case::of(&estate);
    let diff = |options| case.by_ansible("web1", options, &["--diff"]);
    let closed = diff("state=closed");
    assert_eq!(sides(&closed), CLOSED);
    closed.expect(true);
    let again = diff("state=closed");
    assert!(again.side('-').is_empty(), "{}", again.out);
    again.expect(false);
    let restarted = diff("state=restarted held=reopen");
    assert_eq!(sides(&restarted), OPENED);
    restarted.expect(true);
}

/// The words for all gates, all lines and the hold, before and after.
fn sides(result: &ModuleResult) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for sign in ['-', '+'] {
        let side = result.side(sign);
        let all = |begins: &str, words: [&'static str; 2]| {
            let lines: Vec<_> = side
                .iter()
                .filter(|line| line.starts_with(begins))
                .collect();
            assert!(!lines.is_empty(), "no {begins} in {side:#?}");
            let is = |word: &&str| {
                lines
                    .iter()
                    .all(|line| line.ends_with(&format!(": {word}")))
            };
            let word = words.into_iter().find(is);
            word.unwrap_or_else(|| panic!("not all are {words:?}: {side:#?}"))
        };
        seen.extend([
            all("gate ", ["open", "closed"]),
            all("tcp://", ["UP", "DOWN"]),
            all("held closed", ["yes", "no"]),
        ]);
    }
    seen
}

/// The module shows the agent's message, and the meaning of its exit code.
#[test]
fn a_failure_has_the_agents_message() {
    let estate = Estate::of("ansible_failures", 3);
    let case = Case::of(&estate);
    let remote = estate.remote(1);

    let said = [
        "no app \"wbe\" in the configuration; it has web",
        "(exit 2:",
    ];
    let failed = case
        .by_ansible("web1", "app=wbe state=restarted", &[])
        .expect_failure(&said);
    assert_eq!(failed["outcome"], "usage");
    case.run(&json!({"app": "wbe"})).expect_failure(&said);
    let said = ["/etc/haproxy-gate/no.toml", "(exit 2:"];
    case.run(&json!({"config": "/etc/haproxy-gate/no.toml"}))
        .expect_failure(&said);
    case.run(&json!({"state": "open", "lasts": "1h"}))
        .expect_failure(&["lasts is an option of state=closed"]);
    case.run(&json!({"executable": "no-agent"}))
        .expect_failure(&["Failed to find required executable"]);
    case.run(&json!({"executable": "/bin/echo"}))
        .expect_failure(&["printed no JSON, but: status --json"]);

    // Another process has the lock of this host.
    remote.app.set_sick_after_restart();
    let restart = Running::start("agent", remote.command("agent").args(["restart", "web"]));
    remote.app.wait_for_boot_after(1);
    let said = [
        "agent restart web",
        "(exit 10: another operation is under way on this host",
    ];
    let locked = case
        .run(&json!({"state": "restarted"}))
        .expect_failure(&said);
    assert_eq!(locked["changed"], false);
    remote.app.set_sick(false);
    restart.wait().expect_exit(0);

    // An app that does not come back.
    remote.configure(&settings().set("app.web.timeouts.healthy", "1s"));
    remote.app.set_sick_after_restart();
    let said = ["(exit 15: the restart or the upgrade failed, or the app is not healthy"];
    let failed = case
        .run(&json!({"state": "restarted"}))
        .expect_failure(&said);
    assert_eq!(failed["changed"], true);
    assert_eq!(failed["agent"]["outcome"], "not_healthy");
    case.assert_gates(false);
    let said = ["not opened, because the app is not healthy", "(exit 15:"];
    case.run(&json!({"state": "present"})).expect_failure(&said);
    remote.app.set_sick(false);
    case.run(&json!({"state": "present"})).expect(true);
    case.assert_gates(true);
}
