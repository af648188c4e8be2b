//! The app of a remote host as a service: `web start`. With targets it is one service each:
//! `web start green`.

use std::path::PathBuf;
use std::time::Duration;

use super::super::app_dir::AppDir;
use super::super::built;
use super::super::site::Host;
use super::super::targets::Target;

/// What `/etc/default/web` or `/etc/default/web-TARGET` has.
pub(super) struct Service {
    pub(super) file: String,
    name: String,
    dir: PathBuf,
    port: u16,
    /// The signal that ends it.
    signal: &'static str,
}

impl Service {
    pub(super) fn of_app(host: &Host, app: &AppDir) -> Service {
        Service {
            file: "web".to_owned(),
            name: host.name(),
            dir: app.path().to_owned(),
            port: 1000,
            signal: "TERM",
        }
    }

    /// It does not stop gracefully: a request in flight at the stop is cut.
    pub(super) fn of_target(target: &Target) -> Service {
        Service {
            file: format!("web-{}", target.name),
            name: target.label.clone(),
            dir: target.path().to_owned(),
            port: target.port(),
            signal: "KILL",
        }
    }

    pub(super) fn text(&self, cold: Duration) -> String {
        format!(
            "dir={}\nprogram={}\nname={}\nport={}\ncold={}\nsignal={}\n",
            self.dir.display(),
            built::lab_app().display(),
            self.name,
            self.port,
            cold.as_millis(),
            self.signal
        )
    }
}
