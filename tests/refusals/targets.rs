//! An app with targets: which one each verb works on, and when the agent asks for its name.

use crate::{agent, app, haproxy, refused, rules, until};
use haproxy_gate::restart::switch::{SwitchPhase, Switching};
use haproxy_gate::restart::{PerGate, Phase, Verb, Version};
use haproxy_gate::state::caller::Origin;
use haproxy_gate::state::invocation::Invocation;
use haproxy_gate::state::journal::{Entry, Journal, Targets};
use haproxy_gate::state::lock::{Lock, Owner};
use lab::own_network::{inside, sh};
use std::fs;
use std::path::Path;

pub const TARGETS: &str = r#"[app.web]
min_available = 0
health = { http = "/healthz" }
verify = ["/run/verify"]

[app.web.target.blue]
port = 1000
status_port = 2000
run = { start = ["touch", "/run/blue"], stop = ["true"] }

[app.web.target.green]
port = 1001
status_port = 2001
run = { start = ["touch", "/run/green"], stop = ["true"] }

[[haproxy]]
socket = "/run/lb.sock"

[agent]
state_dir = "/run/state"
"#;

pub const HAPROXY: &str = "
global
  stats socket /run/lb.sock level user
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend www
  bind 127.0.0.1:80
  default_backend srvs
backend srvs
  option httpchk GET /healthz
  default-server check inter 100ms fall 2 rise 2
  server web1-blue 127.0.0.1:1000 port 2000
  server web1-green 127.0.0.1:1001 port 2001
";

const RECORD: &str = "/run/state/web.target";

/// The targets whose gates are open.
fn open() -> Vec<&'static str> {
    let rules = rules();
    let named = ["blue", "green"].into_iter();
    named
        .filter(|target| rules.contains(&format!("haproxy-gate:web:{target}:main")))
        .collect()
}

/// The target in the record.
fn recorded() -> Option<String> {
    let text = fs::read_to_string(RECORD).ok()?;
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    Some(record["current"].as_str().unwrap().to_owned())
}

pub fn does(words: &[&str]) {
    let ended = agent(TARGETS, words);
    assert_eq!(ended.exit, 0, "{words:?}: {}{}", ended.out, ended.err);
}

/// Stops the process that listens on the port.
fn stop(port: u16) {
    sh(&format!(
        "kill $(ss -Hltnp 'sport = :{port}' | sed 's/.*pid=\\([0-9]*\\).*/\\1/')"
    ));
    until(&format!("! ss -Hltn 'sport = :{port}' | grep -q ."));
}

#[test]
fn the_first_time_the_only_healthy_target_is_current() {
    if !inside("targets::the_first_time_the_only_healthy_target_is_current") {
        return;
    }
    let _haproxy = haproxy(HAPROXY);
    let none = "no target of web is current: blue does not run, green does not run; start one, \
                then run `agent open web --to TARGET`";
    for verb in ["restart", "close", "open", "recover"] {
        refused(TARGETS, &[verb, "web"], 11, none);
    }
    app(1001);
    does(&["open", "web", "--dry-run"]);
    assert_eq!((open(), recorded()), (vec![], None));
    does(&["open", "web"]);
    assert_eq!(
        (open(), recorded().as_deref()),
        (vec!["green"], Some("green"))
    );
    // It stays current while another target runs, too.
    app(1000);
    does(&["restart", "web"]);
    let restarted = ["blue", "green"].map(|name| Path::new("/run").join(name).exists());
    assert_eq!((open(), restarted), (vec!["green"], [false, true]));
    does(&["close", "web", "--reason", "disk"]);
    assert_eq!((open(), recorded().as_deref()), (vec![], Some("green")));
    does(&["open", "web"]);
    assert_eq!(open(), ["green"]);
    let status = agent(TARGETS, &["status", "--json"]).json();
    assert_eq!(status["apps"][0]["target"], "green", "{status}");
    assert_eq!(status["apps"][0]["health"]["address"], "127.0.0.1:1001");
}

#[test]
fn with_several_targets_the_agent_asks_which_one() {
    if !inside("targets::with_several_targets_the_agent_asks_which_one") {
        return;
    }
    let _haproxy = haproxy(HAPROXY);
    app(1000);
    app(1001);
    let several = "blue and green of web run and are healthy, and no gate of them is open: the \
                   agent does not know which one is current; run `agent open web --to blue` or \
                   `agent open web --to green`";
    for verb in ["restart", "close", "open", "recover"] {
        refused(TARGETS, &[verb, "web"], 11, several);
    }
    refused(
        TARGETS,
        &["open", "web", "--to", "red"],
        2,
        "app web has no target \"red\"; it has blue, green",
    );
    does(&["open", "web", "--to", "blue", "--dry-run"]);
    assert_eq!((open(), recorded()), (vec![], None));
    does(&["open", "web", "--to", "blue"]);
    assert_eq!(
        (open(), recorded().as_deref()),
        (vec!["blue"], Some("blue"))
    );
    let users = "the gates of web/blue are open, and it is healthy: it has the users of web; \
                 `agent switch web --to green` moves them";
    refused(TARGETS, &["open", "web", "--to", "green"], 11, users);
    // Without a record the open gate shows the current target, and the agent records it.
    fs::remove_file(RECORD).unwrap();
    does(&["close", "web"]);
    assert_eq!((open(), recorded().as_deref()), (vec![], Some("blue")));
    does(&["open", "web"]);
    // The emergency: the current target is down.
    stop(1000);
    does(&["open", "web", "--to", "green"]);
    assert_eq!(
        (open(), recorded().as_deref()),
        (vec!["green"], Some("green"))
    );
}

#[test]
fn a_record_that_does_not_fit_is_refused_with_what_to_write() {
    if !inside("targets::a_record_that_does_not_fit_is_refused_with_what_to_write") {
        return;
    }
    let _haproxy = haproxy(HAPROXY);
    app(1000);
    does(&["open", "web"]);
    let record = fs::read_to_string(RECORD).unwrap();
    let verbs = ["restart", "close", "open", "recover"];
    for (text, says) in [
        (
            record.replace("blue", "red"),
            "the configuration has no target red, which is recorded as the current one of web (it has blue and green): users may still be on red, and the agent moves no gate of web; write [app.web.target.red] again, then run `agent switch web`, or, if red is gone, run `agent open web --to blue` or `agent open web --to green`",
        ),
        (
            "{".to_owned(),
            "/run/state/web.target: EOF while parsing an object at line 1 column 1: the current target of web is unknown; fix or remove it, then run `agent open web --to TARGET`",
        ),
    ] {
        fs::write(RECORD, text).unwrap();
        for verb in verbs {
            refused(TARGETS, &[verb, "web"], 11, says);
        }
        does(&["open", "web", "--to", "blue"]);
        assert_eq!(
            (open(), recorded().as_deref()),
            (vec!["blue"], Some("blue"))
        );
    }
    refused(
        TARGETS,
        &["restart", "web/blue"],
        2,
        "no app \"web/blue\" in the configuration; it has web; name the app alone, web",
    );
    let without = crate::GOOD;
    let says = "app web has no targets: a target needs a table [app.web.target.blue]";
    refused(without, &["open", "web", "--to", "blue"], 2, says);
}

/// Another process has opened the gate of a target that the switch does not concern.
#[test]
fn a_third_target_with_an_open_gate_is_closed_first() {
    if !inside("targets::a_third_target_with_an_open_gate_is_closed_first") {
        return;
    }
    let red = "[app.web.target.red]\nport = 1002\nstatus_port = 2002\n\
               run = { start = [\"touch\", \"/run/red\"], stop = [\"echo\", \"red\"] }\n";
    let three = &TARGETS
        .replacen("stop = [\"true\"]", "stop = [\"echo\", \"blue\"]", 1)
        .replace("\n[[haproxy]]", &format!("\n{red}\n[[haproxy]]"));
    let lines = "  server web1-green 127.0.0.1:1001 port 2001\n";
    let more = format!("{lines}  server web1-red 127.0.0.1:1002 port 2002\n");
    let _haproxy = haproxy(&HAPROXY.replace(lines, &more));
    std::fs::write("/run/verify", "#!/bin/sh\n").unwrap();
    sh("chmod 755 /run/verify");
    app(1000);
    app(1002);
    let does = |words: &[&str]| {
        let ended = agent(three, words);
        assert_eq!(ended.exit, 0, "{words:?}: {}{}", ended.out, ended.err);
    };
    does(&["open", "web", "--to", "blue"]);
    let rule = "-p tcp --dport 2002 -j REDIRECT --to-ports 1002 -m comment --comment \
                haproxy-gate:web:red:main";
    sh(&format!("iptables -t nat -A HAPROXY-GATE {rule}"));
    let says = "the gates of web/red are not closed, although web/blue is current: run `agent \
                recover web` first, which closes them";
    for more in [&[][..], &["--dry-run"]] {
        let words = [&["switch", "web", "--to", "green"], more].concat();
        refused(three, &words, 11, says);
    }
    assert!(rules().contains("haproxy-gate:web:red:main"));
    does(&["recover", "web"]);
    assert!(
        !rules().contains("haproxy-gate:web:red:main"),
        "{}",
        rules()
    );
    does(&["switch", "web", "--to", "green", "--dry-run"]);
}

/// Only a recovery knows which of the two targets goes on.
#[test]
fn a_switch_that_was_cut_short_is_recovered_first() {
    if !inside("targets::a_switch_that_was_cut_short_is_recovered_first") {
        return;
    }
    let _haproxy = haproxy(HAPROXY);
    app(1000);
    does(&["open", "web"]);
    app(1001);
    let entry = Entry {
        invocation: Invocation::new(Verb::Switch, "web"),
        phase: Phase::Switch(SwitchPhase::Join),
        found_open: PerGate {
            main: true,
            twin: None,
        },
        instance: None,
        restarting: false,
        unsure: false,
        stays_closed: false,
        version: Version::Same,
        switch: Some(Targets {
            from: "blue".to_owned(),
            to: "green".to_owned(),
            switching: Switching::default(),
            keep_s: 0,
            ready_until_unix_s: None,
            hold: None,
        }),
        origin: Origin::default(),
        without_balancers: Vec::new(),
        ended: false,
    };
    drop(Journal::begin(Path::new("/run/state"), entry).unwrap());
    let says = "was cut short in phase join: run `agent recover web` first";
    for words in [
        &["restart", "web"][..],
        &["close", "web"],
        &["open", "web"],
        &["open", "web", "--to", "green"],
    ] {
        refused(TARGETS, words, 11, says);
    }
    assert_eq!(
        (open(), recorded().as_deref()),
        (vec!["blue"], Some("blue"))
    );
}

/// The unit of a target calls the agent as it stops, in a switch while the switch has the locks.
#[test]
fn the_unit_of_an_idle_target_moves_no_gate() {
    if !inside("targets::the_unit_of_an_idle_target_moves_no_gate") {
        return;
    }
    let _haproxy = haproxy(HAPROXY);
    app(1000);
    does(&["open", "web", "--to", "blue"]);
    let of_unit = |verb, target| {
        let owner = ["--owner", "unit", "--if-current", target];
        let ended = agent(
            TARGETS,
            &[[verb, "web"], [owner[0], owner[1]], [owner[2], owner[3]]].concat(),
        );
        assert_eq!(ended.exit, 0, "{}{}", ended.out, ended.err);
        ended.out + &ended.err
    };
    let lock = Lock::take(
        Path::new("/run/state/web.lock"),
        &Owner::new("a switch".to_owned()),
    );
    let said = of_unit("close", "green");
    assert!(said.contains("web/green is idle"), "{said}");
    drop(lock.expect("the app's lock"));
    of_unit("open", "green");
    assert_eq!(open(), ["blue"]);
    of_unit("close", "blue");
    assert_eq!(open(), Vec::<&str>::new());
    of_unit("open", "green");
    assert_eq!(open(), Vec::<&str>::new());
    of_unit("open", "blue");
    assert_eq!(open(), ["blue"]);
    refused(
        TARGETS,
        &["close", "web", "--owner", "unit", "--if-current", "red"],
        2,
        "app web has no target \"red\"; it has blue, green",
    );
    let alone = agent(TARGETS, &["close", "web", "--if-current", "blue"]);
    assert_eq!(alone.exit, 2, "{}", alone.err);
}
