//! A host whose gates are held closed: a restart must say what becomes of the hold.

use super::*;
use nix::sys::signal::Signal;
use std::path::Path;

fn restarts() -> usize {
    let log = std::fs::read_to_string("/run/restarts").unwrap_or_default();
    log.lines().count()
}

/// GOOD, with a restart that counts.
fn counts() -> String {
    GOOD.replace(
        "[\"touch\", \"/run/restarted\"]",
        "[\"sh\", \"-c\", \"echo >>/run/restarts\"]",
    )
}

fn hold() -> String {
    std::fs::read_to_string("/run/state/web.closed").unwrap_or_default()
}

/// The hold in `status --json`.
fn shown() -> serde_json::Value {
    agent(&counts(), &["status", "--json"]).json()["apps"][0]["hold"].take()
}

/// The owner of the hold, and the operation that failed.
fn by() -> (String, Option<String>) {
    let hold = shown();
    let word = |key: &str| hold[key].as_str().map(str::to_owned);
    (word("by").unwrap_or_default(), word("failed"))
}

fn failed(by: &str, what: &str) -> (String, Option<String>) {
    (by.to_owned(), Some(what.to_owned()))
}

fn is_closed() -> bool {
    let status = agent(&counts(), &["status"]).out;
    status.contains("main gate 2000 -> 1000 is closed")
}

fn ends(arguments: &[&str], exit: i32, outcome: &str, says: &str) {
    let ended = agent(&counts(), &[arguments, &["--json"]].concat());
    let report = ended.report();
    assert_eq!(
        (ended.exit, report.outcome.as_str()),
        (exit, outcome),
        "{arguments:?}: {report:?}"
    );
    let text = format!("{}; {}", report.message, report.notices.join("; "));
    assert!(text.contains(says), "wanted {says:?} in {text}");
}

#[test]
fn a_restart_says_what_becomes_of_the_hold() {
    if !inside("held::a_restart_says_what_becomes_of_the_hold") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    // Without a hold the options have no effect.
    for flag in ["--reopen", "--stay-closed", "--skip-held"] {
        let back = "restarted, and back in rotation";
        ends(&["restart", flag], 0, "restarted", back);
    }
    assert_eq!(restarts(), 3);
    assert_eq!(shown(), serde_json::Value::Null);
    good(&["close", "--for", "2h", "--reason", "disk swap"]);
    let shows = shown();
    let words = ["by", "command", "reason"].map(|key| shows[key].as_str().expect("a word"));
    assert_eq!(words, ["operator", "agent close web", "disk swap"]);
    let moment = |key: &str| shows[key].as_u64().expect("a moment");
    let lasts = moment("until_unix_seconds") - moment("since_unix_seconds");
    assert!((7200..7260).contains(&lasts), "{shows}");
    let held = hold();
    let before = rules();
    for arguments in [&["restart"][..], &["restart", "--dry-run"]] {
        ends(arguments, 11, "refused", "Z: disk swap; a restart would");
        ends(
            arguments,
            11,
            "refused",
            "`agent restart web --stay-closed`",
        );
        ends(
            arguments,
            11,
            "refused",
            "held closed by `agent close web` by ",
        );
        ends(arguments, 11, "refused", ", until 2");
    }
    ends(&["restart", "--skip-held"], 0, "skipped", "Z: disk swap");
    assert_eq!((restarts(), hold()), (3, held.clone()));
    assert_eq!(rules(), before);

    let plan = agent(&counts(), &["restart", "--stay-closed", "--dry-run"]).out;
    assert!(
        plan.contains("healthy ") && !plan.contains(". open"),
        "{plan}"
    );
    assert_eq!((restarts(), hold()), (3, held.clone()));
    let stay = ["restart", "--stay-closed"];
    ends(
        &stay,
        0,
        "restarted_closed",
        "a hold keeps the gates closed",
    );
    assert_eq!((restarts(), hold(), is_closed()), (4, held.clone(), true));
    let history = agent(&counts(), &["history", "--json"]).out;
    assert!(history.contains("\"restarted_closed\""), "{history}");
    ends(
        &["recover", "web"],
        0,
        "nothing_to_do",
        "an operator closed the gates",
    );

    ends(
        &["restart", "--reopen"],
        0,
        "restarted",
        "this restart opens them",
    );
    assert_eq!((restarts(), hold(), is_closed()), (5, String::new(), false));
}

/// The agent dies after the restart, before the app is healthy: the hold remains.
#[test]
fn an_interrupted_restart_keeps_the_hold() {
    if !inside("held::an_interrupted_restart_keeps_the_hold") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    good(&["close", "--reason", "disk swap"]);
    let held = hold();
    let sick = counts().replace("/healthz\" }", "/healthz\", status = 404 }");
    for then in [&["recover", "web"][..], &["restart", "--stay-closed"]] {
        let before = restarts();
        std::fs::write("/run/sick.toml", &sick).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
        command.args(["restart", "--stay-closed", "--config", "/run/sick.toml"]);
        let running = Running::start("agent", &mut command);
        until("grep -qs healthy /run/state/web.json");
        running.interrupt(Signal::SIGKILL);
        running.wait();
        assert_eq!(restarts(), before + 1);
        let ended = agent(&counts(), &[then, &["--json"]].concat());
        let message = "a hold keeps the gates closed";
        let report = ended.expect(0, message).report();
        assert_eq!(report.outcome, "recovered");
        assert_eq!((restarts(), hold()), (before + 1, held.clone()));
        assert!(is_closed() && !Path::new("/run/state/web.json").exists());
    }
    // A sick app does not end the hold either, whatever the option of the restart.
    let quick = sick.replace("[app.web]", "[app.web]\ntimeouts = { healthy = \"1s\" }");
    let ended = agent(&quick, &["restart", "--stay-closed", "--json"]);
    let message = "is not healthy after the restart: 200 from GET /healthz, wanted 404; a hold keeps the gates closed";
    assert_eq!(ended.expect(15, message).report().outcome, "not_healthy");
    assert_eq!(hold(), held);
    let ended = agent(&quick, &["restart", "--reopen", "--json"]);
    assert_eq!(ended.expect(15, message).report().outcome, "not_healthy");
    assert_eq!((hold(), is_closed()), (held, true));
}

/// After a failed upgrade the hold must not end by itself. The operator's reason remains.
#[test]
fn a_failed_upgrade_keeps_the_hold() {
    if !inside("held::a_failed_upgrade_keeps_the_hold") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    good(&["close", "--for", "1h", "--reason", "disk swap"]);
    let held = hold();
    let fails = ["restart", "--stay-closed", "--with", "exit 3"];
    ends(&fails, 15, "upgrade_failed", "the gates stay closed");
    assert_eq!(by(), failed("operator", "upgrade"));
    assert_eq!(shown()["until_unix_seconds"], serde_json::Value::Null);
    let status = agent(&counts(), &["status"]).out;
    let message = "closed by `agent close web` by ";
    assert!(status.contains(message), "{status}");
    assert!(
        status.contains(": disk swap; then the upgrade failed"),
        "{status}"
    );
    assert!(!status.contains(", until "), "{status}");
    ends(&["restart"], 11, "refused", "; then the upgrade failed");
    // Nor does it end when the agent dies in the middle of an upgrade.
    std::fs::write("/run/agent.toml", counts()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    let lasts = "until [ -e /run/go ]; do sleep 0.02; done";
    command.args(["restart", "--stay-closed", "--with", lasts]);
    command.args(["--config", "/run/agent.toml"]);
    let running = Running::start("agent", &mut command);
    until("grep -qs 'upgrade\"' /run/state/web.json");
    running.interrupt(Signal::SIGKILL);
    running.wait();
    sh("touch /run/go");
    let halves = "an earlier upgrade was cut short, and its progress is unknown";
    ends(&["recover", "web"], 15, "upgrade_failed", halves);
    ends(
        &["restart"],
        11,
        "refused",
        ": disk swap; then an earlier upgrade",
    );
    assert!(is_closed());
    assert_eq!(by(), failed("operator", "upgrade_cut_short"));
    let skip = ["restart", "--skip-held"];
    ends(&skip, 0, "skipped", ": disk swap; then an earlier upgrade");
    let finish = ["restart", "--stay-closed", "--with", "true"];
    ends(&finish, 0, "restarted_closed", "stay closed");
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(parsed(&hold()), parsed(&held));
}

/// A hold after a failure is not an operator's: the next restart ends it.
#[test]
fn a_restart_ends_the_agents_own_hold() {
    if !inside("held::a_restart_ends_the_agents_own_hold") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    ends(
        &["restart", "--with", "exit 3"],
        15,
        "upgrade_failed",
        "stay closed",
    );
    assert_eq!(by(), failed("agent", "upgrade"));
    says_left_closed("upgrade");
    // A restart by a timer fails here, and restarts nothing.
    let held = hold();
    let skip = ["restart", "--skip-held"];
    let looks =
        "exited with 3, it printed nothing; --skip-held skips only what an operator or a unit";
    ends(&skip, 11, "refused", looks);
    assert_eq!((restarts(), hold(), is_closed()), (0, held, true));
    ends(&["restart"], 0, "restarted", "this restart opens them");
    // After a failed restart the next one ends the hold.
    let fails = counts().replace("echo >>/run/restarts", "exit 3");
    assert_eq!(agent(&fails, &["restart"]).exit, 15);
    assert!(hold().contains("the restart failed") && is_closed());
    assert_eq!(by(), failed("agent", "restart"));
    says_left_closed("restart");
    // Also a hold that an older agent has written.
    let mut older: serde_json::Value = serde_json::from_str(&hold()).unwrap();
    for key in ["failed", "operation", "user"] {
        assert!(
            older.as_object_mut().unwrap().remove(key).is_some(),
            "{key}"
        );
    }
    older["reason"] = "the restart failed".into();
    std::fs::write("/run/state/web.closed", older.to_string()).unwrap();
    let status = agent(&counts(), &["status"]).out;
    assert!(
        status.contains("left closed by the failed restart of `agent restart web`, since "),
        "{status}"
    );
    ends(&skip, 0, "restarted", "this restart opens them");
    assert_eq!((restarts(), hold(), is_closed()), (2, String::new(), false));

    // A stopped unit holds the gates, too. It opens them when it starts.
    let owner = ["--owner", "web.service"];
    good(&[&["close"][..], &owner].concat());
    assert_eq!(by(), ("unit".to_owned(), None));
    assert_eq!(shown()["unit"], "web.service");
    ends(
        &["restart"],
        11,
        "refused",
        ", for web.service; a restart would",
    );
    let stay = ["restart", "--stay-closed"];
    ends(
        &stay,
        11,
        "refused",
        "that unit opens them as soon as it starts",
    );
    ends(&["restart", "--skip-held"], 0, "skipped", "for web.service");
    let with_page = format!("{}{}", counts(), page_gone::PAGE);
    let on = ["maintenance", "on", "web"];
    refused(
        &with_page,
        &on,
        11,
        "start that unit, which opens the gates",
    );
    // From then on the operator's hold counts.
    ends(&["close"], 0, "closed", "now by an operator");
    ends(&stay, 0, "restarted_closed", "stay closed");
    ends(
        &[&["open"][..], &owner].concat(),
        0,
        "nothing_to_do",
        "left alone",
    );

    // A hold ends at its time.
    good(&["open"]);
    good(&["close", "--for", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let over = "; that hold is over, and this restart opens them";
    ends(&["restart"], 0, "restarted", over);
}

/// `agent status` fails, and names the operation that is in the history, its user and its reason.
fn says_left_closed(what: &str) {
    let id = shown()["operation"].as_str().expect("an id").to_owned();
    let status = agent(&counts(), &["status"]);
    let says =
        format!("web: trouble: left closed by the failed {what} {id} of root (the {what} failed");
    assert!(
        status.out.contains(&says),
        "wanted {says:?} in {}",
        status.out
    );
    let again = match what {
        "upgrade" => " (with the upgrade again)",
        _ => "",
    };
    let fix = format!("look at the app, then run `agent restart web`{again} or `agent open web`");
    assert!(
        status.out.contains(&fix) && status.exit == 1,
        "{}",
        status.out
    );
    let history = agent(&counts(), &["history", &id]).out;
    assert!(history.contains(&id), "{history}");
}

/// The words of `status` about closed gates without a hold.
#[test]
fn status_says_what_closed_the_gates() {
    if !inside("held::status_says_what_closed_the_gates") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    let says = |what: &str| {
        let status = agent(&counts(), &["status"]);
        assert_eq!(status.exit, 1, "{}", status.out);
        assert!(status.out.contains(what), "{}", status.out);
    };
    let opens = "`agent recover web` opens the gates once the app is healthy";
    let unexpectedly = format!("web: trouble: a gate was closed unexpectedly: {opens}");
    sh("iptables -t nat -F; ip6tables -t nat -F");
    says(&unexpectedly);
    // A restart that the app did not survive has no hold, but the history has it.
    good(&["open"]);
    let sick = counts().replace("/healthz\" }", "/healthz\", status = 404 }");
    let quick = sick.replace("[app.web]", "[app.web]\ntimeouts = { healthy = \"1s\" }");
    let id = agent(&quick, &["restart", "--json"]).json()["id"].take();
    says(&format!(
        "web: trouble: left closed by the failed restart {} of root (the app is not healthy after the \
         restart: 200 from GET /healthz, wanted 404, at 2",
        id.as_str().unwrap()
    ));
    says(&format!("Z): {opens}"));
    let answer = agent(&counts(), &["status", "--json"]).json();
    assert_eq!(answer["apps"][0]["left_closed_by"]["operation"], id);
    good(&["recover", "web"]);
    sh("iptables -t nat -F; ip6tables -t nat -F");
    says(&unexpectedly);
    // The state after a sidecar has taken the host out.
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let mark = serde_json::json!({"since": 1_795_262_400, "boot": boot.trim()}).to_string();
    std::fs::write("/run/state/web.stopped", &mark).unwrap();
    says(&format!(
        "web: trouble: the sidecar took this host out of rotation when it stopped, \
         at 2026-11-21T12:00:00Z: {opens}"
    ));
    // The next operation overwrites this. A later close is not the sidecar's.
    good(&["recover", "web"]);
    sh("iptables -t nat -F; ip6tables -t nat -F");
    says(&unexpectedly);
    std::fs::write("/run/state/web.stopped", &mark).unwrap();
    good(&["close", "--for", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    says("web: trouble: the gates were held closed by `agent close web` by ");
    says(&format!("; that hold is over: {opens}"));
}

#[test]
fn a_second_close_keeps_the_hold() {
    if !inside("held::a_second_close_keeps_the_hold") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    good(&["close", "--for", "2h", "--reason", "disk swap"]);
    let held = hold();
    let kept = "that hold stays";
    ends(&["close"], 0, "closed", kept);
    ends(&["close", "--reason", "disk swap"], 0, "closed", kept);
    let other = ["close", "--reason", "kernel"];
    ends(
        &other,
        11,
        "refused",
        ": disk swap; another --reason would replace",
    );
    ends(
        &["close", "--for", "1h"],
        11,
        "refused",
        "would end it earlier",
    );
    ends(
        &["close", "--for", "1h", "--dry-run"],
        11,
        "refused",
        "--replace",
    );
    assert_eq!((hold(), is_closed()), (held.clone(), true));

    let later = "that hold now ends at 2";
    ends(&["close", "--for", "3h"], 0, "closed", later);
    assert!(hold().contains("disk swap") && hold() != held, "{}", hold());
    let replaces = ["close", "--reason", "kernel", "--replace"];
    ends(
        &replaces,
        0,
        "closed",
        "this hold replaces the one by `agent close web`",
    );
    assert!(hold().contains("kernel") && !hold().contains("disk swap"));
    assert!(hold().contains("\"until\":null"), "{}", hold());
    ends(
        &["close", "--for", "9h"],
        11,
        "refused",
        "would end it earlier",
    );
}
