//! Turns the file's shape into settings. It checks what serde can't, and gives each mistake its
//! place.

use super::app::{check_change, check_restart};
use super::file::{AgentFile, AppFile, ConfigFile, HaproxyFile, IptablesFile};
use super::health::check_health;
use super::metrics::check_metrics;
use super::mistake::Mistake;
use super::port::Port;
use super::{AgentSettings, AppSettings, BalancerSettings, OnStop, Settings};
use crate::gate::Variant;
use crate::haproxy::{Address, AppPorts, Names};
use crate::restart::Limits;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Spanned;

/// The directory of lock and journal.
pub(super) const STATE_DIR: &str = "/run/haproxy-gate";

/// The directory of what must survive a reboot.
pub(super) const HOLD_DIR: &str = "/var/lib/haproxy-gate";

/// Checks what serde can't.
pub(super) fn check(file: ConfigFile) -> Result<Settings, Mistake> {
    let nowhere = |what: &str| Mistake {
        at: None,
        what: what.to_owned(),
    };
    if file.app.is_empty() {
        return Err(nowhere(
            "no app: add [app.NAME] with port, status_port and restart",
        ));
    }
    if file.haproxy.is_empty() {
        return Err(nowhere("no balancer: add [[haproxy]] with socket"));
    }
    let [state_dir, hold_dir, history_dir] = directories(&file.agent).map_err(nowhere)?;
    distinct_ports(&file.app)?;
    known_beside(&file.app)?;
    let names: Vec<String> = file.app.keys().map(|name| name.get_ref().clone()).collect();
    let apps = file.app.into_iter().map(|(name, app)| check_app(name, app));
    let balancers = file
        .haproxy
        .into_iter()
        .map(|haproxy| check_balancer(haproxy, &names));
    let apps: Vec<AppSettings> = apps.collect::<Result<_, _>>()?;
    let balancers: Vec<BalancerSettings> = balancers.collect::<Result<_, _>>()?;
    let alone = |app: &&AppSettings| !balancers.iter().any(|balancer| balancer.serves(&app.name));
    if let Some(app) = apps.iter().find(alone) {
        return Err(nowhere(&format!(
            "no [[haproxy]] serves app.{}: add one, or fix its `app`",
            app.name
        )));
    }
    let metrics = file
        .agent
        .metrics
        .map(|metrics| check_metrics(metrics, &apps));
    Ok(Settings {
        apps,
        balancers,
        agent: AgentSettings {
            state_dir,
            hold_dir,
            history_dir,
            addresses: file.agent.addresses,
            poll: file.agent.poll,
            ipv6: file.agent.ipv6,
            iptables: file.agent.iptables.map(|variant| match variant {
                IptablesFile::Nft => Variant::Nft,
                IptablesFile::Legacy => Variant::Legacy,
            }),
            metrics: metrics.transpose()?,
            on_stop: file.agent.on_stop.map_or(Ok(OnStop::Keep), on_stop)?,
        },
    })
}

fn on_stop(word: Spanned<String>) -> Result<OnStop, Mistake> {
    match word.get_ref().as_str() {
        "keep" => Ok(OnStop::Keep),
        "drain" => Ok(OnStop::Drain),
        other => {
            let what = format!(
                "on_stop is {other:?}: write \"keep\" (a stop of the sidecar leaves the gates as they are) or \
                 \"drain\" (it takes this host out of rotation)"
            );
            Err(Mistake::new(word.span(), what))
        }
    }
}

/// A directory that the operator sets is also the default of the next ones: state, holds, history.
fn directories(agent: &AgentFile) -> Result<[PathBuf; 3], &'static str> {
    let (state_dir, hold_dir) = match (&agent.state_dir, &agent.hold_dir) {
        (None, None) => (STATE_DIR.into(), HOLD_DIR.into()),
        (None, Some(hold_dir)) => (STATE_DIR.into(), hold_dir.clone()),
        (Some(state_dir), None) => (state_dir.clone(), state_dir.clone()),
        (Some(state_dir), Some(hold_dir)) => (state_dir.clone(), hold_dir.clone()),
    };
    let history_dir = agent.history_dir.clone().unwrap_or(hold_dir.clone());
    if !state_dir.is_absolute() {
        return Err("[agent] state_dir must be an absolute path: there is one lock for this host");
    }
    if !hold_dir.is_absolute() {
        return Err("[agent] hold_dir must be an absolute path");
    }
    match history_dir.is_absolute() {
        true => Ok([state_dir, hold_dir, history_dir]),
        false => Err("[agent] history_dir must be an absolute path"),
    }
}

/// A port used twice would redirect one gate's checks to another app, or to itself.
fn distinct_ports(apps: &BTreeMap<Spanned<String>, AppFile>) -> Result<(), Mistake> {
    let mut taken: BTreeMap<u16, String> = BTreeMap::new();
    for (name, app) in apps {
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
                let what = format!("{key} {number} is {first} already: use each port only once");
                return Err(Mistake::new(port.span(), what));
            }
        }
    }
    Ok(())
}

/// An unknown name has no effect, and the operator would believe that it has one.
fn known_beside(apps: &BTreeMap<Spanned<String>, AppFile>) -> Result<(), Mistake> {
    let is_app = |name: &str| apps.keys().any(|app| app.get_ref() == name);
    for (own, app) in apps {
        for name in &app.also_restarts {
            let named = name.get_ref();
            let other = is_app(named) && named != own.get_ref();
            let is_line =
                |(backend, server): (&str, &str)| !backend.is_empty() && !server.is_empty();
            if !other && !named.split_once('/').is_some_and(is_line) {
                let what = format!(
                    "also_restarts: {named:?} is neither another app of this file nor a server line \
                     BACKEND/SERVER"
                );
                return Err(Mistake::new(name.span(), what));
            }
        }
    }
    Ok(())
}

fn check_app(name: Spanned<String>, app: AppFile) -> Result<AppSettings, Mistake> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.get_ref().is_empty()
        || name.get_ref().len() > 64
        || !name.get_ref().chars().all(harmless)
    {
        let what = "an app's name is 1 to 64 letters, digits, `_`, `.` or `-`: the rule's comment \
            contains it";
        return Err(Mistake::new(name.span(), what));
    }
    let health = check_health(app.health)?;
    Ok(AppSettings {
        name: name.into_inner(),
        ports: AppPorts {
            port: app.port.get_ref().0,
            status_port: app.status_port.get_ref().0,
            backup_status_port: app.backup_status_port.as_ref().map(|port| port.get_ref().0),
        },
        address: app.address,
        restart: check_restart(app.restart)?,
        upgrade: check_change("upgrade", app.upgrade)?,
        rollback: check_change("rollback", app.rollback)?,
        also_restarts: app
            .also_restarts
            .into_iter()
            .map(Spanned::into_inner)
            .collect(),
        limits: Limits {
            sticky: app.sticky,
            out_of_rotation: app.timeouts.out_of_rotation,
            drain: app.timeouts.drain,
            restart: app.timeouts.restart,
            upgrade: app.timeouts.upgrade,
            healthy: app.timeouts.healthy,
            in_rotation: app.timeouts.in_rotation,
            on_drain_timeout: app.on_drain_timeout,
            healthy_times: health.times,
            two_stage: app.backup_status_port.is_some(),
            found_open: true,
            stays_closed: false,
            min_available: app.min_available,
            serving: Vec::new(),
            turn: app.timeouts.turn,
            claimed_before: Vec::new(),
            turns: Vec::new(),
            upgrades: false,
            rolls_back: false,
        },
        health,
    })
}

fn is_host_and_port(address: &str) -> bool {
    let port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    address
        .rsplit_once(':')
        .is_some_and(|(host, number)| !host.is_empty() && port(number))
}

fn check_balancer(haproxy: HaproxyFile, apps: &[String]) -> Result<BalancerSettings, Mistake> {
    let span = haproxy.socket.span();
    let wrong = |what: &str| Mistake::new(span.clone(), what);
    let address = check_address("socket", haproxy.socket)?;
    let master = haproxy.master.map(|master| check_address("master", master));
    if let Some(app) = haproxy
        .app
        .as_ref()
        .filter(|app| !apps.contains(app.get_ref()))
    {
        return Err(Mistake::new(
            app.span(),
            format!("there is no app.{}", app.get_ref()),
        ));
    }
    let app = haproxy.app.map(Spanned::into_inner);
    let names = match (haproxy.backend, haproxy.main, haproxy.backup) {
        (None, None, None) => None,
        (Some(_), Some(_), _) if app.is_none() && apps.len() > 1 => {
            return Err(wrong(
                "haproxy: `backend` and `main` need `app = \"NAME\"` if there are several apps",
            ));
        }
        (Some(backend), Some(main), backup) => Some(Names {
            backend,
            main,
            backup,
        }),
        _ => {
            return Err(wrong(
                "haproxy: `backend` and `main` need each other (`backup` is optional)",
            ));
        }
    };
    Ok(BalancerSettings {
        address,
        master: master.transpose()?,
        source: haproxy.source.map(|source| source.0),
        timeout: haproxy.timeout,
        app,
        names,
    })
}

fn check_address(key: &str, socket: Spanned<String>) -> Result<Address, Mistake> {
    match socket.get_ref().strip_prefix("tcp://") {
        Some(address) if is_host_and_port(address) => Ok(Address::Tcp(address.to_owned())),
        None if socket.get_ref().starts_with('/') => {
            Ok(Address::Unix(PathBuf::from(socket.get_ref())))
        }
        _ => {
            let what = format!("{key} must be an absolute path, or \"tcp://HOST:PORT\"");
            Err(Mistake::new(socket.span(), what))
        }
    }
}
