//! Turns the file's shape into settings. It checks what serde can't, and gives each mistake its
//! place.

use super::agent::check_agent;
use super::app::check_app;
use super::balancer::check_balancer;
use super::file::{AppFile, ConfigFile, HaproxyFile};
use super::gate_to::in_use;
use super::keyed::Keyed;
use super::lock::check_lock;
use super::mistake::Mistake;
use super::page;
use super::target::{
    check_levels, check_twins, distinct_places, distinct_ports, distinct_units, status_ports,
};
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
    for (name, app) in &file.app {
        check_levels(name, &app.get_ref().0)?;
        check_twins(&app.get_ref().0)?;
    }
    distinct_ports(&file.app)?;
    distinct_units(&file.app)?;
    distinct_places(&file.app)?;
    distinct_sockets(&file.haproxy)?;
    known_beside(&file.app)?;
    let all_ports = file.app.values().flat_map(|app| {
        let app = &app.get_ref().0;
        status_ports(app).chain(page::status_ports(app))
    });
    let all_ports: Vec<u16> = all_ports.collect();
    let apps = file.app.into_iter().map(|(name, app)| {
        let at = app.span();
        check_app(name, at, app.into_inner().0, &all_ports)
    });
    let apps: Vec<AppSettings> = apps.collect::<Result<_, _>>()?;
    let balancers = file
        .haproxy
        .into_iter()
        .map(|haproxy| check_balancer(haproxy.0, &apps));
    let balancers: Vec<BalancerSettings> = balancers.collect::<Result<_, _>>()?;
    all_served(&apps, &balancers)?;
    in_use(&apps, file.agent.0.ipv6.as_ref())?;
    let agent = check_agent(file.agent.0, &apps)?;
    let lock = file.lock.map(check_lock).transpose()?;
    Ok(Settings {
        from: LoadedFrom::default(),
        apps,
        balancers,
        agent,
        lock,
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
fn known_beside(apps: &BTreeMap<Spanned<String>, Spanned<Keyed<AppFile>>>) -> Result<(), Mistake> {
    let is_app = |name: &str| apps.keys().any(|app| app.get_ref() == name);
    for (own, app) in apps {
        for name in &app.get_ref().0.also_restarts {
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
