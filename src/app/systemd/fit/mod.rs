//! Decides by systemd's own properties whether the job can restart the unit, before the host is
//! taken out for it. Pure.

use super::error::{UnitError, UnitState};
use super::job::Job;

/// What systemd shows of a unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    /// As the configuration names it.
    pub(super) unit: String,
    /// LoadState, and what LoadError says of it.
    pub(super) load: (String, String),
    pub(super) state: UnitState,
    /// CanStart, CanStop, CanReload.
    pub(super) can_start: bool,
    pub(super) can_stop: bool,
    pub(super) can_reload: bool,
    /// RefuseManualStart, RefuseManualStop.
    pub(super) refuses_start: bool,
    pub(super) refuses_stop: bool,
    /// Type and RemainAfterExit; None: it is no service.
    pub(super) service: Option<(String, bool)>,
    /// Active sockets that trigger it, with what they listen on.
    pub(super) sockets: Vec<String>,
    /// Units that are restarted with it: ConsistsOf, RequiredBy, BoundBy.
    pub(super) restarts_too: usize,
    /// NeedDaemonReload.
    pub(super) stale: bool,
}

/// Kinds of units that run nothing themselves.
const IDLE: [&str; 7] = [
    "automount",
    "device",
    "mount",
    "path",
    "socket",
    "swap",
    "timer",
];

/// Decides. Ok: what is only odd. Err: why the job can't work, and after that the fix.
pub(super) fn judge(shown: &Shown, job: Job) -> Result<Vec<String>, UnitError> {
    let unit = shown.unit.clone();
    match shown.load.0.as_str() {
        "loaded" | "merged" => {}
        "not-found" => return Err(UnitError::Missing { unit }),
        "masked" => return Err(UnitError::Masked { unit }),
        state => {
            let error = &shown.load.1;
            let reason = format!("LoadState={state}, {error}; see `systemd-analyze verify {unit}`");
            return Err(UnitError::Unusable { unit, reason });
        }
    }
    match unfit(shown, job) {
        Some(reason) => Err(UnitError::Unusable { unit, reason }),
        None => Ok(oddities(shown, job)),
    }
}

/// Without an instance name systemd knows no unit to ask about.
pub(super) fn template(unit: &str) -> Option<UnitError> {
    let (name, kind) = unit.rsplit_once('.')?;
    let reason = format!("it is a template; name one of its instances: `{name}INSTANCE.{kind}`");
    let unit = unit.to_owned();
    name.ends_with('@')
        .then_some(UnitError::Unusable { unit, reason })
}

/// The first obstacle: the property, what it means, and after the last semicolon the fix.
fn unfit(shown: &Shown, job: Job) -> Option<String> {
    let unit = &shown.unit;
    let kind = unit.rsplit_once('.').map_or("", |(_, kind)| kind);
    let restarts = job.restarts(shown.can_reload);
    let starts = restarts || (job == Job::ReloadOrRestart && !is_up(&shown.state));
    let edit = |key: &str| format!("write `{key}` in `systemctl edit {unit}`");
    let command = format!("restart = {{ command = [\"systemctl\", \"restart\", \"{unit}\"] }}");
    let reason = match shown {
        _ if IDLE.contains(&kind) => {
            format!("a {kind} unit runs no app itself; name the service that does")
        }
        _ if kind == "target" && restarts && shown.restarts_too == 0 => {
            "no unit has PartOf=, Requires= or BindsTo= with it, so its restart restarts nothing; \
             name the service that runs the app"
                .to_owned()
        }
        it if restarts && it.refuses_stop => format!(
            "RefuseManualStop=yes, so systemd refuses to restart it; {}",
            edit("RefuseManualStop=no")
        ),
        it if starts && it.refuses_start => format!(
            "RefuseManualStart=yes, so systemd refuses to start it; {}",
            edit("RefuseManualStart=no")
        ),
        it if starts && !it.can_start => {
            "CanStart=no, systemd can't start it; name the service that runs the app".to_owned()
        }
        it if restarts && !it.can_stop => {
            "CanStop=no, systemd can't stop it; name the service that runs the app".to_owned()
        }
        it if job == Job::Reload && !it.can_reload => {
            "CanReload=no, it has no ExecReload=; write job = \"restart\"".to_owned()
        }
        it if job == Job::Reload && !is_up(&it.state) => format!(
            "ActiveState={}, and systemd reloads only a running unit; start it, or write job = \
             \"reload-or-restart\"",
            it.state.active
        ),
        it if job != Job::Reload && it.ends_by_itself() => format!(
            "Type=oneshot with RemainAfterExit=no, so it is inactive after each good run and \
             nothing shows that the app runs; {}, or in agent.toml `{command}`",
            edit("RemainAfterExit=yes")
        ),
        _ => return None,
    };
    Some(reason)
}

/// What works, but may surprise.
fn oddities(shown: &Shown, job: Job) -> Vec<String> {
    let unit = &shown.unit;
    let mut odd = Vec::new();
    if shown.stale {
        odd.push(format!(
            "{unit}: NeedDaemonReload=yes, systemd still uses its old file; run `systemctl \
             daemon-reload`"
        ));
    }
    if !is_up(&shown.state) && job != Job::Reload {
        odd.push(format!(
            "{unit} is {}: the restart starts it, and no process that answers on the app's port \
             now belongs to it; see `systemctl status {unit}`",
            shown.state
        ));
    }
    if shown.state.sub.starts_with("auto-restart") {
        odd.push(format!(
            "{unit}: SubState={}, it ends again and again, and systemd starts it again; see \
             `journalctl -u {unit}`",
            shown.state.sub
        ));
    }
    if shown.state.result.as_deref() == Some("start-limit-hit") {
        odd.push(format!(
            "{unit}: Result=start-limit-hit, systemd may refuse its next start, too; run \
             `systemctl reset-failed {unit}`"
        ));
    }
    if !shown.sockets.is_empty() && job != Job::Reload {
        odd.push(format!(
            "{unit} is triggered by {}: while the app is down systemd takes its connections, and \
             the first one starts it; health = {{ tcp = true }} can't distinguish that from a \
             running app, `{{ http = ... }}` can",
            shown.sockets.join(", ")
        ));
    }
    odd
}

fn is_up(state: &UnitState) -> bool {
    !["inactive", "failed", "deactivating"].contains(&state.active.as_str())
}

impl Shown {
    fn ends_by_itself(&self) -> bool {
        matches!(&self.service, Some((kind, false)) if kind == "oneshot")
    }
}

#[cfg(test)]
mod tests;
