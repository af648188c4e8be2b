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

/// The unit by systemd's own name, first. Then the units that the job restarts with it: by
/// PartOf=, Requires= and BindsTo=. A reload touches the unit alone. Empty if systemd does not
/// answer.
pub(in crate::app) async fn restarted_with(name: &str, job: Job) -> Vec<String> {
    let look = async {
        let mut units: Vec<String> = id(name).await.into_iter().collect();
        if !restarts(name, job).await {
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
                unit.proxy.bound_by().await,
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

/// Whether systemd restarts the unit for this job. Without an answer it counts as a restart.
async fn restarts(name: &str, job: Job) -> bool {
    let can_reload = match (job, Unit::find(name).await) {
        (Job::ReloadOrRestart, Ok(unit)) => unit.proxy.can_reload().await.unwrap_or(false),
        _ => false,
    };
    job.restarts(can_reload)
}

/// The unit of a process.
pub(in crate::app) async fn unit_of(pid: u32) -> Option<String> {
    let look = async {
        let bus = Connection::system().await.ok()?;
        let manager = ManagerProxy::builder(&bus).cache_properties(CacheProperties::No);
        let path = manager
            .build()
            .await
            .ok()?
            .get_unit_by_pid(pid)
            .await
            .ok()?;
        let unit = UnitProxy::builder(&bus).path(path);
        let unit = unit.cache_properties(CacheProperties::No).build().await;
        unit.ok()?.id().await.ok()
    };
    timeout(PATIENCE, look).await.ok()?
}
