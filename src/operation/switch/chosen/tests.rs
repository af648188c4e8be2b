//! Which target is current, for each record and each look.

use super::*;
use crate::app::{Restart, Run};
use crate::config::TargetSettings;
use std::path::Path;

const TEXT: &str = r#"
[app.web]
port = 1000
status_port = 2000
restart = { command = ["true"] }
[[haproxy]]
socket = "tcp://10.0.0.1:9999"
"#;

fn app(targets: &[&str]) -> AppSettings {
    let settings = crate::config::read(Path::new("agent.toml"), TEXT).unwrap();
    let app = settings.apps.into_iter().next().unwrap();
    let target = |name: &&str| TargetSettings {
        name: (*name).to_owned(),
        ports: app.ports,
        gate_to: app.gate_to,
        address: None,
        restart: Restart::Command(vec!["true".to_owned()]),
        run: Run::Systemd {
            unit: format!("web@{name}.service"),
        },
    };
    AppSettings {
        targets: targets.iter().map(target).collect(),
        ..app
    }
}

/// `o`: a gate is open. `r`: it runs. `h`: it is healthy.
fn look(name: &str, facts: &str) -> TargetLook {
    TargetLook {
        name: name.to_owned(),
        open: facts.contains('o'),
        runs: facts.contains('r'),
        health: match facts.contains('h') {
            true => Ok(()),
            false => Err("Connection refused".to_owned()),
        },
    }
}

fn looks(blue: &str, green: &str) -> Vec<TargetLook> {
    vec![look("blue", blue), look("green", green)]
}

#[test]
fn the_record_decides_before_any_look() {
    let two = app(&["blue", "green"]);
    let by = |app: &AppSettings, record: Option<&str>| {
        let record = record.map(Intent::now);
        recorded(app, record.as_ref())
    };
    assert_eq!(by(&two, None), None);
    for target in ["blue", "green"] {
        let known = by(&two, Some(target)).unwrap();
        assert_eq!(known, Ok(current(target, By::Record)));
    }
    let alone = by(&app(&["blue"]), None).unwrap();
    assert_eq!(alone, Ok(current("blue", By::Alone)));
}

/// Also if one target alone is left: the users may be on the one that is gone.
#[test]
fn a_record_of_a_target_that_is_not_configured_is_refused_with_what_to_write() {
    for (targets, then) in [
        (
            &["blue", "green"][..],
            "run `agent open web --to blue` or `agent open web --to green`",
        ),
        (&["blue"], "run `agent open web --to blue`"),
    ] {
        let known = recorded(&app(targets), Some(&Intent::now("red"))).unwrap();
        let why = known.unwrap_err();
        let begin = "the configuration has no target red, which is recorded as the current one";
        assert!(why.starts_with(begin), "{why}");
        let write = format!(
            "write [app.web.target.red] again, then run `agent switch web`, or, if red is gone, {then}"
        );
        assert!(why.ends_with(&write), "{why}");
    }
}

#[test]
fn without_a_record_an_open_gate_decides_and_then_the_health() {
    let app = app(&["blue", "green"]);
    let ok = |target, by| Ok((target, by));
    for (blue, green, expected) in [
        ("orh", "", ok("blue", By::Gates)),
        // Its users are there, even while it is down or sick.
        ("o", "rh", ok("blue", By::Gates)),
        ("rh", "or", ok("green", By::Gates)),
        ("orh", "rh", ok("blue", By::Gates)),
        ("rh", "", ok("blue", By::Health)),
        ("", "rh", ok("green", By::Health)),
        ("r", "rh", ok("green", By::Health)),
        // An answer at its address alone: another process may have its port.
        ("h", "rh", ok("green", By::Health)),
        ("rh", "rh", Err("blue and green of web run and are healthy")),
        (
            "orh",
            "orh",
            Err("the gates of blue and green of web are open"),
        ),
        (
            "o",
            "orh",
            Err("the gates of blue and green of web are open"),
        ),
        (
            "",
            "",
            Err("blue does not run, green does not run; start one"),
        ),
        (
            "r",
            "",
            Err("blue is not healthy (Connection refused), green does not run"),
        ),
        ("h", "", Err("blue does not run")),
    ] {
        let found = found(&app, &looks(blue, green));
        let case = format!("{blue:?} {green:?}: {found:?}");
        match (found, expected) {
            (Ok(found), Ok((target, by))) => assert_eq!(found, current(target, by), "{case}"),
            (Err(why), Err(part)) => {
                assert!(why.contains(part) && why.contains("--to "), "{case}");
            }
            _ => panic!("{case}"),
        }
    }
}

#[test]
fn an_operator_names_any_target_unless_another_one_has_the_users() {
    let app = app(&["blue", "green"]);
    for (blue, green, is_allowed) in [
        ("", "", true),
        ("rh", "rh", true),
        // The emergency: the current target is down or sick.
        ("o", "rh", true),
        ("or", "rh", true),
        ("orh", "rh", false),
        ("orh", "orh", true),
        ("orh", "or", false),
        ("", "orh", true),
    ] {
        let asked = asked(&app, "green", &looks(blue, green));
        let case = format!("{blue:?} {green:?}: {asked:?}");
        match asked {
            Ok(asked) => {
                assert!(is_allowed, "{case}");
                assert_eq!(asked, current("green", By::Operator));
            }
            Err(why) => {
                assert!(!is_allowed, "{case}");
                assert!(
                    why.contains("web/blue are open, and it is healthy"),
                    "{why}"
                );
                assert!(why.contains("`agent switch web --to green`"), "{why}");
            }
        }
    }
}
