//! Runs a test again in a separate process with its own network and its own /run, for the xtables
//! lock. It uses real iptables and touches nothing of this host.

use std::process::Command;

const INSIDE: &str = "HAPROXY_GATE_TEST_INSIDE";

/// Call this first in a test. True: this is the process inside, so run the body. False: the body
/// has run inside and passed.
pub fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        sh("mount -t tmpfs none /run && ip link set lo up");
        return true;
    }
    let test_program = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["--net", "--mount", "--propagation", "private", "--"])
        .arg(test_program)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare (util-linux) runs");
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = text.concat();
    assert!(
        output.status.success(),
        "in a network of its own (needs root):\n{text}"
    );
    assert!(
        text.contains("1 passed"),
        "{test} did not run inside:\n{text}"
    );
    false
}

/// Runs a shell line of the test, and returns its stdout. Panics if it fails.
pub fn sh(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "`{line}`: {}: {stdout}{stderr}",
        output.status
    );
    stdout.into_owned()
}
