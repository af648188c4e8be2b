//! Asks systemd whether the machine goes down. It uses the system bus. Without the bus it runs
//! `systemctl`, which has a private socket to systemd. (zbus can't use that socket: systemd signs
//! its answers there with a name that zbus does not accept.)

use super::ending::{Machine, machine};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{sleep, timeout};
use zbus::Connection;
use zbus::proxy::CacheProperties;
use zbus_systemd::systemd1::ManagerProxy;

/// This directory exists if systemd is the init system (`sd_booted`).
const BOOTED: &str = "/run/systemd/system";

/// The limit of one try. systemd answers in milliseconds, except during a daemon-reload.
const ONE_TRY: Duration = Duration::from_secs(2);

/// The limit of all tries.
const PATIENCE: Duration = Duration::from_secs(8);

/// The time between two tries.
const AGAIN: Duration = Duration::from_millis(200);

/// What systemd answers, or why it does not.
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
                Err(error) => why = error,
            }
            sleep(AGAIN).await;
        }
    };
    let asked = timeout(PATIENCE, asked).await;
    asked.unwrap_or(Machine::Unknown(why))
}

/// At the end of a shutdown systemd executes `systemd-shutdown`. That program answers no request
/// and sends SIGTERM to every process that still runs.
fn in_last_step() -> bool {
    let first = fs::read_to_string("/proc/1/comm").unwrap_or_default();
    first.starts_with("systemd-shutdow")
}

async fn ask() -> Result<Machine, String> {
    if let Ok(Ok(machine)) = timeout(ONE_TRY, by_bus()).await {
        return Ok(machine);
    }
    let state = systemctl(&["show", "--property=SystemState", "--value"]).await?;
    let list = [
        "list-jobs",
        "--full",
        "--plain",
        "--no-legend",
        "--no-pager",
    ];
    Ok(machine(state.trim(), &jobs(&systemctl(&list).await?)))
}

async fn by_bus() -> zbus::Result<Machine> {
    let bus = Connection::system().await?;
    let manager = ManagerProxy::builder(&bus)
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let state = manager.system_state().await?;
    let jobs = manager.list_jobs().await?;
    let jobs = jobs.into_iter().map(|(_, unit, kind, ..)| (unit, kind));
    Ok(machine(&state, &jobs.collect::<Vec<_>>()))
}

async fn systemctl(words: &[&str]) -> Result<String, String> {
    let mut command = Command::new("systemctl");
    command.args(words).stdin(Stdio::null()).kill_on_drop(true);
    let name = format!("systemctl {}", words[0]);
    let ended = match timeout(ONE_TRY, command.output()).await {
        Ok(ended) => ended.map_err(|error| format!("{name}: {error}"))?,
        Err(_) => return Err(format!("{name} does not end within {ONE_TRY:?}")),
    };
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match ended.status.success() {
        true => Ok(said(&ended.stdout)),
        false => Err(format!("{name}: {}", said(&ended.stderr))),
    }
}

/// `1234 shutdown.target start waiting`
fn jobs(list: &str) -> Vec<(String, String)> {
    let job = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    list.lines().filter_map(job).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_of_jobs_is_read_as_systemctl_lists_it() {
        let list =
            " 98 haproxy-gate.service stop  running\n102 shutdown.target      start waiting\n";
        let job = |unit: &str, kind: &str| (unit.to_owned(), kind.to_owned());
        let expected = [
            job("haproxy-gate.service", "stop"),
            job("shutdown.target", "start"),
        ];
        assert_eq!(jobs(list), expected);
        assert_eq!(
            machine("running", &jobs("No jobs running.\n")),
            Machine::StaysUp
        );
        assert_eq!(jobs(""), []);
    }
}
