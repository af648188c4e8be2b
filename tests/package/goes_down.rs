//! What the real sidecar learns from a real systemd at its SIGTERM: whether the machine goes down.
//! No balancer answers here, and no app runs.

use std::fs;

use crate::deb;
use crate::machine::Machine;

const CONFIG: &str = "\
[app.web]
port = 1000
status_port = 2000
restart = { command = [\"/bin/true\"] }
timeouts = { out_of_rotation = \"200ms\", drain = \"200ms\" }

[[haproxy]]
socket = \"tcp://127.0.0.1:9\"
";

/// The log outlives the machine.
const LOGS: &str = "\
[Service]
ExecStart=
ExecStart=/bin/sh -c 'exec /usr/sbin/agent run 2>>/work/log'
ReadWritePaths=/work
";

/// Ends when that sidecar is gone.
const KILL: &str = "\
    pid() { systemctl show --value -p MainPID haproxy-gate; }
    was=$(pid)
    systemctl kill --kill-whom=main haproxy-gate
    while [ \"$(pid)\" = \"$was\" ]; do sleep 0.05; done";

const STAYS: &str = "the gates stay as they are: this machine stays up";
const GOES: &str = "taking this host out of rotation: this machine goes down (systemd: it starts ";

fn said(machine: &Machine, words: &str) -> bool {
    machine.log().contains(words)
}

fn forget(machine: &Machine) {
    machine.wait("a sidecar", || {
        machine.run("systemctl is-active haproxy-gate").exit == 0
    });
    machine.sh(": >/work/log");
}

#[test]
fn only_a_shutdown_or_reboot_counts_as_going_down() {
    let machine = Machine::boot(&[
        ("/etc/haproxy-gate/agent.toml", CONFIG),
        ("/etc/systemd/system/haproxy-gate.service.d/log.conf", LOGS),
    ]);
    fs::copy(deb(), machine.work().join("gate.deb")).unwrap();
    machine.sh("dpkg -i /work/gate.deb");
    for stop in [
        "systemctl restart haproxy-gate",
        "systemctl daemon-reexec; systemctl restart haproxy-gate",
        KILL,
        "systemctl stop dbus.socket dbus; systemctl restart haproxy-gate",
        "systemctl start dbus; systemctl restart haproxy-gate",
    ] {
        forget(&machine);
        machine.sh(stop);
        assert!(said(&machine, STAYS), "{stop}: {}", machine.log());
        assert!(!said(&machine, GOES), "{stop}: {}", machine.log());
    }
    forget(&machine);
    machine.sh("systemctl isolate rescue.target");
    machine.wait("rescue", || said(&machine, &format!("{GOES}rescue.target")));
    machine.sh("systemctl default");
    for reboot in [
        &["systemctl", "reboot"][..],
        &["shutdown", "-r", "now"],
        &["sh", "-c", "kill -INT 1"],
    ] {
        forget(&machine);
        machine.reboot_by(reboot);
        let says = format!("{GOES}shutdown.target");
        assert!(said(&machine, &says), "{reboot:?}: {}", machine.log());
    }
    // Without a bus, too.
    forget(&machine);
    machine.sh("systemctl stop dbus.socket dbus; systemctl --no-block poweroff");
    machine.wait("the end", || {
        said(&machine, &format!("{GOES}shutdown.target"))
    });
}
