//! `[agent] windows`: what takes users away begins only within them, and what brings them back at any
//! time. Each agent has a clock of its own.

use super::*;
use std::path::Path;

const WINDOWS: &str = "windows = [\"Mon..Fri 09:00-17:00 UTC\"]\n";
/// 2026-11-28 is a Saturday.
const SATURDAY: &str = "@2026-11-28 10:12:00";
const MONDAY: &str = "@2026-11-30 12:00:00";

fn windowed() -> String {
    GOOD.to_owned() + WINDOWS
}

/// The agent at this moment. `/run/clock` has it, so a command can set it.
fn at(clock: &str, config: &str, arguments: &[&str]) -> Ended {
    std::fs::write("/run/clock", clock).unwrap();
    std::fs::write("/run/agent.toml", config).unwrap();
    let library = sh("ls /usr/lib/*/faketime/libfaketimeMT.so.1");
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command
        .args(arguments)
        .args(["--config", "/run/agent.toml"])
        .env("LD_PRELOAD", library.trim())
        .envs([
            ("FAKETIME_TIMESTAMP_FILE", "/run/clock"),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ]);
    Running::start("agent", &mut command).wait()
}

fn has_open_gates() -> bool {
    rules().contains("--dport 2000")
}

#[test]
fn outside_of_the_windows_users_stay_and_come_back() {
    if !inside("windows::outside_of_the_windows_users_stay_and_come_back") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    let saturday = |arguments: &[&str]| at(SATURDAY, &windowed(), arguments);
    saturday(&["open", "web"]).expect_exit(0);
    for verb in ["restart", "close"] {
        for more in [&[][..], &["--dry-run"], &["--json"]] {
            let ended = saturday(&[&[verb, "web"], more].concat());
            let says = format!("{}{}", ended.out, ended.err);
            let call = format!("agent {verb} web");
            assert!(
                says.contains("it is Sat 2026-11-28 10:12 UTC, outside of [agent] windows")
                    && says.contains("the next window begins Mon 2026-11-30 09:00 UTC")
                    && says.contains("--outside-window --reason WHY")
                    && says.contains(&call),
                "{says}"
            );
            assert_eq!(ended.exit, 21, "{says}");
        }
    }
    assert!(has_open_gates() && !Path::new("/run/restarted").exists());
    let status = saturday(&["status", "--json"]).json();
    assert_eq!(status["windows"]["inside"], false, "{status}");
    assert_eq!(status["windows"]["next_unix_seconds"], 1_796_029_200);
    // In an emergency, and never without a reason.
    let without = saturday(&["close", "web", "--outside-window"]).expect_exit(2);
    assert!(without.err.contains("--reason <TEXT>"), "{without:?}");
    let words = ["close", "web", "--outside-window", "--reason", "a leak"];
    saturday(&words).expect_exit(0);
    let history = saturday(&["history", "--json"]).out;
    assert!(
        history.contains("a leak") && history.contains("--outside-window lets the operation"),
        "{history}"
    );
    // No user is on this host any more.
    saturday(&["close", "web"]).expect_exit(0);
    saturday(&["restart", "web", "--stay-closed"]).expect_exit(0);
    saturday(&["open", "web"]).expect_exit(0);
    saturday(&["recover", "web"]).expect_exit(0);
    // The unit of the app stops in any case.
    saturday(&["close", "web", "--owner", "web.service"]).expect_exit(0);
    saturday(&["open", "web", "--owner", "web.service"]).expect_exit(0);
    assert!(has_open_gates());
}

#[test]
fn a_window_that_ends_stops_no_operation_but_a_wait_for_a_turn() {
    if !inside("windows::a_window_that_ends_stops_no_operation_but_a_wait_for_a_turn") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    at(MONDAY, &windowed(), &["open", "web"]).expect_exit(0);
    let evening = "@2026-11-30 17:00:00";
    let ends = format!("echo '{evening}' >/run/clock; sleep 0.3; touch /run/restarted");
    let config = windowed().replace(
        "[\"touch\", \"/run/restarted\"]",
        &format!("[\"sh\", \"-c\", \"{ends}\"]"),
    );
    at(MONDAY, &config, &["restart", "web"]).expect_exit(0);
    assert!(has_open_gates() && Path::new("/run/restarted").exists());
    let late = at(evening, &config, &["restart", "web", "--json"]);
    late.expect(21, "the next window begins Tue 2026-12-01 09:00 UTC");
    // Two servers are there, so nine others never are.
    let config = config.replace("[app.web]\n", "[app.web]\nmin_available = 9\n");
    let words = ["close", "web", "--turn", "10m", "--json"];
    let ended = at("@2026-11-30 16:59:57", &config, &words);
    let report = ended.report();
    assert_eq!(report.exit, 12, "{report:?}");
    assert!(report.seconds < 20.0, "{report:?}");
    let notices = report.notices.join("; ");
    let says = "the window ends Mon 2026-11-30 17:00 UTC: this host does not wait";
    assert!(notices.contains(says), "{notices}");
}
