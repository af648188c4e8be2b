//! The units as systemd sees them, and the limits of their sandbox.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::machine::Machine;
use crate::{deb, output};

const UNITS: [&str; 5] = [
    "haproxy-gate.service",
    "haproxy-gate-restart@web.service",
    "haproxy-gate-restart@web.timer",
    "haproxy-gate-drain@web.service",
    "haproxy-gate-page@web.service",
];

fn exposure(unit: &str) -> f64 {
    let folder = TempDir::new().unwrap();
    let name = unit.replace('@', "@web");
    let systemd = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    fs::copy(systemd.join(unit), folder.path().join(&name)).unwrap();
    let mut command = Command::new("systemd-analyze");
    command.args(["security", "--offline=true", "--no-pager"]);
    let said = output(command.arg(folder.path().join(name)));
    let (_, level) = said.rsplit_once("service: ").unwrap();
    level.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn the_exposure_is_2_at_most() {
    for unit in ["haproxy-gate.service", "haproxy-gate-drain@.service"] {
        let exposure = exposure(unit);
        assert!(exposure <= 2.0, "{unit}: {exposure}");
    }
}

/// Clients of the network talk to it.
#[test]
fn the_exposure_of_the_page_is_1_5_at_most() {
    let exposure = exposure("haproxy-gate-page@.service");
    assert!(exposure <= 1.5, "{exposure}");
}

/// The real package on a real systemd.
fn installed() -> Machine {
    let machine = Machine::boot(&[]);
    fs::copy(deb(), machine.work().join("gate.deb")).unwrap();
    machine.sh("dpkg -i /work/gate.deb");
    machine
}

#[test]
fn systemd_verifies_the_units() {
    let machine = installed();
    let ran = machine.run(&format!(
        "systemd-analyze verify --man=no {}",
        UNITS.join(" ")
    ));
    assert_eq!((ran.exit, ran.err.as_str()), (0, ""));
}

/// A process of another user, and the sockets of a HAProxy and an app.
const OTHERS: &str = "
    mkdir -p /run/haproxy
    systemd-run --quiet --unit=others --service-type=forking perl -MIO::Socket::INET \
        -MIO::Socket::UNIX -e '
        my $unix = IO::Socket::UNIX->new(Local => \"/run/haproxy/admin.sock\", Listen => 9) or die;
        my $tcp = IO::Socket::INET->new(LocalAddr => \"127.0.0.1:1000\", Listen => 9) or die;
        fork and exit; sleep 600'
    systemd-run --quiet --unit=other --uid=daemon sleep 600
    systemctl show --value -p MainPID other >/run/other.pid
    mkdir -p /home/me && touch /home/me/secret /root/secret";

#[test]
fn the_sandbox_allows_what_the_agent_needs_and_no_more() {
    let machine = installed();
    machine.sh(OTHERS);
    let probe = machine.work().join("probe");
    fs::write(&probe, include_str!("probe.sh")).unwrap();
    fs::set_permissions(&probe, fs::Permissions::from_mode(0o755)).unwrap();
    for unit in ["haproxy-gate.service", "haproxy-gate-drain@.service"] {
        // The whole unit, except for its command and its start.
        machine.sh(&format!(
            "sed -e '/^Exec/d; /^Restart/d; /^Type=/d; /^Watchdog/d; /^Condition/d; /^RemainAfter/d' \
                 -e 's/^.Service.$/&\\nType=oneshot\\nExecStart=\\/work\\/probe/' \
                 /usr/lib/systemd/system/{unit} >/run/systemd/system/probe@.service
             systemctl daemon-reload"
        ));
        let ran = machine.run("systemctl start probe@web");
        let said = machine.journal("probe@web");
        assert_eq!(ran.exit, 0, "{unit}: {said}");
        assert!(said.contains("CapEff:\t0000000000001400"), "{said}");
        assert!(said.contains("s \"active\""), "{said}");
    }
}
