//! `lab-app` on a host: a test controls its starts, its cold time and its health.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use toml::{Table, Value};

use super::app_dir::AppDir;
use super::built;
use super::daemon::{Daemon, argv};
use super::namespace::Namespace;

#[derive(Debug)]
pub struct App {
    pub daemon: Daemon,
    dir: AppDir,
}

impl App {
    /// Starts an app that is cold for a while after each boot.
    pub fn start(
        namespace: &Namespace,
        dir: &Path,
        name: &str,
        listen: &str,
        cold: Duration,
    ) -> App {
        let dir = AppDir::create(dir.join(name));
        let program = built::lab_app().display().to_string();
        let folder = dir.path().display().to_string();
        let mut start = argv(&[&program, "--name", name, "--listen", listen]);
        start.extend(argv(&["--dir", &folder, "--cold-ms"]));
        start.push(cold.as_millis().to_string());
        App {
            daemon: Daemon::start(namespace, name, start, restart(dir.path())),
            dir,
        }
    }

    pub fn name(&self) -> &str {
        &self.daemon.name
    }
}

/// Its journal, and the files that control it.
impl Deref for App {
    type Target = AppDir;

    fn deref(&self) -> &AppDir {
        &self.dir
    }
}

/// The agent restarts it gracefully, in place.
fn restart(dir: &Path) -> Value {
    let mut restart = Table::new();
    let pidfile = dir.join("pid").display().to_string();
    restart.insert("signal".into(), "SIGUSR2".into());
    restart.insert("pidfile".into(), pidfile.into());
    restart.into()
}
