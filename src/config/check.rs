//! Turns the file's shape into settings. It checks what serde can't, and gives each mistake its
//! place.

use super::agent::check_agent;
use super::app::check_app;
use super::balancer::check_balancer;
use super::file::{AppFile, ConfigFile, HaproxyFile};
use super::gate_to::in_use;
use super::keyed::Keyed;
use super::mistake::Mistake;
use super::port::Port;
use super::{AppSettings, BalancerSettings, LoadedFrom, Settings};
use std::collections::BTreeMap;
use toml::Spanned;

/// Checks what serde can't.
pub(super) fn check(file: ConfigFile) -> Result<Settings, Mistake> {
    if file.app.is_empty() {
        let what = "no app: add [app.NAME] with port, status_port and restart";
        return Err(Mistake::no_table("app.web", String::new(), what));
    }
    if file.haproxy.is_empty() {
        let what = "no balancer: add [[haproxy]] with socket";
        return Err(Mistake::no_table("haproxy", String::new(), what));
    }
    distinct_ports(&file.app)?;
    distinct_sockets(&file.haproxy)?;
    known_beside(&file.app)?;
    let names: Vec<String> = file.app.keys().map(|name| name.get_ref().clone()).collect();
    let status_ports: Vec<u16> = file.app.values().flat_map(status_ports).collect();
    let apps = file.app.into_iter();
    let apps = apps.map(|(name, app)| check_app(name, app.0, &status_ports));
    let balancers = file
        .haproxy
        .into_iter()
        .map(|haproxy| check_balancer(haproxy.0, &names));
    let apps: Vec<AppSettings> = apps.collect::<Result<_, _>>()?;
    let balancers: Vec<BalancerSettings> = balancers.collect::<Result<_, _>>()?;
    all_served(&apps, &balancers)?;
    in_use(&apps, file.agent.0.ipv6.as_ref())?;
    let agent = check_agent(file.agent.0, &apps)?;
    Ok(Settings {
        from: LoadedFrom::default(),
        apps,
        balancers,
        agent,
    })
}

/// An app without a balancer could never be drained.
fn all_served(apps: &[AppSettings], balancers: &[BalancerSettings]) -> Result<(), Mistake> {
    let alone = |app: &&AppSettings| !balancers.iter().any(|balancer| balancer.serves(&app.name));
    let Some(app) = apps.iter().find(alone) else {
        return Ok(());
    };
    let more = format!("app = \"{}\"\n", app.name);
    let what = format!(
        "no [[haproxy]] serves app.{}: add one, or fix its `app`",
        app.name
    );
    Err(Mistake::no_table("haproxy", more, what))
}

fn status_ports(Keyed(app): &Keyed<AppFile>) -> impl Iterator<Item = u16> {
    let both = [Some(&app.status_port), app.backup_status_port.as_ref()];
    both.into_iter().flatten().map(|port| port.get_ref().0)
}

/// A port used twice would redirect one gate's checks to another app, or to itself.
fn distinct_ports(apps: &BTreeMap<Spanned<String>, Keyed<AppFile>>) -> Result<(), Mistake> {
    let mut taken: BTreeMap<u16, String> = BTreeMap::new();
    let mut apps: Vec<_> = apps.iter().collect();
    apps.sort_by_key(|(_, app)| app.0.port.span().start);
    for (name, Keyed(app)) in apps {
        let ports: [(&str, Option<&Spanned<Port>>); 3] = [
            ("port", Some(&app.port)),
            ("status_port", Some(&app.status_port)),
            ("backup_status_port", app.backup_status_port.as_ref()),
        ];
        for (key, port) in ports
            .into_iter()
            .filter_map(|(key, port)| Some((key, port?)))
        {
            let number = port.get_ref().0;
            let place = format!("app.{}.{key}", name.get_ref());
            if let Some(first) = taken.insert(number, place) {
                let what = format!("{first} has this port already: use each port only once");
                return Err(Mistake::new(port.span(), what));
            }
        }
    }
    Ok(())
}

/// A socket used twice would make one balancer look like two.
fn distinct_sockets(balancers: &[Keyed<HaproxyFile>]) -> Result<(), Mistake> {
    let app = |one: &HaproxyFile| one.app.as_ref().map(|app| app.get_ref().clone());
    for (at, Keyed(one)) in balancers.iter().enumerate() {
        let is_same = |Keyed(other): &&Keyed<HaproxyFile>| {
            let is_for_both = app(one).is_none() || app(other).is_none() || app(one) == app(other);
            other.socket.get_ref() == one.socket.get_ref() && is_for_both
        };
        if balancers[..at].iter().any(|other| is_same(&other)) {
            let what = "another [[haproxy]] has this socket already: each HAProxy has one table";
            return Err(Mistake::new(one.socket.span(), what));
        }
    }
    Ok(())
}

/// An unknown name has no effect, and the operator would believe that it has one.
fn known_beside(apps: &BTreeMap<Spanned<String>, Keyed<AppFile>>) -> Result<(), Mistake> {
    let is_app = |name: &str| apps.keys().any(|app| app.get_ref() == name);
    for (own, Keyed(app)) in apps {
        for name in &app.also_restarts {
            let named = name.get_ref();
            let other = is_app(named) && named != own.get_ref();
            let is_line =
                |(backend, server): (&str, &str)| !backend.is_empty() && !server.is_empty();
            if !other && !named.split_once('/').is_some_and(is_line) {
                let what = format!(
                    "{named:?} is neither another app of this file nor a server line BACKEND/SERVER"
                );
                return Err(Mistake::new(name.span(), what));
            }
        }
    }
    Ok(())
}
