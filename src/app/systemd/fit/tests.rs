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
        file_state: ("enabled".to_owned(), false),
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

const JOBS: [Job; 5] = [
    Job::Restart,
    Job::ReloadOrRestart,
    Job::Reload,
    Job::Start,
    Job::Stop,
];

/// UnitFileState, and whether another unit starts it.
fn of_file(state: &str, pulled_in: bool) -> Shown {
    with(|it| it.file_state = (state.to_owned(), pulled_in))
}

/// By job: restart, reload-or-restart, reload, start, stop; `x` refused, `n` with a notice, `-` nothing.
#[test]
fn what_each_job_needs() {
    let reloads = |it: &mut Shown| it.can_reload = true;
    for (case, shown, wanted) in [
        ("sound", sound(), "--x--"),
        ("with ExecReload=", with(reloads), "-----"),
        ("refuses a stop", with(|it| it.refuses_stop = true), "xxx-x"),
        (
            "refuses a start",
            with(|it| it.refuses_start = true),
            "xxxx-",
        ),
        ("can't be stopped", with(|it| it.can_stop = false), "xxx-x"),
        ("can't be started", with(|it| it.can_start = false), "xxxx-"),
        (
            "refuses both, and reloads",
            with(|it| {
                reloads(it);
                (it.refuses_stop, it.refuses_start) = (true, true);
                (it.can_stop, it.can_start) = (false, false);
            }),
            "x--xx",
        ),
        (
            "refuses a start, reloads, is down",
            with(|it| {
                reloads(it);
                is("inactive")(it);
                it.refuses_start = true;
            }),
            "xxxx-",
        ),
        ("is down", with(is("inactive")), "nnx--"),
        ("has failed", with(is("failed")), "nnx--"),
        ("comes up", with(is("activating")), "--x--"),
        (
            "comes up again and again",
            with(|it| {
                is("activating")(it);
                it.state.sub = "auto-restart".to_owned();
            }),
            "nnxnn",
        ),
        (
            "came up too often",
            with(|it| {
                is("failed")(it);
                it.state.result = Some("start-limit-hit".to_owned());
            }),
            "nnxnn",
        ),
        ("a file that changed", with(|it| it.stale = true), "nnxnn"),
        (
            "oneshot",
            with(|it| {
                is("inactive")(it);
                it.service = Some(("oneshot".to_owned(), false));
            }),
            "xxxx-",
        ),
        (
            "oneshot that remains",
            with(|it| it.service = Some(("oneshot".to_owned(), true))),
            "--x--",
        ),
        (
            "behind a socket",
            with(|it| it.sockets = vec!["web.socket (0.0.0.0:80)".to_owned()]),
            "nnx-n",
        ),
        (
            "a socket",
            with(|it| it.unit = "web.socket".into()),
            "xxxxx",
        ),
        ("a timer", with(|it| it.unit = "web.timer".into()), "xxxxx"),
        (
            "a target",
            with(|it| it.unit = "web.target".into()),
            "xxx-x",
        ),
        (
            "a target of others",
            with(|it| (it.unit, it.restarts_too) = ("web.target".into(), 1)),
            "--x--",
        ),
        (
            "masked",
            with(|it| it.load.0 = "masked".to_owned()),
            "xxxx-",
        ),
        (
            "not there",
            with(|it| it.load.0 = "not-found".to_owned()),
            "xxxx-",
        ),
        (
            "wrong",
            with(|it| it.load.0 = "bad-setting".to_owned()),
            "xxxx-",
        ),
        ("of no boot", of_file("static", false), "--xn-"),
        ("started by another", of_file("static", true), "--x--"),
        ("disabled", of_file("disabled", false), "--xn-"),
        ("made at run time", of_file("transient", false), "--x--"),
        (
            "masked, and down",
            with(|it| {
                is("inactive")(it);
                it.load.0 = "masked".to_owned();
            }),
            "xxxxx",
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
            with(|it| it.service = Some(("oneshot".to_owned(), false))),
            Job::Start,
            "Type=oneshot with RemainAfterExit=no",
            "in agent.toml `run = { start = [\"systemctl\", \"start\", \"web.service\"], stop = \
             [\"systemctl\", \"stop\", \"web.service\"] }`",
        ),
        (
            with(|it| it.refuses_stop = true),
            Job::Stop,
            "RefuseManualStop=yes, so systemd refuses to stop it",
            "write `RefuseManualStop=no` in `systemctl edit web.service`",
        ),
        (
            with(|it| it.unit = "web.target".to_owned()),
            Job::Stop,
            "no unit has PartOf=, Requires= or BindsTo= with it, so its stop stops nothing",
            "name the service that runs the app",
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
        let begins = format!("{} cannot be used: {property}", shown.unit);
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

#[test]
fn a_unit_that_no_boot_starts_is_named_with_the_fix() {
    for (state, wanted) in [
        (
            "static",
            "write `WantedBy=multi-user.target` below `[Install]` in its file, and run `systemctl \
             enable web.service`",
        ),
        ("disabled", "run `systemctl enable web.service`"),
    ] {
        let odd = judge(&of_file(state, false), Job::Start).unwrap().concat();
        let begins = format!("web.service: UnitFileState={state}, so no boot starts it, ");
        assert!(odd.starts_with(&begins), "{odd}");
        assert!(odd.ends_with(&format!("; {wanted}")), "{odd}");
    }
}
