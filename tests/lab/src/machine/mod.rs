//! Machines with Debian 12 and their own systemd. Their disk survives a reboot, and disappears with
//! the test.

mod boot;
mod debian;
mod disk;
mod first;
mod journal;

use std::fs;
use std::ops::Deref;
use std::path::Path;
use std::process;
use std::time::Duration;

use tempfile::TempDir;

use super::app_dir::AppDir;
use super::built;
use super::site::Host;
use super::wait_for;

pub use boot::Boot;
pub use debian::Debian;
pub use disk::Disk;

/// A folder for a machine without a host. Its name is also the name of the control group. If the
/// test is killed, a later site removes the rest.
pub fn folder(test: &str) -> (String, TempDir) {
    let prefix = format!("hg-{test}-{}-", process::id());
    let folder = TempDir::with_prefix(prefix).expect("a folder");
    let name = folder.path().file_name().expect("a name");
    (name.to_string_lossy().into_owned(), folder)
}

/// A machine in the network of a host of the lab. It has `lab-app` as `web.service`.
pub struct Machine {
    debian: Debian,
    pub app: AppDir,
}

impl Machine {
    /// Begins to boot from this disk, with the package installed, if one is given.
    pub fn boot(host: &Host, disk: &Disk, deb: Option<&Path>) -> Machine {
        let (boot, app) = prepare(host);
        let boot = match deb {
            Some(deb) => boot.with(deb),
            None => boot,
        };
        let debian = boot.start(disk);
        Machine { debian, app }
    }

    /// The same for an operator who uses ssh and has the host's key.
    pub fn boot_for_ansible(host: &Host, disk: &Disk) -> Machine {
        let (boot, app) = prepare(host);
        let boot = boot.for_ansible();
        let key = host.dir.join("files/etc/ssh/host_key.pub");
        fs::create_dir_all(key.parent().expect("a folder")).expect("a folder");
        fs::write(key, boot.read("etc/ssh/ssh_host_ed25519_key.pub")).expect("a key");
        let debian = boot.start(disk);
        Machine { debian, app }
    }

    /// Waits until no operation of its agents is under way. The sidecar ends its own a moment after HAProxy
    /// shows the host UP, and refuses an operator's until then.
    pub fn wait_until_idle(&self) {
        let what = format!("{} to be idle", self.name);
        wait_for(&what, Duration::from_secs(20), || {
            let status = self.run(&["agent", "status", "web", "--json"]).json();
            status["operation"].is_null().then_some(())
        });
    }
}

fn prepare(host: &Host) -> (Boot, AppDir) {
    let app = AppDir::create(host.dir.join("app"));
    let boot = Boot::new(&host.namespace.name, &host.dir)
        .named(&host.name())
        .in_network(host.namespace.path())
        .bind(app.path(), "/var/lib/web")
        .bind_ro(&built::lab_app(), "/usr/local/bin/lab-app");
    (boot, app)
}

impl Deref for Machine {
    type Target = Debian;

    fn deref(&self) -> &Debian {
        &self.debian
    }
}
