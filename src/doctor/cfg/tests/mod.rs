//! Every check reports a broken text, and accepts a correct one.

use super::*;
use crate::doctor::Verdict::{self, Error, Ok, Warning};
use crate::haproxy::Role;
use crate::haproxy::{AppPorts, Own};
use std::time::Duration;

mod beside;
mod directed;
mod several;
mod sticky;
mod targets;
mod variables;

const TWO_STAGE: &str = include_str!("../../../../haproxy/two-stage.cfg");
const CLASSIC: &str = include_str!("../../../../haproxy/classic.cfg");
const SINGLE: &str = include_str!("../../../../haproxy/single.cfg");
const ONE_MACHINE: &str = include_str!("../../../../haproxy/one-machine.cfg");

const PORTS: AppPorts = AppPorts {
    port: 1000,
    status_port: 2000,
    backup_status_port: Some(3000),
    health_port: None,
};
const NO_OWN: AppPorts = AppPorts {
    backup_status_port: None,
    ..PORTS
};

/// An app with an HTTP health check.
const EXPECTED: Expected<'static> = Expected {
    app: "web",
    target: None,
    ports: PORTS,
    page: None,
    marker: None,
    shown: &Shown {
        page: None,
        marker: None,
    },
    lines: &[],
    servers: &[],
    http: Some("/healthz"),
    connects: false,
    https: false,
    proxy: false,
    master: false,
    out_of_rotation: Duration::from_secs(30),
    in_rotation: Duration::from_secs(60),
};

fn points(text: &str, ports: AppPorts, lines: &[Own]) -> Vec<Point> {
    let expected = Expected {
        ports,
        lines,
        ..EXPECTED
    };
    check(text, &[expected])
}

/// The verdict of a check in the two-stage layout.
fn verdict(text: &str, check: &str) -> Verdict {
    worst(&points(text, PORTS, &[]), check).0
}

fn fix(text: &str, ports: AppPorts, check: &str) -> String {
    let mut points = points(text, ports, &[]).into_iter();
    let fix = points.find_map(|point| point.fix.filter(|_| point.check == check));
    fix.unwrap_or_default().to_string()
}

/// The worst point of this check. Ok if it found nothing wrong.
fn worst(points: &[Point], check: &str) -> (Verdict, String) {
    let ours = points.iter().filter(|point| point.check == check);
    let Some(worst) = ours.max_by_key(|point| point.verdict) else {
        return (Ok, String::new());
    };
    assert_eq!(worst.fix.is_some(), worst.verdict >= Warning, "{worst:?}");
    (worst.verdict, worst.found.clone())
}

fn with(old: &str, new: &str) -> String {
    assert!(TWO_STAGE.contains(old), "{old}");
    TWO_STAGE.replace(old, new)
}

fn own(server: &str, role: Role) -> Own {
    Own {
        backend_id: 3,
        backend: "srvs".to_owned(),
        server_id: 1,
        server: server.to_owned(),
        role,
        address: None,
        check_address: None,
    }
}

#[test]
#[rustfmt::skip]
fn the_reference_files_are_all_ok() {
    let machine = |number: u16| AppPorts {
        port: 1000 + number,
        status_port: 2000 + number,
        backup_status_port: Some(3000 + number), health_port: None, };
    let ours = [own("web2", Role::Main), own("bkp2", Role::Twin)];
    for (text, ports, lines, counts) in [
        (TWO_STAGE, PORTS, &[][..], "backend srvs: 3 main and 3 backup lines"),
        (TWO_STAGE, PORTS, &ours, "backend srvs: 1 main and 1 backup lines"),
        (CLASSIC, NO_OWN, &[], "backend srvs: 3 main and 3 backup lines"),
        (SINGLE, NO_OWN, &[], "backend srvs: 3 main and 0 backup lines"),
        (ONE_MACHINE, machine(0), &[], "backend srvs: 1 main and 1 backup lines"),
        (ONE_MACHINE, machine(1), &ours, "backend srvs: 1 main and 1 backup lines"),
    ] {
        let points = points(text, ports, lines);
        let checks: Vec<_> = points.iter().map(|point| point.check).collect();
        let of_pairs: &[&str] = if text == SINGLE { &[] } else { &["twin-order"] };
        let same: &[&str] = if text == SINGLE { &[] } else { &["same-address", "same-cookie"] };
        assert_eq!(checks, [
            &["cfg-file", "cfg-backend", "twin"], of_pairs, &["backup"], same,
            &["same-port", "checks", "check-port", "fall"],
        ].concat());
        for point in &points {
            assert_eq!((point.verdict, &point.fix), (Ok, &None), "{point:?}");
        }
        assert_eq!(worst(&points, "cfg-backend"), (Ok, counts.to_owned()));
    }
}

/// The check, a text in two-stage.cfg and its replacement, the verdict and the finding.
type Row<'a> = (&'a str, &'a str, &'a str, Verdict, &'a str);

/// A check that is ok in one row is wrong in another: its name is one that there is.
fn fires(rows: &[Row<'_>]) {
    let wrong = |check: &str| rows.iter().any(|row| row.0 == check && row.3 != Ok);
    assert!(rows.iter().all(|row| wrong(row.0)));
    for (check, old, new, verdict, found) in rows {
        let points = points(&with(old, new), PORTS, &[]);
        let (judged, said) = worst(&points, check);
        assert_eq!(judged, *verdict, "{check}, {new:?}: {said}");
        assert!(said.contains(found), "{check}, {new:?}: {said}");
    }
}

#[test]
#[rustfmt::skip]
fn a_backend_is_checked() {
    fires(&[
        ("cfg-persist", "    no option persist\n", "    option persist\n", Error, "is on"),
        ("cfg-persist", "    option httplog\n", "    option persist\n", Ok, ""),
        ("cfg-persist", "    no option persist\n", "", Ok, ""),
        ("cfg-force-persist", "    retries 3\n", "    force-persist if { src 10.0.0.9 }\n", Warning, "force-persist"),
        ("cfg-redispatch", "    option redispatch\n", "", Error, "no option redispatch"),
        ("cfg-redispatch", "    option redispatch\n", "    no option redispatch\n", Error, "no option"),
        ("cfg-redispatch", "option redispatch\n", "option redispatch 0\n", Error, "0 switches it off"),
        ("cfg-redispatch", "option redispatch\n", "option redispatch 4\n", Error, "4, with 3 retries: there are not"),
        ("cfg-redispatch", "option redispatch\n", "option redispatch x\n", Error, "no number"),
        ("cfg-redispatch", "option redispatch\n", "option redispatch 1\n", Ok, ""),
        ("cfg-redispatch", "option redispatch\n", "option redispatch -2\n", Ok, ""),
        ("cfg-retries", "retries 3\n", "retries 0\n", Warning, "retries 0"),
        ("cfg-retries", "    retries 3\n", "", Ok, ""),
        ("cfg-allbackups", "    option allbackups\n", "", Warning, "no option allbackups"),
        ("cfg-timeout-check", "    timeout check 2s\n", "", Warning, "no timeout check"),
        ("cfg-timeout-check", "    timeout check 2s\n", "    timeout check 2x\n", Warning, "no timeout check"),
        ("cfg-check-kind", "    option httpchk GET /healthz\n", "", Warning, "by a TCP connect, though web has health by HTTP"),
        ("cfg-check-kind", "option httpchk GET /healthz\n", "option tcp-check\n", Warning, "by option tcp-check, though"),
        ("cfg-check-kind", "option httpchk GET /healthz\n", "option redis-check\n", Error, "does not answer Redis goes DOWN"),
        ("cfg-check-kind", "option httpchk GET /healthz\n", "option mysql-check user web\n", Error, "by option mysql-check"),
        ("cfg-check-kind", "option httpchk GET /healthz\n", "option ssl-hello-chk\n", Error, "does not answer TLS"),
        ("cfg-check-kind", "option httpchk GET /healthz\n", "option external-check\n", Ok, ""),
        ("cfg-http-reuse", "    retries 3\n", "    http-reuse never\n", Warning, "http-reuse never"),
        ("cfg-http-reuse", "    retries 3\n", "    http-reuse always\n", Ok, ""),
        ("cfg-cookie", "    cookie SRV insert indirect nocache httponly\n", "", Warning,
            "no cookie, though web1, web2, web3 and 3 more"),
        ("cfg-cookie", " cookie w1 ", " ", Warning, "cookie SRV, and web1, bkp1 have no value"),
    ]);
    let dynamic = with("nocache", "nocache dynamic").replace(" cookie w", " id 1");
    assert_eq!(verdict(&dynamic, "cfg-cookie"), Ok);
    let none = with("    cookie SRV insert", "    # ").replace(" cookie w", " id 1");
    assert_eq!(verdict(&none, "cfg-cookie"), Ok);
}

#[test]
#[rustfmt::skip]
fn lines_are_checked() {
    let default = "default-server check";
    fires(&[
        ("checks", default, "default-server", Error, "no check of its own: web1, web2, web3 and 3 more"),
        ("checks", "w2 port 2000", "w2 port 2000 no-check", Error, "no check of its own: web2"),
        ("checks", "w2 port 2000", "w2 port 2000 track other/web2", Error, "no check of its own: web2"),
        ("cfg-out", "w1 port 2000", "w1 port 2000 weight 0", Warning, "weight 0: web1"),
        ("cfg-out", "w1 port 2000", "w1 port 2000 disabled weight 0", Warning, "weight 0: web1; disabled: web1"),
        ("cfg-out", "w1 port 2000", "w1 port 2000 disabled", Warning, "disabled: web1"),
        ("check-port", "w1 port 2000", "w1", Error, "web1 checks the app itself"),
        ("check-port", "w1 port 2000", "w1 port 2009", Error, "web1 checks port 2009"),
        ("check-port", "w1 port 2000", "w1 port 2000 addr 10.0.0.9", Error, "web1 is checked at another address"),
        ("check-port", "w1 port 2000", "w1 port 2000 addr 10.0.0.11", Ok, "each line"),
        ("check-port", "w1 port 3000", "w1", Warning, "bkp1 checks the app itself, not port 3000"),
        ("check-port", "w1 port 3000", "w1 port 3009", Error, "bkp1 checks port 3009"),
        ("cfg-marked-down", default, "default-server on-marked-down shutdown-sessions check", Error, "sessions: web1, web2, web3 and 3 more"),
        ("cfg-marked-down", "w3 port 2000", "w3 port 2000 on-marked-down shutdown-sessions", Error, "sessions: web3"),
        ("cfg-marked-up", "w3 port 2000", "w3 port 2000 on-marked-up shutdown-backup-sessions", Error, "sessions: web3"),
        ("cfg-slowstart", "w3 port 2000", "w3 port 2000 slowstart 30s", Ok, ""),
        ("cfg-slowstart", "w3 port 2000", "w3 port 2000 slowstart 59649ms", Ok, ""),
        ("cfg-slowstart", "w3 port 2000", "w3 port 2000 slowstart 59650ms", Error, "slow start, 59.65 s: timeouts.in_rotation is 60 s, restarts end with 16"),
        ("cfg-slowstart", "w3 port 2000", "w3 port 2000 slowstart 40s downinter 20s", Error, "UP within 20.1 s"),
        ("cfg-rhythm", "inter 500ms", "inter 20s", Warning, "DOWN within 20.1 s, UP within 0.35 s"),
        ("cfg-rhythm", "inter 500ms", "inter 15s", Ok, ""),
        ("cfg-rhythm", "inter 500ms", "inter 29900ms", Error, "timeouts.out_of_rotation is 30 s, restarts end with 13"),
        ("cfg-rhythm", "inter 500ms", "inter 29899ms", Warning, "DOWN within 29.999 s"),
        ("cfg-rhythm", "downinter 250ms", "downinter 60s", Error, "timeouts.in_rotation is 60 s, restarts end with 16"),
        ("cfg-slowstart", "w3 port 2000", "w3 port 2000 slowstart 60s", Error, "slow start, 60 s: timeouts.in_rotation is 60 s"),
        ("fall", "fall 2", "fall 1", Warning, "fall 1: web1, web2, web3 and 3 more"),
    ]);
}

/// A check of another protocol, beside each kind of health.
#[test]
fn a_protocol_that_the_app_may_not_speak() {
    for (check, http, connects, https, verdict) in [
        ("pgsql-check", Some("/"), false, false, Error),
        ("pgsql-check", None, true, false, Verdict::Unseen),
        // A command may ask the app in any protocol.
        ("pgsql-check", None, false, false, Ok),
        ("smtpchk", Some("/"), false, true, Error),
        ("ssl-hello-chk", Some("/"), false, true, Ok),
        ("external-check", None, true, false, Ok),
    ] {
        let text = with(
            "option httpchk GET /healthz\n",
            &format!("option {check}\n"),
        );
        let expected = Expected {
            http,
            connects,
            https,
            ..EXPECTED
        };
        let points = super::check(&text, &[expected]);
        assert_eq!(
            worst(&points, "cfg-check-kind").0,
            verdict,
            "{check} {http:?}"
        );
    }
}

/// `port` and `addr` switch the layers below a check off, and some words switch them on again.
#[test]
#[rustfmt::skip]
fn checks_use_the_layers_of_the_app() {
    let default = "default-server check";
    let with = |words: &str| format!("{default} {words}").leak() as &str;
    let line = |words: &str| format!("w1 port 2000 {words}").leak() as &str;
    let http = "    option httpchk GET /healthz\n";
    let rule = |rule: &str| format!("{http}    http-check {rule}\n").leak() as &str;
    fires(&[
        ("cfg-check-ssl", default, with("ssl verify none"), Error, "`ssl` with `port` is checked in plain text, there is no `check-ssl`: web1, web2, web3 and 3 more"),
        ("cfg-check-ssl", default, with("ssl verify none check-ssl"), Ok, ""),
        ("cfg-check-ssl", default, with("ssl verify none check-ssl no-check-ssl"), Error, "`ssl` with `no-check-ssl` is checked in plain text"),
        ("cfg-check-ssl", default, with("ssl verify none no-ssl"), Ok, ""),
        ("cfg-check-ssl", "w1 port 2000", line("ssl"), Error, "there is no `check-ssl`: web1"),
        ("cfg-check-ssl", "w1 port 2000", "w1 addr 10.0.0.11 ssl", Error, "`ssl` with `addr` is checked in plain text"),
        ("cfg-check-ssl", "w1 port 2000", "w1 port \"$S\" ssl", Error, "`ssl` with `port` is checked"),
        ("cfg-check-ssl", "w1 port 2000", "w1 ssl", Ok, ""),
        ("cfg-check-ssl", "w1 port 2000", "w1 ssl no-check-ssl", Error, "`no-check-ssl`"),
        ("cfg-check-ssl", "w1 port 2000", line("check-ssl"), Error, "`check-ssl` without `ssl`, users come in plain text: web1"),
        ("cfg-check-ssl", "w1 port 2000", line("check-ssl ssl"), Ok, ""),
        ("cfg-check-send-proxy", default, with("send-proxy"), Error, "`send-proxy` with `port` is checked without a PROXY header, there is no `check-send-proxy`: web1, web2, web3 and 3 more"),
        ("cfg-check-send-proxy", "w1 port 2000", line("send-proxy-v2"), Error, "web1"),
        ("cfg-check-send-proxy", "w1 port 2000", line("send-proxy-v2-ssl"), Error, "web1"),
        ("cfg-check-send-proxy", "w1 port 2000", line("send-proxy-v2-ssl-cn"), Error, "web1"),
        ("cfg-check-send-proxy", "w1 port 2000", line("proxy-v2-options unique-id"), Error, "web1"),
        ("cfg-check-send-proxy", "w1 port 2000", line("send-proxy no-send-proxy"), Ok, ""),
        ("cfg-check-send-proxy", "w1 port 2000", line("send-proxy no-send-proxy-v2"), Error, "web1"),
        ("cfg-check-send-proxy", "w1 port 2000", line("send-proxy check-send-proxy"), Ok, ""),
        ("cfg-check-send-proxy", "w1 port 2000", line("send-proxy check-send-proxy no-check-send-proxy"), Error, "web1"),
        ("cfg-check-send-proxy", "w1 port 2000", "w1 send-proxy", Ok, ""),
        ("cfg-check-send-proxy", "w1 port 2000", line("check-send-proxy"), Warning, "`check-send-proxy` without `send-proxy`, users come without a PROXY header: web1"),
        ("cfg-check-sni", "w1 port 2000", line("ssl check-ssl sni str(a.example)"), Warning, "`sni` without `check-sni`: web1"),
        ("cfg-check-sni", "w1 port 2000", line("ssl check-ssl sni str(a.example) check-sni a.example"), Ok, ""),
        ("cfg-check-sni", "w1 port 2000", line("ssl sni str(a.example)"), Ok, ""),
        ("cfg-check-alpn", "w1 port 2000", line("ssl check-ssl alpn h2,http/1.1"), Warning, "`alpn` with h2 without `check-alpn`: web1"),
        ("cfg-check-alpn", "w1 port 2000", line("ssl check-ssl alpn h2 check-alpn http/1.1"), Ok, ""),
        ("cfg-check-alpn", "w1 port 2000", line("ssl check-ssl alpn http/1.1"), Ok, ""),
        ("cfg-check-ssl", http, rule("connect ssl"), Error, "`http-check connect ssl` without `ssl`"),
        ("cfg-check-send-proxy", http, rule("connect send-proxy"), Warning, "`http-check connect send-proxy` without `send-proxy`"),
        ("cfg-check-ssl", http, rule("connect default"), Ok, ""),
    ]);
}

/// The `connect` rules of a check decide its layers.
#[test]
#[rustfmt::skip]
fn rules_that_connect() {
    let text = |rules: &str, words: &str| {
        let text = with("    option httpchk GET /healthz\n", rules);
        text.replace("default-server check", &format!("default-server check {words}"))
    };
    let http = "    option httpchk\n    http-check ";
    let tcp = "    option tcp-check\n    tcp-check ";
    let send = "\n    tcp-check send x\n";
    for (rules, words, ssl, proxy) in [
        (format!("{http}connect\n"), "ssl check-ssl", Error, Ok),
        (format!("{http}connect\n"), "send-proxy check-send-proxy", Ok, Error),
        (format!("{http}connect ssl\n"), "ssl", Ok, Ok),
        (format!("{http}connect default\n"), "ssl", Error, Ok),
        (format!("{http}connect default send-proxy\n"), "send-proxy ssl check-ssl", Ok, Ok),
        // HAProxy ignores the rules of another kind of check.
        (format!("{http}expect status 200\n    tcp-check connect\n"), "ssl check-ssl", Ok, Ok),
        // A connect succeeds with any layer.
        (format!("{tcp}connect\n"), "ssl send-proxy", Warning, Warning),
        (format!("{tcp}connect default{send}"), "ssl send-proxy", Error, Error),
        (String::new(), "ssl send-proxy", Warning, Warning),
        ("    option external-check\n".to_owned(), "ssl send-proxy", Ok, Ok),
        ("    option ssl-hello-chk\n".to_owned(), "ssl send-proxy", Ok, Error),
        ("    option redis-check\n".to_owned(), "ssl send-proxy", Error, Error),
    ] {
        let points = points(&text(&rules, words), PORTS, &[]);
        let said = ["cfg-check-ssl", "cfg-check-send-proxy"].map(|check| worst(&points, check).0);
        assert_eq!(said, [ssl, proxy], "{rules} {words}: {points:#?}");
    }
    // The backend inherits rules of `defaults` until it has one of its own.
    let defaults = "defaults\n    option httpchk GET /\n    http-check connect ssl\n";
    let inherited = text("", "ssl verify none").replace("defaults\n", defaults);
    assert_eq!(verdict(&inherited, "cfg-check-ssl"), Error);
    let inherited = inherited.replace("    http-check expect status 200\n", "");
    assert_eq!(verdict(&inherited, "cfg-check-ssl"), Ok);
    let own = inherited.replace("backend srvs\n", "backend srvs\n    option httpchk GET /\n");
    assert_eq!(verdict(&own, "cfg-check-ssl"), Error);
}

/// The lines, `health` and `mode http` show which layers the app uses. HAProxy passes no layer on in
/// mode http, so the users need it too.
#[test]
#[rustfmt::skip]
fn the_layers_of_the_app_are_known() {
    let asked = Some("/healthz");
    for (mode, words, http, https, proxy, verdicts) in [
        ("mode http", "check-ssl", asked, true, false, [Error, Ok]),
        ("mode tcp", "", None, false, false, [Ok, Ok]),
        ("mode tcp", "check-ssl", None, false, false, [Ok, Ok]),
        ("mode tcp", "check-ssl", asked, false, false, [Error, Ok]),
        ("mode tcp", "check-ssl", asked, true, false, [Ok, Ok]),
        ("mode tcp", "", asked, true, false, [Error, Ok]),
        ("mode tcp", "", asked, true, true, [Error, Error]),
        ("mode tcp", "check-send-proxy", asked, false, true, [Ok, Ok]),
        ("mode tcp", "check-send-proxy", asked, false, false, [Ok, Warning]),
    ] {
        let text = with("mode http", mode).replace("httpchk GET /healthz", "redis-check");
        let text = text.replace("default-server check", &format!("default-server check {words}"));
        let points = check(&text, &[Expected { http, https, proxy, ..EXPECTED }]);
        let worst = ["cfg-check-ssl", "cfg-check-send-proxy"].map(|check| worst(&points, check));
        assert_eq!([worst[0].0, worst[1].0], verdicts, "{mode} {words} {http:?} {https} {proxy}");
        let users = "`check-ssl` without `ssl`, users come in plain text";
        assert_eq!(worst[0].1.contains(users), worst[0].0 == Error && !words.is_empty());
    }
}

/// The fix harms no other line, and it is sufficient.
#[test]
#[rustfmt::skip]
fn the_fix_of_a_check_that_speaks_otherwise() {
    let fix = |text: &str, check: &str| fix(text, PORTS, check);
    let all = with("default-server check", "default-server check ssl verify none send-proxy");
    for word in ["check-ssl", "check-send-proxy"] {
        let (check, line) = (format!("cfg-{word}"), format!("default-server {word}"));
        assert_eq!(fix(&all, &check), format!("in backend srvs, above its servers: {line}"));
        let fixed = all.replace("    server web1", &format!("    {line}\n    server web1"));
        assert_eq!(verdict(&fixed, &check), Ok);
    }
    let one = with("w1 port 2000", "w1 port 2000 ssl verify none sni str(a.example)");
    assert_eq!(fix(&one, "cfg-check-ssl"), "on the line of web1: check-ssl");
    let off = all.replace("w2 port 2000", "w2 port 2000 no-check-ssl");
    let both = "write `check-ssl` in place of `no-check-ssl` for web2; in backend srvs, above its servers: \
                default-server check-ssl";
    assert_eq!(fix(&off, "cfg-check-ssl"), both);
    let named = with("w1 port 2000", "w1 port 2000 ssl check-ssl sni str(a.example)");
    assert_eq!(fix(&named, "cfg-check-sni"), "on the line of web1: check-sni a.example");
}

#[test]
#[rustfmt::skip]
fn pairs_are_checked() {
    let twin = "    server bkp1 10.0.0.11:1000 cookie w1 port 3000 backup\n";
    let changed = |old: &str, new: &str| twin.replace(old, new).leak() as &str;
    let main = "    server web1 ";
    fires(&[
        ("twin", twin, "", Warning, "no twin: web1"),
        ("twin-order", main, format!("{twin}{main}").leak(), Error, "before its main line: bkp1"),
        ("backup", twin, changed(" backup", ""), Error, "a twin, and not marked `backup`: bkp1"),
        ("backup", "w1 port 2000", "w1 port 2000 backup", Error, "a main line, and marked `backup`: web1"),
        ("same-address", twin, changed("10.0.0.11", "10.0.0.19"), Error, "bkp1 has address 10.0.0.19, web1 has 10.0.0.11"),
        ("same-port", twin, changed(":1000", ":1009"), Error, "bkp1 sends its users to port 1009, the app has port 1000"),
        ("same-cookie", twin, changed("w1", "w9"), Error, "bkp1 has cookie w9, web1 has w1"),
        ("same-cookie", twin, changed("cookie w1", ""), Error, "bkp1 has cookie none, web1 has w1"),
        ("same-address", twin, changed("10.0.0.11", "ipv4@10.0.0.11"), Ok, "the same address"),
        ("same-address", twin, changed("10.0.0.11", "web1.example.org"), Warning, "bkp1 has address web1.example.org, web1 has 10.0.0.11: are they the same host?"),
        ("same-port", twin, changed("10.0.0.11:1000", "web1.example.org:1009"), Error, "bkp1 sends its users to port 1009"),
        ("twin", "    server web1 10.0.0.11:1000 cookie w1 port 2000\n", "", Warning, "no main line: bkp1"),
    ]);
    // The line to paste is the twin of the reference file.
    let fix = fix(&with(twin, changed("w1", "w9")), PORTS, "same-cookie");
    assert_eq!(fix, "server bkp1 10.0.0.11:1000 cookie w1 check port 3000 backup");
}

/// Its users come to the same app, whatever the gate does.
#[test]
fn a_backend_without_a_gate_beside_one_with_a_gate_is_found() {
    let of = |line: &str| {
        let text = format!("{TWO_STAGE}backend plain\n    {line}\n");
        let points = points(&text, PORTS, &[]).into_iter();
        let wrong = points.filter(|point| point.of == "plain" && point.verdict == Error);
        wrong.map(|point| point.check).collect::<Vec<_>>()
    };
    let found = |line: &str, check: &str| {
        let wrong = of(line);
        assert!(wrong.contains(&check), "{line}: {wrong:?}");
    };
    found("server web1 10.0.0.11:1000 check", "check-port");
    found("server web1 10.0.0.11:1000 track srvs/web1", "checks");
    for other in [
        "server a 10.0.0.11:1009 check",
        "server b 10.0.0.99:1000 check",
    ] {
        assert_eq!(of(other), [""; 0], "{other}");
    }
}

/// HAProxy reads one of the branches only.
#[test]
fn a_branch_that_haproxy_may_not_read_is_no_error() {
    let wrong = with("cookie w1 port 2000", "cookie w1");
    let branch = ".if defined(A)\n    retries 3\n.endif\n";
    let branched = wrong.replacen("    retries 3\n", branch, 1);
    let verdict = |text: &str| worst(&points(text, EXPECTED.ports, &[]), "check-port").0;
    assert_eq!((verdict(&wrong), verdict(&branched)), (Error, Warning));
    let sound = points(&with("    retries 3\n", branch), EXPECTED.ports, &[]);
    let seen = sound
        .iter()
        .filter(|point| point.check != "cfg-file" && point.verdict == Ok);
    assert_eq!(seen.collect::<Vec<_>>(), [] as [&Point; 0]);
}

#[test]
#[rustfmt::skip]
fn a_file_that_serves_another_app_or_can_not_be_read() {
    let other = AppPorts { port: 1, status_port: 2, backup_status_port: None, health_port: None, };
    let points_of = points(TWO_STAGE, other, &[]);
    let found = "no server line of this host is in it for web: none is on port 1 and checks 2";
    assert_eq!(worst(&points_of, "cfg-backend"), (Error, found.to_owned()));
    assert_eq!(points_of.len(), 2);
    for (text, empty) in [("", true), ("frontend f\n  bind :1\n", true), (TWO_STAGE, false)] {
        assert_eq!(is_empty(&[Text { name: "", text }]), empty, "{text}");
    }
    fires(&[
        ("cfg-file", "    retries 3\n", "    http-request set-path '/\n", Error, "line 44: a quote does not end"),
        ("cfg-if", "    retries 3\n", ".if defined(A)\n", Warning, "it has .if"),
        ("cfg-file", "3000 backup\n", "3000 backup", Error, "it was cut off, or its last line has no end"),
    ]);
}

#[test]
#[rustfmt::skip]
fn only_our_own_lines_count_if_haproxy_shows_them() {
    let sick = with("w2 port 2000", "w2 port 2000 on-marked-down shutdown-sessions no-check");
    for (main, twin, verdict) in [("web1", "bkp1", Ok), ("web2", "bkp2", Error)] {
        let points = points(&sick, PORTS, &[own(main, Role::Main), own(twin, Role::Twin)]);
        for check in ["checks", "cfg-marked-down"] {
            assert_eq!(worst(&points, check).0, verdict);
        }
    }
    let gone = [own("web1", Role::Main), own("web9", Role::Main)];
    let one = "HAProxy has srvs/web9, and this file has not";
    let all = "no server line of this host is in it for web: HAProxy has srvs/web9";
    for (text, lines, verdict, found) in [
        (TWO_STAGE, &gone[..], Warning, one),
        ("", &gone[1..], Error, all),
        // The ports show which lines are ours.
        (TWO_STAGE, &gone[1..], Warning, one),
    ] {
        assert_eq!(worst(&points(text, PORTS, lines), "cfg-backend"), (verdict, found.to_owned()));
    }
}

/// The second line of a host is its twin, even with errors.
#[test]
fn a_classic_twin_that_is_no_backup_is_a_twin() {
    let broken = CLASSIC.replace("cookie w2 backup", "cookie w2");
    let points = points(&broken, NO_OWN, &[]);
    let found = "a twin, and not marked `backup`: bkp2".to_owned();
    assert_eq!(worst(&points, "backup"), (Error, found));
    assert_eq!(worst(&points, "check-port").0, Ok);
}

/// No line checks a status port, so doctor looks at all backends with servers on the app's port.
#[test]
fn a_backend_without_gates_gets_the_missing_lines() {
    let plain = "backend a\n  mode http\n  option redispatch\n  server w1 10.0.0.1:1000 check\n";
    let points = points(plain, NO_OWN, &[]);
    assert_eq!(worst(&points, "check-port").0, Error);
    assert_eq!(worst(&points, "twin").0, Ok);
    assert_eq!(worst(&points, "cfg-allbackups").0, Ok);
    // With a cookie, however HAProxy gets it, users are sticky.
    let cookies = "  cookie S insert dynamic\n  dynamic-cookie-key k\n";
    for (line, cookie, twin) in [
        ("check cookie c1", "", " cookie c1"),
        ("check", cookies, ""),
    ] {
        let sticky = plain.replace("check", line) + cookie;
        let line = format!("server w1-twin 10.0.0.1:1000{twin} check backup");
        assert_eq!(fix(&sticky, NO_OWN, "twin"), line);
    }
}

#[test]
fn a_file_is_harmless_to_print() {
    let text = "backend \"a\\x1b[31m\"\n  server \"w\\nx\" 10.0.0.1:1000 check port 2000\n";
    for point in points(text, PORTS, &[]) {
        let fix = point.fix.unwrap_or_default();
        let all = format!("{} {} {fix}", point.of, point.found);
        assert!(!all.contains(char::is_control), "{all:?}");
    }
}

/// A `default-server check` overrides neither word.
#[test]
#[rustfmt::skip]
fn a_line_without_a_check_names_the_word_to_take_away() {
    for (default, words, said) in [
        ("check", "no-check", "on the line of web2: `check` in place of `no-check`"),
        ("check", "track o/a", "on the line of web2: `check` in place of `track`"),
        ("track o/a", "check", "on the line of web1, web2, web3 and 3 more: `check` in place of `track`"),
        ("no-backup", "check", "on the line of web1, web3, bkp1 and 2 more, or in default-server: `check`"),
    ] {
        let text = with("w2 port 2000", &format!("w2 port 2000 {words}"));
        let text = text.replace("default-server check", &format!("default-server {default}"));
        assert_eq!(verdict(&text, "checks"), Error);
        assert_eq!(fix(&text, PORTS, "checks"), said);
    }
}

#[test]
fn lines_that_can_not_be_read_are_one_point() {
    let text = with("    retries 3\n", &"    acl a path '/\n".repeat(5000));
    let points = points(&text, PORTS, &[]);
    let said = points.iter().filter(|point| point.check == "cfg-file");
    let said: Vec<_> = said.map(|point| point.found.as_str()).collect();
    let line = |n: usize| format!("line {n}: a quote does not end");
    let first = [44, 45, 46].map(line).join(", ");
    assert_eq!(said, [format!("{first} and 4997 more")]);
}

/// A variable of HAProxy's environment is no error.
#[test]
#[rustfmt::skip]
fn a_value_that_is_a_variable_is_only_named() {
    for (old, new, what) in [
        ("port 2000", "port \"$STATUS\"", "port of web1, port of web2, port of web3"),
        ("port 3000", "port \"${TWIN}\"", "port of bkp1, port of bkp2, port of bkp3"),
        ("bkp1 10.0.0.11:1000", "bkp1 \"${WEB1}:${PORT}\"", "address of bkp1"),
        ("web1 10.0.0.11", "web1 \"$WEB1\"", "address of web1"),
        ("cookie w1 port 2000", "cookie \"$W\" port 2000", "cookie of web1"),
        ("inter 500ms", "inter \"${T}\"", "inter of web1"),
        ("fall 2", "fall \"${T}\"", "fall of web1"),
        ("timeout check 2s", "timeout check \"${T}\"", " (timeout check)"),
        ("retries 3\n    option redispatch", "retries \"$R\"\n    option redispatch 5", " (retries)"),
        ("option redispatch", "option redispatch \"$N\"", " (option redispatch)"),
        // A literal `$`; and the last word counts.
        ("cookie w1 ", "cookie '$W' ", ""),
        ("w1 port 2000", "w1 port \"$S\" port 2000", ""),
    ] {
        let mut points = points(&with(old, new), PORTS, &[]);
        points.retain(|point| point.verdict != Ok);
        let found: String = points.iter().map(|point| format!("{} {}", point.check, point.found)).collect();
        assert_eq!(points.len(), usize::from(!what.is_empty()), "{new}: {found}");
        assert!(what.is_empty() || found.starts_with("cfg-variable the file does not set $"), "{new}: {found}");
        assert!(found.contains(what) && !found.contains(VARIABLE), "{new}: {found}");
    }
    // All lines use variables, so doctor can't know whether one is ours.
    let other = AppPorts { port: 7, status_port: 8, ..NO_OWN };
    let known = with("10.0.0.1", "\"$NET\"");
    for (text, verdict) in [(known.replace(":1000", ":\"$P\""), Warning), (known, Error)] {
        assert_eq!(worst(&points(&text, other, &[]), "cfg-backend").0, verdict);
    }
}

/// Ten thousand servers, and as many sections below a `defaults` of ten thousand lines.
#[test]
fn a_large_file_takes_no_time() {
    let began = std::time::Instant::now();
    let host = |n: usize| format!("10.{}.{}.{}", n / 65536, n / 256 % 256, n % 256);
    for (ports, check) in [(PORTS, "port 3000"), (NO_OWN, "")] {
        let mut text = "defaults a\n option redispatch\n timeout check 2s\n".to_owned();
        text += "backend b\n default-server check\n option allbackups\n cookie S insert\n";
        for n in 0..10_000 {
            text += &format!(" server w{n} {}:1000 cookie c{n} port 2000\n", host(n));
        }
        for n in (0..10_000).rev() {
            text += &format!(" server t{n} {}:1000 cookie c{n} {check} backup\n", host(n));
        }
        let points = points(&text, ports, &[]);
        let found = "backend b: 10000 main and 10000 backup lines";
        assert_eq!(worst(&points, "cfg-backend").1, found);
        assert_eq!(
            [worst(&points, "same-cookie").0, worst(&points, "twin").0],
            [Ok, Ok]
        );
    }
    let options = (0..10_000).map(|n| format!(" option o{n} x\n timeout t{n} 1\n"));
    let mut text = format!("defaults a\n{}", options.collect::<String>());
    for n in 0..10_000 {
        text += &format!("backend b{n} from a\n option x{n}\n");
    }
    assert_eq!(verdict(&text, "cfg-backend"), Error);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
}
