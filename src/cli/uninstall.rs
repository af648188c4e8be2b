//! `agent uninstall`: removes every rule of this agent. The package's removal runs it, so it works
//! with a broken configuration too.

use super::screen::{complain, say};
use crate::config;
use crate::gate::Removal;
use crate::state::directory;
use crate::state::lock::{Lock, LockError, Owner};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The outcomes of an uninstall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Removed,
    NothingToDo,
    Planned,
    GateFailed,
    Locked,
    Refused,
}

impl End {
    pub(super) fn exit(self) -> u8 {
        match self {
            End::Removed | End::NothingToDo | End::Planned => 0,
            End::GateFailed => 1,
            End::Locked => 10,
            End::Refused => 11,
        }
    }

    /// `outcome` of `--json`.
    pub(super) fn word(self) -> &'static str {
        match self {
            End::Removed => "removed",
            End::NothingToDo => "nothing_to_do",
            End::Planned => "planned",
            End::GateFailed => "gate_failed",
            End::Locked => "locked",
            End::Refused => "refused",
        }
    }
}

/// The JSON object on stdout.
#[derive(Serialize)]
struct Report {
    verb: &'static str,
    outcome: &'static str,
    exit: u8,
    message: String,
    /// The calls that were made, or would be.
    calls: Vec<String>,
}

/// What comes of it.
const DOWN: &str = "HAProxy's next checks of the status ports fail, and it shows this host DOWN";

/// Removes the rules and prints the outcome. Returns the exit code.
pub(super) async fn uninstall(config: &Path, dry_run: bool, json: bool) -> u8 {
    let state_dir = config::state_dir(config);
    let mut calls = Vec::new();
    let (end, message) = match remove(&state_dir, dry_run, &mut calls).await {
        Ok(ended) | Err(ended) => ended,
    };
    let report = Report {
        verb: "uninstall",
        outcome: end.word(),
        exit: end.exit(),
        message,
        calls,
    };
    report.print(json);
    report.exit
}

/// Removes the rules. Err: it ended before any change.
async fn remove(
    state_dir: &Path,
    dry_run: bool,
    calls: &mut Vec<String>,
) -> Result<(End, String), (End, String)> {
    let _locks = locks(state_dir, dry_run)?;
    let removal = Removal::look().await;
    *calls = removal.calls();
    let programs = match removal.programs() {
        none if none.is_empty() => "the kernel has no nat table".to_owned(),
        programs => programs.join(", "),
    };
    match (removal.unseen(), calls.len()) {
        (None, 0) => Ok((
            End::NothingToDo,
            format!("no rule of the agent is there ({programs})"),
        )),
        (Some(error), _) if dry_run => Err((End::GateFailed, error.to_string())),
        (None, number) if dry_run => Ok((
            End::Planned,
            format!(
                "nothing was changed: these {number} calls would remove all rules of the \
                agent, and then {DOWN}"
            ),
        )),
        _ => Ok(match removal.carry_out().await {
            Ok(()) => (
                End::Removed,
                format!(
                    "all rules of the agent are removed ({programs}): {DOWN}; `systemctl start \
                     haproxy-gate` opens the gates again"
                ),
            ),
            Err(error) => (
                End::GateFailed,
                format!("some rules of the agent may be left: {error}"),
            ),
        }),
    }
}

/// Takes the locks of the sidecar and of operations. The sidecar would open the gates again, and
/// operations need them. A dry run only checks whether the locks are free.
fn locks(state_dir: &Path, dry_run: bool) -> Result<Vec<Lock>, (End, String)> {
    if !nix::unistd::geteuid().is_root() {
        let why = "iptables and the state directory need root: run it with sudo";
        return Err((End::Refused, why.to_owned()));
    }
    let sidecar = directory::sidecar(state_dir);
    let paths = [sidecar.clone(), directory::lock(state_dir)];
    let take = |path: &PathBuf| {
        let taken = match dry_run {
            true => free(state_dir, path).map(|()| None),
            false => Lock::take(path, &Owner::new("agent uninstall")).map(Some),
        };
        taken.map_err(|error| match error {
            LockError::Held(_) if *path == sidecar => {
                let fix = "it would open the gates again; fix: systemctl stop haproxy-gate";
                (End::Locked, format!("{error}: {fix}"))
            }
            LockError::Held(_) => (End::Locked, error.to_string()),
            unusable => (End::Refused, unusable.to_string()),
        })
    };
    let locks: Vec<Option<Lock>> = paths.iter().map(take).collect::<Result<_, _>>()?;
    Ok(locks.into_iter().flatten().collect())
}

fn free(state_dir: &Path, path: &Path) -> Result<(), LockError> {
    directory::trusted_in("state_dir", state_dir, &[path.to_owned()])?;
    match Lock::owner(path) {
        None => Ok(()),
        Some(owner) => Err(LockError::Held(owner)),
    }
}

impl Report {
    /// Prints JSON, or the plan and the last line for people.
    fn print(&self, json: bool) {
        let planned = self.outcome == End::Planned.word();
        let calls = self.calls.iter().filter(|_| planned);
        match (json, self.exit) {
            (true, _) => say(&format!("{}\n", serde_json::json!(self))),
            (false, 0) => say(&format!(
                "{}{}\n",
                calls.map(|call| format!("{call}\n")).collect::<String>(),
                self.message
            )),
            (false, _) => {}
        }
        if self.exit != 0 {
            complain(&self.message);
        }
    }
}
