//! A unit of systemd over the system bus: whether it can be asked, how it is, which run it is.

use std::time::Duration;

use tokio::time::timeout;
use zbus::Connection;
use zbus::proxy::CacheProperties;
use zbus_systemd::systemd1::{ManagerProxy, ServiceProxy, UnitProxy};

use super::job::Job;
use super::unit::{UnitError, UnitState};

/// What one look at systemd may take: it answers in milliseconds, but not while it reloads.
const PATIENCE: Duration = Duration::from_secs(10);

/// What can be refused before the unit is touched.
pub(super) async fn check(name: &str, job: Job) -> Result<(), UnitError> {
    let look = async { Unit::find(name).await?.usable_for(job).await };
    timeout(PATIENCE, look)
        .await
        .unwrap_or_else(|_| Err(silence()))
}

/// The InvocationID, in systemctl's way of writing it, and when the unit last changed its
/// state, in microseconds since the boot: a reload keeps the id.
pub(super) async fn instance(name: &str) -> Option<String> {
    let look = async {
        let unit = Unit::find(name).await.ok()?;
        let id = unit.proxy.invocation_id().await.ok()?;
        let changed = unit.proxy.state_change_timestamp_monotonic().await.ok()?;
        Some((id, changed))
    };
    let (id, changed) = timeout(PATIENCE, look).await.ok()??;
    let known = id.iter().any(|byte| *byte != 0);
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    known.then(|| format!("{id} since {changed}"))
}

fn silence() -> UnitError {
    UnitError::Bus {
        reason: format!("silent for {PATIENCE:?}"),
    }
}

/// A unit that systemd was asked about. Nothing is cached: the look is what counts.
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) manager: ManagerProxy<'static>,
    pub(super) proxy: UnitProxy<'static>,
    service: ServiceProxy<'static>,
}

impl Unit {
    /// systemd has an object for any name; whether there is a unit behind it, it tells then.
    pub(super) async fn find(name: &str) -> Result<Self, UnitError> {
        let bus = Connection::system().await?;
        let manager = ManagerProxy::builder(&bus)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        let path =
            manager
                .load_unit(name.to_owned())
                .await
                .map_err(|error| match said(&error) {
                    Some(reason) => UnitError::Unusable {
                        unit: name.to_owned(),
                        reason,
                    },
                    None => error.into(),
                })?;
        let proxy = UnitProxy::builder(&bus).path(path.clone());
        let service = ServiceProxy::builder(&bus).path(path);
        Ok(Self {
            name: name.to_owned(),
            manager,
            proxy: proxy.cache_properties(CacheProperties::No).build().await?,
            service: service
                .cache_properties(CacheProperties::No)
                .build()
                .await?,
        })
    }

    pub(super) async fn usable_for(&self, job: Job) -> Result<(), UnitError> {
        let unit = self.name.clone();
        match self.proxy.load_state().await?.as_str() {
            "loaded" | "merged" => self.can(job).await,
            "not-found" => Err(UnitError::Missing { unit }),
            "masked" => Err(UnitError::Masked { unit }),
            state => {
                let (_, error) = self.proxy.load_error().await?;
                let reason = format!("{state}, {error}; see `systemd-analyze verify {unit}`");
                Err(UnitError::Unusable { unit, reason })
            }
        }
    }

    async fn can(&self, job: Job) -> Result<(), UnitError> {
        let reason = match job {
            Job::Reload if !self.proxy.can_reload().await? => "it has no ExecReload=",
            Job::Restart | Job::ReloadOrRestart if !self.proxy.can_start().await? => {
                "it cannot be started by hand (RefuseManualStart=)"
            }
            _ => return Ok(()),
        };
        Err(UnitError::Unusable {
            unit: self.name.clone(),
            reason: reason.to_owned(),
        })
    }

    pub(super) async fn state(&self) -> zbus::Result<UnitState> {
        Ok(UnitState {
            active: self.proxy.active_state().await?,
            sub: self.proxy.sub_state().await?,
            // Other units than services have none under this name.
            result: self.service.result().await.ok(),
        })
    }
}

/// What systemd said, where the error is an answer of it at all.
pub(super) fn said(error: &zbus::Error) -> Option<String> {
    match error {
        zbus::Error::MethodError(name, text, _) => Some(text.clone().unwrap_or(name.to_string())),
        zbus::Error::FDO(error) => Some(error.to_string()),
        _ => None,
    }
}
