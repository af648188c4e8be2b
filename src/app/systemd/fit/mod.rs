//! Decides by systemd's own properties whether the job can restart, start or stop the unit, before
//! the host is taken out for it. Pure.

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
    /// UnitFileState, and whether another unit starts it: WantedBy, RequiredBy.
    pub(super) file_state: (String, bool),
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
        // systemd stops what runs, whatever has become of its file.
        _ if job == Job::Stop && is_up(&shown.state) => {}
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
    let stops = job.stops(shown.can_reload);
    let starts = starts(shown, job);
    let edit = |key: &str| format!("write `{key}` in `systemctl edit {unit}`");
    let does = job.effect();
    let reason = match shown {
        _ if IDLE.contains(&kind) => {
            format!("a {kind} unit runs no app itself; name the service that does")
        }
        _ if kind == "target" && stops && shown.restarts_too == 0 => format!(
            "no unit has PartOf=, Requires= or BindsTo= with it, so its {does} {does}s nothing; \
             name the service that runs the app"
        ),
        it if stops && it.refuses_stop => format!(
            "RefuseManualStop=yes, so systemd refuses to {does} it; {}",
            edit("RefuseManualStop=no")
        ),
        it if starts && it.refuses_start => format!(
            "RefuseManualStart=yes, so systemd refuses to start it; {}",
            edit("RefuseManualStart=no")
        ),
        it if starts && !it.can_start => {
            "CanStart=no, systemd can't start it; name the service that runs the app".to_owned()
        }
        it if stops && !it.can_stop => {
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
        it if ![Job::Reload, Job::Stop].contains(&job) && it.ends_by_itself() => format!(
            "Type=oneshot with RemainAfterExit=no, so it is inactive after each good run and \
             nothing shows that the app runs; {}, or in agent.toml `{}`",
            edit("RemainAfterExit=yes"),
            by_commands(unit, job)
        ),
        _ => return None,
    };
    Some(reason)
}

fn starts(shown: &Shown, job: Job) -> bool {
    let down = job == Job::ReloadOrRestart && !is_up(&shown.state);
    job == Job::Start || job.restarts(shown.can_reload) || down
}

/// The same without a look at the unit's state afterwards.
fn by_commands(unit: &str, job: Job) -> String {
    let command = |verb: &str| format!("[\"systemctl\", \"{verb}\", \"{unit}\"]");
    match job {
        Job::Start => format!(
            "run = {{ start = {}, stop = {} }}",
            command("start"),
            command("stop")
        ),
        _ => format!("restart = {{ command = {} }}", command("restart")),
    }
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
    if !is_up(&shown.state) && [Job::Restart, Job::ReloadOrRestart].contains(&job) {
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
    odd.extend(behind_sockets(shown, job));
    if job == Job::Start {
        odd.extend(of_no_boot(shown));
    }
    odd
}

fn behind_sockets(shown: &Shown, job: Job) -> Option<String> {
    let (unit, sockets) = (&shown.unit, shown.sockets.join(", "));
    match job {
        _ if sockets.is_empty() => None,
        Job::Reload | Job::Start => None,
        Job::Stop => Some(format!(
            "{unit} is triggered by {sockets}: after a stop the first connection starts it again; \
             let the service listen itself, without the socket"
        )),
        Job::Restart | Job::ReloadOrRestart => Some(format!(
            "{unit} is triggered by {sockets}: while the app is down systemd takes its \
             connections, and the first one starts it; health = {{ tcp = true }} can't distinguish \
             that from a running app, `{{ http = ... }}` can"
        )),
    }
}

/// What a report of a unit says that no boot starts.
pub const NO_BOOT: &str = "so no boot starts it";

/// A target that is current must run again after a boot.
fn of_no_boot(shown: &Shown) -> Option<String> {
    let unit = &shown.unit;
    let (state, pulled_in) = &shown.file_state;
    let fix = match state.as_str() {
        _ if *pulled_in => return None,
        "static" => format!(
            "write `WantedBy=multi-user.target` below `[Install]` in its file, and run `systemctl \
             enable {unit}`"
        ),
        "disabled" | "linked" | "linked-runtime" | "enabled-runtime" => {
            format!("run `systemctl enable {unit}`")
        }
        _ => return None,
    };
    Some(format!(
        "{unit}: UnitFileState={state}, {NO_BOOT}, and after a boot the app is down if \
         this target is the current one; {fix}"
    ))
}

fn is_up(state: &UnitState) -> bool {
    !["inactive", "failed", "deactivating"].contains(&state.active.as_str())
}

impl Shown {
    /// A boot starts it. Another unit may pull it in, or not: then it has no other way.
    pub(super) fn starts_at_boot(&self) -> bool {
        let (state, pulled_in) = &self.file_state;
        state == "enabled" || *pulled_in
    }

    fn ends_by_itself(&self) -> bool {
        matches!(&self.service, Some((kind, false)) if kind == "oneshot")
    }
}

#[cfg(test)]
mod tests;
