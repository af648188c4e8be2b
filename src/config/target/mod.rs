//! The targets of an app. The app has ports and a restart directly, or each target has its own.

mod distinct;
pub(super) mod file;
mod level;
mod run;

#[cfg(test)]
mod tests;

pub(super) use distinct::{distinct_places, distinct_ports, distinct_units};
pub(super) use level::{check_levels, check_twins};

use super::TargetSettings;
use super::file::AppFile;
use super::gate_to::check_gate_to;
use super::keyed::Keyed;
use super::mistake::Mistake;
use super::names::check_name;
use super::page::check_target_name;
use super::port::Port;
use super::restart::check_restart;
use crate::gate::Destination;
use crate::haproxy::AppPorts;
use file::{TargetFile, TargetsFile};
use run::{check_run, restart_of};
use toml::Spanned;

/// The targets in the order of the file. The status ports are those of all apps.
pub(super) fn check_targets(
    targets: TargetsFile,
    status_ports: &[u16],
) -> Result<Vec<TargetSettings>, Mistake> {
    let mut targets: Vec<_> = targets.into_iter().collect();
    targets.sort_by_key(|(name, _)| name.span().start);
    let checked = targets.into_iter();
    checked
        .map(|(name, target)| check_target(name, target.0, status_ports))
        .collect()
}

fn check_target(
    name: Spanned<String>,
    target: TargetFile,
    status_ports: &[u16],
) -> Result<TargetSettings, Mistake> {
    check_name("a target's", &name)?;
    check_target_name(&name)?;
    let port = target.port.get_ref().0;
    let gate_to = match &target.gate_to {
        Some(to) => check_gate_to(to, target.address, status_ports)?,
        None => Destination::Port(port),
    };
    let run = check_run(target.run)?;
    let restart = target.restart.map(check_restart).transpose()?;
    Ok(TargetSettings {
        name: name.into_inner(),
        ports: ports(
            port,
            &target.status_port,
            target.backup_status_port.as_ref(),
            gate_to,
        ),
        gate_to,
        address: target.address.map(|ip| ip.to_canonical()),
        restart: restart.unwrap_or_else(|| restart_of(&run)),
        run,
    })
}

pub(super) fn ports(
    port: u16,
    status_port: &Spanned<Port>,
    backup_status_port: Option<&Spanned<Port>>,
    gate_to: Destination,
) -> AppPorts {
    AppPorts {
        port,
        status_port: status_port.get_ref().0,
        backup_status_port: backup_status_port.map(|port| port.get_ref().0),
        health_port: match gate_to {
            Destination::Port(to) if to != port => Some(to),
            _ => None,
        },
    }
}

/// The status ports of an app, those of its targets included.
pub(super) fn status_ports(app: &AppFile) -> impl Iterator<Item = u16> {
    let own = [app.status_port.as_ref(), app.backup_status_port.as_ref()];
    let of_targets = app.target.values().flat_map(|Keyed(target)| {
        [
            Some(&target.status_port),
            target.backup_status_port.as_ref(),
        ]
    });
    let all = own.into_iter().chain(of_targets).flatten();
    all.map(|port| port.get_ref().0)
}
