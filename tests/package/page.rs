//! The unit of the page on a real systemd: a user without rights serves it, and finds what it needs.
//! This test needs no package.

use crate::machine::Machine;
use crate::output;
use std::fs;
use std::path::Path;
use std::process::Command;

const CONFIG: &str = r#"[app.web]
port = 1000
status_port = 2000
health = { http = "/healthz" }
restart = { systemd = "web.service" }

[app.web.page]
port = 1009
status_port = 2009
file = "/etc/haproxy-gate/maintenance.html"

[[haproxy]]
socket = "tcp://10.77.0.1:9999"
"#;

const EXAMPLE: &str = include_str!("../../haproxy/maintenance.html");

/// A machine with the program and the unit.
fn machine() -> Machine {
    let machine = Machine::boot(&[
        ("/etc/haproxy-gate/agent.toml", CONFIG),
        ("/etc/haproxy-gate/maintenance.html", EXAMPLE),
    ]);
    let systemd = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let unit = "haproxy-gate-page@.service";
    fs::copy(systemd.join(unit), machine.work().join(unit)).unwrap();
    let program = machine.work().join("agent");
    fs::copy(env!("CARGO_BIN_EXE_agent"), &program).unwrap();
    // The debug symbols alone would fill the machine.
    output(Command::new("strip").arg(&program));
    machine.sh("install -m 755 /work/agent /usr/sbin/agent
         install -m 644 /work/haproxy-gate-page@.service /etc/systemd/system/
         chmod 600 /etc/haproxy-gate/agent.toml
         chmod 644 /etc/haproxy-gate/maintenance.html
         install -d -m 755 /var/lib/haproxy-gate
         systemctl daemon-reload");
    machine
}

/// The first lines of an answer.
const GET: &str = "exec 3<>/dev/tcp/127.0.0.1/1009
    printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3
    head -20 <&3";

#[test]
fn the_unit_serves_the_page_as_a_user_without_rights() {
    let machine = machine();
    machine.sh("systemctl start haproxy-gate-page@web");
    let probed = machine.sh("agent probe web/page");
    assert!(
        probed.ends_with("it runs, is healthy and serves the page\n"),
        "{probed}"
    );
    let status =
        machine.sh("cat /proc/$(systemctl show --value -p MainPID haproxy-gate-page@web)/status");
    let line = |name: &str| {
        status
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert!(!line("Uid:").contains("\t0"), "{}", line("Uid:"));
    // To listen on a port below 1024, and nothing else.
    assert_eq!(line("CapEff:"), "CapEff:\t0000000000000400");
    // It reads when the maintenance ends.
    machine.sh(
        r#"echo '{"pid":1,"verb":"maintenance_on","app":"web","since":1,"until":{"at":'$(($(date +%s) + 600))',"uptime":9999999,"boot":"x"}}' \
           >/var/lib/haproxy-gate/web.closed"#,
    );
    let answer = machine.sh(&format!("bash -euc \"{GET}\""));
    let retry = answer
        .lines()
        .find_map(|line| line.strip_prefix("retry-after: "));
    let seconds: u64 = retry.unwrap().trim().parse().unwrap();
    assert!((570..=600).contains(&seconds), "{answer}");

    machine.sh(
        "echo new >/etc/haproxy-gate/maintenance.html && systemctl reload haproxy-gate-page@web",
    );
    machine.wait("the new page", || {
        machine.run("agent probe web/page").exit == 0
    });
    // With an error the old page stays.
    machine.sh("echo '<img src=/a.png>' >/etc/haproxy-gate/maintenance.html");
    machine.run("systemctl reload haproxy-gate-page@web");
    let line =
        "/etc/haproxy-gate/maintenance.html:1: src=\"/a.png\": the page's server has no other file";
    machine.wait("the message", || {
        machine.journal("haproxy-gate-page@web").contains(line)
    });
    let answer = machine.sh(&format!("bash -euc \"{GET}\""));
    assert!(answer.ends_with("new\n"), "{answer}");
    // And it does not start again with that, until the operator has corrected it.
    machine.run("systemctl restart haproxy-gate-page@web");
    machine.wait("the unit has failed", || {
        machine.run("systemctl is-failed haproxy-gate-page@web").out == "failed\n"
    });
    let log = machine.journal("haproxy-gate-page@web");
    assert_eq!(log.matches(line).count(), 2, "{log}");
    // A page that root alone may read.
    machine.sh("echo good >/etc/haproxy-gate/maintenance.html && chmod 600 /etc/haproxy-gate/maintenance.html");
    machine.run("systemctl start haproxy-gate-page@web");
    let log = machine.journal("haproxy-gate-page@web");
    assert!(
        log.contains("run `chmod a+r /etc/haproxy-gate/maintenance.html`"),
        "{log}"
    );
    machine.sh(
        "chmod 644 /etc/haproxy-gate/maintenance.html && systemctl start haproxy-gate-page@web",
    );
    machine.sh("agent probe web/page && systemctl stop haproxy-gate-page@web");
    assert_eq!(
        machine.run("systemctl is-failed haproxy-gate-page@web").out,
        "inactive\n"
    );
}
