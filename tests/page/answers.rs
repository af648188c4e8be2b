//! What HAProxy, browsers and programs get.

use crate::{CONFIG, PAGE, SERVED, ask, page, rest, serves};
use haproxy_gate::restart::Verb;
use haproxy_gate::state::hold::{self, Hold, Until};
use haproxy_gate::state::invocation::Invocation;
use lab::own_network::inside;
use nix::sys::signal::Signal;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

#[test]
fn every_request_gets_the_page_and_the_health_check_200() {
    if !inside("answers::every_request_gets_the_page_and_the_health_check_200") {
        return;
    }
    page();
    let _server = serves(CONFIG);
    let length = format!("content-length: {}", SERVED.len());
    for method in ["GET", "POST", "DELETE", "OPTIONS", "BREW"] {
        let (head, body) = ask(&format!("{method} /any/path?x=1"), "accept: text/html\r\n");
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        assert_eq!(body, SERVED, "{method}");
        for line in [
            "retry-after: 90",
            "cache-control: no-store",
            "content-type: text/html; charset=utf-8",
            &length,
        ] {
            assert!(head.contains(line), "{line}: {head}");
        }
    }
    let (head, body) = ask("HEAD /", "");
    assert!(
        head.starts_with("HTTP/1.1 503 ") && head.contains(&length),
        "{head}"
    );
    assert_eq!(body, "");
    let (head, body) = ask("GET /api", "accept: application/json\r\n");
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert_eq!(body, "{\"error\":\"maintenance\",\"retry_after_s\":90}\n");
    for check in ["GET /healthz", "GET /healthz?x=1", "OPTIONS /healthz"] {
        let (head, body) = ask(check, "");
        assert!(
            head.starts_with("HTTP/1.1 200 ") && body == "ok\n",
            "{head}"
        );
        assert!(!head.contains("retry-after"), "{head}");
    }
    // A check of HAProxy has no host. In IPv4 and IPv6.
    for address in ["127.0.0.1:1009", "[::1]:1009"] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").unwrap();
        let answer = rest(stream);
        assert!(answer.starts_with("HTTP/1.0 200 "), "{address}: {answer}");
    }
}

#[test]
fn the_end_of_the_maintenance_is_when_to_come_back() {
    if !inside("answers::the_end_of_the_maintenance_is_when_to_come_back") {
        return;
    }
    page();
    let config = CONFIG.replace("[agent]", "[agent]\nhold_dir = \"/run/holds\"");
    let _server = serves(&config);
    let retry = || {
        let (head, _) = ask("GET /", "");
        let line = head
            .lines()
            .find_map(|line| line.strip_prefix("retry-after: "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let holds = Path::new("/run/holds");
    let declare = |lasts: Option<u64>| {
        let until = lasts.map(|lasts| Until::after(Duration::from_secs(lasts)));
        let maintenance = Hold {
            invocation: Invocation::new(Verb::MaintenanceOn, "web"),
            user: None,
            operation: None,
            owner: None,
            reason: None,
            until: until.map(Box::new),
            boot: String::new(),
            also: None,
            failed: None,
            before: None,
        };
        hold::set(holds, &maintenance).unwrap();
        retry()
    };
    assert_eq!(retry(), 90);
    assert!((590..=600).contains(&declare(Some(600))));
    // It is over, and the app is not back yet.
    assert_eq!(declare(Some(0)), 90);
    assert_eq!(declare(None), 90);
    // A torn record is no reason to serve no page.
    std::fs::write("/run/holds/web.closed", "{").unwrap();
    assert_eq!(retry(), 90);
}

#[test]
fn a_reload_serves_the_new_page_unless_it_has_an_error() {
    if !inside("answers::a_reload_serves_the_new_page_unless_it_has_an_error") {
        return;
    }
    page();
    let server = serves(CONFIG);
    let shown = || ask("GET /", "").1;
    // Without a reload the file may change.
    std::fs::write("/run/page/m.html", "new").unwrap();
    assert_eq!(shown(), SERVED);
    server.interrupt(Signal::SIGHUP);
    let new = || (shown() == "new").then_some(());
    lab::wait_for("the new page", Duration::from_secs(20), new);
    std::fs::write("/run/page/m.html", "<img src=../agent.toml>").unwrap();
    server.interrupt(Signal::SIGHUP);
    // The log has the fault, and the server goes on.
    server.wait_for_word("the old page stays");
    assert_eq!(shown(), "new");
    server.interrupt(Signal::SIGTERM);
    let ended = server.wait();
    assert_eq!(ended.exit, 0, "{}", ended.err);
    for line in [
        "INFO the page of web, /run/page/m.html, 53 bytes with 1 file in it, on 0.0.0.0:1009 and \
         [::]:1009",
        "INFO read again: /run/page/m.html, 3 bytes",
        "ERROR the old page stays: /run/page/m.html:1: src=\"../agent.toml\": no type is known",
    ] {
        assert!(ended.err.contains(line), "{line}: {}", ended.err);
    }
    // None for each request.
    assert_eq!(ended.err.lines().count(), 3, "{}", ended.err);
    assert_ne!(PAGE, SERVED);
}
