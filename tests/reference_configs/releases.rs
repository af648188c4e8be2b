//! `haproxy -c` accepts the reference configurations and all other printed ones, without a warning.
//! This holds for the installed HAProxy, and for those of other Debians from the root folders of
//! `scripts/debian-root`. `scripts/test` leaves a release out by its name here.

use std::fs;
use std::time::Duration;

use haproxy_gate::app::Proxy;
use haproxy_gate::config::{Settings, read};

use haproxy_gate::backend_config::{CookiePer, Host, Layout, Transport, Wanted, print};
use haproxy_gate::doctor::cfg::{Expected, Shown, check};
use haproxy_gate::doctor::{Point, Verdict};
use haproxy_gate::haproxy::{AppPorts, Mode};
use tempfile::TempDir;

use crate::file;
use crate::targets::takes_targets;
use lab::release::Release;

#[test]
fn installed() {
    takes_all(Release::Installed);
}

#[test]
fn debian_13() {
    takes_all(Release::Debian13);
}

#[test]
fn sid() {
    takes_all(Release::Sid);
}

fn takes_all(release: Release) {
    release.assert_is(&version(release));
    reads_all_words(release);
    for name in [
        "two-stage.cfg",
        "classic.cfg",
        "single.cfg",
        "one-machine.cfg",
        "blue-green.cfg",
        "maintenance.cfg",
    ] {
        takes(release, name, &fs::read_to_string(file(name)).unwrap());
    }
    takes_what_checks_speak(release);
    takes_targets(release);
    for health in HEALTH {
        takes_mode_tcp(release, health);
        for layout in [Layout::TwoStage, Layout::Classic, Layout::Single] {
            for whole in [true, false] {
                let text = printed(health, layout, whole, Transport::default());
                let text = if whole { text } else { below_others(&text) };
                if layout == Layout::TwoStage {
                    is_its_own(health, &text);
                }
                takes(release, &format!("{health} {layout:?} {whole}"), &text);
            }
        }
    }
}

const HEALTH: [&str; 7] = [
    r#"{ tcp = true }"#,
    r#"{ command = ["/usr/local/bin/check-web"] }"#,
    r#"{ http = "/healthz" }"#,
    r#"{ http = "/healthz", status = 204, timeout = "1500ms" }"#,
    r#"{ http = "/healthz", host = "www.example.org:8080" }"#,
    r#"{ http = "/a?b=c&d=%20#e", host = "%[a].example.org" }"#,
    r#"{ http = "/it's\"a\\$HOME{path}" }"#,
];

/// A whole configuration, and a section below `defaults` of mode http.
fn takes_mode_tcp(release: Release, health: &str) {
    let settings = settings(health);
    let hosts = Host::list("web1 10.0.0.11\nweb2 2001:db8::12\nweb3 ::1").unwrap();
    for layout in [Layout::TwoStage, Layout::Single] {
        for whole in [true, false] {
            let wanted = Wanted {
                app: &settings.apps[0],
                hosts: &hosts,
                layout: Some(layout),
                cookie_per: CookiePer::Host,
                mode: Mode::Tcp,
                backend: None,
                transport: Transport::default(),
                readonly: false,
                whole,
            };
            let text = print(&settings, &wanted).unwrap();
            // HAProxy warns of a cookie in `defaults` that it ignores in mode tcp.
            let below = below_others(&text).replace("  cookie S rewrite\n", "");
            let text = if whole { text } else { below };
            takes(release, &format!("tcp {health} {layout:?} {whole}"), &text);
        }
    }
}

/// Each release knows each word that a check needs, on main lines and on twins.
fn takes_what_checks_speak(release: Release) {
    let dir = TempDir::new().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key);
    let ca = dir.path().join("ca.pem");
    fs::write(&ca, certificate.unwrap().pem()).unwrap();
    for (health, transport) in [
        (
            r#"{ https = "/healthz", host = "www.example.org:8443" }"#,
            Transport {
                verify: ca.to_str(),
                ..Transport::default()
            },
        ),
        (
            r#"{ https = "/healthz", verify = false, proxy = true }"#,
            Transport {
                verify: Some("none"),
                sni: Some("a.example.org"),
                ..Transport::default()
            },
        ),
        (
            r#"{ command = ["/usr/local/bin/check-web"] }"#,
            Transport {
                ssl: true,
                verify: Some("none"),
                proxy: Some(Proxy::V2),
                ..Transport::default()
            },
        ),
        (
            r#"{ http = "/healthz", proxy = "v2" }"#,
            Transport::default(),
        ),
    ] {
        for layout in [Layout::TwoStage, Layout::Classic] {
            let text = printed(health, layout, false, transport);
            let text = below_others(&text);
            if layout == Layout::TwoStage {
                is_its_own(health, &text);
            }
            takes(release, &format!("{health} {layout:?}"), &text);
        }
    }
}

fn printed(health: &str, layout: Layout, whole: bool, transport: Transport<'_>) -> String {
    let settings = settings(health);
    let second = match layout {
        Layout::Single => "",
        Layout::Classic | Layout::TwoStage => "cookie=w2 twin=bkp2 # two",
    };
    let hosts = format!("web1 10.0.0.11\nweb2 2001:db8::12 {second}\n\nweb3 ::1");
    let hosts = Host::list(&hosts).unwrap();
    let wanted = Wanted {
        app: &settings.apps[0],
        hosts: &hosts,
        layout: Some(layout),
        cookie_per: CookiePer::Host,
        mode: Mode::Http,
        backend: None,
        transport,
        readonly: true,
        whole,
    };
    print(&settings, &wanted).unwrap()
}

fn settings(health: &str) -> Settings {
    let text = format!(
        r#"
        [app.web]
        port = 1000
        status_port = 2000
        backup_status_port = 3000
        health = {health}
        restart = {{ systemd = "web" }}
        [app.web.page]
        port = 1009
        status_port = 2009
        [app.web.readonly]
        status_port = 2010
        [[haproxy]]
        socket = "/run/haproxy/a socket.sock"
        [[haproxy]]
        socket = "tcp://[::1]:9999"
        [[haproxy]]
        socket = "tcp://127.0.0.1:9999"
        "#
    );
    read("agent.toml".as_ref(), &text).unwrap()
}

/// Puts a section into a configuration whose `defaults` would break it.
pub(crate) fn below_others(section: &str) -> String {
    format!(
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n  \
         retries 0\n  option persist\n  no option redispatch\n  cookie S rewrite\n  \
         option httpchk GET /other\n  http-check send hdr X y\n  http-check expect status 299\n\
         listen other\n  bind 127.0.0.1:81\n\n{section}"
    )
}

/// The section takes nothing from the `defaults` above it.
fn is_its_own(health: &str, text: &str) {
    let ports = AppPorts {
        port: 1000,
        status_port: 2000,
        backup_status_port: Some(3000),
        health_port: None,
    };
    let expected = Expected {
        app: "web",
        target: None,
        ports,
        page: None,
        marker: None,
        shown: &Shown::default(),
        lines: &[],
        servers: &[],
        http: health.contains("http").then_some("/healthz"),
        connects: false,
        https: health.contains("https"),
        proxy: health.contains("proxy"),
        master: true,
        out_of_rotation: Duration::from_secs(30),
        in_rotation: Duration::from_secs(60),
    };
    let points = check(text, &[expected]);
    let about_checks =
        |point: &&Point| point.verdict == Verdict::Error || point.check.starts_with("cfg-check-");
    assert_eq!(points.iter().find(about_checks), None, "{text}");
    let asks = ["tcp-check", "httpchk"][usize::from(health.contains("http"))];
    let section = &text[text.find("backend ").expect("a backend")..];
    assert!(section.contains(&format!("\n    option {asks}")), "{text}");
}

fn version(release: Release) -> String {
    let output = release.idle().arg("-v").output().expect("haproxy -v");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = said.strip_prefix("HAProxy version ");
    version.expect("HAProxy").to_owned()
}

/// `haproxy -c` succeeds without a warning.
pub(crate) fn takes(release: Release, name: &str, text: &str) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("haproxy.cfg");
    fs::write(&path, text).unwrap();
    let output = release.idle().arg("-c").arg("-f").arg(&path).output();
    let output = output.expect("haproxy is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{release:?}, {name}: {said}\n{text}"
    );
}

/// The agent knows the same server words with a value as `haproxy -dKall`: it never takes a value
/// for a word, nor a word for a value.
fn reads_all_words(release: Release) {
    let mut command = release.idle();
    let output = command
        .args(["-dKall", "-q", "-c", "-f", "/dev/null"])
        .output();
    let said = String::from_utf8(output.expect("haproxy is installed").stdout).unwrap();
    let mut tried = 0;
    for line in said.lines() {
        let line = line.trim().strip_prefix("server <name> <addr> ");
        let Some((word, values)) = line.map(|line| line.split_once(' ').unwrap_or((line, "")))
        else {
            continue;
        };
        // The word has a value behind parentheses, and another one behind the word that follows.
        if ["backup", "no-backup", "set-proxy-v2-tlv-fmt", "usesrc"].contains(&word) {
            continue;
        }
        let text = format!("backend b\n server w 10.0.0.1:1000 port 2000 {word} backup\n");
        let ports = AppPorts {
            port: 1000,
            status_port: 2000,
            backup_status_port: None,
            health_port: None,
        };
        let expected = Expected {
            app: "web",
            target: None,
            ports,
            page: None,
            marker: None,
            shown: &Shown::default(),
            lines: &[],
            servers: &[],
            http: None,
            connects: false,
            https: false,
            proxy: false,
            master: true,
            out_of_rotation: Duration::from_secs(30),
            in_rotation: Duration::from_secs(60),
        };
        let points = check(&text, &[expected]);
        let point = points.iter().find(|point| point.check == "backup");
        let backup = point.is_some_and(|point| point.verdict == Verdict::Error);
        assert_eq!(backup, values.is_empty(), "{release:?}: {word} {values}");
        tried += 1;
    }
    assert!(tried > 80, "{tried}: {said}");
}
