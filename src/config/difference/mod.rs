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
        let matters = |key: &&String| match key.starts_with("app.") {
            true => **key == own || key.starts_with(&below),
            false => moves_gates(key),
        };
        let keys: BTreeSet<String> = self.0.iter().filter(matters).cloned().collect();
        (!keys.is_empty()).then_some(Difference(keys))
    }

    /// One of them matters for the gates of an app.
    pub fn moves_gates(&self) -> bool {
        self.keys().any(moves_gates)
    }

    /// A reload does not take these over: the sidecar must be restarted.
    pub fn needs_restart(&self) -> bool {
        ["agent.hold_dir", "agent.state_dir"]
            .iter()
            .any(|key| self.0.contains(*key))
    }
}

fn moves_gates(key: &str) -> bool {
    !BESIDE.contains(&key) && !key.starts_with("lock")
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
mod tests;
