//! What differs between two configurations, by their settings: no comment, no order, and no other
//! way to write the same value. Pure.

use super::{AppSettings, BalancerSettings, Settings, TargetSettings};
use std::collections::{BTreeMap, BTreeSet};

/// The keys that differ, as `app.web.status_port`. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference(BTreeSet<String>);

/// Settings of the agent that an operation and the sidecar may have each on their own.
const BESIDE: [&str; 5] = [
    "agent.metrics",
    "agent.history_dir",
    "agent.on_stop",
    "agent.poll",
    "agent.windows",
];

impl Difference {
    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The keys that matter for the gates of this app.
    pub fn of_app(&self, app: &str) -> Option<Difference> {
        let own = format!("app.{app}");
        let below = format!("{own}.");
        let moves_gates = |key: &str| !BESIDE.contains(&key) && !key.starts_with("lock");
        let matters = |key: &&String| match key.starts_with("app.") {
            true => **key == own || key.starts_with(&below),
            false => moves_gates(key),
        };
        let keys: BTreeSet<String> = self.0.iter().filter(matters).cloned().collect();
        (!keys.is_empty()).then_some(Difference(keys))
    }

    /// A reload does not take these over: the sidecar must be restarted.
    pub fn needs_restart(&self) -> bool {
        ["agent.hold_dir", "agent.state_dir"]
            .iter()
            .any(|key| self.0.contains(*key))
    }
}

/// None: the settings are the same.
pub(super) fn difference(before: &Settings, now: &Settings) -> Option<Difference> {
    let written = |settings: &Settings| keys(&settings.from.text);
    let (old, new) = (written(before), written(now));
    let under = |section: &str| {
        let below = format!("{section}.");
        let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let moved = |key: &&String| key.starts_with(&below) && old.get(*key) != new.get(*key);
        let moved: BTreeSet<String> = all.into_iter().filter(moved).cloned().collect();
        match moved.is_empty() {
            true => BTreeSet::from([section.to_owned()]),
            false => moved,
        }
    };
    let mut keys = BTreeSet::new();
    let names = before.apps.iter().chain(&now.apps).map(|app| &app.name);
    for name in names.collect::<BTreeSet<_>>() {
        let app = |settings: &Settings| {
            let mut apps = settings.apps.iter();
            apps.find(|app| app.name == *name).map(in_any_order)
        };
        match (app(before), app(now)) {
            (Some(old), Some(new)) if old != new => keys.extend(under(&format!("app.{name}"))),
            (Some(_), Some(_)) => {}
            _ => drop(keys.insert(format!("app.{name}"))),
        }
    }
    if !same_balancers(&before.balancers, &now.balancers) {
        keys.insert("haproxy".to_owned());
    }
    if before.agent != now.agent {
        keys.extend(under("agent"));
    }
    if before.lock != now.lock {
        keys.extend(under("lock"));
    }
    (!keys.is_empty()).then_some(Difference(keys))
}

/// The order of its targets in the file is no setting.
fn in_any_order(app: &AppSettings) -> Vec<AppSettings> {
    let mut targets = app.instances();
    targets.sort_by(|one, other| one.target.cmp(&other.target));
    let sorted: Vec<TargetSettings> = targets
        .iter()
        .flat_map(|app| {
            app.targets
                .iter()
                .filter(|one| Some(&one.name) == app.target.as_ref())
        })
        .cloned()
        .collect();
    for target in &mut targets {
        target.targets.clone_from(&sorted);
    }
    targets
}

fn same_balancers(before: &[BalancerSettings], now: &[BalancerSettings]) -> bool {
    let within = |some: &[BalancerSettings], all: &[BalancerSettings]| {
        some.iter().all(|one| all.contains(one))
    };
    before.len() == now.len() && within(before, now) && within(now, before)
}

/// Each value of the text by its dotted key. A list is one value.
fn keys(text: &str) -> BTreeMap<String, toml::Value> {
    let mut all = BTreeMap::new();
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    flatten("", table, &mut all);
    all
}

fn flatten(prefix: &str, table: toml::Table, all: &mut BTreeMap<String, toml::Value>) {
    for (key, value) in table {
        let key = match prefix {
            "" => key,
            prefix => format!("{prefix}.{key}"),
        };
        match value {
            toml::Value::Table(table) => flatten(&key, table, all),
            value => drop(all.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const BEFORE: &str = r#"
[agent]
poll = "30ms"
[app.web]
port = 1000
status_port = 2000
restart = { command = ["true"] }
timeouts = { drain = "60s" }
[app.api]
port = 1001
status_port = 2001
restart = { command = ["true"] }
[[haproxy]]
socket = "/a"
[[haproxy]]
socket = "/b"
"#;

    fn settings(text: &str) -> Settings {
        super::super::read(Path::new("/agent.toml"), text).unwrap()
    }

    fn differs(pairs: &[(&str, &str)]) -> Option<Difference> {
        let now = pairs.iter().fold(BEFORE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        difference(&settings(BEFORE), &settings(&now))
    }

    fn found(pairs: &[(&str, &str)]) -> Vec<String> {
        let found = differs(pairs);
        let keys = found.iter().flat_map(Difference::keys);
        keys.map(str::to_owned).collect()
    }

    #[test]
    fn only_another_setting_is_a_difference() {
        for same in [
            ("[agent]", "# a comment\n[agent]"),
            ("\"60s\"", "\"1m\""),
            (
                "port = 1000\nstatus_port = 2000",
                "status_port = 2000\nport = 1000",
            ),
            ("port = 1001", "port = 1001\nsticky = \"0s\""),
            (
                "[[haproxy]]\nsocket = \"/a\"\n[[haproxy]]\nsocket = \"/b\"",
                "[[haproxy]]\nsocket = \"/b\"\n[[haproxy]]\nsocket = \"/a\"",
            ),
        ] {
            assert_eq!(found(&[same]), Vec::<String>::new(), "{same:?}");
        }
        assert_eq!(found(&[("= 2000", "= 2100")]), ["app.web.status_port"]);
        assert_eq!(found(&[("\"60s\"", "\"61s\"")]), ["app.web.timeouts.drain"]);
        assert_eq!(found(&[("app.api", "app.apu")]), ["app.api", "app.apu"]);
        assert_eq!(found(&[("\"/b\"", "\"/c\"")]), ["haproxy"]);
        let agent = [("poll = \"30ms\"", "poll = \"40ms\"\nhold_dir = \"/h\"")];
        assert_eq!(found(&agent), ["agent.hold_dir", "agent.poll"]);
        assert!(differs(&agent).unwrap().needs_restart());
        let state = [("[agent]", "[agent]\nstate_dir = \"/s\"")];
        assert_eq!(found(&state), ["agent.state_dir"]);
        assert!(differs(&state).unwrap().needs_restart());
        assert!(!differs(&[("= 2000", "= 2100")]).unwrap().needs_restart());
    }

    #[test]
    fn a_target_differs_by_its_keys_and_not_by_its_place() {
        let target = |name: &str, port: u16| {
            format!(
                "[app.shop.target.{name}]\nport = {port}\nstatus_port = 2{port}\n\
                 run = {{ systemd = \"{name}\" }}\n"
            )
        };
        let shop = |targets: &[String]| settings(&(BEFORE.to_owned() + &targets.concat()));
        let (blue, green) = (target("blue", 1005), target("green", 1006));
        let before = shop(&[blue.clone(), green.clone()]);
        let keys = |now: &[String]| {
            let found = difference(&before, &shop(now));
            let keys = found.iter().flat_map(Difference::keys);
            keys.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(keys(&[green.clone(), blue.clone()]), Vec::<String>::new());
        let other = target("green", 1007);
        let ports = [
            "app.shop.target.green.port",
            "app.shop.target.green.status_port",
        ];
        assert_eq!(keys(&[blue.clone(), other]), ports);
        let all = ["port", "run.systemd", "status_port"];
        let all = all.map(|key| format!("app.shop.target.green.{key}"));
        assert_eq!(keys(&[blue]), all);
    }

    #[test]
    fn another_app_and_what_moves_no_gate_do_not_matter_for_an_app() {
        let found = differs(&[
            ("= 2001", "= 2101"),
            ("[agent]", "[agent]\nmetrics = \"127.0.0.1:9100\""),
            (
                "poll = \"30ms\"",
                "on_stop = \"drain\"\nwindows = [\"Mon 09:00-17:00\"]",
            ),
        ]);
        let found = found.unwrap();
        let of = |app: &str| {
            let own = found.of_app(app);
            own.map(|own| own.keys().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(of("web"), None);
        assert_eq!(of("api"), Some(vec!["app.api.status_port".to_owned()]));
    }
}
