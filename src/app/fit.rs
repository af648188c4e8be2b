//! Whether a unit can be restarted as it is configured: judged by systemd's own properties,
//! before the host is taken out for it. Pure.

use super::job::Job;
use super::unit::{UnitError, UnitState};

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

/// Decides. Ok: what is only odd. Err: why the job can't work, and what to write.
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

/// Without an instance there is nothing that systemd could be asked about.
pub(super) fn template(unit: &str) -> Option<UnitError> {
    let (name, kind) = unit.rsplit_once('.')?;
    let reason = format!("it is a template; name one of its instances: `{name}INSTANCE.{kind}`");
    let unit = unit.to_owned();
    name.ends_with('@')
        .then_some(UnitError::Unusable { unit, reason })
}

/// The first thing in the way: the property, what it means, and after the last semicolon what
/// to write.
fn unfit(shown: &Shown, job: Job) -> Option<String> {
    let unit = &shown.unit;
    let kind = unit.rsplit_once('.').map_or("", |(_, kind)| kind);
    let restarts = match job {
        Job::Restart => true,
        Job::ReloadOrRestart => !shown.can_reload,
        Job::Reload => false,
    };
    let starts = restarts || (job == Job::ReloadOrRestart && !is_up(&shown.state));
    let edit = |key: &str| format!("write `{key}` in `systemctl edit {unit}`");
    let command = format!("restart = {{ command = [\"systemctl\", \"restart\", \"{unit}\"] }}");
    let reason = match shown {
        _ if IDLE.contains(&kind) => {
            format!("a {kind} unit runs no app itself; name the service that does")
        }
        _ if kind == "target" && restarts && shown.restarts_too == 0 => {
            "no unit has PartOf=, Requires= or BindsTo= with it, so that its restart restarts \
             nothing; name the service that runs the app"
                .to_owned()
        }
        it if restarts && it.refuses_stop => format!(
            "RefuseManualStop=yes, so that systemd refuses to restart it; {}",
            edit("RefuseManualStop=no")
        ),
        it if starts && it.refuses_start => format!(
            "RefuseManualStart=yes, so that systemd refuses to start it; {}",
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
            "ActiveState={}, and systemd reloads only what runs; start it, or write \
             job = \"reload-or-restart\"",
            it.state.active
        ),
        it if job != Job::Reload && it.ends_by_itself() => format!(
            "Type=oneshot with RemainAfterExit=no, so that it is inactive after each good run and \
             nothing shows that the app runs; {}, or in agent.toml `{command}`",
            edit("RemainAfterExit=yes")
        ),
        _ => return None,
    };
    Some(reason)
}

/// What works, and may surprise.
fn oddities(shown: &Shown, job: Job) -> Vec<String> {
    let unit = &shown.unit;
    let mut odd = Vec::new();
    if shown.stale {
        odd.push(format!(
            "{unit}: NeedDaemonReload=yes, systemd still goes by its old file; run `systemctl \
             daemon-reload`"
        ));
    }
    if !is_up(&shown.state) && job != Job::Reload {
        odd.push(format!(
            "{unit} is {}: the restart starts it, and what answers on the app's port now is not \
             run by it; see `systemctl status {unit}`",
            shown.state
        ));
    }
    if shown.state.sub.starts_with("auto-restart") {
        odd.push(format!(
            "{unit}: SubState={}, it ends again and again and systemd starts it anew; see \
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
             the first one starts it; health = {{ tcp = true }} can't tell that from a running \
             app, `{{ http = ... }}` can",
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
mod tests {
    use super::*;

    fn sound() -> Shown {
        Shown {
            unit: "web.service".to_owned(),
            load: ("loaded".to_owned(), String::new()),
            state: UnitState {
                active: "active".to_owned(),
                sub: "running".to_owned(),
                result: Some("success".to_owned()),
            },
            can_start: true,
            can_stop: true,
            can_reload: false,
            refuses_start: false,
            refuses_stop: false,
            service: Some(("simple".to_owned(), false)),
            sockets: Vec::new(),
            restarts_too: 0,
            stale: false,
        }
    }

    fn with(change: impl Fn(&mut Shown)) -> Shown {
        let mut shown = sound();
        change(&mut shown);
        shown
    }

    fn is(active: &str) -> impl Fn(&mut Shown) {
        move |it| it.state.active = active.to_owned()
    }

    const JOBS: [Job; 3] = [Job::Restart, Job::ReloadOrRestart, Job::Reload];

    /// By job: restart, reload-or-restart, reload; `x` refused, `n` with a notice, `-` nothing.
    #[test]
    fn what_each_job_needs() {
        let reloads = |it: &mut Shown| it.can_reload = true;
        for (told, shown, wanted) in [
            ("sound", sound(), "--x"),
            ("with ExecReload=", with(reloads), "---"),
            ("refuses a stop", with(|it| it.refuses_stop = true), "xxx"),
            ("refuses a start", with(|it| it.refuses_start = true), "xxx"),
            ("can't be stopped", with(|it| it.can_stop = false), "xxx"),
            ("can't be started", with(|it| it.can_start = false), "xxx"),
            (
                "refuses both, and reloads",
                with(|it| {
                    reloads(it);
                    (it.refuses_stop, it.refuses_start) = (true, true);
                    (it.can_stop, it.can_start) = (false, false);
                }),
                "x--",
            ),
            (
                "refuses a start, reloads, is down",
                with(|it| {
                    reloads(it);
                    is("inactive")(it);
                    it.refuses_start = true;
                }),
                "xxx",
            ),
            ("is down", with(is("inactive")), "nnx"),
            ("has failed", with(is("failed")), "nnx"),
            ("comes up", with(is("activating")), "--x"),
            (
                "comes up again and again",
                with(|it| {
                    is("activating")(it);
                    it.state.sub = "auto-restart".to_owned();
                }),
                "nnx",
            ),
            (
                "came up too often",
                with(|it| {
                    is("failed")(it);
                    it.state.result = Some("start-limit-hit".to_owned());
                }),
                "nnx",
            ),
            ("a file that changed", with(|it| it.stale = true), "nnx"),
            (
                "oneshot",
                with(|it| {
                    is("inactive")(it);
                    it.service = Some(("oneshot".to_owned(), false));
                }),
                "xxx",
            ),
            (
                "oneshot that remains",
                with(|it| it.service = Some(("oneshot".to_owned(), true))),
                "--x",
            ),
            (
                "behind a socket",
                with(|it| it.sockets = vec!["web.socket (0.0.0.0:80)".to_owned()]),
                "nnx",
            ),
            ("a socket", with(|it| it.unit = "web.socket".into()), "xxx"),
            ("a timer", with(|it| it.unit = "web.timer".into()), "xxx"),
            ("a target", with(|it| it.unit = "web.target".into()), "xxx"),
            (
                "a target of others",
                with(|it| (it.unit, it.restarts_too) = ("web.target".into(), 1)),
                "--x",
            ),
            ("masked", with(|it| it.load.0 = "masked".to_owned()), "xxx"),
            (
                "not there",
                with(|it| it.load.0 = "not-found".to_owned()),
                "xxx",
            ),
            (
                "wrong",
                with(|it| it.load.0 = "bad-setting".to_owned()),
                "xxx",
            ),
        ] {
            let judged = JOBS.map(|job| match judge(&shown, job) {
                Ok(odd) if odd.is_empty() => '-',
                Ok(_) => 'n',
                Err(_) => 'x',
            });
            assert_eq!(String::from_iter(judged), wanted, "{told}");
        }
    }

    /// Each names the property, and what to write after the last semicolon.
    #[test]
    fn it_says_what_was_seen_and_what_to_write() {
        for (shown, job, property, mend) in [
            (
                with(|it| it.refuses_stop = true),
                Job::Restart,
                "RefuseManualStop=yes",
                "write `RefuseManualStop=no` in `systemctl edit web.service`",
            ),
            (
                sound(),
                Job::Reload,
                "CanReload=no",
                "write job = \"restart\"",
            ),
            (
                with(|it| {
                    it.can_reload = true;
                    is("failed")(it);
                }),
                Job::Reload,
                "ActiveState=failed",
                "start it, or write job = \"reload-or-restart\"",
            ),
            (
                with(|it| it.service = Some(("oneshot".to_owned(), false))),
                Job::Restart,
                "Type=oneshot with RemainAfterExit=no",
                "in agent.toml `restart = { command = [\"systemctl\", \"restart\", \"web.service\"] }`",
            ),
            (
                with(|it| it.load = ("bad-setting".into(), "no ExecStart=".into())),
                Job::Restart,
                "LoadState=bad-setting, no ExecStart=",
                "see `systemd-analyze verify web.service`",
            ),
        ] {
            let said = judge(&shown, job).unwrap_err().to_string();
            let (found, fix) = said.rsplit_once("; ").unwrap();
            let begins = format!("web.service cannot be used: {property}");
            assert!(found.starts_with(&begins), "{said}");
            assert!(fix.ends_with(mend), "{said}");
        }
    }

    #[test]
    fn a_template_needs_an_instance() {
        let said = template("web@.service").unwrap().to_string();
        assert!(said.ends_with("`web@INSTANCE.service`"), "{said}");
        assert!(template("web@1.service").is_none());
        assert!(template("web.service").is_none());
        assert!(template("nothing").is_none());
    }
}
