//! `agent doctor --haproxy-cfg` beside the HAProxy that runs with that file: each is accepted by
//! HAProxy, breaks restarts in one way, and no stats socket shows it.

use crate::lab::reference::Reference;
use crate::setup::{Point, Setup, Told};

const MAIN: &str = "    server web1 10.77.0.11:1000 cookie w1 port 2000\n";
const TWIN: &str = "    server bkp1 10.77.0.11:1000 cookie w1 port 3000 backup\n";
const DEFAULT: &str = "default-server check";

/// The check, its verdict, and what is replaced in the reference by what.
const BROKEN: [(&str, &str, &str, &str); 7] = [
    (
        "cfg-persist",
        "error",
        "no option persist",
        "option persist",
    ),
    (
        "cfg-redispatch",
        "error",
        "    option redispatch",
        "    no option redispatch",
    ),
    ("cfg-allbackups", "warning", "    option allbackups\n", ""),
    (
        "cfg-marked-down",
        "error",
        DEFAULT,
        "default-server on-marked-down shutdown-sessions check",
    ),
    (
        "cfg-marked-up",
        "error",
        DEFAULT,
        "default-server on-marked-up shutdown-backup-sessions check",
    ),
    (
        "cfg-check-port",
        "error",
        "cookie w1 port 2000",
        "cookie w1",
    ),
    ("cfg-order", "error", MAIN, ""),
];

#[test]
fn a_file_that_haproxy_takes_and_a_restart_does_not() {
    let mut setup = Setup::start("doctor_cfg");
    for (check, verdict, old, new) in BROKEN {
        let broken = |reference: Reference| match check {
            "cfg-order" => reference
                .with(MAIN, "")
                .with(TWIN, &format!("{TWIN}{MAIN}")),
            _ => reference.with(old, new),
        };
        setup.haproxy_is(broken);
        let told = judged(&setup);
        let point = told.expect(check, verdict, "");
        assert_eq!(wrong(&told), [check], "{}", told.text());
        // A mend that is a line of the backend is one.
        if let Some(line) = point.mend.strip_prefix("in backend srvs: ") {
            let mains = "    # Main lines:";
            let mended = format!("    {line}\n{mains}");
            setup.haproxy_is(|reference| broken(reference).with(mains, &mended));
            judged(&setup).expect_ok(check);
        }
    }
    setup.haproxy_is_up(|reference| reference);
    let told = judged(&setup);
    told.expect_only(&[]);
    for (check, ..) in BROKEN {
        told.expect_ok(check);
    }
}

/// The restart's own limits are the app's.
#[test]
fn checks_that_are_slower_than_a_restart_waits() {
    let setup = Setup::start("doctor_cfg_slow");
    // Reference: inter 300 ms, fastinter 100 ms, downinter 150 ms, fall 2, rise 2.
    for (key, most, exit) in [("out_of_rotation", 400, 13), ("in_rotation", 250, 16)] {
        let with = |ms: u32| {
            judged_with(
                &setup,
                &format!("app.web.timeouts.{key}"),
                &format!("{ms}ms"),
            )
        };
        let says = format!(
            "timeouts.{key} is {} s, restarts end with {exit}",
            f64::from(most) / 1000.0
        );
        with(most).expect("cfg-rhythm", "error", &says);
        with(most + 1).expect_ok("cfg-rhythm");
    }
}

fn judged(setup: &Setup) -> Told {
    judged_with(setup, "", "")
}

/// With the file that HAProxy runs with.
fn judged_with(setup: &Setup, key: &str, value: &str) -> Told {
    let file = setup.site.dir.join("haproxy.cfg").display().to_string();
    let agent = setup.with_settings(|settings| match value {
        "" => settings,
        value => settings.set(key, value),
    });
    Told::of(agent.words(&["doctor", "--quick", "--json", "--haproxy-cfg", &file]))
}

/// Checks of the file that are not ok, each once.
fn wrong(told: &Told) -> Vec<&str> {
    let wrong = |point: &&Point| point.check.starts_with("cfg-") && point.verdict != "ok";
    let mut checks: Vec<&str> = told
        .points
        .iter()
        .filter(wrong)
        .map(|p| p.check.as_str())
        .collect();
    checks.dedup();
    checks
}
