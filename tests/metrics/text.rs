//! The text.

use super::{count, ready, view};
use haproxy_gate::haproxy::Role;
use haproxy_gate::metrics::{AppView, HoldView, TargetView, encode};
use haproxy_gate::state::counters::Counters;
use haproxy_gate::state::hold::{By, Failed};
use haproxy_gate::state::target::Intent;

/// Without the version, which changes with each release.
fn without_version(text: &str) -> String {
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

fn counted() -> Vec<(String, Counters)> {
    let directory = tempfile::tempdir().unwrap();
    count(directory.path());
    vec![("web".to_owned(), Counters::read(directory.path(), "web"))]
}

#[test]
fn the_numbers_of_a_host() {
    insta::assert_snapshot!(without_version(&encode(&[view()], &counted())));
}

#[test]
fn unknown_values_have_no_sample() {
    let view = AppView {
        app: "web".to_owned(),
        gates: vec![(Role::Main, None), (Role::Twin, Some(true))],
        healthy: None,
        hold: Some(HoldView {
            by: By::Agent,
            failed: Some(Failed::UpgradeCutShort),
        }),
        maintenance: None,
        readonly: None,
        unfinished: true,
        balancers: Vec::new(),
        targets: Vec::new(),
    };
    insta::assert_snapshot!(without_version(&encode(&[view], &[])));
    insta::assert_snapshot!("of_nothing", without_version(&encode(&[], &[])));
}

#[test]
fn odd_names_break_no_line() {
    let mut view = view();
    let odd = "a\"b\\c\nd{e=\"f\"} 1\t\u{1b}é";
    view.app = odd.to_owned();
    view.balancers[0].name = odd.to_owned();
    let text = encode(&[view], &[(odd.to_owned(), Counters::default())]);
    let label = "\"a\\\"b\\\\c\\nd{e=\\\"f\\\"} 1\t\u{1b}é\"";
    let line = format!(
        "\nhaproxy_gate_in_rotation{{app={label},balancer={label},line=\"srvs/web1\"}} 1\n"
    );
    assert!(text.contains(&line), "{text}");
    assert!(text.contains(&format!(
        "\nhaproxy_gate_rule_repairs_total{{app={label}}} 0\n"
    )));
    let ours = |line: &str| line.starts_with("haproxy_gate_") || line.starts_with("# ");
    assert!(text.lines().all(ours), "{text}");
}

/// After a drain that ran out the old target runs until an operator ends it.
#[test]
fn a_target_that_was_left_running_has_no_end() {
    let mut view = view();
    let left = Intent {
        ready_until_unix_s: None,
        ..ready()
    };
    view.targets = TargetView::all(&["blue", "green"], &left);
    let text = encode(&[view], &[]);
    let line = |target: &str| {
        let begin = format!(
            "haproxy_gate_ready_until_timestamp_seconds{{app=\"web\",target=\"{target}\"}} "
        );
        text.lines()
            .find_map(|line| line.strip_prefix(&begin)?.parse::<f64>().ok())
    };
    assert_eq!(
        (line("blue"), line("green")),
        (Some(f64::INFINITY), None),
        "{text}"
    );
}

#[test]
fn a_repeated_line_is_one_sample() {
    let mut view = view();
    let again = view.balancers[0].clone();
    view.balancers.push(again);
    assert_eq!(encode(&[view], &[]), encode(&[self::view()], &[]));
}
