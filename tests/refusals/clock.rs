//! A jump of the wall clock does not affect an operation.

use super::*;

#[test]
fn a_jump_of_the_clock_does_not_affect_a_restart() {
    if !inside("clock::a_jump_of_the_clock_does_not_affect_a_restart") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    let library = sh("ls /usr/lib/*/faketime/libfaketimeMT.so.1")
        .trim()
        .to_owned();
    for jump in ["-400d", "+400d"] {
        sh("rm -f /run/restarted; echo +0 >/run/clock");
        // The restart sets the clock that the agent reads.
        let script = format!("echo {jump} >/run/clock; sleep 0.3; touch /run/restarted");
        let config = GOOD.replace(
            "[\"touch\", \"/run/restarted\"]",
            &format!("[\"sh\", \"-c\", \"{script}\"]"),
        );
        std::fs::write("/run/agent.toml", config).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_agent"))
            .args(["restart", "--json", "--config", "/run/agent.toml"])
            .env("LD_PRELOAD", &library)
            .envs([
                ("FAKETIME_TIMESTAMP_FILE", "/run/clock"),
                ("FAKETIME_NO_CACHE", "1"),
            ])
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .output()
            .unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["outcome"], "restarted", "{jump}: {report}");
        let seconds = |value: &serde_json::Value| value["seconds"].as_f64().unwrap();
        let phases = report["phases"].as_array().unwrap();
        let sum: f64 = phases.iter().map(seconds).sum();
        // A jump is so long that any other pause is short.
        for seconds in [sum, seconds(&report)] {
            assert!((0.3..60.0).contains(&seconds), "{jump}: {report}");
        }
        assert!(
            good(&["status"])
                .out
                .contains("main gate 2000 -> 1000 is open")
        );
    }
    // The agent has really seen another clock.
    let times = sh(&format!(
        "LD_PRELOAD={library} FAKETIME_TIMESTAMP_FILE=/run/clock date +%s; date +%s"
    ));
    let times: Vec<i64> = times.lines().map(|line| line.parse().unwrap()).collect();
    assert!(times[0] - times[1] > 399 * 86_400, "{times:?}");
}
