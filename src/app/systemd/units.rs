//! Which units of systemd belong together, and the unit of a process.

use tokio::time::timeout;
use zbus::Connection;
use zbus::proxy::CacheProperties;
use zbus_systemd::systemd1::{ManagerProxy, UnitProxy};

use super::job::Job;
use super::unit::{PATIENCE, Unit};

/// The unit by systemd's own name for it, for any alias.
pub(in crate::app) async fn id(name: &str) -> Option<String> {
    let look = async { Unit::find(name).await.ok()?.proxy.id().await.ok() };
    timeout(PATIENCE, look).await.ok()?
}

/// The unit by systemd's own name, first. Then the units that the job restarts or stops with it: by
/// PartOf=, Requires=, Requisite=, BindsTo= and PropagatesStopTo=. A reload touches the unit alone.
/// Empty if systemd does not answer.
pub(in crate::app) async fn stopped_with(name: &str, job: Job) -> Vec<String> {
    let look = async {
        let mut units: Vec<String> = id(name).await.into_iter().collect();
        if !stops(name, job).await {
            return units;
        }
        let mut looked = 0;
        while let Some(next) = units.get(looked).cloned() {
            looked += 1;
            let Ok(unit) = Unit::find(&next).await else {
                continue;
            };
            let with = [
                unit.proxy.consists_of().await,
                unit.proxy.required_by().await,
                unit.proxy.requisite_of().await,
                unit.proxy.bound_by().await,
                // Older versions of systemd have none under this name.
                unit.proxy.propagates_stop_to().await,
            ];
            for one in with.into_iter().flatten().flatten() {
                if !units.contains(&one) {
                    units.push(one);
                }
            }
        }
        units
    };
    timeout(PATIENCE, look).await.unwrap_or_default()
}

/// The units that systemd stops when it starts this one: by Conflicts= of either. Empty if systemd
/// does not answer.
pub(in crate::app) async fn conflicts(name: &str) -> Vec<String> {
    let look = async {
        let unit = Unit::find(name).await.ok()?;
        let units = [
            unit.proxy.conflicts().await.ok()?,
            unit.proxy.conflicted_by().await.ok()?,
        ];
        Some(units.concat())
    };
    let found = timeout(PATIENCE, look).await.ok().flatten();
    found.unwrap_or_default()
}

/// The units that stop this one when they stop, by its own settings. Until systemd has loaded it, the
/// others do not show that. Empty if systemd does not answer.
pub(in crate::app) async fn stops_after(name: &str) -> Vec<String> {
    let look = async {
        let unit = Unit::find(name).await.ok()?;
        let all = [
            unit.proxy.part_of().await,
            unit.proxy.requires().await,
            unit.proxy.requisite().await,
            unit.proxy.binds_to().await,
            // Older versions of systemd have none under this name.
            unit.proxy.stop_propagated_from().await,
        ];
        Some(all.into_iter().flatten().flatten().collect())
    };
    timeout(PATIENCE, look)
        .await
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// Whether systemd takes the unit down for this job. Without an answer it counts as a restart.
async fn stops(name: &str, job: Job) -> bool {
    let can_reload = match (job, Unit::find(name).await) {
        (Job::ReloadOrRestart, Ok(unit)) => unit.proxy.can_reload().await.unwrap_or(false),
        _ => false,
    };
    job.stops(can_reload)
}

/// The unit of a process.
pub(in crate::app) async fn unit_of(pid: u32) -> Option<String> {
    let look = async { by_pid(pid).await?.id().await.ok() };
    timeout(PATIENCE, look).await.ok()?
}

/// The unit of a process that runs, but that no boot starts: it is not enabled, and no other unit
/// pulls it in.
pub async fn not_enabled(pid: u32) -> Option<String> {
    let look = async {
        let unit = by_pid(pid).await?;
        let file = unit.unit_file_state().await.ok()?;
        let pulled_in = [unit.wanted_by().await.ok()?, unit.required_by().await.ok()?].concat();
        let is_left_out = OF_NO_BOOT.contains(&file.as_str()) && pulled_in.is_empty();
        is_left_out.then_some(unit)?.id().await.ok()
    };
    timeout(PATIENCE, look).await.ok()?
}

/// States of a unit's file that no boot keeps (`systemctl is-enabled`).
const OF_NO_BOOT: [&str; 3] = ["disabled", "linked", "linked-runtime"];

async fn by_pid(pid: u32) -> Option<UnitProxy<'static>> {
    let bus = Connection::system().await.ok()?;
    let manager = ManagerProxy::builder(&bus).cache_properties(CacheProperties::No);
    let manager = manager.build().await.ok()?;
    let path = manager.get_unit_by_pid(pid).await.ok()?;
    let unit = UnitProxy::builder(&bus).path(path);
    unit.cache_properties(CacheProperties::No)
        .build()
        .await
        .ok()
}
