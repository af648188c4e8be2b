//! Gathers the facts about the targets of one app.

use super::page::is_on;
use crate::app::Run;
use crate::clock::since_1970;
use crate::config::{AppSettings, Settings, TargetSettings};
use crate::doctor::app_facts::AppFacts;
use crate::doctor::balancer::Balancer;
use crate::doctor::fault::Fault;
use crate::doctor::targets::{Cookies, Parked, Ports, TargetRun, Targets, are_own};
use crate::gate::{Firewall, Foreign, Parking, ParkingPosition, Parkings, View};
use crate::haproxy::{Address, Level};
use crate::host::{at_rest, look_at_targets, on_page};
use crate::operation::current;
use crate::state::directory;
use crate::state::lock::Lock;
use crate::state::target::{self, Intent};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// Looks at the targets of an app that has some.
pub(super) async fn of_targets(all: &Settings, app: &AppSettings) -> Targets {
    let (name, agent) = (&app.name, &all.agent);
    let otherwise = format!("agent open {name} --to TARGET");
    let current = match current(all, app).await {
        Ok(Some(current)) => Ok(current),
        Ok(None) => Err(Fault::of("no target is current", &otherwise)),
        Err(why) => Err(Fault::of(&why, &otherwise)),
    };
    let seen = current
        .as_ref()
        .ok()
        .and_then(|current| app.at(&current.target));
    let record = target::find(&agent.hold_dir, name).ok().flatten();
    Targets {
        app: name.clone(),
        ports: match seen {
            Some(seen) => ports(all, &seen, record.as_ref()).await,
            None => None,
        },
        record,
        current,
        looks: look_at_targets(all, app).await.unwrap_or_default(),
        runs: join_all(app.targets.iter().map(|target| run(app, target))).await,
        verify: app.verify.as_ref().map(|verify| match verify.check() {
            Ok(()) => Ok(verify.to_string()),
            Err(error) => Err(Fault::of(
                &error.to_string(),
                &format!("correct `verify` in [app.{name}]"),
            )),
        }),
        under_way: Lock::owner(&directory::app_lock(&agent.state_dir, name)).is_some(),
        now: since_1970().as_secs(),
    }
}

async fn run(app: &AppSettings, target: &TargetSettings) -> TargetRun {
    let TargetSettings { name, run, .. } = target;
    let correct = format!("correct `run` in [app.{}.target.{name}]", app.name);
    let odd = run.check().await;
    TargetRun {
        target: name.clone(),
        start: run.shown_start(),
        stop: match run {
            Run::Systemd { unit } => format!("systemctl stop {unit}"),
            Run::Commands { .. } => format!("stop it: {}", run.shown_stop()),
        },
        checked: odd
            .map(|odd| odd.iter().map(|odd| Fault::of(odd, &correct)).collect())
            .map_err(|error| Fault::of(&error.to_string(), &correct)),
        at_boot: run.at_boot().await,
        with: with(app, target).await,
    }
}

/// The other targets that its start or its stop takes down.
async fn with(app: &AppSettings, target: &TargetSettings) -> Vec<Fault> {
    let (own, run) = (&target.name, &target.run);
    let reach = run.reach(target.ports.port).await;
    let mut with = Vec::new();
    for other in app.targets.iter().filter(|other| other.name != *own) {
        let name = &other.name;
        if let Some(why) = run.start_stops(&other.run).await {
            with.push(Fault {
                found: format!("the start of {own} would stop {name}: it {why}"),
                fix: "remove that from the units, because both run for a moment".to_owned(),
            });
        }
        if let Some(why) = reach.stops(&other.run, other.ports.port).await {
            with.push(Fault {
                found: format!("the stop of {own} would also stop {name}, which {why}"),
                fix: "give each target a unit, or commands, of its own".to_owned(),
            });
        }
    }
    with
}

/// What the kernel's tables show of the traffic ports. None: they can't be read.
async fn ports(all: &Settings, current: &AppSettings, record: Option<&Intent>) -> Option<Ports> {
    let agent = &all.agent;
    let firewall = Firewall::new(agent.iptables, agent.ipv6).await.ok()?;
    let view = firewall.look().await.ok()?;
    let page = current.at_page().filter(|page| is_on(all, &page.name));
    let wanted = match page {
        Some(page) => on_page(all, &page, &view),
        None => at_rest(all, current, record, Some(&view)),
    };
    let positions = view.parked(&wanted).into_iter();
    let each = wanted.targets.iter().zip(positions);
    Some(Ports {
        each: each
            .map(|(one, position)| parked(&view, &wanted, one, position))
            .collect(),
        gone: view.parked_of_gone(&wanted),
        here: Vec::new(),
        own_cookies: None,
    })
}

fn parked(view: &View, all: &Parkings, one: &Parking, position: ParkingPosition) -> Parked {
    let by_others: Vec<Foreign> = view.parked_by_others(all, one);
    Parked {
        wanted: one.clone(),
        position,
        by_others,
    }
}

/// Adds what the balancers of this host show of the app, seen at each of its targets.
pub(super) fn add_balancers(targets: &mut Targets, apps: &[AppFacts], addresses: &[IpAddr]) {
    let of_app = || apps.iter().filter(|app| app.settings.name == targets.app);
    let is_here = |one: &&Balancer| is_here(&one.address, addresses);
    let first = of_app().next().map_or(&[][..], |app| &app.balancers);
    let here: Vec<String> = first
        .iter()
        .filter(is_here)
        .map(|one| one.name.clone())
        .collect();
    let cookies = |name: &String| -> Option<Cookies> {
        of_app()
            .map(|app| cookies(app.balancers.iter().find(|one| one.name == *name)?))
            .collect()
    };
    let known: Option<Vec<Cookies>> = here.iter().map(cookies).collect();
    let own_cookies = known.map(|known| known.iter().all(are_own));
    if let Some(ports) = &mut targets.ports {
        (ports.here, ports.own_cookies) = (here, own_cookies);
    }
}

/// A balancer that this host asks without its network, or at an address of its own.
fn is_here(address: &Address, addresses: &[IpAddr]) -> bool {
    match address {
        Address::Unix(_) => true,
        Address::Tcp(at) => at
            .parse::<SocketAddr>()
            .is_ok_and(|at| at.ip().is_loopback() || addresses.contains(&at.ip())),
    }
}

/// The cookies of the target's lines. None: they are hidden.
fn cookies(balancer: &Balancer) -> Option<BTreeSet<Option<String>>> {
    let seen = balancer.seen.as_ref().ok()?;
    let is_shown = seen.level >= Some(Level::Operator);
    let lines = seen.own().iter().filter_map(|own| seen.listed(own));
    is_shown.then(|| lines.map(|listed| listed.cookie.clone()).collect())
}
