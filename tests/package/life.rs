//! What dpkg does with the sidecar when it installs, upgrades and removes the package, and what it
//! leaves.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::double::{self, CONFIG, NEEDS};
use crate::machine::Machine;
use crate::output;
use lab::debian_root;

/// The new lines of the log since the last call, without their times.
fn noted(machine: &Machine) -> Vec<String> {
    let log = machine.log();
    fs::write(machine.work().join("log"), "").unwrap();
    let what = |line: &str| line.split_once(' ').map(|(_, what)| what.to_owned());
    log.lines().filter_map(what).collect()
}

fn boot(more: &[(&str, &str)]) -> Machine {
    let files: Vec<_> = NEEDS.iter().chain(more).copied().collect();
    let machine = Machine::boot(&files);
    for version in ["1.0-1", "2.0-1"] {
        double::package(&machine.work(), version);
    }
    machine
}

fn state(machine: &Machine) -> String {
    machine.sh("systemctl is-enabled haproxy-gate || :; systemctl is-active haproxy-gate || :")
}

const APT: &str = "apt-get install --quiet --yes";

#[test]
fn without_a_configuration_the_sidecar_is_enabled_and_waits() {
    let machine = boot(&[]);
    let said = machine.sh(&format!("{APT} /work/1.0-1.deb"));
    let write = "haproxy-gate: write /etc/haproxy-gate/agent.toml (agent.toml.example beside it";
    assert!(said.contains(write), "{said}");
    for next in ["systemctl start haproxy-gate", "agent doctor"] {
        assert!(
            said.contains(&format!("\n    {next}\n")),
            "{next} in\n{said}"
        );
    }
    assert_eq!(state(&machine), "enabled\ninactive\n");
    assert_eq!(machine.sh("systemctl --failed --no-legend"), "");
    machine.sh("echo good >/etc/haproxy-gate/agent.toml; systemctl start haproxy-gate");
    assert_eq!(state(&machine), "enabled\nactive\n");
}

#[test]
fn an_upgrade_renews_the_sidecar_in_place() {
    let machine = boot(&[CONFIG]);
    let said = machine.sh(&format!("{APT} /work/1.0-1.deb"));
    assert!(
        !said.contains("haproxy-gate: "),
        "there is a configuration:\n{said}"
    );
    assert_eq!(state(&machine), "enabled\nactive\n");
    let began = noted(&machine);
    let pid = began[1].strip_prefix("running ").unwrap().to_owned();
    for install in [
        "/work/2.0-1.deb",
        "--reinstall /work/2.0-1.deb",
        "--allow-downgrades /work/1.0-1.deb",
    ] {
        machine.sh(&format!("{APT} {install}"));
        let renewed = format!("renewed {pid}");
        machine.wait("renewal", || machine.log().contains(&renewed));
        assert_eq!(noted(&machine), [renewed], "{install}");
        assert_eq!(state(&machine), "enabled\nactive\n");
    }
}

#[test]
fn an_upgrade_leaves_a_stopped_sidecar_alone() {
    let machine = boot(&[CONFIG]);
    machine.sh(&format!(
        "{APT} /work/1.0-1.deb; systemctl disable --now haproxy-gate"
    ));
    noted(&machine);
    machine.sh(&format!("{APT} /work/2.0-1.deb"));
    assert_eq!(state(&machine), "disabled\ninactive\n");
    machine.sh(&format!(
        "systemctl enable haproxy-gate; {APT} --reinstall /work/2.0-1.deb"
    ));
    assert_eq!(state(&machine), "enabled\ninactive\n");
    assert!(noted(&machine).is_empty());
}

#[test]
fn a_removal_stops_the_sidecar_and_takes_the_rules_away() {
    let machine = boot(&[CONFIG]);
    machine.sh(&format!("{APT} /work/1.0-1.deb"));
    machine.sh("systemctl start haproxy-gate-restart@web.timer");
    noted(&machine);
    machine.sh("apt-get remove --quiet --yes haproxy-gate");
    assert_eq!(noted(&machine), ["draining", "drained", "agent uninstall"]);
    let left = machine.sh("systemctl list-units --all --no-legend 'haproxy-gate*'");
    assert!(
        !left.contains("active running") && !left.contains("waiting"),
        "{left}"
    );
    machine.sh("test -e /etc/haproxy-gate/agent.toml && test -d /var/lib/haproxy-gate");

    machine.sh(&format!("{APT} /work/2.0-1.deb"));
    assert_eq!(state(&machine), "enabled\nactive\n");
    machine.sh("test ! -e /var/lib/haproxy-gate/removed");
    noted(&machine);

    machine.sh("apt-get purge --quiet --yes haproxy-gate");
    assert_eq!(noted(&machine), ["draining", "drained", "agent uninstall"]);
    let left =
        machine.sh("find / -xdev -name '*haproxy-gate*' -not -path '/proc/*' -not -path '/work/*'");
    let left: Vec<&str> = left
        .lines()
        .filter(|path| !path.starts_with("/etc/systemd/system/haproxy-gate"))
        .collect();
    assert_eq!(left, ["/etc/haproxy-gate"], "the operator's own stays");
}

#[test]
fn a_reload_with_a_mistake_fails_and_changes_nothing() {
    let machine = boot(&[CONFIG]);
    machine.sh(&format!("{APT} /work/1.0-1.deb"));
    noted(&machine);
    machine.sh("systemctl reload haproxy-gate");
    machine.wait("reload", || machine.log().contains("read again"));
    assert_eq!(noted(&machine), ["agent run --dry-run", "read again"]);
    machine.sh("echo bad >/etc/haproxy-gate/agent.toml; ! systemctl reload haproxy-gate");
    assert_eq!(noted(&machine), ["agent run --dry-run"]);
    assert_eq!(state(&machine), "enabled\nactive\n");
}

/// Tools build images in this way. It also happens in a chroot on a host with gates of its own.
#[test]
fn without_systemd_nothing_starts_and_no_rule_changes() {
    let folder = TempDir::new().unwrap();
    double::package(folder.path(), "1.0-1");
    double::package(folder.path(), "2.0-1");
    let script = "\
        mkdir upper scratch root
        mount -t tmpfs tmpfs upper && mkdir upper/files upper/scratch
        mount -t overlay overlay -o lowerdir=$root,upperdir=upper/files,workdir=upper/scratch root
        mkdir -p root/work root/etc/haproxy-gate && echo good >root/etc/haproxy-gate/agent.toml
        cp ./*.deb root/work
        chroot root sh -euxc '
            apt=\"apt-get --quiet --yes\"
            $apt install /work/1.0-1.deb && test -L /etc/systemd/system/multi-user.target.wants/haproxy-gate.service
            $apt install /work/2.0-1.deb
            $apt install --reinstall /work/2.0-1.deb
            $apt remove haproxy-gate
            $apt install /work/1.0-1.deb
            $apt purge haproxy-gate
            test ! -e /work/log
            test ! -e /var/lib/haproxy-gate
            test -z \"$(find /etc/systemd /var/lib/systemd -name \"*haproxy-gate*\")\"
            test -e /etc/haproxy-gate/agent.toml
        ' >&2";
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-euc", script])
        .current_dir(&folder);
    command.env(
        "root",
        debian_root::require("debian-12+iptables", "bookworm iptables"),
    );
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("LANG", "C.UTF-8");
    output(&mut command);
}
