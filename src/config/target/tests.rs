//! What a good file with targets means. The mistakes are in the tests of the advice.

use crate::app::{Change, Job, Restart, Run};
use crate::config::{AppSettings, Settings, read};
use crate::gate::Gate;
use proptest::prelude::*;
use std::path::Path;
use std::time::Duration;

const GOOD: &str = r#"
[app.web]
health = { http = "/healthz" }
[app.web.target.green]
port = 1001
status_port = 2001
backup_status_port = 3001
run = { start = ["/bin/start", "green"], stop = ["/bin/stop", "green"] }
[app.web.target.blue]
port = 1000
status_port = 2000
backup_status_port = 3000
address = "::ffff:10.0.0.5"
run = { systemd = "web@blue" }
[app.api]
port = 1002
status_port = 2002
restart = { systemd = "api" }
[[haproxy]]
socket = "/s"
"#;

fn settings(text: &str) -> Settings {
    read(Path::new("agent.toml"), text).unwrap_or_else(|error| panic!("{}", error.with_steps()))
}

fn with(more: &str) -> AppSettings {
    let text = GOOD.replace("[app.web]", &format!("[app.web]\n{more}"));
    settings(&text).apps.swap_remove(1)
}

fn mistake(text: &str) -> String {
    read(Path::new("agent.toml"), text).unwrap_err().to_string()
}

#[test]
fn an_app_is_seen_at_its_first_target_of_the_file() {
    let web = with("");
    assert_eq!(web.label(), "web/green");
    assert_eq!(web.target_names(), ["green", "blue"]);
    assert_eq!((web.ports.port, web.limits.two_stage), (1001, true));
    let labels: Vec<String> = web.instances().iter().map(AppSettings::label).collect();
    assert_eq!(labels, ["web/green", "web/blue"]);
    let others: Vec<&str> = web.other_targets().map(|one| one.name.as_str()).collect();
    assert_eq!(others, ["blue"]);
}

#[test]
fn each_target_has_its_own_ports_gates_and_run() {
    let web = with("");
    let blue = web.at("blue").unwrap();
    assert_eq!(blue.at("green").as_ref(), Some(&web));
    assert_eq!(web.at("red"), None);
    assert_eq!((blue.ports.port, blue.limits.two_stage), (1000, true));
    assert_eq!(blue.address, Some([10, 0, 0, 5].into()));
    let unit = "web@blue.service".to_owned();
    assert_eq!(blue.run, Some(Run::Systemd { unit: unit.clone() }));
    let job = Job::Restart;
    assert_eq!(blue.restart, Restart::Systemd { unit, job });
    // One health check for all.
    assert_eq!(blue.health, web.health);
}

#[test]
fn commands_without_a_restart_stop_and_then_start() {
    let argv = |program: &str| vec![format!("/bin/{program}"), "green".to_owned()];
    let (start, stop) = (argv("start"), argv("stop"));
    let web = with("");
    assert_eq!(
        web.restart.to_string(),
        "/bin/stop green, then /bin/start green"
    );
    assert_eq!(web.run, Some(Run::Commands { start, stop }));
    let own = GOOD.replace(
        "port = 1001",
        "restart = { command = [\"/bin/r\"] }\nport = 1001",
    );
    let restart = settings(&own).apps.swap_remove(1).restart;
    assert_eq!(restart, Restart::Command(vec!["/bin/r".to_owned()]));
}

#[test]
fn an_app_without_targets_is_its_only_instance() {
    let settings = settings(GOOD);
    let api = &settings.apps[0];
    assert_eq!((api.label().as_str(), api.has_targets()), ("api", false));
    assert_eq!(api.instances(), std::slice::from_ref(api));
    assert_eq!(
        (api.target.as_ref(), api.run.as_ref(), api.at("api")),
        (None, None, None)
    );
    assert_eq!(settings.gates(api).main.comment(), "haproxy-gate:api:main");
}

#[test]
fn a_targets_gates_have_its_name_and_know_all_other_ports() {
    let settings = settings(GOOD);
    let blue = settings.apps[1].at("blue").unwrap();
    let gates: Vec<Gate> = settings.gates(&blue).into_iter().collect();
    let comments: Vec<String> = gates.iter().map(Gate::comment).collect();
    assert_eq!(
        comments,
        ["haproxy-gate:web:blue:main", "haproxy-gate:web:blue:backup"]
    );
    assert!(
        gates
            .iter()
            .all(|gate| gate.of_others == [2002, 2001, 3001]),
        "{gates:?}"
    );
    let green = settings.gates(&settings.apps[1]).main;
    assert_eq!(
        (green.of_others, green.alone),
        (vec![2002, 2000, 3000], false)
    );
    let ports: Vec<u16> = settings.instances().map(|app| app.ports.port).collect();
    assert_eq!(ports, [1002, 1001, 1000]);
}

#[test]
fn the_policies_of_a_switch_have_defaults() {
    let web = with("");
    assert_eq!(
        (web.keep, web.verify, web.memory),
        (Duration::ZERO, None, None)
    );
    assert_eq!(web.limits.settle, None);
    let web = with("keep = \"10m\"\nverify = [\"/bin/smoke\"]\nmemory = \"1200M\"");
    assert_eq!(web.keep, Duration::from_mins(10));
    assert_eq!(web.verify, Some(Change::new(vec!["/bin/smoke".to_owned()])));
    assert_eq!(web.memory, Some(1200 << 20));
}

#[test]
fn a_settle_time_is_for_each_app() {
    for (written, errors, shown) in [
        ("{ for = \"30s\" }", 0.01, "1%"),
        ("{ for = \"30s\", errors = \"0%\" }", 0.0, "0%"),
        ("{ for = \"30s\", errors = \"0.5%\" }", 0.005, "0.5%"),
        ("{ for = \"30s\", errors = \"0.25%\" }", 0.0025, "0.25%"),
        ("{ for = \"30s\", errors = \"99.99%\" }", 0.9999, "99.99%"),
    ] {
        let text = GOOD.replace("port = 1002", &format!("settle = {written}\nport = 1002"));
        let settle = settings(&text).apps[0].limits.settle.unwrap();
        assert_eq!(settle.lasts, Duration::from_secs(30));
        assert!((settle.errors.as_f64() - errors).abs() < 1e-9, "{settle:?}");
        assert_eq!(settle.errors.to_string(), shown);
    }
    for wrong in [
        "\"1\"",
        "\"0.123%\"",
        "\".5%\"",
        "\"1.%\"",
        "\"-1%\"",
        "\"%\"",
        "\"1e1%\"",
        "true",
    ] {
        let more = format!("settle = {{ for = \"30s\", errors = {wrong} }}");
        let said = mistake(&GOOD.replace("[app.web]", &format!("[app.web]\n{more}")));
        let expected = "expected a share of the requests as \"1%\" or \"0.5%\"";
        assert!(
            said.starts_with("agent.toml:3:34: ") && said.ends_with(expected),
            "{said}"
        );
    }
}

#[test]
fn memory_is_in_bytes_or_has_a_unit_of_systemd() {
    for (written, bytes) in [
        ("1", 1),
        ("\"1\"", 1),
        ("\"3K\"", 3 << 10),
        ("\"1200M\"", 1200 << 20),
        ("\"2G\"", 2 << 30),
        ("\"1T\"", 1 << 40),
    ] {
        assert_eq!(
            with(&format!("memory = {written}")).memory,
            Some(bytes),
            "{written}"
        );
    }
    for wrong in [
        "\"\"",
        "\"M\"",
        "\"1m\"",
        "\"+1M\"",
        "\"1.5G\"",
        "1.5",
        "\"20000000T\"",
        "true",
    ] {
        let said = mistake(&GOOD.replace("[app.web]", &format!("[app.web]\nmemory = {wrong}")));
        assert!(
            said.contains(": expected an amount of memory: "),
            "{wrong}: {said}"
        );
    }
}

/// Each name, in each order: the view at a target never mixes up two of them.
fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::hash_set("[a-z0-9_.-]{1,5}", 1..5).prop_map(|all| all.into_iter().collect())
}

proptest! {
    #[test]
    fn every_view_has_what_its_table_says(names in names()) {
        let tables = names.iter().zip(1000_u16..).map(|(name, port)| {
            let status = port + 1000;
            format!(
                "[app.web.target.\"{name}\"]\nport = {port}\nstatus_port = {status}\n\
                 run = {{ start = [\"a\"], stop = [\"b\"] }}\n"
            )
        });
        let text = format!("{}[[haproxy]]\nsocket = \"/s\"\n", tables.collect::<String>());
        let settings = settings(&text);
        let web = &settings.apps[0];
        prop_assert_eq!(web.target_names(), names.iter().map(String::as_str).collect::<Vec<_>>());
        for (name, port) in names.iter().zip(1000_u16..) {
            let view = web.at(name).unwrap();
            prop_assert_eq!((view.ports.port, view.ports.status_port), (port, port + 1000));
            prop_assert_eq!(view.label(), format!("web/{name}"));
            prop_assert_eq!(view.targets.len(), names.len());
            let mut others = settings.gates(&view).main.of_others;
            others.push(port + 1000);
            others.sort_unstable();
            let all: Vec<u16> = (2000..).take(names.len()).collect();
            prop_assert_eq!(others, all);
        }
    }
}
