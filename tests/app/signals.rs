//! Pidfiles: of a living process, stale, unreadable, or with garbage.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use haproxy_gate::app::{Restart, RestartError, SignalError};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::AT;

const LIMIT: Duration = Duration::from_secs(20);

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

    /// Sets its time to one hour ago.
    fn age(&self) {
        let file = fs::File::options().write(true).open(self.path()).unwrap();
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        file.set_modified(hour_ago).unwrap();
    }

    fn restart(&self) -> Restart {
        Restart::Signal {
            signal: Signal::SIGUSR2,
            pidfile: self.path(),
        }
    }

    /// check and run refuse it in the same words.
    async fn refusal(&self) -> SignalError {
        let (checked, ran) = (
            self.restart().check().await.map(drop),
            self.restart().run(AT, LIMIT).await,
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

/// The kernel gave the number to another process. That process must not get the signal.
#[tokio::test]
async fn a_process_younger_than_its_pidfile_is_refused_unless_it_serves() {
    let (mut app, port) = listener("exec perl -e \"$0\"");
    let mut stranger = sleeper();
    let pidfile = Pidfile::new(&stranger.id().to_string());
    pidfile.restart().serves(port).expect("only a notice");
    pidfile.age();
    let stale = format!(
        "pidfile {} is stale: sleep (pid {}) began after it was written, and does not listen on \
         port {port}; start the app, or fix where it writes its pid",
        pidfile.path().display(),
        stranger.id()
    );
    let refused = pidfile.restart().serves(port).unwrap_err();
    assert_eq!(refused.to_string(), stale);
    app.kill().unwrap();
    app.wait().unwrap();
    let refused = pidfile.restart().serves(port).unwrap_err();
    assert_eq!(refused.to_string(), stale, "without a listener");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

/// The process that listens, and its supervisor, count as the app. The time of the file does not
/// matter.
#[tokio::test]
async fn the_listener_and_its_supervisor_are_the_app() {
    let (mut supervisor, port) = listener("setsid perl -e \"$0\" & wait");
    let pid = supervisor.id();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let app = children.trim();
    for pid in [&pid.to_string(), app] {
        let pidfile = Pidfile::new(pid);
        pidfile.age();
        pidfile.restart().serves(port).unwrap();
    }
    let app = Pid::from_raw(app.parse().unwrap());
    nix::sys::signal::kill(app, Signal::SIGKILL).unwrap();
    supervisor.wait().unwrap();
}

/// Starts a process group for `$0`, a program that listens. Returns it with its port.
fn listener(script: &str) -> (Child, u16) {
    let listens = r#"use IO::Socket::INET; $| = 1;
        my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:0");
        print $s->sockport, "\n"; sleep 60"#;
    let mut command = Command::new("sh");
    command.args(["-c", script, listens]).process_group(0);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut port).unwrap();
    (child, port.trim().parse().unwrap())
}

fn sleeper() -> Child {
    let mut command = Command::new("sleep");
    command.arg("60").process_group(0).spawn().unwrap()
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
    restart.run(AT, LIMIT).await.unwrap();
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
    let slow = "trap 'sleep 2; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
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
        .run(AT, Duration::from_millis(200))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        short.contains("still runs 200ms after the signal"),
        "{short}"
    );
    restart.run(AT, LIMIT).await.unwrap();
    assert_eq!(
        restart.instance().await,
        None,
        "run returned before the process had ended"
    );
    app.wait().unwrap();
}
