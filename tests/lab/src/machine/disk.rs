//! The disk of a machine besides Debian: an app's unit, and the files of a test.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::settings::Settings;

/// Files by their path in the machine.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: BTreeMap<PathBuf, String>,
    links: BTreeMap<PathBuf, PathBuf>,
}

/// The unit of the app. It starts with the machine, and stops gracefully.
const WEB: &str = "\
[Unit]
Description=The app behind HAProxy
After=network.target

[Service]
ExecStart=/usr/local/bin/lab-app --name NAME --listen [::]:1000 --cold-ms 300 --dir /var/lib/web
TimeoutStopSec=40s

[Install]
WantedBy=multi-user.target
";

/// Units that need an absent network, or run at their own times.
const MASKED: [&str; 6] = [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "console-getty.service",
    "systemd-resolved.service",
];

const UNITS: &str = "/etc/systemd/system";

impl Disk {
    /// Only Debian, without its own activity.
    pub fn quiet() -> Disk {
        // A journal that survives a reboot.
        let disk = Disk::default().file("/var/log/journal/.keep", "");
        MASKED.iter().fold(disk, |disk, unit| {
            disk.link(&format!("{UNITS}/{unit}"), "/dev/null")
        })
    }

    /// With `web.service`, whose answers have this name.
    pub fn with_app(name: &str) -> Disk {
        let web = format!("{UNITS}/web.service");
        Disk::quiet()
            .file("/etc/hostname", name)
            .file(&web, &WEB.replace("NAME", name))
            .link(
                &format!("{UNITS}/multi-user.target.wants/web.service"),
                "../web.service",
            )
    }

    pub fn config(self, settings: &Settings) -> Disk {
        self.file("/etc/haproxy-gate/agent.toml", &settings.text())
    }

    pub fn file(mut self, path: &str, text: &str) -> Disk {
        self.files.insert(path.into(), text.to_owned());
        self
    }

    pub fn link(mut self, path: &str, to: &str) -> Disk {
        self.links.insert(path.into(), to.into());
        self
    }

    pub(super) fn write(&self, folder: &Path) {
        for (path, text) in &self.files {
            fs::write(place(folder, path), text).expect("a file");
        }
        for (path, to) in &self.links {
            symlink(to, place(folder, path)).expect("a link");
        }
    }
}

fn place(folder: &Path, path: &Path) -> PathBuf {
    let place = folder.join(path.strip_prefix("/").expect("a path from the root"));
    let parent = place.parent().expect("a folder");
    fs::create_dir_all(parent).expect("its folder");
    place
}
