use super::*;
use crate::doctor::Verdict::{self, Error, Ok as Well, Unseen, Warning};
use crate::haproxy::AppPorts;

/// `web1-blue w1`: a main line, `bkp1-blue w1`: a twin. The place is that in the list.
fn targets(lines: &[&str]) -> Vec<(&'static str, Backend)> {
    let of = |target: &'static str, port: u16| {
        let own = lines.iter().enumerate();
        let own = own.filter(|(_, line)| line.contains(target));
        let ports = AppPorts {
            port,
            status_port: port + 1000,
            backup_status_port: Some(port + 2000),
            health_port: None,
        };
        let lines = own.map(|(at, line)| of_text(at, line, ports)).collect();
        let backend = Backend {
            of: "srvs".into(),
            lines,
            ports,
            hides_cookies: false,
            derives_cookies: false,
        };
        (target, backend)
    };
    vec![of("blue", 1000), of("green", 1001)]
}

fn of_text(at: usize, text: &str, ports: AppPorts) -> Line {
    let (name, cookie) = text.split_once(' ').unwrap_or((text, NONE));
    let is_main = name.starts_with("web");
    let host = name.bytes().find(u8::is_ascii_digit).map(char::from);
    Line {
        name: name.into(),
        is_main,
        at,
        host: host.map(|number| format!("10.0.0.1{number}")),
        cookie: Some(cookie.into()),
        checked: Some(ports.port + if is_main { 1000 } else { 2000 }),
        ..Line::default()
    }
}

fn wrong(targets: &[(&str, Backend)]) -> Vec<(&'static str, Verdict)> {
    let points = judge(targets).into_iter();
    let wrong = points.filter(|point| point.verdict != Well);
    wrong.map(|point| (point.check, point.verdict)).collect()
}

const PER_HOST: [&str; 4] = [
    "web1-blue w1",
    "web1-green w1",
    "bkp1-blue w1",
    "bkp1-green w1",
];

#[test]
#[rustfmt::skip]
fn the_lines_of_targets_fit_each_other() {
    for (lines, expected) in [
        (&PER_HOST[..], &[][..]),
        (&["web1-blue w1b", "web1-green w1g", "bkp1-blue w1b", "bkp1-green w1g"], &[]),
        (&["web1-blue", "web1-green"], &[]),
        (&["web1-blue w1", "web1-green w1", "web2-blue w2", "web2-green w2"], &[]),
        // The twin of blue keeps the users of w1.
        (&["web1-blue w1", "bkp1-blue w1", "web1-green w1", "bkp1-green w1"], &[("target-order", Error)]),
        // With a cookie for each target it has none of green's users, and no other host's.
        (&["web1-blue b", "bkp1-blue b", "web1-green g", "bkp1-green g"], &[]),
        (&["web1-blue w1", "web1-green w1", "bkp1-blue w1", "bkp1-green w1", "web2-blue w2", "web2-green w2"], &[]),
        (&["web1-blue w1", "web1-green"], &[("target-cookie", Error)]),
        (&["web1-blue w1", "web1-green w1", "web2-blue b", "web2-green g"], &[("target-cookie", Warning)]),
        (&["web1-blue w1", "web1-green w1", "bkp1-blue w1"], &[("target-twin", Warning)]),
    ] {
        assert_eq!(wrong(&targets(lines)), expected, "{lines:?}");
    }
}

#[test]
fn a_classic_twin_and_hidden_cookies_are_reported() {
    let mut classic = targets(&PER_HOST);
    classic[1].1.lines[1].checked = Some(1001);
    assert_eq!(wrong(&classic), [("target-twin", Warning)]);
    let mut hidden = targets(&PER_HOST);
    for (_, backend) in &mut hidden {
        backend.hides_cookies = true;
        backend.lines.iter_mut().for_each(|line| line.cookie = None);
    }
    assert_eq!(wrong(&hidden), [("target-cookie", Unseen)]);
    for (_, backend) in &mut hidden {
        backend.derives_cookies = true;
    }
    assert_eq!(wrong(&hidden), []);
}

#[test]
fn a_backend_of_one_target_has_no_such_point() {
    assert!(judge(&targets(&PER_HOST)[..1]).is_empty());
    assert!(judge(&[]).is_empty());
}
