//! `agent probe web/page`, before the page is needed.

use crate::{CONFIG, agent, page, serves};
use lab::own_network::inside;
use nix::sys::signal::Signal;
use std::io::{Read, Write};
use std::net::TcpListener;

fn fails(config: &str, says: &str) {
    let ended = agent(config, &["probe", "web/page"]);
    assert_eq!(ended.exit, 15, "{}{}", ended.out, ended.err);
    assert!(ended.err.contains(says), "{says}: {}", ended.err);
}

/// A server of the operator's own, which answers each request so.
fn own_server(answer: &'static str) {
    let listener = TcpListener::bind("127.0.0.1:1009").unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 2048];
            let read = stream.read(&mut head).unwrap_or(0);
            let is_check = head[..read].starts_with(b"GET /healthz");
            let status = if is_check { "200 OK" } else { answer };
            let text =
                format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
            let _ = stream.write_all(text.as_bytes());
        }
    });
}

#[test]
fn the_probe_asks_as_haproxy_and_a_user_do() {
    if !inside("probe::the_probe_asks_as_haproxy_and_a_user_do") {
        return;
    }
    page();
    fails(
        CONFIG,
        "web/page: it does not run: nothing listens on port 1009; `systemctl start \
         haproxy-gate-page@web` starts it\n",
    );
    let server = serves(CONFIG);
    let ended = agent(CONFIG, &["probe", "web/page"]);
    assert_eq!(ended.exit, 0, "{}", ended.err);
    for line in [
        "web/page: it runs, in ",
        "web/page: it is healthy at 127.0.0.1:1009, in ",
        "web/page: users get the page, in ",
        "web/page: it runs, is healthy and serves the page\n",
    ] {
        assert!(ended.out.contains(line), "{line}: {}", ended.out);
    }
    let json = agent(CONFIG, &["probe", "web/page", "--json"]).json();
    assert_eq!(
        (&json["target"], &json["steps"][2]["step"]),
        (&"page".into(), &"page".into())
    );
    // A page that the server has not read again.
    std::fs::write("/run/page/m.html", "new").unwrap();
    fails(
        CONFIG,
        "web/page: users do not get the page: it does not serve what the file has: run `systemctl \
         reload haproxy-gate-page@web`\n",
    );
    drop(server);
    let (before, rest) = CONFIG.split_once("[app.web.page]").unwrap();
    let (_, after) = rest.split_once("[[haproxy]]").unwrap();
    let none = agent(
        &format!("{before}[[haproxy]]{after}"),
        &["probe", "web/page"],
    );
    assert_eq!(none.exit, 2);
    assert!(
        none.err
            .contains("app web has no page: that needs a table [app.web.page]")
    );
}

#[test]
fn a_server_of_ones_own_sends_503_and_any_text() {
    if !inside("probe::a_server_of_ones_own_sends_503_and_any_text") {
        return;
    }
    let own = CONFIG.replace("file = \"/run/page/m.html\"\n", "");
    let line = "nothing listens on port 1009; without `file` in [app.web.page] that is a server of \
                your own: start it\n";
    fails(&own, line);
    own_server("503 Service Unavailable");
    let ended = agent(&own, &["probe", "web/page"]);
    assert_eq!(ended.exit, 0, "{}", ended.err);
}

#[test]
fn a_server_that_sends_200_to_users_is_no_page() {
    if !inside("probe::a_server_that_sends_200_to_users_is_no_page") {
        return;
    }
    page();
    own_server("200 OK");
    let line = "web/page: users do not get the page: 200 from GET /, wanted 503\n";
    fails(CONFIG, line);
}

/// HAProxy's check of the page's line is the app's, but without TLS. The page is no app.
#[test]
fn the_page_is_healthy_whatever_the_check_of_the_app_is() {
    if !inside("probe::the_page_is_healthy_whatever_the_check_of_the_app_is") {
        return;
    }
    page();
    for health in [
        r#"{ https = "/healthz", host = "shop.example", status = 204 }"#,
        r#"{ http = "/healthz", proxy = true }"#,
        r#"{ http = "/" }"#,
        r#"{ command = ["false"] }"#,
        "{ tcp = true }",
    ] {
        let config = CONFIG.replace(r#"{ http = "/healthz" }"#, health);
        let server = serves(&config);
        let ended = agent(&config, &["probe", "web/page"]);
        assert_eq!(ended.exit, 0, "{health}: {}", ended.err);
        server.interrupt(Signal::SIGTERM);
        let log = server.wait().err;
        let warns = "asks for /, so users get the page at / with 200, not 503";
        assert_eq!(log.contains(warns), health.contains("\"/\""), "{log}");
    }
}
