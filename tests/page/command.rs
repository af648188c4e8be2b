//! `agent page` on the command line: one clear line for what is wrong, and the dry run.

use crate::{CONFIG, agent, page};
use lab::own_network::{inside, sh};

fn refused(config: &str, words: &[&str], exit: i32, says: &str) {
    let ended = agent(config, words);
    assert_eq!(
        (ended.exit, ended.out.as_str()),
        (exit, ""),
        "{}",
        ended.err
    );
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    assert!(ended.err.contains(says), "{says}: {}", ended.err);
}

#[test]
fn what_is_wrong_is_one_line() {
    if !inside("command::what_is_wrong_is_one_line") {
        return;
    }
    page();
    let without = CONFIG.replace("file = \"/run/page/m.html\"\n", "");
    let (before, rest) = CONFIG.split_once("[app.web.page]").unwrap();
    let (_, after) = rest.split_once("[[haproxy]]").unwrap();
    let none = format!("{before}[[haproxy]]{after}");
    let web = &["page", "web"];
    refused(
        &none,
        web,
        2,
        "app web has no page: that needs a table [app.web.page] in the configuration",
    );
    refused(
        &without,
        web,
        2,
        "[app.web.page] has no `file`: then your own server serves the page on port 1009; name a \
         file, if this agent is to serve it",
    );
    refused(
        CONFIG,
        &["page", "shop"],
        2,
        "no app \"shop\" in the configuration; it has web",
    );
    sh("printf '<p>\\n<img src=/logo.png>' >/run/page/bad.html");
    let bad = CONFIG.replace("m.html", "bad.html");
    let line = "/run/page/bad.html:2: src=\"/logo.png\": the page's server has no other file than \
                the page: put the file beside the page, and write logo.png";
    refused(&bad, web, 2, line);
    let gone = CONFIG.replace("m.html", "gone.html");
    refused(
        &gone,
        web,
        2,
        "/run/page/gone.html: no such file: write the page there",
    );
    // A user who may write the page could make root read any file.
    sh("chmod 666 /run/page/m.html");
    refused(CONFIG, web, 2, "fix: chmod go-w /run/page/m.html");
    sh("chmod 644 /run/page/m.html");
    let listener = std::net::TcpListener::bind("0.0.0.0:1009").unwrap();
    let owner = format!(
        "(pid {}) on 0.0.0.0:1009: stop that, or",
        std::process::id()
    );
    refused(CONFIG, web, 11, "web: port 1009 is taken by ");
    refused(CONFIG, web, 11, &owner);
    let json = agent(CONFIG, &["page", "web", "--json"]).json();
    assert_eq!(
        (&json["outcome"], &json["exit"]),
        (&"refused".into(), &11.into())
    );
    drop(listener);
    // The same file for a user without rights.
    sh("chmod 600 /run/page/logo.png && chmod 755 /run");
    let unreadable = "setpriv --reuid 65534 --regid 65534 --clear-groups AGENT page web --dry-run \
                      --config /run/agent.toml 2>&1 || true";
    let said = sh(&unreadable.replace("AGENT", env!("CARGO_BIN_EXE_agent")));
    let says = "as the page's server needs: run `chmod a+r /run/page/logo.png`\n";
    assert!(said.ends_with(says), "{said}");
}

#[test]
fn a_dry_run_prints_what_is_in_the_page() {
    if !inside("command::a_dry_run_prints_what_is_in_the_page") {
        return;
    }
    page();
    sh("printf '<script src=https://cdn.example/a.js></script>' >>/run/page/m.html");
    let ended = agent(CONFIG, &["page", "--dry-run"]);
    assert_eq!((ended.exit, ended.err.as_str()), (0, ""));
    let expected = "\
web: /run/page/m.html, 99 bytes with 1 file in it
  in the page: logo.png, 4 bytes
  fetched by each browser from there: https://cdn.example/a.js
web: would serve it on port 1009
a dry run: nothing was changed
";
    assert_eq!(ended.out, expected);
    let json = agent(CONFIG, &["page", "web", "--dry-run", "--json"]).json();
    assert_eq!(
        json["included"][0],
        serde_json::json!({"file": "logo.png", "bytes": 4})
    );
    assert_eq!((&json["bytes"], &json["port"]), (&99.into(), &1009.into()));
}
