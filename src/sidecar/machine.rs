//! Asks systemd whether the machine goes down. By its own socket, which is there as long as
//! systemd is; where that can't be had, by the system bus.

use super::ending::{Machine, machine};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use zbus::Connection;
use zbus::connection::Builder;
use zbus::proxy::CacheProperties;
use zbus_systemd::systemd1::ManagerProxy;

/// There, systemd is the init system (`sd_booted`).
const BOOTED: &str = "/run/systemd/system";

/// For root alone, and without a bus between.
const PRIVATE: &str = "unix:path=/run/systemd/private";

/// For one try: systemd answers in milliseconds, but not while it reads all units anew.
const ONE_TRY: Duration = Duration::from_secs(2);

/// For all tries.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two tries.
const AGAIN: Duration = Duration::from_millis(200);

/// What systemd says, or why it says nothing.
pub(super) async fn look() -> Machine {
    if in_last_step() {
        return Machine::GoesDown("its last step".to_owned());
    }
    if !Path::new(BOOTED).is_dir() {
        return Machine::NoSystemd;
    }
    let mut why = "silent".to_owned();
    let asked = async {
        loop {
            match ask().await {
                Ok(machine) => return machine,
                Err(error) => why = error.to_string(),
            }
            sleep(AGAIN).await;
        }
    };
    let asked = timeout(PATIENCE, asked).await;
    asked.unwrap_or(Machine::Unknown(why))
}

/// In the end systemd goes on as this program, which answers nobody and sends SIGTERM to all
/// that still run.
fn in_last_step() -> bool {
    let first = fs::read_to_string("/proc/1/comm").unwrap_or_default();
    first.starts_with("systemd-shutdow")
}

async fn ask() -> zbus::Result<Machine> {
    let own = timeout(ONE_TRY, async {
        ask_by(&Builder::address(PRIVATE).p2p().build().await?).await
    });
    match own.await {
        Ok(Ok(machine)) => Ok(machine),
        _ => ask_by(&Connection::system().await?).await,
    }
}

async fn ask_by(bus: &Connection) -> zbus::Result<Machine> {
    let manager = ManagerProxy::builder(bus)
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let state = manager.system_state().await?;
    let jobs = manager.list_jobs().await?;
    let jobs = jobs.into_iter().map(|(_, unit, kind, ..)| (unit, kind));
    Ok(machine(&state, &jobs.collect::<Vec<_>>()))
}
