//! The alert rules and the dashboard, with Prometheus's own tool.

use super::{count, view};
use haproxy_gate::metrics::{HoldView, encode};
use haproxy_gate::state::counters::Counters;
use haproxy_gate::state::hold::{By, Failed};
use std::collections::BTreeSet;
use std::process::Command;

const RULES: &str = "systemd/watching/alerts.yml";
const TESTS: &str = "tests/metrics/alerts.yml";

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn promtool(arguments: &[&str]) {
    let ran = Command::new("promtool").args(arguments).output();
    let ran = ran.unwrap_or_else(|error| panic!("promtool (Debian: prometheus): {error}"));
    let said = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "promtool {arguments:?}\n{said}");
}

/// All words in the text that begin so.
fn words(text: &str, begin: &str) -> BTreeSet<String> {
    let part = |one: char| !one.is_ascii_alphanumeric() && one != '_';
    let words = text.split(part).filter(|word| word.starts_with(begin));
    words.map(str::to_owned).collect()
}

#[test]
fn alerts_fire_and_stay_silent_as_their_tests_say() {
    promtool(&["check", "rules", RULES]);
    promtool(&["test", "rules", TESTS]);
}

#[test]
fn every_alert_fires_in_a_test() {
    let rules = read(RULES);
    let alerts: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    let tests = read(TESTS);
    for alert in alerts {
        let fires = format!("{{alertname=\"{alert}\"");
        assert!(tests.contains(&fires), "{alert} fires in no test");
    }
}

#[test]
fn alerts_say_what_it_means_and_what_to_run() {
    let rules = read(RULES);
    for rule in rules.split("\n      - alert: ").skip(1) {
        for part in ["severity: ", "summary: ", "description: ", "runbook: "] {
            assert!(rule.contains(part), "{part}is missing:\n{rule}");
        }
    }
}

#[test]
fn alerts_and_dashboard_use_metrics_that_exist() {
    let directory = tempfile::tempdir().unwrap();
    count(directory.path());
    let counters = Counters::read(directory.path(), "web");
    let mut view = view();
    view.hold = Some(HoldView {
        by: By::Agent,
        failed: Some(Failed::Restart),
    });
    let known = words(
        &encode(&[view], &[("web".to_owned(), counters)]),
        "haproxy_gate_",
    );
    for file in [RULES, "systemd/watching/dashboard.json"] {
        let used = words(&read(file), "haproxy_gate_");
        assert!(!used.is_empty());
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

/// The outcomes in the rules, against the README's table.
#[test]
fn alerts_use_outcomes_that_exist() {
    let (rules, readme) = (read(RULES), read("README.md"));
    let lists = rules.split("outcome=").skip(1);
    let lists = lists.filter_map(|rest| rest.trim_start_matches('~').split('"').nth(1));
    let outcomes: BTreeSet<&str> = lists.flat_map(|list| list.split('|')).collect();
    assert!(outcomes.contains("up_while_closed"), "{outcomes:?}");
    for outcome in outcomes {
        assert!(readme.contains(&format!("`{outcome}`")), "{outcome}");
    }
}
