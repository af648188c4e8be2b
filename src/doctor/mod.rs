//! `agent doctor`: checks the whole set-up point by point, and changes nothing.
//!
//! [`look()`] gathers the facts, and each area judges its own, purely: the `host`, its `tables`, an
//! app's `gates`, the `evidence` of closed ones, the `app` itself, its `targets`, each `balancer`, our
//! `lines` on it, and HAProxy's own file (`cfg`). A point is ok only if that was seen. An app with
//! targets is judged at each of them.

mod app;
mod app_facts;
mod balancer;
pub mod cfg;
mod check;
mod connections;
mod evidence;
mod fault;
mod file;
mod fix;
mod gates;
mod given;
mod host;
mod lines;
mod lock;
mod look;
mod marker;
mod page;
mod point;
mod reached;
mod tables;
mod targets;
mod text;

pub use fix::{Fix, is_to_paste};
pub use given::{File, read as read_haproxy_cfg};
pub use look::{Asked, look};
pub use point::{Point, Verdict};
pub use text::text;

use crate::config::{ConfigError, WITH_SUDO, WRITE_IT};
use app_facts::AppFacts;
use check::{Check, NEEDS_ROOT, checks};
use fault::Fault;
use lines::line::Backend;
use std::collections::BTreeMap;
use std::net::IpAddr;

checks! {
    CONFIG "config": "the agent does nothing without a configuration that it can read, and that root alone may write";
}

/// The only point if the configuration can't be read.
pub fn unconfigured(error: &ConfigError) -> Point {
    let fault = match error {
        ConfigError::Missing { path } => Fault {
            found: format!("{}: no such file", path.display()),
            fix: WRITE_IT.to_owned(),
        },
        ConfigError::NeedsRoot { path, what } => Fault {
            found: format!("{}: unknown: {NEEDS_ROOT} ({what})", path.display()),
            fix: WITH_SUDO.to_owned(),
        },
        ConfigError::Whole { .. } => Fault::of(
            &error.to_string(),
            "write it as explained in `man agent.toml`",
        ),
        ConfigError::Wrong { steps, .. } => Fault {
            found: error.to_string(),
            fix: steps
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        },
    };
    Point {
        area: "host",
        ..CONFIG.error(format!("configuration: {}", fault.found), fault.fix)
    }
}

/// The exit code: 1 if there is an error.
pub fn exit(points: &[Point]) -> u8 {
    let is_wrong = |point: &Point| point.verdict == Verdict::Error;
    u8::from(points.iter().any(is_wrong))
}

/// All facts that doctor judges.
struct Facts<'a> {
    config: String,
    host: host::Host,
    tables: tables::Tables,
    /// The lock of its group.
    lock: Option<lock::Lock<'a>>,
    /// Each app, once for each of its targets.
    apps: Vec<AppFacts>,
    /// The pages of the apps that have one.
    pages: Vec<page::Page>,
    /// The markers of those that have one.
    markers: Vec<marker::Marker>,
    /// The apps that have targets.
    targets: Vec<targets::Targets>,
    files: Vec<File>,
    /// The addresses of this host.
    addresses: Vec<IpAddr>,
    /// What a HAProxy of this host says of them.
    said: Option<cfg::Said>,
}

/// Collects points without duplicates: a balancer or a file may serve several apps.
#[derive(Default)]
struct Points(Vec<Point>);

impl Points {
    fn add(&mut self, area: &'static str, points: impl IntoIterator<Item = Point>) {
        for point in points {
            let point = Point { area, ..point };
            self.0.extend((!self.0.contains(&point)).then_some(point));
        }
    }
}

fn judge(facts: &Facts<'_>) -> Vec<Point> {
    let mut points = Points::default();
    let config = CONFIG.ok(format!("configuration: {}", facts.config));
    points.add("host", [config]);
    points.add("host", host::points(&facts.host));
    if facts.host.sees_rules() {
        points.add("host", tables::points(&facts.tables));
    }
    points.add("host", facts.lock.iter().flat_map(lock::points));
    let settings = facts.lock.iter().map(|lock| lock.settings);
    let room = settings.flat_map(|settings| {
        facts
            .apps
            .iter()
            .flat_map(move |app| lock::room::points(settings, app))
    });
    points.add("host", room);
    points.add(
        "gates",
        facts.apps.iter().flat_map(|app| of_gates(app, facts)),
    );
    let targets = || facts.targets.iter().filter(|_| facts.host.root);
    points.add("gates", targets().flat_map(targets::ports));
    points.add("gates", facts.pages.iter().flat_map(page::gate));
    let apps = facts.apps.iter().filter_map(|app| app.app.as_ref());
    points.add("app", apps.flat_map(app::points));
    points.add("app", targets().flat_map(targets::points));
    points.add("app", facts.pages.iter().flat_map(page::answer));
    let balancers = facts.apps.iter().flat_map(|app| &app.balancers);
    points.add("balancers", balancers.flat_map(balancer::points));
    let (said, here) = (facts.said.as_ref(), &facts.addresses);
    let file = file::points(&facts.files, said, &facts.apps, here);
    let lines = facts.apps.iter().flat_map(|app| of_lines(app, &file));
    let lines = lines.chain(between_targets(&facts.apps));
    let lines = lines.chain(facts.pages.iter().flat_map(page::lines));
    let lines = lines.chain(facts.markers.iter().flat_map(marker::lines));
    let (lines, file) = lines::once(lines.collect(), file.clone());
    points.add("lines", lines);
    points.add("file", file);
    let points = points.0.into_iter();
    points
        .map(|point| seen_by(facts.host.root, point))
        .collect()
}

/// A fault that another user only seems to see is unseen.
fn seen_by(root: bool, point: Point) -> Point {
    match !root && point.found.contains(NEEDS_ROOT) {
        true => Point {
            verdict: Verdict::Unseen,
            fix: None,
            ..point
        },
        false => point,
    }
}

fn of_gates(app: &AppFacts, facts: &Facts<'_>) -> Vec<Point> {
    let label = app.settings.label();
    let mut points: Vec<Point> = app.gates.iter().flat_map(gates::points).collect();
    if facts.host.root {
        points.extend(evidence::points(&label, &app.checked, &app.evidence));
    } else if app.gates.is_none() {
        points.extend(gates::unseen(&app.settings.name));
        let has_targets = app.settings.has_targets();
        let unseen = has_targets.then(|| targets::unseen(&app.settings.name));
        points.extend(unseen.into_iter().flatten());
    }
    points
}

/// The lines of an app's targets beside each other.
fn between_targets(apps: &[AppFacts]) -> Vec<Point> {
    let mut backends: BTreeMap<(&str, String), Vec<(&str, Backend)>> = BTreeMap::new();
    for app in apps {
        let Some(target) = &app.settings.target else {
            continue;
        };
        with_lines(app, &[], |lines| {
            for backend in lines.backends() {
                let judged = lines.as_judged(backend);
                let all = backends.entry((&app.settings.name, judged.of.clone()));
                all.or_default().push((target, judged));
            }
        });
    }
    let points = backends.into_values();
    points
        .flat_map(|targets| lines::targets::judge(&targets))
        .collect()
}

fn of_lines(app: &AppFacts, file: &[Point]) -> Vec<Point> {
    let mut points = Vec::new();
    with_lines(app, file, |lines| points.extend(lines::points(lines)));
    points
}

/// The app's lines on each balancer that answers.
fn with_lines(app: &AppFacts, file: &[Point], mut take: impl FnMut(&lines::Lines<'_>)) {
    let gates = app.gates.as_ref();
    let positions = gates.map(|gates| gates.gates.as_ref().map(|seen| seen.position.clone()));
    let seen = app.balancers.iter();
    let seen = seen.filter_map(|balancer| Some((balancer, balancer.seen.as_ref().ok()?)));
    for (balancer, seen) in seen {
        take(&lines::Lines {
            app: &app.settings.name,
            label: app.settings.label(),
            is_idle: app.is_current == Some(false),
            balancer: &balancer.name,
            address: &balancer.address,
            seen,
            ports: app.settings.ports,
            to: app.settings.gate_to,
            check: &app.settings.health.check,
            gates: positions.as_ref(),
            min_available: app.settings.limits.min_available,
            under_way: gates.is_some_and(|gates| gates.under_way),
            file,
        });
    }
}
