//! The package with `agent.sh` in the place of the agent: what dpkg and systemd do with it can
//! be seen, with no HAProxy and no firewall. Everything else in it is as it was made.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{deb, output};

const AGENT: &str = include_str!("agent.sh");

/// The package as this version, in this folder.
pub fn package(folder: &Path, version: &str) -> PathBuf {
    let files = folder.join(format!("files-{version}"));
    let made = folder.join(format!("{version}.deb"));
    output(Command::new("dpkg-deb").arg("-R").arg(deb()).arg(&files));
    let agent = files.join("usr/sbin/agent");
    fs::write(&agent, AGENT).unwrap();
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).unwrap();
    let control = files.join("DEBIAN/control");
    let text = fs::read_to_string(&control).unwrap();
    let version = |line: &str| match line.starts_with("Version: ") {
        true => format!("Version: {version}\n"),
        false => format!("{line}\n"),
    };
    fs::write(&control, text.lines().map(version).collect::<String>()).unwrap();
    let mut build = Command::new("dpkg-deb");
    // Packed in no time; it goes nowhere.
    build.args(["--root-owner-group", "-Znone", "-b"]);
    output(build.arg(&files).arg(&made));
    fs::remove_dir_all(files).unwrap();
    made
}

/// What the double needs beside the units as they are: to say that it is ready from a child, not
/// to pet the watchdog, to write its log.
pub const NEEDS: [(&str, &str); 2] = [
    (
        "/etc/systemd/system/haproxy-gate.service.d/double.conf",
        "[Service]\nNotifyAccess=all\nWatchdogSec=0\nReadWritePaths=/work\n",
    ),
    (
        "/etc/systemd/system/haproxy-gate-drain@.service.d/double.conf",
        "[Service]\nReadWritePaths=/work\n",
    ),
];

pub const CONFIG: (&str, &str) = ("/etc/haproxy-gate/agent.toml", "good");
