//! A page that goes from the configuration while users meet it: the way back that the agent names.

use crate::{GOOD, HAPROXY, agent, app, haproxy, refused, rules};
use lab::own_network::{inside, sh};

pub(super) const PAGE: &str = "
[app.web.page]
port = 1009
status_port = 2009
";

/// The port of the app was parked on the page. It is not any more once the gates are open.
#[test]
fn users_meet_the_app_again() {
    if !inside("page_gone::users_meet_the_app_again") {
        return;
    }
    let line = "  server page1 127.0.0.1:1009 port 2009 backup\n";
    let _haproxy = haproxy(&format!("{HAPROXY}{line}"));
    app(1000);
    app(1009);
    let with_page = format!("{GOOD}{PAGE}");
    let does = |config: &str, words: &[&str]| {
        let ended = agent(config, words);
        assert_eq!(ended.exit, 0, "{words:?}: {}{}", ended.out, ended.err);
    };
    let parks = || rules().contains("--to-destination :1009");
    for verb in ["open", "recover"] {
        does(&with_page, &["open", "web"]);
        does(&with_page, &["maintenance", "on", "web"]);
        assert!(parks(), "{}", rules());
        if verb == "recover" {
            // Another process has opened the gates.
            let again = sh("iptables-save -t nat | grep PARK");
            does(GOOD, &["open", "web"]);
            put_back(&again);
            assert!(parks(), "{}", rules());
        }
        refused(GOOD, &["maintenance", "off", "web"], 2, "`agent open web`");
        if verb == "open" {
            let plan = agent(GOOD, &["restart", "web", "--reopen", "--dry-run"]);
            let shown = format!("{}{}", plan.out, plan.err);
            let said = "they stay closed, also with --reopen; `agent open web` opens them";
            assert!(shown.contains(said), "{shown}");
        }
        does(GOOD, &[verb, "web"]);
        assert!(!parks(), "{}", rules());
    }
}

/// The rules of parked ports, as they were.
fn put_back(rules: &str) {
    let lines = rules.lines().filter(|line| line.contains("--dport"));
    lines.for_each(|line| drop(sh(&format!("iptables -t nat {line}"))));
}
