//! The reference configurations are exactly what the agent prints and accepts, and HAProxy accepts
//! them unchanged.

mod printed;
mod releases;
mod targets;

use std::path::{Path, PathBuf};

use haproxy_gate::config::{Settings, read};

use lab::reference::Reference;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("haproxy")
        .join(name)
}

fn annotated() -> String {
    std::fs::read_to_string(file("agent.toml")).unwrap()
}

fn settings(text: &str) -> Settings {
    read(Path::new("agent.toml"), text).unwrap_or_else(|error| panic!("{error} in:\n{text}"))
}

/// A disabled key begins with `#`. Prose and alternatives begin with `# `.
fn all_on(text: &str) -> String {
    let on = |line: &str| match line.strip_prefix('#') {
        Some(key) if !key.is_empty() && !key.starts_with(' ') => key.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(on).collect::<Vec<_>>().join("\n")
}

/// What each target has of its own, and what works only with targets.
const OF_TARGETS: [&str; 6] = [
    "port",
    "status_port",
    "backup_status_port",
    "gate_to",
    "address",
    "restart",
];
const WITH_TARGETS: [&str; 3] = ["keep", "verify", "memory"];

/// A lock is on etcd, or on a FleetLock server, which knows no `ttl`.
const OF_ETCD: [&str; 2] = ["etcd", "ttl"];

/// The names of lines, which only one line can have.
const LINES: [&str; 3] = ["backend", "main", "backup"];

/// The lines of the text with the header of each, without those that a filter leaves out.
fn filtered(text: &str, stays: impl Fn(&str, &str) -> bool) -> String {
    let (mut table, mut kept) = ("", Vec::new());
    for line in text.lines() {
        if line.starts_with('[') {
            table = line;
        }
        let key = line.split(" = ").next().unwrap_or_default();
        if stays(table, key) {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// Without the tables of targets, and the keys that need some. The lock is on etcd.
fn without_targets(text: &str) -> String {
    filtered(text, |table, key| {
        let needs_targets = table == "[app.web]" && WITH_TARGETS.contains(&key);
        let is_other_lock = table == "[lock]" && key == "fleetlock";
        !table.contains(".target.") && !needs_targets && !is_other_lock
    })
}

/// Without the keys that an app with targets can't have. The lock is on a FleetLock server.
fn with_targets(text: &str) -> String {
    filtered(text, |table, key| {
        let is_directly = table == "[app.web]" && OF_TARGETS.contains(&key);
        let is_by_name = table == "[[haproxy]]" && LINES.contains(&key);
        let is_other_lock = table == "[lock]" && OF_ETCD.contains(&key);
        !is_directly && !is_by_name && !is_other_lock
    })
}

#[test]
fn the_annotated_configuration_is_valid() {
    let settings = settings(&annotated());
    assert_eq!(settings.apps[0].name, "web");
    assert!(!settings.apps[0].limits.two_stage);
}

#[test]
fn the_annotated_configuration_is_valid_with_every_key() {
    let settings = settings(&without_targets(&all_on(&annotated())));
    assert!(settings.apps[0].limits.two_stage);
    assert!(settings.balancers[0].names.is_some() && settings.balancers[0].master.is_some());
    assert!(settings.agent.iptables.is_some());
}

#[test]
fn the_annotated_configuration_is_valid_with_targets() {
    let settings = settings(&with_targets(&all_on(&annotated())));
    let web = &settings.apps[0];
    assert_eq!(web.target_names(), ["blue", "green"]);
    assert!(web.limits.two_stage && web.verify.is_some() && web.memory.is_some());
    let (off, on) = (web.keep, web.limits.settle);
    assert!(off.is_zero() && on.is_some_and(|settle| settle.errors.to_string() == "1%"));
}

/// A disabled key shows its default: enabling it changes nothing, except for keys without a
/// default.
#[test]
fn the_annotated_defaults_are_the_defaults() {
    let all = without_targets(&all_on(&annotated()));
    let (off, on) = (settings(&annotated()), settings(&all));
    let (mut expected, limits) = (off.apps[0].limits.clone(), &on.apps[0].limits);
    expected.two_stage = true;
    expected.settle = limits.settle;
    assert_eq!(&expected, limits);
    assert_eq!(off.apps[0].health, on.apps[0].health);
    assert_eq!(off.apps[0].restart, on.apps[0].restart);
    assert_eq!(off.balancers[0].timeout, on.balancers[0].timeout);
    assert_eq!(off.agent.state_dir, on.agent.state_dir);
    assert_eq!(off.agent.hold_dir, on.agent.hold_dir);
    assert_eq!(off.agent.history_dir, on.agent.history_dir);
    assert_eq!(off.agent.poll, on.agent.poll);
    assert_eq!(off.agent.ipv6, on.agent.ipv6);
}

/// `# or: KEY = ...` is an alternative to the key above it.
#[test]
fn the_annotated_alternatives_are_valid() {
    let text = all_on(&annotated());
    let tried = [without_targets(&text), with_targets(&text)].map(|text| alternatives(&text));
    assert!(tried[0] >= 8 && tried[1] >= 8, "{tried:?}");
}

/// Tries each, and returns how many.
fn alternatives(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let mut tried = 0;
    for (at, line) in lines.iter().enumerate() {
        let Some(other) = line.strip_prefix("# or: ") else {
            continue;
        };
        let key = other.split(" = ").next().unwrap();
        let is_it = |line: &&str| line.starts_with(&format!("{key} = "));
        let Some(above) = lines[..at].iter().rposition(is_it) else {
            // A key that the other way has.
            continue;
        };
        let mut lines = lines.clone();
        lines[above] = other;
        // The agent asks for the health at one place.
        let has_address = other.starts_with("gate_to = \"");
        lines.retain(|line| !(has_address && line.starts_with("address = ")));
        settings(&lines.join("\n"));
        tried += 1;
    }
    tried
}

/// README's tables and this file have the same keys.
#[test]
fn the_annotated_configuration_has_every_key_of_readme() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, section) = readme.split_once("\n## Configuration\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let (text, mut keys) = (all_on(&annotated()), 0);
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split('|').nth(1).unwrap();
        for key in cell.split('`').skip(1).step_by(2) {
            let key = key.rsplit(' ').next().unwrap();
            let stands = format!("\n{key} = ");
            assert!(
                text.contains(&stands) || text.contains(&format!(".{key}]")),
                "{key}"
            );
            keys += 1;
        }
    }
    assert!(keys > 15, "{keys}");
}

/// The long tests replace parts of the printed text. This test fails first if the text changes.
#[test]
fn the_lab_finds_what_it_replaces() {
    let dir = Path::new("/tmp/lab");
    let both = Reference::two_stage(dir).with_second_backend("api");
    assert_eq!(both.text().matches("\nbackend ").count(), 2);
    let all = [
        Reference::two_hosts(dir).patient(),
        Reference::of_hosts(dir, 5).for_operators(),
        Reference::classic(dir).patient(),
        Reference::single(dir),
        Reference::one_machine(dir),
        both,
    ];
    let servers = |reference: &Reference| reference.text().matches("\n    server ").count();
    assert_eq!(all.each_ref().map(servers), [4, 10, 6, 3, 4, 12]);
    let stats = all
        .each_ref()
        .map(|reference| reference.stats_over_tcp().is_some());
    assert_eq!(stats, [true, true, true, true, false, true]);
}
