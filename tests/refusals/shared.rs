//! A restart that takes down more than its app: the agent refuses it while the other app has users.

use super::*;
use std::os::unix::net::UnixStream;

/// Two backends, each with a line of this host and one that always serves. One process has both
/// ports.
const LINES: &str = "
global
  stats socket /run/lb.sock level user
  stats socket /run/admin.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  option redispatch
  default-server check inter 100ms fall 2 rise 2
frontend www
  bind 127.0.0.1:80
  default_backend srvs
backend srvs
  option httpchk GET /healthz
  server web1 127.0.0.1:1000 port 2000
  server web2 127.0.0.1:1001 port 1001
backend tls
  option httpchk GET /healthz
  server web1 127.0.0.1:1443 port 2443
  server web2 127.0.0.1:1001 port 1001
";

/// One app with both ports in the configuration, or also with the table of the other.
fn config(restarts: [&str; 2], second: bool) -> String {
    let table = |name: &str, [port, status]: [u16; 2], restart: &str| {
        format!(
            "[app.{name}]\nport = {port}\nstatus_port = {status}\nhealth = {{ http = \"/healthz\" }}\n\
             restart = {{ command = [\"touch\", \"/run/{restart}\"] }}\n"
        )
    };
    let http = table("http", [1000, 2000], restarts[0]);
    let https = table("https", [1443, 2443], restarts[1]);
    let rest = "[[haproxy]]\nsocket = \"/run/lb.sock\"\n[agent]\nstate_dir = \"/run/state\"\n";
    format!("{http}{}{rest}", if second { https } else { String::new() })
}

fn admin(command: &str) {
    let mut socket = UnixStream::connect("/run/admin.sock").unwrap();
    writeln!(socket, "{command}").unwrap();
    socket.read_to_string(&mut String::new()).unwrap();
}

fn restarted(config: &str) -> Ended {
    let ended = agent(config, &["restart", "http", "--json"]);
    ended.expect(0, "restarted, and back in rotation")
}

/// The doctor's point about it.
fn doctor(config: &str) -> Option<String> {
    let asked = agent(config, &["doctor", "http", "--json"]);
    let points = asked.json()["points"].as_array().unwrap().clone();
    let point = points
        .iter()
        .find(|point| point["check"] == "app-beside" && point["of"] == "http")?;
    Some(format!("{} {}", point["verdict"], point["found"]))
}

#[test]
fn a_restart_of_two_apps_is_refused() {
    if !inside("shared::a_restart_of_two_apps_is_refused") {
        return;
    }
    [1000, 1443, 1001].into_iter().for_each(app);
    let _haproxy = haproxy(LINES);
    let same = config(["both", "both"], true);
    let open = |name: &str| {
        agent(&same, &["open", name, "--json"]).expect(0, "open");
    };
    open("http");
    open("https");
    let says = "app https has the same restart command, touch /run/both (/run/lb.sock tls/web1 is UP); \
                run `agent close https` before this restart and `agent open https` after it";
    refused(&same, &["restart", "http"], 11, says);
    refused(&same, &["restart", "http", "--dry-run"], 11, says);
    assert!(!std::path::Path::new("/run/both").exists());
    let finding = doctor(&same).unwrap();
    assert!(
        finding.starts_with("\"error\"") && finding.contains("app https has"),
        "{finding}"
    );

    // The suggested fix.
    agent(&same, &["close", "https", "--json"]).expect(0, "closed");
    restarted(&same);
    let status = agent(&same, &["status", "https"]).out;
    assert!(
        status.contains("main gate 2443 -> 1443 is closed"),
        "{status}"
    );
    open("https");
    // Or `also_restarts` says so.
    let meant = same.replace("[app.http]", "[app.http]\nalso_restarts = [\"https\"]");
    let report = restarted(&meant).report();
    let says_so =
        |note: &String| note.ends_with("(/run/lb.sock tls/web1 is UP), as also_restarts allows");
    assert!(report.notices.iter().any(says_so), "{report:?}");
    assert!(doctor(&meant).unwrap().starts_with("\"ok\""));
    // Another restart and another process: the apps share nothing.
    let apart = config(["http", "https"], true);
    restarted(&apart);
    assert_eq!(doctor(&apart), None);
}

#[test]
fn a_restart_of_two_ports_is_refused() {
    if !inside("shared::a_restart_of_two_ports_is_refused") {
        return;
    }
    apps(&[1000, 1443]);
    app(1001);
    let _haproxy = haproxy(LINES);
    let both = config(["http", "https"], true);
    let one = config(["http", ""], false);
    for name in ["http", "https"] {
        agent(&both, &["open", name, "--json"]).expect(0, "open");
    }
    // With the table of the other, and without.
    let says = "app https has port 1443, which the same process serves, refusals-";
    refused(&both, &["restart", "http"], 11, says);
    let says = "/run/lb.sock tls/web1 sends users to port 1443, which the same process serves";
    refused(&one, &["restart", "http"], 11, says);
    assert!(doctor(&one).unwrap().starts_with("\"error\""));
    let meant = one.replace("[app.http]", "[app.http]\nalso_restarts = [\"tls/web1\"]");
    restarted(&meant);

    // An app that is out of rotation and has no requests loses nothing.
    admin("set server tls/web1 state maint");
    restarted(&one);
    assert_eq!(doctor(&one), None);
    admin("set server tls/web1 state ready");
    // Both lines of this name.
    wait_until_shown(&["web1"], "UP");
    refused(&one, &["restart", "http"], 11, says);
    agent(&both, &["close", "https", "--json"]).expect(0, "closed");
    restarted(&one);
}
