//! Running a program: no shell, a process group of its own, a limit, a bounded output.
//!
//! The group keeps a Ctrl-C in the terminal away from the program. At the limit the agent kills
//! the whole group, with the program's children. A daemon that a successful program started goes
//! on.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::command_error::CommandError;
use super::environment::Environment;
use super::output::{Output, Pipe, Tail};
use super::printed::Printed;
use super::program::{check, shown, unusable};

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_millis(500);

/// A shell that starts a process in the background may end before that process has redirected its
/// output.
const REDIRECTS: Duration = Duration::from_millis(200);

/// Runs it with this `environment`, and waits for its end, at most `limit`. Calls `started` with
/// its process once it runs. With `printed` each line of its output goes to the log, and the last
/// lines to `printed`.
pub(super) async fn run(
    argv: &[String],
    environment: Environment<'_>,
    limit: Duration,
    started: impl FnOnce(u32),
    printed: Option<&Printed>,
) -> Result<(), CommandError> {
    // Each time, because the file may have changed since the preflight. It runs the checked file,
    // because PATH may find another one a moment later.
    let place = check(argv)?;
    let mut running = Running::start(&place, argv, environment, printed)
        .map_err(|error| unusable(argv, error.into()))?;
    if let Some(pid) = running.child.id() {
        started(pid);
    }
    let command = shown(argv);
    match timeout(limit, running.ended()).await {
        Ok(Ok(status)) => {
            let patience = match status.success() {
                true => REDIRECTS,
                false => Duration::ZERO,
            };
            let (tail, pipe) = running.leave(patience).await;
            judge(command, status, &tail, pipe)
        }
        Ok(Err(error)) => Err(unusable(argv, error.into())),
        Err(_) => {
            let output = running.kill().await.line();
            Err(CommandError::Limit {
                command,
                limit,
                output,
            })
        }
    }
}

fn judge(command: String, status: ExitStatus, tail: &Tail, pipe: Pipe) -> Result<(), CommandError> {
    let ended = match (status.code(), status.signal()) {
        (Some(0), _) => {
            if pipe == Pipe::Open {
                tracing::warn!(
                    "{command} left an orphan process, which has its output still open; that \
                     output is lost from now on; fix: redirect it where the process is started \
                     (>>FILE 2>&1)"
                );
            }
            return Ok(());
        }
        (Some(code), _) => format!("exited with {code}"),
        (None, Some(number)) => match Signal::try_from(number) {
            Ok(signal) => format!("was killed by {signal}"),
            Err(_) => format!("was killed by signal {number}"),
        },
        (None, None) => status.to_string(),
    };
    Err(CommandError::Failed {
        command,
        ended,
        output: tail.line(),
    })
}

/// A program that runs, with its children.
struct Running {
    // Dropped first: the group's number is ours only while the child has not been waited for.
    group: Group,
    child: Child,
    output: Output,
}

impl Running {
    fn start(
        place: &Path,
        argv: &[String],
        environment: Environment<'_>,
        printed: Option<&Printed>,
    ) -> io::Result<Self> {
        let (program, arguments) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let output = Output::new(printed.cloned())?;
        let mut command = Command::new(place);
        command
            .arg0(program)
            .args(arguments)
            .process_group(0)
            .stdin(Stdio::null());
        for (name, value) in environment.variables() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let child = command
            .stdout(output.writer()?)
            .stderr(output.writer()?)
            .spawn()?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        Ok(Self {
            group: Group(pid.map(Pid::from_raw)),
            child,
            output,
        })
    }

    async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = tokio::select! {
            status = self.child.wait() => status,
            () = self.output.drain() => unreachable!("drains for as long as it is polled"),
        };
        self.group.0 = None;
        status
    }

    /// It has ended. The processes that it started stay, and have this time to close its output.
    async fn leave(self, patience: Duration) -> (Tail, Pipe) {
        self.output
            .close(patience)
            .await
            .unwrap_or((Tail::default(), Pipe::Closed))
    }

    /// The child is not waited for before the last signal, so that its number stays taken.
    async fn kill(mut self) -> Tail {
        self.group.send(Signal::SIGTERM);
        let _ = timeout(GRACE, self.output.drain()).await;
        self.group.send(Signal::SIGKILL);
        let _ = timeout(GRACE, self.ended()).await;
        self.leave(Duration::ZERO).await.0
    }
}

/// A process group, killed when dropped; `None` once its leader has been waited for.
struct Group(Option<Pid>);

impl Group {
    fn send(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            let _ = killpg(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.send(Signal::SIGKILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn start(script: &str, printed: Option<&Printed>) -> Running {
        let argv = ["sh", "-c", script].map(str::to_owned);
        let environment = Environment {
            app: "web",
            target: None,
            port: 1000,
            phase: None,
        };
        Running::start(Path::new("/bin/sh"), &argv, environment, printed).unwrap()
    }

    async fn left_by(script: &str, patience: Duration) -> Pipe {
        let mut running = start(script, None);
        assert!(running.ended().await.unwrap().success());
        running.leave(patience).await.1
    }

    /// The shell ends before its child runs.
    #[tokio::test]
    async fn a_child_in_the_background_has_a_moment_to_redirect_its_output() {
        let long = Duration::from_secs(60);
        let redirects = "(sleep 0.05; exec sleep 2 >/dev/null 2>&1) &";
        assert_eq!(left_by(redirects, long).await, Pipe::Closed);
        assert_eq!(left_by("sleep 20 &", REDIRECTS).await, Pipe::Open);
    }

    /// The lines of the log.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Nothing is read before the command has ended.
    #[tokio::test]
    async fn what_a_command_prints_last_is_logged() {
        let (log, printed) = (Log::default(), Printed::default());
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
        let _logs = tracing::subscriber::set_default(subscriber.finish());
        let mut running = start("echo Setting up web; printf done", Some(&printed));
        assert!(running.child.wait().await.unwrap().success());
        running.leave(REDIRECTS).await;
        assert_eq!(printed.lines(), ["Setting up web", "done"]);
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        for line in ["printed: Setting up web", "printed: done"] {
            assert_eq!(log.matches(line).count(), 1, "{log}");
        }
    }
}
