//! Targets that commands start and stop.

use std::cell::RefCell;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use haproxy_gate::app::{
    Change, Environment, Health, HealthCheck, Printed, Restart, RestartError, Run,
};
use tempfile::TempDir;

use crate::AT;

const LONG: Duration = Duration::from_secs(20);
/// A variable of this case in the process that runs it again.
const AGAIN: &str = "HAPROXY_GATE_TEST_AGAIN";

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

pub fn run(start: &str, stop: &str) -> Run {
    let (start, stop) = (shell(start), shell(stop));
    Run::Commands { start, stop }
}

async fn start(run: &Run, limit: Duration) -> Result<(), RestartError> {
    run.start(AT, limit, |_| {}, &Printed::default()).await
}

async fn stop(run: &Run, limit: Duration) -> Result<(), RestartError> {
    run.stop(AT, limit, |_| {}, &Printed::default()).await
}

/// Prints what a command gets.
fn names_into(file: &Path) -> String {
    let file = file.display();
    format!("echo $AGENT_APP ${{AGENT_TARGET-none}} $AGENT_PORT ${{AGENT_PHASE-none}} >>{file}")
}

fn lines(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn each_command_knows_its_app_its_target_and_its_phase() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("names");
    let names = names_into(&file);
    let target = run(&names, &names);
    start(&target, LONG).await.unwrap();
    stop(&target, LONG).await.unwrap();
    let restart = Restart::StopAndStart {
        stop: shell(&names),
        start: shell(&names),
    };
    restart.run(AT, LONG).await.unwrap();
    let command = Restart::Command(shell(&names));
    command.run(AT, LONG).await.unwrap();
    let verify = Change::shell(&names);
    let (at, printed) = (AT.in_phase("verify"), Printed::default());
    verify.run(at, LONG, |_| {}, &printed).await.unwrap();
    let health = Health {
        check: HealthCheck::Command(shell(&names)),
        ..Health::default()
    };
    let anywhere = ([127, 0, 0, 1], 1).into();
    health.probe(anywhere, AT).await.unwrap();
    let expected = [
        "start", "stop", "stop", "start", "restart", "verify", "none",
    ];
    assert_eq!(
        lines(&file),
        expected.map(|phase| format!("web blue 1000 {phase}"))
    );
}

/// A command of another app may have started the agent.
#[test]
fn an_app_without_targets_inherits_none() {
    if std::env::var_os(AGAIN).is_none() {
        let test = "targets::an_app_without_targets_inherits_none";
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .envs([(AGAIN, "1"), ("AGENT_TARGET", "red"), ("AGENT_PHASE", "x")])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        return;
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("names");
    let at = Environment { target: None, ..AT };
    let health = Health {
        check: HealthCheck::Command(shell(&names_into(&file))),
        ..Health::default()
    };
    let anywhere = ([127, 0, 0, 1], 1).into();
    lab::block_on(health.probe(anywhere, at)).unwrap();
    assert_eq!(lines(&file), ["web none 1000 none"]);
}

#[tokio::test]
async fn a_started_daemon_outlives_its_command_and_is_stopped() {
    let folder = TempDir::new().unwrap();
    let pid = folder.path().join("pid");
    let file = pid.display();
    let target = run(
        &format!("sleep 300 & echo $! >{file}; echo started"),
        &format!("kill $(cat {file}) && mv {file} {file}.old"),
    );
    let (printed, pids) = (Printed::default(), RefCell::new(Vec::new()));
    let started = |pid| pids.borrow_mut().push(pid);
    let began = Instant::now();
    target.start(AT, LONG, started, &printed).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(printed.lines(), ["started"]);
    assert_eq!(pids.borrow().len(), 1);
    assert!(is_running(&pid));
    assert_eq!(target.is_running().await, None);
    assert_eq!(target.instance().await, None);
    stop(&target, LONG).await.unwrap();
    // The signal is sent, and the process ends a moment later.
    let old = folder.path().join("pid.old");
    lab::wait_for("its end", LONG, || (!is_running(&old)).then_some(()));
    let said = stop(&target, LONG).await.unwrap_err().to_string();
    assert!(said.contains("No such file"), "{said}");
}

fn is_running(pidfile: &Path) -> bool {
    let pid = fs::read_to_string(pidfile).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_start_that_hangs_is_killed_at_its_limit() {
    let folder = TempDir::new().unwrap();
    let pid = folder.path().join("pid");
    let hangs = format!("echo $$ >{}; echo loading; sleep 300", pid.display());
    let target = run(&hangs, "true");
    let limit = Duration::from_secs(1);
    let said = start(&target, limit).await.unwrap_err().to_string();
    let ends = "did not end within 1s and was killed: loading";
    assert!(said.ends_with(ends), "{said}");
    assert!(!is_running(&pid));
}

#[tokio::test]
async fn a_restart_stops_then_starts_within_one_limit() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    let notes = |word: &str| shell(&format!("echo {word} >>{}", file.display()));
    let restart = |stop: Vec<String>, start: Vec<String>| Restart::StopAndStart { stop, start };
    let pids = RefCell::new(Vec::new());
    let started = |pid| pids.borrow_mut().push(pid);
    let printed = Printed::default();
    let good = restart(notes("stop"), notes("start"));
    good.run_with(AT, LONG, started, &printed).await.unwrap();
    assert_eq!(lines(&file), ["stop", "start"]);
    assert_eq!(pids.borrow().len(), 2, "each process is noted");
    let said = restart(shell("echo busy; exit 4"), notes("start"));
    let said = said.run(AT, LONG).await.unwrap_err().to_string();
    assert!(said.ends_with("exited with 4: busy"), "{said}");
    assert_eq!(lines(&file).len(), 2, "a failed stop starts nothing");
    let slow = restart(shell("sleep 0.4"), shell("sleep 0.4"));
    let limit = Duration::from_millis(600);
    assert!(slow.run(AT, limit).await.is_err());
    assert!(slow.run(AT, LONG).await.is_ok());
}

#[tokio::test]
async fn a_missing_program_is_refused_before_anything_runs() {
    let missing = vec!["/no/such".to_owned()];
    let there = shell("true");
    for (start, stop) in [(&missing, &there), (&there, &missing)] {
        let (start, stop) = (start.clone(), stop.clone());
        let target = Run::Commands { start, stop };
        let refused = target.check().await.unwrap_err();
        assert!(refused.is_for_all(), "{refused}");
        let said = refused.to_string();
        assert_eq!(said, "cannot run /no/such: no such file or directory");
    }
    let target = run("true", "true");
    assert_eq!(target.check().await.unwrap(), Vec::<String>::new());
    assert_eq!(target.shown_start(), "sh -c true");
}

/// Two targets of one process, and one with the same stop command.
#[tokio::test]
async fn a_stop_of_both_is_found() {
    let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let (blue, green) = (bind(), bind());
    let reach = run("start blue", "stop blue").reach(port(&blue)).await;
    let other = run("start green", "stop green");
    let found = reach.stops(&other, port(&green)).await.unwrap();
    let wanted = format!("has port {}, which the same process serves, ", port(&green));
    assert!(found.starts_with(&wanted), "{found}");
    let gone = port(&green);
    drop(green);
    assert_eq!(reach.stops(&other, gone).await, None);
    let same = run("start green", "stop blue");
    let found = reach.stops(&same, gone).await.unwrap();
    assert_eq!(found, "has the same stop command, sh -c \"stop blue\"");
}
