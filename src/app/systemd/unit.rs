//! A unit of systemd over the system bus: whether it fits, its state, and its instance.

use std::time::Duration;

use tokio::time::timeout;
use zbus::Connection;
use zbus::proxy::CacheProperties;
use zbus_systemd::systemd1::{ManagerProxy, ServiceProxy, SocketProxy, UnitProxy};

use super::error::{UnitError, UnitState};
use super::fit::{self, Shown};
use super::job::Job;

/// The limit of one look at systemd. It answers in milliseconds, but not while it reloads.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Errors that the preflight can find. Ok: what is only odd.
pub(in crate::app) async fn check(name: &str, job: Job) -> Result<Vec<String>, UnitError> {
    let look = async { Unit::find(name).await?.usable_for(job).await };
    timeout(PATIENCE, look)
        .await
        .unwrap_or_else(|_| Err(silence()))
}

/// The InvocationID, in systemctl's way of writing it, and when the unit last changed its
/// state, in microseconds since the boot: a reload keeps the id.
pub(in crate::app) async fn instance(name: &str) -> Option<String> {
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

/// Whether it runs. A unit that is about to stop does, one that waits for its next start does not.
/// None: systemd does not answer.
pub(in crate::app) async fn is_running(name: &str) -> Option<bool> {
    let look = async { Unit::find(name).await.ok()?.state().await.ok() };
    let state = timeout(PATIENCE, look).await.ok()??;
    let is_down = ["inactive", "failed"].contains(&state.active.as_str());
    Some(!is_down && !state.sub.starts_with("auto-restart"))
}

/// Whether a boot starts it. None: systemd does not answer.
pub(in crate::app) async fn starts_at_boot(name: &str) -> Option<bool> {
    let look = async { Unit::find(name).await.ok()?.shown().await.ok() };
    let shown = timeout(PATIENCE, look).await.ok()??;
    Some(shown.starts_at_boot())
}

fn silence() -> UnitError {
    UnitError::Bus {
        reason: format!("silent for {PATIENCE:?}"),
    }
}

/// A unit on the bus. It caches nothing, so each look is current.
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) manager: ManagerProxy<'static>,
    pub(super) proxy: UnitProxy<'static>,
    pub(super) service: ServiceProxy<'static>,
}

impl Unit {
    /// systemd has an object for any name. The unit's properties show whether the unit exists.
    pub(super) async fn find(name: &str) -> Result<Self, UnitError> {
        if let Some(template) = fit::template(name) {
            return Err(template);
        }
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

    /// Whether the job can work. Ok: what is only odd.
    pub(super) async fn usable_for(&self, job: Job) -> Result<Vec<String>, UnitError> {
        fit::judge(&self.shown().await?, job)
    }

    async fn shown(&self) -> Result<Shown, UnitError> {
        let unit = &self.proxy;
        let restarted = [
            unit.consists_of().await?,
            unit.required_by().await?,
            unit.bound_by().await?,
        ];
        let (_, error) = unit.load_error().await?;
        let pulled_in = [unit.wanted_by().await?, unit.required_by().await?].concat();
        Ok(Shown {
            unit: self.name.clone(),
            load: (unit.load_state().await?, error),
            state: self.state().await?,
            can_start: unit.can_start().await?,
            can_stop: unit.can_stop().await?,
            can_reload: unit.can_reload().await?,
            refuses_start: unit.refuse_manual_start().await?,
            refuses_stop: unit.refuse_manual_stop().await?,
            service: self.service_kind().await,
            sockets: self.sockets(&unit.triggered_by().await?).await?,
            restarts_too: restarted.iter().map(Vec::len).sum(),
            file_state: (unit.unit_file_state().await?, !pulled_in.is_empty()),
            stale: unit.need_daemon_reload().await?,
        })
    }

    /// Other units than services have none of these properties.
    async fn service_kind(&self) -> Option<(String, bool)> {
        let kind = self.service.type_property().await.ok()?;
        Some((kind, self.service.remain_after_exit().await.ok()?))
    }

    /// The active ones, with what they listen on.
    async fn sockets(&self, triggers: &[String]) -> Result<Vec<String>, UnitError> {
        let mut sockets = Vec::new();
        for name in triggers.iter().filter(|name| name.ends_with(".socket")) {
            let path = self.manager.load_unit(name.clone()).await?;
            let bus = self.manager.inner().connection();
            let unit = UnitProxy::builder(bus).path(path.clone());
            let unit = unit.cache_properties(CacheProperties::No).build().await?;
            if unit.active_state().await? == "active" {
                let socket = SocketProxy::builder(bus).path(path);
                let socket = socket.cache_properties(CacheProperties::No).build().await?;
                let listens = socket.listen().await?;
                let listens: Vec<&str> = listens.iter().map(|(_, at)| at.as_str()).collect();
                sockets.push(format!("{name} ({})", listens.join(", ")));
            }
        }
        Ok(sockets)
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

/// systemd's words, if the error is an answer of it.
pub(super) fn said(error: &zbus::Error) -> Option<String> {
    match error {
        zbus::Error::MethodError(name, text, _) => Some(text.clone().unwrap_or(name.to_string())),
        zbus::Error::FDO(error) => Some(error.to_string()),
        _ => None,
    }
}
