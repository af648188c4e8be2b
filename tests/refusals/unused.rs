//! The exit code of `agent status` where HAProxy sends no users although the gates are open.

use super::*;

fn set(line: &str, what: &str) {
    let mut socket = std::os::unix::net::UnixStream::connect("/run/admin.sock").unwrap();
    writeln!(socket, "set server {line} {what}").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.trim(), "", "{line} {what}");
}

fn ends(exit: i32, says: &str) -> serde_json::Value {
    let status = agent(GOOD, &["status"]);
    assert_eq!(status.exit, exit, "{}", status.out);
    assert!(
        status.out.contains(says),
        "wanted {says:?} in {}",
        status.out
    );
    let json = agent(GOOD, &["status", "--json"]);
    let mut answer = json.json();
    assert_eq!((json.exit, &answer["exit"]), (exit, &exit.into()));
    assert_eq!(answer["apps"][0]["well"], exit == 0, "{answer}");
    answer["apps"][0].take()
}

#[test]
fn status_fails_while_haproxy_sends_no_users() {
    if !inside("unused::status_fails_while_haproxy_sends_no_users") {
        return;
    }
    app(1000);
    app(1001);
    let admin = "/run/lb.sock level user\n  stats socket /run/admin.sock level admin";
    let _haproxy = haproxy(&HAPROXY.replace("/run/lb.sock level user", admin));
    good(&["open"]);
    ends(0, "srvs/web1 (main) UP");
    let trouble = |what: &str| format!("web: trouble: /run/lb.sock: srvs/web1 is {what}");
    for (state, word) in [("maint", "MAINT"), ("drain", "DRAIN")] {
        set("srvs/web1", &format!("state {state}"));
        let app = ends(
            1,
            &trouble(&format!("{word}, so HAProxy sends it no new users")),
        );
        let line = &app["unused"][0];
        let fields = ["line", "role", "state", "balancer"].map(|key| line[key].as_str().unwrap());
        assert_eq!(fields, ["srvs/web1", "main", state, "/run/lb.sock"]);
        set("srvs/web1", "state ready");
        wait_until_shown(&["web1"], "UP");
        ends(0, "srvs/web1 (main) UP");
    }
    set("srvs/web1", "weight 0");
    ends(
        1,
        &trouble("UP (weight 0), so HAProxy sends it no new users"),
    );
    set("srvs/web1", "weight 100%");
    // An operator of HAProxy may take out a twin. One whose check fails is a fault.
    set("srvs/bkp1", "state maint");
    ends(0, "srvs/bkp1 (twin) MAINT");
    set("srvs/bkp1", "state ready");
    sh("iptables -I INPUT -p tcp --dport 1000 -j REJECT --reject-with tcp-reset");
    wait_until_shown(&["web1", "bkp1"], "DOWN");
    let app = ends(1, &trouble("DOWN (L4CON), so"));
    let lines = app["unused"].as_array().unwrap();
    assert_eq!(lines.len(), 2, "{app}");
    // With the gates held closed that is as expected, and so is an app that is down.
    sh("iptables -D INPUT 1");
    wait_until_shown(&["web1", "bkp1"], "UP");
    good(&["close"]);
    sh("iptables -I INPUT -p tcp --dport 1000 -j REJECT --reject-with tcp-reset");
    let app = ends(0, "the app at 127.0.0.1:1000 is not healthy");
    assert_eq!(app["unused"], serde_json::json!([]));
    sh("iptables -D INPUT 1");
    good(&["open"]);
    // One of two balancers can't be seen.
    let two = format!("{GOOD}[[haproxy]]\nsocket = \"/run/no.sock\"\n");
    let status = agent(&two, &["status", "--json"]);
    let status = status.expect_exit(1).json();
    assert_eq!(status["apps"][0]["unused"], serde_json::json!([]));
}
