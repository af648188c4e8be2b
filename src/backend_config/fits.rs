//! What must fit before anything is printed. Each error names its fix.

use super::health;
use super::host::{Host, server_name};
use super::layout;
use super::line::Line;
use super::transport::Words;
use super::wanted::{BACKEND, Checks, Layout, Plan, Wanted};
use super::{page, readonly};
use crate::config::{AppSettings, Settings};
use crate::haproxy::Address;
use std::collections::BTreeMap;

pub(crate) fn plan<'a>(settings: &'a Settings, wanted: &Wanted<'a>) -> Result<Plan<'a>, String> {
    let lines = wanted
        .hosts
        .iter()
        .map(|host| lines_of(settings, wanted, host));
    let lines: Vec<Vec<Line>> = lines.collect::<Result<_, _>>()?;
    let lines: Vec<Line> = lines.into_iter().flatten().collect();
    if lines.is_empty() {
        return Err("no hosts: name them with --host NAME=ADDRESS, or --hosts FILE".to_owned());
    }
    let layout = layout::of(wanted, &lines)?;
    names_differ(&lines, layout)?;
    places_differ(&lines)?;
    cookies_differ(&lines)?;
    if wanted.readonly {
        readonly::fits(wanted.mode, &lines)?;
    }
    let checks = layout::checks(layout, &lines);
    for line in &lines {
        enough_others(&line.app, wanted.hosts.len())?;
        in_time(&line.app, &checks)?;
        found_on_loopback(settings, line)?;
        same_check(line, &lines[0])?;
        same_words(wanted, line, &lines[0])?;
    }
    let backend = wanted.backend.or_else(|| named(settings, wanted.app));
    let backend = backend.unwrap_or(BACKEND);
    server_name(backend)?;
    Ok(Plan {
        settings,
        wanted: *wanted,
        layout,
        checks,
        words: wanted.transport.words(&lines[0].app)?,
        lines,
        backend,
    })
}

/// The lines of a host: of each target of its app.
fn lines_of<'a>(
    settings: &'a Settings,
    wanted: &Wanted<'a>,
    host: &'a Host,
) -> Result<Vec<Line<'a>>, String> {
    let name = host.app.as_ref().unwrap_or(&wanted.app.name);
    let app = settings.apps.iter().find(|app| &app.name == name);
    let app = app.ok_or_else(|| {
        let names: Vec<&str> = settings.apps.iter().map(|app| app.name.as_str()).collect();
        let names = names.join(", ");
        format!(
            "{}: no app {name:?} in the configuration; it has {names}",
            host.name
        )
    })?;
    let instances = app.instances().into_iter();
    let line = |app| Line {
        host,
        app,
        cookie_per: wanted.cookie_per,
    };
    Ok(instances.map(line).collect())
}

fn names_differ(lines: &[Line<'_>], layout: Layout) -> Result<(), String> {
    let mut taken = BTreeMap::new();
    for line in lines {
        let (main, twin) = (line.main(), layout.has_twins().then(|| line.twin()));
        if twin.as_ref() == Some(&main) {
            return Err(format!("{main}: a line and its twin need different names"));
        }
        for name in [Some(main), twin].into_iter().flatten() {
            if let Some(first) = taken.insert(name.clone(), &line.host.name) {
                return Err(format!("{name} is the name of a line of {first} already"));
            }
        }
    }
    let mut pages = page::of_hosts(lines).into_iter();
    let again = pages.find_map(|page| Some((taken.get(&page.name)?, page.name)));
    match again {
        None => Ok(()),
        Some((first, page)) => Err(format!(
            "{page} is the name of a line of {first} already, and of the page of another host: use other names"
        )),
    }
}

fn places_differ(lines: &[Line<'_>]) -> Result<(), String> {
    let mut taken = BTreeMap::new();
    for Line { host, app, .. } in lines {
        let place = (host.address, app.ports.port);
        if let Some(first) = taken.insert(place, &host.name) {
            let (address, port) = place;
            let name = &host.name;
            return Err(format!(
                "{name} and {first} are both {address}, port {port}: name each host once (for \
                 another app on it: app=NAME)"
            ));
        }
    }
    Ok(())
}

/// HAProxy would send the users of one host to the other host.
fn cookies_differ(lines: &[Line<'_>]) -> Result<(), String> {
    let mut taken = BTreeMap::new();
    for line in lines {
        let (name, cookie) = (&line.host.name, line.cookie());
        match taken.insert(cookie.clone(), name) {
            Some(first) if first != name => {
                return Err(format!(
                    "{name} and {first} have the same cookie {cookie}: each host needs its own"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// An app with targets can be switched on its only host: see [`super::notices()`].
fn enough_others(app: &AppSettings, hosts: usize) -> Result<(), String> {
    let (others, wanted) = (hosts - 1, app.limits.min_available);
    match others < wanted.of(hosts) && !app.has_targets() {
        false => Ok(()),
        true => Err(format!(
            "app.{}: the agent would refuse each restart: min_available is {wanted}, and without \
             one host {others} are left. Name more hosts, or lower min_available",
            app.name
        )),
    }
}

/// Limits shorter than HAProxy's checks would always run out.
fn in_time(app: &AppSettings, checks: &Checks) -> Result<(), String> {
    let limits = [
        (
            "out_of_rotation",
            app.limits.out_of_rotation,
            checks.down_ms,
            "DOWN",
        ),
        ("in_rotation", app.limits.in_rotation, checks.up_ms, "UP"),
    ];
    for (key, limit, needed, word) in limits {
        if limit.as_millis() <= needed {
            let limit = humantime::format_duration(limit);
            return Err(format!(
                "app.{}: timeouts.{key} is {limit}, but these checks need up to {needed} ms to \
                 show a line {word}: raise it",
                app.name
            ));
        }
    }
    Ok(())
}

/// The agent takes a loopback line for its own only if HAProxy runs on the same host.
fn found_on_loopback(settings: &Settings, line: &Line<'_>) -> Result<(), String> {
    let mut balancers = settings.balancers.iter();
    let beside = balancers.any(|balancer| {
        let reaches = matches!(balancer.address, Address::Unix(_)) || balancer.names.is_some();
        balancer.serves(&line.app.name) && reaches
    });
    match line.host.address.is_loopback() && !beside {
        false => Ok(()),
        true => Err(format!(
            "{}: no agent would find a line on {}, because no [[haproxy]] of app.{} has a unix \
             socket: set `socket` to its path, or give an address that other machines reach",
            line.host.name, line.host.address, line.app.name
        )),
    }
}

fn same_check(line: &Line<'_>, first: &Line<'_>) -> Result<(), String> {
    let check = |line: &Line<'_>| {
        (
            health::lines(&line.app.health, &Words::default()),
            health::timeout(&line.app.health),
        )
    };
    match check(line) == check(first) {
        true => Ok(()),
        false => Err(format!(
            "app.{} and app.{} have different `health`, and a backend has one check: make \
             `health` the same, or print a backend for each",
            first.app.name, line.app.name
        )),
    }
}

/// They are on the backend's `default-server`.
fn same_words(wanted: &Wanted<'_>, line: &Line<'_>, first: &Line<'_>) -> Result<(), String> {
    let words = |line: &Line<'_>| wanted.transport.words(&line.app);
    match words(line)? == words(first)? {
        true => Ok(()),
        false => Err(format!(
            "app.{} and app.{} differ in TLS or in the PROXY header: print a backend for each",
            first.app.name, line.app.name
        )),
    }
}

/// The backend's name in the configuration.
fn named<'a>(settings: &'a Settings, app: &AppSettings) -> Option<&'a str> {
    let mut serving = settings.balancers.iter().filter(|b| b.serves(&app.name));
    serving.find_map(|balancer| Some(balancer.names.as_ref()?.backend.as_str()))
}
