//! What the agent refuses, on a real host with a real HAProxy: one clear line with the place or the
//! failed thing, the exit code, and no change.

mod all;
mod beside;
mod clock;
mod earlier;
mod held;
mod other_users;
mod page_gone;
mod permissions;
mod printed;
mod probe;
mod sandbox;
mod shared;
mod shell;
mod state_dir;
mod targets;
mod unused;
mod windows;

use lab::agent::{Ended, Running};
use lab::own_network::{inside, sh};
use lab::stats;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const GOOD: &str = r#"[app.web]
port = 1000
status_port = 2000
backup_status_port = 3000
health = { http = "/healthz" }
restart = { command = ["touch", "/run/restarted"] }

[[haproxy]]
socket = "/run/lb.sock"

[agent]
state_dir = "/run/state"
"#;

const HAPROXY: &str = "
global
  stats socket /run/lb.sock level user
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  option redispatch
frontend www
  bind 127.0.0.1:80
  default_backend srvs
backend srvs
  cookie SRV insert indirect nocache
  option httpchk GET /healthz
  default-server check inter 100ms fall 2 rise 2
  server web1 127.0.0.1:1000 cookie w1 port 2000
  server web2 127.0.0.1:1001 cookie w2 port 1001
  server bkp1 127.0.0.1:1000 cookie w1 port 3000 backup
";

fn haproxy(config: &str) -> Running {
    std::fs::write("/run/haproxy.cfg", config).unwrap();
    // That of an earlier one.
    let _ = std::fs::remove_file("/run/lb.sock");
    let mut command = Command::new("haproxy");
    command.args(["-db", "-f", "/run/haproxy.cfg"]);
    let running = Running::start("haproxy", &mut command);
    until("[ -S /run/lb.sock ]");
    running
}

/// Waits until this shell condition holds.
fn until(condition: &str) {
    lab::wait_for(condition, Duration::from_secs(20), || {
        let sh = Command::new("sh").args(["-c", condition]).status();
        sh.expect("sh").success().then_some(())
    });
}

/// Waits until HAProxy shows all server lines of these names in this state.
fn wait_until_shown(names: &[&str], status: &str) {
    let what = format!("{names:?} to be {status}");
    lab::wait_for(&what, Duration::from_secs(20), || {
        let lines = stats::servers(Path::new("/run/lb.sock"));
        let mut ours = lines
            .iter()
            .filter(|line| names.contains(&line.get("svname")));
        ours.all(|line| line.status() == status).then_some(())
    });
}

/// Answers 200 to every request on `port`, in a process of its own: the agent takes two ports of
/// one process for one app. It ends with the test.
fn app(port: u16) {
    apps(&[port]);
}

/// The same with several ports in one process.
fn apps(ports: &[u16]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["serves", "--exact", "--ignored", "--nocapture"]);
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    command.env(SERVES, ports.join(" "));
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
    std::mem::forget(command.spawn().unwrap());
    for port in ports {
        until(&format!("ss -Hltn 'sport = :{port}' | grep -q ."));
    }
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const SERVES: &str = "HAPROXY_GATE_TEST_SERVES";

/// Not a test: the process of [`app`].
#[test]
#[ignore = "the process of an app"]
fn serves() {
    let ports = std::env::var(SERVES).unwrap();
    for port in ports.split(' ') {
        let listener = TcpListener::bind(("127.0.0.1", port.parse().unwrap())).unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 2048]);
                let _ = stream.write_all(ANSWER);
            }
        });
    }
    // The process that started it has the other end.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn agent(config: &str, arguments: &[&str]) -> Ended {
    std::fs::write("/run/agent.toml", config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command
        .args(arguments)
        .args(["--config", "/run/agent.toml"]);
    Running::start("agent", &mut command).wait()
}

/// The rules, both variants and families.
fn rules() -> String {
    sh("for i in iptables ip6tables; do for v in nft legacy; do $i-$v -t nat -S; done; done")
}

/// The agent refuses: this exit code, a line on stderr with these words, nothing on stdout. It
/// has changed no rule and restarted no app. With --json one object says the same.
fn refused(config: &str, arguments: &[&str], exit: i32, says: &str) {
    let before = rules();
    let ended = agent(config, arguments);
    assert_eq!(
        (ended.exit, ended.out.as_str()),
        (exit, ""),
        "{arguments:?}: {}",
        ended.err
    );
    // Below a mistake in the configuration there are the lines to write.
    let is_advised = exit == 2 && ended.err.contains("\nwrite in place of line ");
    // Each of several reasons has a line.
    let is_reason =
        |line: &str| line.contains(": refused: ") || line.ends_with(": nothing was changed");
    assert!(
        is_advised || ended.err.lines().count() == 1 || ended.err.lines().all(is_reason),
        "{}",
        ended.err
    );
    assert!(
        ended.err.contains(says),
        "wanted {says:?} in {:?}",
        ended.err
    );
    let json = agent(config, &[arguments, &["--json"]].concat());
    let object = json.json();
    assert_eq!(
        (json.exit, object["exit"].as_i64()),
        (exit, Some(i64::from(exit))),
        "{object}"
    );
    assert!(
        object["message"].as_str().unwrap().contains(says),
        "{object}"
    );
    assert_eq!(rules(), before);
    assert!(
        !std::path::Path::new("/run/restarted").exists(),
        "the app was restarted"
    );
}

fn good(arguments: &[&str]) -> Ended {
    let ended = agent(GOOD, arguments);
    assert_eq!(ended.exit, 0, "{arguments:?}: {}{}", ended.out, ended.err);
    ended
}

#[test]
fn a_configuration_error_has_its_place_and_what_to_write() {
    if !inside("a_configuration_error_has_its_place_and_what_to_write") {
        return;
    }
    let with = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replacen(from, to, 1)
    };
    let at = "/run/agent.toml";
    let restart: &[&str] = &["restart", "web"];
    for (config, place, what, write) in [
        (
            with("health =", "helth ="),
            "5:1",
            "app.web.helth is not known: did you mean `health`?",
            "write in place of line 5:\nhealth = ",
        ),
        (
            with("port = 1000", "port = \"x\""),
            "2:8",
            "app.web.port = \"x\": expected a whole number, not a text",
            "write in place of line 2:\nport = 1000\n",
        ),
        (
            with("= 3000", "= 2000"),
            "4:22",
            "app.web.backup_status_port = 2000: app.web.status_port has this port already",
            "write in place of line 4:\nbackup_status_port = 3000\n",
        ),
        (
            with("[app.web]", "[app.web"),
            "1:9",
            "`[app.web`: unclosed table, expected `]`",
            "write in place of line 1:\n[app.web]\n",
        ),
        (
            String::new(),
            "1:1",
            "no app: add [app.NAME]",
            "add at the end:\n[app.web]\nport = 1000\n",
        ),
    ] {
        let ended = agent(&config, restart);
        let (first, rest) = ended.err.split_once('\n').unwrap();
        let begin = format!("agent: {at}:{place}: {what}");
        assert!(first.starts_with(&begin), "{begin} in {first}");
        assert!(rest.starts_with(write), "{write} in {rest}");
        assert_eq!((ended.exit, ended.out.as_str()), (2, ""));
        let object = agent(&config, &[restart, &["--json"]].concat()).json();
        assert_eq!(object["message"], first.trim_start_matches("agent: "));
        let step = &object["steps"][0];
        assert_eq!(step["what"], rest.lines().next().unwrap());
        assert_eq!(step["lines"][0], rest.lines().nth(1).unwrap());
    }
    refused(
        GOOD,
        &["restart", "www"],
        2,
        "no app \"www\" in the configuration; it has web",
    );
    refused(
        GOOD,
        &["status", "--watch", "2s"],
        2,
        "no app \"2s\" in the configuration; it has web; did you mean `--watch=2s`?",
    );
    let blank: &[&str] = &["restart", "web", "--with", " "];
    let both: &[&str] = &["restart", "web", "--with", "true", "--without-upgrade"];
    let back: &[&str] = &["restart", "web", "--rollback", "true"];
    let named: &[&str] = &["close", "web", "--all"];
    for (words, what) in [
        (blank, "not blank"),
        (both, "cannot be used with"),
        (back, "app web has none: add --with CMD"),
        (named, "cannot be used with"),
    ] {
        let ended = agent(GOOD, &[words, &["--json"]].concat());
        let object = ended.json();
        assert_eq!(
            (ended.exit, &object["outcome"]),
            (2, &"usage".into()),
            "{object}"
        );
        assert!(ended.err.contains(what), "{}", ended.err);
    }
    std::fs::remove_file(at).unwrap();
    let missing = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["status", "--config", at])
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(2));
    let err = String::from_utf8(missing.stderr).unwrap();
    assert_eq!(
        err,
        format!(
            "agent: {at}: no such file: copy agent.toml.example (in the source: haproxy/agent.toml) \
             there and edit it, or name another file with --config (`man agent.toml`)\n"
        )
    );
    let doctor = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["doctor", "--json", "--config", at])
        .output()
        .unwrap();
    let object: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let point = &object["points"][0];
    assert_eq!(point["found"], format!("configuration: {at}: no such file"));
    let fix = point["fix"].as_str().unwrap();
    assert!(fix.starts_with("copy agent.toml.example"), "{fix}");
    assert!(!std::path::Path::new("/run/state").exists());
}

#[test]
fn a_haproxy_without_an_answer_or_our_lines_is_refused() {
    if !inside("a_haproxy_without_an_answer_or_our_lines_is_refused") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    let restart: &[&str] = &["restart", "web"];
    let socket = |socket: &str| GOOD.replace("/run/lb.sock", socket);
    refused(
        &socket("/run/no.sock"),
        restart,
        11,
        "/run/no.sock: can't connect: No such file",
    );
    refused(
        &socket("tcp://127.0.0.1:9"),
        restart,
        11,
        "tcp://127.0.0.1:9: can't connect: Connection refused",
    );
    let denying = UnixListener::bind("/run/deny.sock").unwrap();
    std::thread::spawn(move || {
        for mut stream in denying.incoming().flatten() {
            let _ = stream.read(&mut [0; 2048]);
            let _ = stream.write_all(b"Permission denied\n\n");
        }
    });
    refused(
        &socket("/run/deny.sock"),
        restart,
        11,
        "permission denied for `show info`: the socket needs `level user`",
    );
    let elsewhere = GOOD.replace("port = 1000", "port = 1234");
    refused(
        &elsewhere,
        restart,
        11,
        "no server line of this host has port 1234 (there are srvs/web1:1000",
    );
    let other_check = GOOD.replace("= 3000", "= 3333");
    refused(
        &other_check,
        restart,
        11,
        "srvs/bkp1 checks port 3000, but no gate of this app redirects that port",
    );
    let named = GOOD.replace("[agent]", "backend = \"srvs\"\nmain = \"web9\"\n[agent]");
    refused(&named, restart, 11, "no server srvs/web9");
    refused(
        &socket("/run/no.sock"),
        &["open", "web"],
        11,
        "/run/no.sock: can't connect",
    );
    let no_check = GOOD.replace("{ http = \"/healthz\" }", "{ command = [\"/nope/check\"] }");
    refused(&no_check, restart, 11, "/nope/check");
    let no_program = GOOD.replace("\"touch\"", "\"tuch\"");
    refused(&no_program, restart, 11, "tuch");
    let upgraded = |change: &str| GOOD.replace("restart =", &format!("{change}\nrestart ="));
    let nope = "upgrade = [\"/nope/upgrade\"]";
    let no_way_back = "upgrade = [\"true\"]\nrollback = [\"/nope/rollback\"]";
    let missing =
        |what: &str| format!("{what}: cannot run /nope/{what}: no such file or directory");
    refused(&upgraded(nope), restart, 11, &missing("upgrade"));
    refused(&upgraded(no_way_back), restart, 11, &missing("rollback"));
    let with: &[&str] = &["restart", "web", "--with", "true"];
    let rollback = upgraded("rollback = [\"/nope/rollback\"]");
    refused(&rollback, with, 11, &missing("rollback"));
}

#[test]
fn foreign_rules_listeners_and_a_floor_are_refused() {
    if !inside("foreign_rules_listeners_and_a_floor_are_refused") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    let restart: &[&str] = &["restart", "web"];
    let foreign = "-p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000";
    for program in ["iptables-nft", "iptables-legacy"] {
        sh(&format!("{program} -t nat -A PREROUTING {foreign}"));
        refused(
            GOOD,
            restart,
            11,
            &format!("remove it with: {program} -t nat -D PREROUTING {foreign}"),
        );
        sh(&format!("{program} -t nat -D PREROUTING {foreign}"));
    }
    // iptables does not show a native rule, and it catches the check all the same.
    sh("nft add table inet mine");
    sh("nft 'add chain inet mine pre { type nat hook prerouting priority -110; }'");
    sh("nft add rule inet mine pre tcp dport 2000 redirect to :1000");
    for verb in ["restart", "close"] {
        let says = "`nft rule inet mine pre handle 2: tcp dport 2000 redirect to :1000`; remove it with: \
                    nft delete rule inet mine pre handle 2";
        refused(GOOD, &[verb, "web"], 11, says);
    }
    sh("nft flush chain inet mine pre");
    // One with a condition may not: HAProxy shows whether it does.
    sh("nft add rule inet mine pre iifname eth7 tcp dport 2000 redirect to :1000");
    let planned = agent(GOOD, &["restart", "web", "--dry-run"]);
    assert_eq!(planned.exit, 0, "{}", planned.err);
    sh("nft delete table inet mine");
    let listener = TcpListener::bind("127.0.0.1:2000").unwrap();
    refused(
        GOOD,
        restart,
        11,
        "answers on the status port 2000: stop it",
    );
    drop(listener);
    good(&["open"]);
    let floor = GOOD.replace(
        "status_port = 2000",
        "status_port = 2000\nmin_available = 2",
    );
    refused(
        &floor,
        restart,
        12,
        "backend srvs has 1 other usable servers, min_available is 2",
    );
    let plan = good(&["restart", "--dry-run"]).out;
    for line in [
        "1. claim",
        "2. close",
        "iptables-nft -t nat -D HAPROXY-GATE",
        "-A HAPROXY-GATE",
        "srvs/web1 (main) UP",
    ] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    assert!(!std::path::Path::new("/run/restarted").exists());
    let status = good(&["status", "--json"]).json();
    assert_eq!(
        status["apps"][0]["gates"][0]["position"], "open",
        "{status}"
    );
}

#[test]
fn a_second_operation_is_refused_and_names_the_first() {
    if !inside("a_second_operation_is_refused_and_names_the_first") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    std::fs::write("/run/slow.toml", waits_for_go()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.args(["restart", "--config", "/run/slow.toml"]);
    let first = Running::start("agent", &mut command);
    until("[ -s /run/state/web.json ]");
    let owner = format!(
        "another operation is under way on this host: `agent restart web`, pid {}",
        first.pid()
    );
    let second = agent(GOOD, &["restart", "web"]);
    assert_eq!(second.exit, 10, "{}", second.err);
    assert!(second.err.contains(&owner), "{}", second.err);
    assert_eq!(agent(GOOD, &["close", "--dry-run"]).exit, 10);
    assert!(
        good(&["status"])
            .out
            .contains("under way: `agent restart web`")
    );
    sh("touch /run/go");
    first.wait().expect_exit(0);
}

/// GOOD, with a restart that ends once the test has written `/run/go`.
fn waits_for_go() -> String {
    let line = "until [ -e /run/go ]; do sleep 0.02; done; touch /run/restarted";
    let argv = format!("[\"sh\", \"-c\", \"{line}\"]");
    GOOD.replace("[\"touch\", \"/run/restarted\"]", &argv)
}

/// A closed stdout or stderr must not stop a restart half way.
#[test]
fn a_closed_stdout_stops_no_restart() {
    if !inside("a_closed_stdout_stops_no_restart") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    let agent = env!("CARGO_BIN_EXE_agent");
    for redirect in [">/dev/full 2>/dev/full", ">&- 2>&-", "2>&1 | true"] {
        sh(&format!(
            "rm -f /run/restarted; {agent} restart -vv --config /run/agent.toml {redirect}"
        ));
        until("[ -e /run/restarted ]");
        until("[ ! -e /run/state/web.json ]");
        assert!(
            good(&["status"])
                .out
                .contains("main gate 2000 -> 1000 is open"),
            "{redirect}"
        );
    }
}

#[test]
fn a_closed_host_stays_closed_until_it_is_opened() {
    if !inside("a_closed_host_stays_closed_until_it_is_opened") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    for _ in 0..2 {
        assert!(
            good(&["close"])
                .out
                .contains("closed: out of rotation and drained")
        );
        let status = good(&["status"]).out;
        assert!(
            status.contains("main gate 2000 -> 1000 is closed"),
            "{status}"
        );
        assert!(
            status.contains("srvs/web1 (main) DOWN") && status.contains("srvs/bkp1 (twin) DOWN"),
            "{status}"
        );
    }
    // Interrupted before it touches the app: for a closed host, the gates go back to closed.
    let waits = GOOD.replace("status_port = 2000", "status_port = 2000\nsticky = \"20s\"");
    let ended = interrupted(&waits, "TERM", "sticky").wait();
    assert_eq!(ended.exit, 143, "{}", ended.err);
    assert!(
        ended.err.contains("put back as they were found"),
        "{}",
        ended.err
    );
    assert!(
        good(&["status"])
            .out
            .contains("main gate 2000 -> 1000 is closed")
    );
    assert!(good(&["open"]).out.contains("open: in rotation"));
}

/// Sends a signal when the journal shows a phase in progress, which must last.
fn interrupted(config: &str, signal: &str, phase: &str) -> Running {
    std::fs::write("/run/agent.toml", config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.args(["restart", "--reopen", "--config", "/run/agent.toml"]);
    let running = Running::start("agent", &mut command);
    until(&format!(
        "grep -qs '\"phase\":.*\"{phase}\"' /run/state/web.json"
    ));
    sh(&format!("kill -{signal} {}", running.pid()));
    running
}

/// The agent has touched the app: it brings the app back and opens the gates before it ends.
#[test]
fn a_signal_during_the_restart_completes_it() {
    if !inside("a_signal_during_the_restart_completes_it") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    let slow = waits_for_go();
    for (signal, exit) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        sh("rm -f /run/restarted /run/go");
        let running = interrupted(&slow, signal, "restart");
        running.wait_for_word("the agent finishes that first");
        sh("touch /run/go");
        let ended = running.wait();
        assert_eq!(ended.exit, exit, "{}{}", ended.out, ended.err);
        assert!(
            ended
                .err
                .contains("the app is healthy and the gates are open"),
            "{}",
            ended.err
        );
        assert!(
            std::path::Path::new("/run/restarted").exists(),
            "the restart was cut short"
        );
        assert!(
            // HAProxy has not noticed yet, so the exit code is 1.
            agent(GOOD, &["status"])
                .out
                .contains("main gate 2000 -> 1000 is open")
        );
        good(&["open"]);
    }
}
