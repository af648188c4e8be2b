//! The reference configurations are what HAProxy takes, as they stand.

use std::path::Path;
use std::process::Command;

#[test]
fn two_stage() {
    check("two-stage.cfg");
}

#[test]
fn classic() {
    check("classic.cfg");
}

#[test]
fn one_machine() {
    check("one-machine.cfg");
}

/// `haproxy -c`, without a warning.
fn check(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("haproxy")
        .join(name);
    let output = Command::new("haproxy")
        .arg("-c")
        .arg("-f")
        .arg(&file)
        .output();
    let output = output.expect("haproxy is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{name}: {said}");
}
