//! Runs the quickest part of the bench, with the agent of the tests, so that the bench stays alive.

use lab::built;
use serde_json::Value;
use std::process::Command;

#[test]
fn a_poll_costs_haproxy_less_than_the_whole_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("figures.json");
    let mut bench = Command::new(built::bench());
    bench.args(["--quick", "--only", "polls", "--json"]);
    let output = bench.arg(&json).output().expect("the bench runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{output:?}");
    assert!(
        said.lines().all(|line| line.chars().count() <= 80),
        "{said}"
    );
    assert!(said.contains("aim 10,000 as 10"), "{said}");

    let figures = std::fs::read_to_string(json).expect("figures");
    let figures: Value = serde_json::from_str(&figures).expect("JSON");
    assert!(figures.get("rolls").is_none(), "{figures}");
    let polls = &figures["polls"];
    let shapes = polls["shapes"].as_array().expect("a list");
    let cost = |shape: &Value, question: &str| {
        let median = shape[question]["median"].as_f64();
        median.unwrap_or_else(|| panic!("no {question} in {shape}"))
    };
    let sizes = shapes.iter().map(|shape| shape["servers"].as_u64());
    let sizes: Vec<_> = sizes.collect();
    assert_eq!(sizes, [10, 1_000, 10_000, 10_000].map(Some));
    for shape in shapes {
        let poll = cost(shape, "poll_ms");
        assert!(poll > 0.0 && poll < 100.0, "{shape}");
        assert!(cost(shape, "servers_state_ms") > 0.0, "{shape}");
    }
    // If the agent asked for every row, a hundred rows would exceed this.
    for shape in &shapes[2..] {
        let (poll, all) = (cost(shape, "poll_ms"), cost(shape, "show_stat_ms"));
        assert!(all > 5.0 * poll, "{shape}");
    }
    let ratio = cost(&shapes[2], "poll_ms") / cost(&shapes[0], "poll_ms");
    let reported = polls["ratio"].as_f64().expect("a ratio");
    assert!(
        (reported - ratio).abs() < 1e-6 * ratio,
        "{reported}, {ratio}"
    );
    assert_eq!(
        polls["met"],
        ratio <= polls["aim"].as_f64().expect("an aim")
    );
}

#[test]
fn an_unwritable_file_is_reported_before_any_measurement() {
    let mut bench = Command::new(built::bench());
    bench.args([
        "--quick",
        "--only",
        "polls",
        "--json",
        "/nowhere/figures.json",
    ]);
    let output = bench.output().expect("the bench runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let wanted = "--json /nowhere/figures.json: No such file";
    assert!(stderr.starts_with(wanted), "{stderr}");
}
