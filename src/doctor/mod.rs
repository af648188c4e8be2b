//! `agent doctor`: the whole set-up looked at read-only, point by point.
//!
//! [`look`] gathers the facts; each area judges its own, purely: the [`host`], its [`tables`],
//! an app's [`gates`], the [`firewall`] before them, the [`app`] itself, each [`balancer`], our
//! [`lines`] on it, the [`rhythm`] of its checks, and HAProxy's own file ([`cfg`]).

mod app;
mod balancer;
pub mod cfg;
mod check;
mod connections;
mod file;
mod firewall;
mod gates;
mod host;
mod lines;
mod look;
mod point;
mod rhythm;
mod tables;
mod text;
mod twin;

pub use file::read as read_haproxy_cfg;
pub use look::{Asked, look};
pub use point::{Point, Verdict};
pub use text::{is_to_paste, text};

use crate::config::ConfigError;
use check::Check;

const CONFIG: Check = Check {
    name: "config",
    why: "the agent does nothing without a configuration that it can read and trust",
};

/// The one point where there is no configuration.
pub fn unconfigured(error: &ConfigError) -> Point {
    let (found, mend) = host::parted(&error.to_string(), "");
    let explained = "every key is explained in /usr/share/doc/haproxy-gate/examples/agent.toml";
    let mend = match (mend.is_empty(), error) {
        (false, _) => mend,
        (true, ConfigError::Wrong { .. }) => format!("mend that line; {explained}"),
        (true, ConfigError::Whole { .. }) => format!("write it; {explained}"),
    };
    CONFIG.error("", format!("configuration: {found}"), mend)
}

/// 1 where there is an error.
pub fn exit(points: &[Point]) -> u8 {
    let is_wrong = |point: &Point| point.verdict == Verdict::Error;
    u8::from(points.iter().any(is_wrong))
}

/// Everything that is judged.
struct Facts {
    config: String,
    host: host::Host,
    tables: tables::Tables,
    /// None: without root nobody can look.
    filters: Option<firewall::Filters>,
    apps: Vec<AppFacts>,
    file: Option<file::File>,
}

/// Of one app.
struct AppFacts {
    settings: crate::config::AppSettings,
    /// None: without root, or without iptables, they can't be seen.
    gates: Option<gates::Gates>,
    checked: Vec<firewall::Checked>,
    /// None: without iptables nobody could look.
    app: Option<app::App>,
    balancers: Vec<balancer::Balancer>,
    counted: Vec<rhythm::Counted>,
}

fn judge(facts: &Facts) -> Vec<Point> {
    let of_file = file::points(facts);
    let mut points = vec![CONFIG.ok("", format!("configuration: {}", facts.config))];
    points.extend(host::points(&facts.host));
    if facts.host.sees_rules() {
        points.extend(tables::points(&facts.tables));
    }
    for app in &facts.apps {
        points.extend(app.gates.iter().flat_map(gates::points));
        if app.gates.is_some() {
            points.extend(firewall::points(
                &app.settings.name,
                facts.filters.as_ref(),
                &app.checked,
            ));
        }
        points.extend(app.app.iter().flat_map(app::points));
        // A balancer serves several apps, and is judged once.
        let balancers = app.balancers.iter().flat_map(balancer::points);
        let new: Vec<Point> = balancers.filter(|point| !points.contains(point)).collect();
        points.extend(new);
        let by_file = file::tells(app, &of_file);
        points.extend(of_lines(app, facts.filters.as_ref(), by_file));
        points.extend(rhythm::points(&app.counted, by_file));
    }
    points.extend(of_file);
    points
}

fn of_lines(app: &AppFacts, filters: Option<&firewall::Filters>, by_file: bool) -> Vec<Point> {
    let position = |at: usize| {
        let gates = app.gates.as_ref()?;
        Some(gates.gates.get(at)?.position.clone())
    };
    let seen = app
        .balancers
        .iter()
        .filter_map(|balancer| Some((balancer, balancer.seen.as_ref().ok()?)));
    let points = seen.flat_map(|(balancer, seen)| {
        lines::points(&lines::Lines {
            app: &app.settings.name,
            balancer: &balancer.name,
            address: &balancer.address,
            seen,
            ports: app.settings.ports,
            gates: [position(0), position(1)],
            min_available: app.settings.limits.min_available,
            under_way: app.gates.as_ref().is_some_and(|gates| gates.under_way),
            filters,
            by_file,
        })
    });
    points.collect()
}
