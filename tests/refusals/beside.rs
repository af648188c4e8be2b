//! The page and the marker of an app on the command line: what is shown of them, what a dry run says, and
//! a marker that is closed although a balancer can't be seen.

use crate::{GOOD, HAPROXY, agent, app, haproxy, refused, rules, wait_until_shown};
use lab::agent::Ended;
use lab::own_network::{inside, sh};
use nix::sys::signal::Signal;
use std::path::Path;

const PAGE: &str = "
[app.web.page]
port = 1009
status_port = 2009
[app.web.readonly]
status_port = 2010
gate_to = 1009
";

const LINES: &str = "  server page1 127.0.0.1:1009 port 2009 backup

backend readonly
  server ro1 127.0.0.1:2010 check inter 100ms fall 2 rise 2
";

const GONE: &str = "[[haproxy]]\nsocket = \"/run/gone.sock\"\n";

fn config(more: &str) -> String {
    format!("{GOOD}{PAGE}{more}")
}

/// Runs it, and returns what it prints.
fn does(config: &str, words: &[&str], exit: i32) -> Ended {
    let ended = agent(config, words);
    assert_eq!(ended.exit, exit, "{words:?}: {}{}", ended.out, ended.err);
    ended
}

fn says(text: &str, wanted: &str) {
    assert!(text.contains(wanted), "{wanted}: {text}");
}

/// HAProxy shows the page and the marker DOWN.
fn started() -> lab::agent::Running {
    let haproxy = haproxy(&format!("{HAPROXY}{LINES}"));
    app(1000);
    wait_until_shown(&["page1", "ro1"], "DOWN");
    does(GOOD, &["open", "web"], 0);
    haproxy
}

#[test]
fn the_status_of_the_page_and_the_marker_is_shown_alone() {
    if !inside("beside::the_status_of_the_page_and_the_marker_is_shown_alone") {
        return;
    }
    let _haproxy = started();
    let config = config("");
    let off = does(&config, &["maintenance", "status", "web"], 0).out;
    says(&off, "web: maintenance is off; the page does not answer (");
    says(&off, "\nweb: /run/lb.sock: srvs/page1 DOWN\n");
    let off = does(&config, &["readonly", "status"], 0).out;
    says(
        &off,
        "web: takes writes; the marker's gate is closed, UP on 0 of 1 balancer\n",
    );
    app(1009);
    let lasts = ["--for", "2h", "--reason", "a move"];
    for (verb, shows) in [
        ("maintenance", "web: users meet the page until 20"),
        ("readonly", "web: writes are refused until 20"),
    ] {
        let plan = does(
            &config,
            &[&[verb, "on", "--dry-run"], &lasts[..]].concat(),
            0,
        );
        let plan = format!("{}{}", plan.out, plan.err);
        let line = plan.lines().find(|line| line.starts_with(shows));
        assert!(
            line.is_some_and(|line| line.ends_with("Z: a move")),
            "{plan}"
        );
        let notice = "no sidecar runs on this host, and only a sidecar ends ";
        assert!(plan.contains(notice), "{plan}");
    }
    does(
        &config,
        &[&["readonly", "on", "web"], &lasts[..]].concat(),
        0,
    );
    let on = does(&config, &["readonly", "status", "web"], 0).out;
    says(&on, "web: read-only, since 20");
    says(
        &on,
        "Z: a move; the marker's gate is open, UP on 1 of 1 balancer\n",
    );
    says(&on, "\nweb: /run/lb.sock: readonly/ro1 UP\n");
    let json = does(&config, &["readonly", "status", "--json"], 0).json();
    let marker = &json["apps"][0]["readonly"];
    assert_eq!(marker["declared"]["reason"], "a move", "{json:#}");
    assert!(
        marker["declared"]["until_unix_seconds"].is_u64(),
        "{json:#}"
    );
    assert_eq!(marker["up_on"], 1, "{json:#}");
    let json = does(&config, &["maintenance", "status", "--json"], 0).json();
    let page = &json["apps"][0]["page"];
    assert_eq!(
        (&page["maintenance"], &page["answers"]),
        (&false.into(), &true.into())
    );
    // `agent status` has the same of it.
    let status = does(&config, &["status", "web", "--json"], 0).json();
    assert_eq!(status["apps"][0]["readonly"], *marker, "{status:#}");
}

/// A configuration error, not a refusal of this host.
#[test]
fn an_app_without_them_has_nothing_to_turn_on() {
    if !inside("beside::an_app_without_them_has_nothing_to_turn_on") {
        return;
    }
    for way in ["on", "off", "status"] {
        let page = "app web has no page: write [app.web.page]";
        refused(GOOD, &["maintenance", way, "web"], 2, page);
        let marker = "app web has no marker: write [app.web.readonly]";
        refused(GOOD, &["readonly", way, "web"], 2, marker);
    }
    let config = config("");
    let gate = "the marker web/readonly is a gate alone";
    refused(&config, &["probe", "web/readonly"], 2, gate);
    let all = "app web has no target \"red\"; a probe can ask web, web/page";
    refused(&config, &["probe", "web/red"], 2, all);
}

/// HAProxy's own check of the marker fails, also where the agent does not see it.
#[test]
fn a_balancer_that_is_gone_does_not_keep_writes_refused() {
    if !inside("beside::a_balancer_that_is_gone_does_not_keep_writes_refused") {
        return;
    }
    let haproxy = started();
    app(1009);
    let (alone, with_gone) = (config(""), config(GONE));
    let is_open = || rules().contains("web:readonly:main");
    let record = Path::new("/run/state/web.readonly");
    let held = Path::new("/var/lib/haproxy-gate/web.readonly");
    let is_recorded = || record.exists() || held.exists();
    let on = does(&with_gone, &["readonly", "on", "web", "--for", "2h"], 11);
    says(&on.err, "/run/gone.sock: can't connect");
    let fix =
        "agent readonly on web --for 2h --config /run/agent.toml --without-balancer /run/gone.sock";
    says(&on.err, fix);
    does(&alone, &["readonly", "on", "web"], 0);
    assert!(is_open() && is_recorded());
    let off = does(&with_gone, &["readonly", "off", "web", "--json"], 0).json();
    assert_eq!(off["outcome"], "writable", "{off:#}");
    let message = off["message"].as_str().unwrap();
    says(
        message,
        "on 1 of 2 balancers; not known: /run/gone.sock can't be seen: ",
    );
    assert!(!is_open() && !is_recorded());
    // Nothing is known, and the gate stays closed.
    does(&alone, &["readonly", "on", "web"], 0);
    haproxy.interrupt(Signal::SIGKILL);
    haproxy.wait();
    sh("rm -f /run/lb.sock");
    let off = does(&alone, &["readonly", "off", "web", "--json"], 1).json();
    assert_eq!(off["outcome"], "not_confirmed", "{off:#}");
    assert!(!is_open() && !is_recorded());
}

#[test]
fn each_reason_has_a_line_with_its_balancers() {
    if !inside("beside::each_reason_has_a_line_with_its_balancers") {
        return;
    }
    let _haproxy = started();
    let others = GONE.to_owned() + &GONE.replace("gone", "away");
    let config = config(&others).replace("status_port = 2009", "status_port = 2019");
    let ended = does(&config, &["maintenance", "on", "web"], 11);
    let lines: Vec<&str> = ended
        .err
        .lines()
        .filter(|line| line.contains("refused"))
        .collect();
    let both = "agent: web: refused: /run/gone.sock and /run/away.sock: can't connect: ";
    assert!(lines[0].starts_with(both), "{}", ended.err);
    assert!(
        lines[1].starts_with("agent: web: refused: web/page: /run/lb.sock: "),
        "{}",
        ended.err
    );
    assert_eq!(lines.len(), 2, "{}", ended.err);
    says(&ended.err, "\nagent: web: nothing was changed\n");
    says(
        &ended.err,
        "--without-balancer /run/gone.sock --without-balancer /run/away.sock",
    );
}
