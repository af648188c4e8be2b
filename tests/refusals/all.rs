//! `--all`: one app after the other. A close takes all of them or none.

use crate::{GOOD, HAPROXY, agent, app, haproxy};
use lab::agent::Ended;
use lab::own_network::inside;
use std::path::Path;

/// Another app on the port of the second server.
const API: &str = "
[app.api]
min_available = 0
port = 1001
status_port = 2001
restart = { command = [\"true\"] }
timeouts = { out_of_rotation = \"1s\", drain = \"1s\" }
";

fn two() -> String {
    let two = GOOD.replace("[[haproxy]]", &format!("{API}[[haproxy]]"));
    two.replace("[app.web]\n", "[app.web]\nmin_available = 0\n")
}

/// HAProxy checks the status port of the other app, too.
fn checked() -> String {
    HAPROXY.replace("cookie w2 port 1001", "cookie w2 port 2001")
}

fn outcomes(ended: &Ended) -> Vec<String> {
    let object = ended.json();
    let apps = object["apps"].as_array().unwrap().iter();
    apps.map(|app| app["outcome"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_close_takes_all_apps_or_none_and_an_open_all_that_it_can() {
    if !inside("all::a_close_takes_all_apps_or_none_and_an_open_all_that_it_can") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    let two = two();
    for (verb, done) in [("open", "opened"), ("close", "planned"), ("open", "opened")] {
        let ended = agent(&two, &[verb, "--all", "--json"]);
        assert_eq!(ended.exit, 11, "{ended:?}");
        assert_eq!(ended.json()["verb"], verb);
        assert_eq!(outcomes(&ended), ["refused", done]);
        assert!(!Path::new("/run/state/web.closed").exists());
    }
    let ended = agent(&two, &["close", "--all"]);
    let says = "no app was closed, because 1 of 2 can't be closed now; to close the rest: `agent \
                close web`";
    assert!(ended.err.ends_with(&format!("{says}\n")), "{ended:?}");
    assert!(ended.err.contains("api: refused: "), "{ended:?}");
    let text = agent(&two, &["close", "--all", "--dry-run"]);
    assert!(
        text.err.contains("api") && text.out.contains("web"),
        "{text:?}"
    );
    // The unit of an app stops in any case.
    let unit = agent(
        &two,
        &["close", "--all", "--owner", "apps.service", "--json"],
    );
    let of_unit = outcomes(&unit);
    assert_eq!(of_unit[1], "closed", "{unit:?}");
    let without = agent(&two, &["close"]);
    assert!(without.err.contains("or --all"), "{without:?}");
}

#[test]
fn a_close_of_all_apps_says_how_to_undo_it() {
    if !inside("all::a_close_of_all_apps_says_how_to_undo_it") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(&checked());
    let two = two().replace("\"1s\"", "\"20s\"");
    agent(&two, &["open", "--all"]).expect_exit(0);
    let ended = agent(&two, &["close", "--all"]).expect_exit(0);
    let last: Vec<&str> = ended.out.lines().rev().take(3).collect();
    assert_eq!(last[0], "to undo it: `agent open --all`");
    assert!(last[1].starts_with("web: closed"), "{ended:?}");
    assert!(ended.out.contains("api: closed"), "{ended:?}");
    // Nothing more is closed, so there is nothing to undo.
    let again = agent(&two, &["close", "--all"]).expect_exit(0);
    assert!(!again.out.contains("undo"), "{again:?}");
    let opened = agent(&two, &["open", "--all", "--json"]).expect_exit(0);
    assert_eq!(outcomes(&opened), ["opened", "opened"]);
    // Only what it has closed itself.
    agent(&two, &["close", "api"]).expect_exit(0);
    let ended = agent(&two, &["close", "--all"]).expect_exit(0);
    assert!(
        ended.out.ends_with("to undo it: `agent open web`\n"),
        "{ended:?}"
    );
}

/// HAProxy does not see in time that the first gate is closed. The second app is not closed then.
#[test]
fn a_close_that_fails_on_the_way_leaves_the_rest_open() {
    if !inside("all::a_close_that_fails_on_the_way_leaves_the_rest_open") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(&checked().replace("inter 100ms", "inter 1s"));
    let two = two().replace("out_of_rotation = \"1s\"", "out_of_rotation = \"50ms\"");
    agent(&two, &["open", "--all"]).expect_exit(0);
    let ended = agent(&two, &["close", "--all", "--json"]).expect_exit(13);
    assert_eq!(outcomes(&ended), ["not_out_of_rotation"]);
    assert_eq!(ended.json()["not_tried"][0], "web");
    assert!(!Path::new("/run/state/web.closed").exists());
    agent(&two, &["open", "--all"]).expect_exit(0);
    let ended = agent(&two, &["close", "--all"]).expect_exit(13);
    let says = "web: not closed, because an app before it has failed";
    assert!(ended.err.contains(says), "{ended:?}");
}
