//! One app, and what it has directly if it has no targets.

use super::AppSettings;
use super::file::AppFile;
use super::gate_to::check_gate_to;
use super::health::check_health;
use super::mistake::Mistake;
use super::names::check_name;
use super::page::{check_page, check_readonly};
use super::restart::{check_change, check_restart};
use super::target::{check_targets, ports};
use crate::app::{Restart, Run};
use crate::gate::Destination;
use crate::haproxy::AppPorts;
use crate::restart::Limits;
use crate::restart::settle::Settle;
use crate::restart::switch::Switching;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// One app, seen at its first target. The status ports are those of all apps.
pub(super) fn check_app(
    name: Spanned<String>,
    at: Range<usize>,
    mut app: AppFile,
    status_ports: &[u16],
) -> Result<AppSettings, Mistake> {
    check_name("an app's", &name)?;
    let limits = limits(&app);
    let targets = check_targets(std::mem::take(&mut app.target), status_ports)?;
    let one = match targets.first() {
        Some(target) => One {
            target: Some(target.name.clone()),
            ports: target.ports,
            gate_to: target.gate_to,
            address: target.address,
            restart: target.restart.clone(),
            run: Some(target.run.clone()),
        },
        None => directly(&mut app, &at, status_ports)?,
    };
    let health = check_health(app.health)?;
    let page = app.page.map(|page| check_page(page.0)).transpose()?;
    let readonly = app.readonly.map(|it| check_readonly(it.0, page.as_ref()));
    Ok(AppSettings {
        name: name.into_inner(),
        target: one.target,
        ports: one.ports,
        gate_to: one.gate_to,
        address: one.address,
        restart: one.restart,
        run: one.run,
        targets,
        page,
        readonly,
        keep: app.keep.map_or(Duration::ZERO, |keep| keep.get_ref().0),
        verify: check_change(app.verify)?,
        memory: app.memory.map(|memory| memory.get_ref().0),
        upgrade: check_change(app.upgrade)?,
        rollback: check_change(app.rollback)?,
        also_restarts: app
            .also_restarts
            .into_iter()
            .map(Spanned::into_inner)
            .collect(),
        limits: Limits {
            healthy_times: health.times,
            two_stage: one.ports.backup_status_port.is_some(),
            ..limits
        },
        health,
    })
}

/// What an app without targets has directly, and else each of its targets.
struct One {
    target: Option<String>,
    ports: AppPorts,
    gate_to: Destination,
    address: Option<IpAddr>,
    restart: Restart,
    run: Option<Run>,
}

fn directly(app: &mut AppFile, at: &Range<usize>, status_ports: &[u16]) -> Result<One, Mistake> {
    let lacks = |key: &str| Mistake::lacks(at.clone(), key, "");
    let port = app.port.as_ref().ok_or_else(|| lacks("port"))?.get_ref().0;
    let status_port = app.status_port.as_ref();
    let status_port = status_port.ok_or_else(|| lacks("status_port"))?;
    let restart = app.restart.take().ok_or_else(|| lacks("restart"))?;
    let address = app.address.as_ref().map(|address| *address.get_ref());
    let gate_to = match &app.gate_to {
        Some(to) => check_gate_to(to, address, status_ports)?,
        None => Destination::Port(port),
    };
    Ok(One {
        target: None,
        ports: ports(port, status_port, app.backup_status_port.as_ref(), gate_to),
        gate_to,
        address: address.map(|ip| ip.to_canonical()),
        restart: check_restart(restart)?,
        run: None,
    })
}

fn limits(app: &AppFile) -> Limits {
    let timeouts = app.timeouts.0;
    Limits {
        sticky: app.sticky,
        out_of_rotation: timeouts.out_of_rotation,
        drain: timeouts.drain,
        restart: timeouts.restart,
        upgrade: timeouts.upgrade,
        healthy: timeouts.healthy,
        in_rotation: timeouts.in_rotation,
        on_drain_timeout: app.on_drain_timeout,
        healthy_times: 1,
        two_stage: false,
        all_found_open: true,
        stays_closed: false,
        min_available: app.min_available.0,
        serving: Vec::new(),
        turn: timeouts.turn,
        claimed_before: Vec::new(),
        turns: Vec::new(),
        lock: None,
        upgrades: false,
        rolls_back: false,
        settle: app.settle.as_ref().map(|settle| Settle {
            lasts: settle.0.lasts,
            errors: settle.0.errors.0,
        }),
        switch: Switching::default(),
    }
}
