//! Writes the numbers as OpenMetrics text (<https://github.com/prometheus/OpenMetrics>, 1.0).

use super::{AppView, BalancerView, HoldView, ReadyUntil};
use crate::state::counters::{BOUNDS, Counters, Histogram};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

type Labels = Vec<(&'static str, String)>;

/// All samples of one name. The library only writes them, because other code counts.
#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    kind: MetricType,
    /// One for each set of labels, because two `[[haproxy]]` may name the same socket.
    samples: BTreeMap<Labels, Value>,
}

#[derive(Debug)]
enum Value {
    Is(bool),
    At(f64),
    Count(u64),
    Seconds(Histogram),
}

/// All families as text. A sample without a known number is left out.
pub fn encode(apps: &[AppView], all: &[(String, Counters)]) -> String {
    let mut registry = Registry::with_prefix("haproxy_gate");
    let families = [build(), dropped()].into_iter().chain(last_look(apps));
    let families = families.chain(targets(apps)).chain(reasons(apps));
    let families = families.chain(declared(apps));
    let families = families.chain(counted(all));
    for family in families {
        registry.register_collector(Box::new(family));
    }
    let mut text = String::new();
    // A write to a string can't fail. A cut text would lack its end mark.
    let _ = text::encode(&mut text, &registry);
    text
}

/// The version as a gauge. OpenMetrics has the type `info` for this, but parsers of the older
/// format (`promtool check metrics`, Telegraf) reject it.
fn build() -> Family {
    let mut build = Family::new("build_info", "The agent, by version.", MetricType::Gauge);
    let version = env!("CARGO_PKG_VERSION").to_owned();
    build.add([("version", &version)], Value::Is(true));
    build
}

/// The lines that the sidecar's own log dropped since its start.
fn dropped() -> Family {
    let help = "Log lines that were dropped because the reader was too slow.";
    let mut dropped = Family::new("log_lines_dropped", help, MetricType::Counter);
    dropped.add([], Value::Count(crate::outbox::dropped()));
    dropped
}

/// The gauges of the sidecar's last look.
fn last_look(apps: &[AppView]) -> [Family; 4] {
    let gauge = |name, help| Family::new(name, help, MetricType::Gauge);
    let mut open = gauge("open", "Whether the gate is open.");
    let mut healthy = gauge("healthy", "Whether the app is healthy.");
    let mut answers = gauge("balancer_seen", "Whether the balancer answers.");
    let mut rotation = gauge(
        "in_rotation",
        "Whether the balancer shows the line fully UP.",
    );
    for view in apps {
        let app = ("app", &view.app);
        for (role, position) in &view.gates {
            let labels = [app, ("role", &role.word().to_owned())];
            open.known(labels, position.map(Value::Is));
        }
        healthy.known([app], view.healthy.map(Value::Is));
        for BalancerView { name, lines } in &view.balancers {
            let balancer = ("balancer", name);
            answers.add([app, balancer], Value::Is(lines.is_some()));
            for (line, up) in lines.iter().flatten() {
                rotation.add([app, balancer, ("line", line)], Value::Is(*up));
            }
        }
    }
    [open, healthy, answers, rotation]
}

/// The targets of the apps that have some.
fn targets(apps: &[AppView]) -> [Family; 2] {
    let gauge = |name, help| Family::new(name, help, MetricType::Gauge);
    let mut current = gauge("current_target", "Whether this target is the current one.");
    let help = "When the time of a ready target ends; +Inf: when an operator ends it.";
    let mut ready = gauge("ready_until_timestamp", help);
    ready.unit = Some(Unit::Seconds);
    for view in apps {
        for target in &view.targets {
            let labels = [("app", &view.app), ("target", &target.name)];
            current.add(labels, Value::Is(target.is_current));
            let until = target.ready.map(|until| match until {
                ReadyUntil::At(time) => time as f64,
                ReadyUntil::Finished => f64::INFINITY,
            });
            ready.known(labels, until.map(Value::At));
        }
    }
    [current, ready]
}

/// What keeps the gates closed, or will change them.
fn reasons(apps: &[AppView]) -> [Family; 3] {
    let gauge = |name, help| Family::new(name, help, MetricType::Gauge);
    let mut held = gauge("held", "Whether a hold keeps the gates closed.");
    let mut held_by = gauge("held_by", "The hold: its owner, and what failed.");
    let help = "Whether an operation is under way, or was cut short.";
    let mut unfinished = gauge("unfinished", help);
    for view in apps {
        let app = ("app", &view.app);
        held.add([app], Value::Is(view.hold.is_some()));
        unfinished.add([app], Value::Is(view.unfinished));
        if let Some(HoldView { by, failed }) = view.hold {
            let failed = failed.map(word).unwrap_or_default();
            let labels = [app, ("by", &word(by)), ("failed", &failed)];
            held_by.add(labels, Value::Is(true));
        }
    }
    [held, held_by, unfinished]
}

/// What an operator has declared, of the apps that have a page or a marker.
fn declared(apps: &[AppView]) -> [Family; 2] {
    let gauge = |name, help| Family::new(name, help, MetricType::Gauge);
    let mut maintenance = gauge("maintenance", "Whether users are to meet the page.");
    let mut readonly = gauge("readonly", "Whether HAProxy is to refuse writes.");
    for view in apps {
        let app = ("app", &view.app);
        maintenance.known([app], view.maintenance.map(Value::Is));
        readonly.known([app], view.readonly.map(Value::Is));
    }
    [maintenance, readonly]
}

/// The word of an enum, as in JSON.
fn word(of: impl Serialize) -> String {
    let word = serde_json::to_value(of).ok();
    let word = word.as_ref().and_then(serde_json::Value::as_str);
    word.unwrap_or_default().to_owned()
}

/// The counters of all processes.
fn counted(all: &[(String, Counters)]) -> [Family; 4] {
    let counter = |name, help| Family::new(name, help, MetricType::Counter);
    let mut operations = counter("operations", "Operations that have ended.");
    let mut repairs = counter("rule_repairs", "How often the agent set lost rules again.");
    let mut success = Family::new(
        "last_success_timestamp",
        "When an operation last ended with exit code 0.",
        MetricType::Gauge,
    );
    let mut phases = Family::new("phase", "Duration of a phase.", MetricType::Histogram);
    success.unit = Some(Unit::Seconds);
    phases.unit = Some(Unit::Seconds);
    for (app, counters) in all {
        let app = ("app", app);
        for (verb, outcome, count) in pairs(&counters.operations) {
            let labels = [app, ("verb", verb), ("outcome", outcome)];
            operations.add(labels, Value::Count(*count));
        }
        for (verb, phase, histogram) in pairs(&counters.phases) {
            let labels = [app, ("verb", verb), ("phase", phase)];
            phases.add(labels, Value::Seconds(*histogram));
        }
        for (verb, at) in &counters.last_success {
            success.add([app, ("verb", verb)], Value::At(*at));
        }
        repairs.add([app], Value::Count(counters.repairs));
    }
    [operations, phases, success, repairs]
}

type Nested<T> = BTreeMap<String, BTreeMap<String, T>>;

fn pairs<T>(nested: &Nested<T>) -> impl Iterator<Item = (&String, &String, &T)> {
    let inner = |(outer, inner)| std::iter::repeat(outer).zip(inner);
    let flat = nested.iter().flat_map(inner);
    flat.map(|(outer, (inner, value))| (outer, inner, value))
}

impl Family {
    fn new(name: &'static str, help: &'static str, kind: MetricType) -> Family {
        Family {
            name,
            help,
            unit: None,
            kind,
            samples: BTreeMap::new(),
        }
    }

    fn add<const N: usize>(&mut self, labels: [(&'static str, &String); N], value: Value) {
        let labels = labels.map(|(key, value)| (key, value.clone()));
        self.samples.insert(labels.to_vec(), value);
    }

    fn known<const N: usize>(
        &mut self,
        labels: [(&'static str, &String); N],
        value: Option<Value>,
    ) {
        if let Some(value) = value {
            self.add(labels, value);
        }
    }
}

impl Collector for Family {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        if self.samples.is_empty() {
            return Ok(());
        }
        let unit = self.unit.as_ref();
        let mut family = encoder.encode_descriptor(self.name, self.help, unit, self.kind)?;
        // A sample without labels is the only one of its family.
        if let Some(value) = self.samples.get(&Labels::new()) {
            return value.encode(family);
        }
        for (labels, value) in &self.samples {
            value.encode(family.encode_family(labels)?)?;
        }
        Ok(())
    }
}

impl Value {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        match self {
            Value::Is(truth) => encoder.encode_gauge(&u32::from(*truth)),
            Value::At(time) => encoder.encode_gauge(time),
            Value::Count(count) => encoder.encode_counter::<NoLabelSet, _, u64>(count, None),
            Value::Seconds(histogram) => {
                let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
                let buckets: Vec<(f64, u64)> =
                    bounds.zip(histogram.counts.map(u64::from)).collect();
                let (sum, count) = (histogram.sum, histogram.count());
                encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
            }
        }
    }
}
