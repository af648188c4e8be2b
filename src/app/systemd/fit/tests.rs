//! Units with systemd's properties, against the needs of each job.

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
    for (case, shown, wanted) in [
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
        assert_eq!(String::from_iter(judged), wanted, "{case}");
    }
}

/// Each names the property, and the fix after the last semicolon.
#[test]
fn it_says_what_was_seen_and_what_to_write() {
    for (shown, job, property, wanted) in [
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
        assert!(fix.ends_with(wanted), "{said}");
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
