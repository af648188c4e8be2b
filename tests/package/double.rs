//! The package with `agent.sh` in place of the agent. It shows what dpkg and systemd do with the
//! agent, without HAProxy or a firewall. The rest of the package is unchanged.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{deb, output};

const AGENT: &str = include_str!("agent.sh");

/// The package with this version, in this folder.
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
    // Fast compression is enough: the package stays on this machine.
    build.args(["--root-owner-group", "-Znone", "-b"]);
    output(build.arg(&files).arg(&made));
    fs::remove_dir_all(files).unwrap();
    made
}

/// Changes to the units for the double: a child may report READY, there is no watchdog, and the log
/// is writable.
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
