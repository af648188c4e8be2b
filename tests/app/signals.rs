//! Pidfiles: of a living process, stale, unreadable, garbage.

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use haproxy_gate::app::{Restart, RestartError, SignalError};
use nix::sys::signal::Signal;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(5);

struct Pidfile {
    folder: TempDir,
}

impl Pidfile {
    fn new(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("web.pid"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("web.pid")
    }

    fn restart(&self) -> Restart {
        Restart::Signal {
            signal: Signal::SIGUSR2,
            pidfile: self.path(),
        }
    }

    /// Refused by check and by run alike.
    async fn refusal(&self) -> SignalError {
        let (checked, ran) = (
            self.restart().check().await,
            self.restart().run(LIMIT).await,
        );
        assert_eq!(
            checked.unwrap_err().to_string(),
            ran.as_ref().unwrap_err().to_string()
        );
        assert_eq!(self.restart().instance().await, None);
        match ran {
            Err(RestartError::Signal(error)) => error,
            other => panic!("{other:?}"),
        }
    }
}

fn sleeper() -> Child {
    Command::new("sleep").arg("60").spawn().unwrap()
}

#[tokio::test]
async fn a_living_process_gets_the_signal() {
    let mut app = sleeper();
    let pidfile = Pidfile::new(&format!("{}\n", app.id()));
    let restart = pidfile.restart();
    restart.check().await.unwrap();
    let instance = restart.instance().await.expect("it runs");
    assert!(
        instance.starts_with(&format!("pid {} started at tick ", app.id())),
        "{instance}"
    );
    restart.run(LIMIT).await.unwrap();
    assert_eq!(app.wait().unwrap().signal(), Some(Signal::SIGUSR2 as i32));
    assert!(matches!(pidfile.refusal().await, SignalError::Stale { .. }));
}

#[tokio::test]
async fn a_zombie_is_stale() {
    let mut app = sleeper();
    let pidfile = Pidfile::new(&app.id().to_string());
    app.kill().unwrap();
    while !fs::read_to_string(format!("/proc/{}/stat", app.id()))
        .unwrap()
        .contains(") Z ")
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let refused = pidfile.refusal().await;
    assert!(refused.to_string().contains("is stale"), "{refused}");
    app.wait().unwrap();
}

#[tokio::test]
async fn garbage_is_refused() {
    for text in ["", "nginx", "0", "-1", "12 13", "99999999999999999999"] {
        let refused = Pidfile::new(text).refusal().await;
        assert!(
            matches!(refused, SignalError::Pidfile { .. }),
            "{text:?}: {refused}"
        );
    }
}

#[tokio::test]
async fn no_pidfile_is_refused() {
    let pidfile = Pidfile::new("");
    fs::remove_file(pidfile.path()).unwrap();
    let said = pidfile.refusal().await.to_string();
    assert_eq!(
        said,
        format!(
            "pidfile {}: no such file or directory",
            pidfile.path().display()
        )
    );
}

/// The old process may serve for a while after SIGTERM; its answers are not the new one's.
#[tokio::test]
async fn a_signal_that_ends_the_process_is_awaited() {
    let slow = "trap 'sleep 0.7; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let mut command = Command::new("sh");
    let mut app = command
        .args(["-c", slow])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    app.stdout.take().unwrap().read_exact(&mut [0; 5]).unwrap();
    let pidfile = Pidfile::new(&app.id().to_string());
    let restart = Restart::Signal {
        signal: Signal::SIGTERM,
        pidfile: pidfile.path(),
    };
    let short = restart
        .run(Duration::from_millis(200))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        short.contains("still runs 200ms after the signal"),
        "{short}"
    );
    restart.run(LIMIT).await.unwrap();
    assert_eq!(
        restart.instance().await,
        None,
        "run returned before the process had ended"
    );
    app.wait().unwrap();
}
