//! One look at every target of an app: its gates, whether it runs, and its health. It asks no
//! balancer.

use super::target::{probe_address, runs};
use crate::config::{AppSettings, Settings};
use crate::gate::{Firewall, Position, View};
use futures_util::future::join_all;
use nix::unistd::geteuid;
use tokio::join;

/// What a look at one target has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetLook {
    /// The target.
    pub name: String,
    /// One of its gates is not closed.
    pub open: bool,
    /// It runs.
    pub runs: bool,
    /// Its answer to one probe.
    pub health: Result<(), String>,
}

impl TargetLook {
    /// It runs and is healthy.
    pub fn is_well(&self) -> bool {
        self.runs && self.health.is_ok()
    }
}

/// Looks at all targets at once.
///
/// # Errors
///
/// The rules can't be read. A gate is then never taken for closed.
pub async fn look_at_targets(
    settings: &Settings,
    app: &AppSettings,
) -> Result<Vec<TargetLook>, String> {
    let targets = app.instances();
    let looks = join_all(targets.iter().map(look_at_target));
    let (rules, looks) = join!(rules(settings), looks);
    let rules = rules.map_err(|why| format!("{}'s current target is unknown: {why}", app.name))?;
    let with_gates = targets.iter().zip(looks).map(|(target, look)| TargetLook {
        open: is_open(&rules, settings, target),
        ..look
    });
    Ok(with_gates.collect())
}

async fn rules(settings: &Settings) -> Result<View, String> {
    if !geteuid().is_root() {
        return Err("only root sees the gates: run it with sudo".to_owned());
    }
    let agent = &settings.agent;
    let firewall = Firewall::new(agent.iptables, agent.ipv6).await;
    let firewall = firewall.map_err(|error| error.to_string())?;
    firewall.look().await.map_err(|error| error.to_string())
}

fn is_open(rules: &View, settings: &Settings, target: &AppSettings) -> bool {
    let gates = settings.gates(target);
    let mut positions = gates.iter().map(|gate| rules.position(gate));
    positions.any(|position| position != Position::Closed)
}

/// Looks at one target, but not at its gates.
pub async fn look_at_target(target: &AppSettings) -> TargetLook {
    let address = probe_address(target);
    let health = target.health.probe(address, target.environment()).await;
    TargetLook {
        name: target.target.clone().unwrap_or_default(),
        open: false,
        runs: runs(target).await.unwrap_or_else(|| health.clone()).is_ok(),
        health,
    }
}
