//! Commands that fail, hang, print without end or start a daemon.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use haproxy_gate::app::{CommandError, Restart, RestartError};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::AT;

const LONG: Duration = Duration::from_secs(60);

fn shell(script: &str) -> Restart {
    Restart::Command(["sh", "-c", script].map(str::to_owned).to_vec())
}

async fn error(restart: &Restart, limit: Duration) -> String {
    restart
        .run(AT, limit)
        .await
        .expect_err("it failed")
        .to_string()
}

/// Whether the process with the number in this file still runs. A zombie does not.
fn runs(pidfile: &Path) -> bool {
    let pid = fs::read_to_string(pidfile).expect("the script wrote its pid");
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

async fn until(what: &str, mut true_yet: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !true_yet() {
        assert!(Instant::now() < limit, "not within 20 s: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

fn kill(pidfile: &Path) {
    let pid = fs::read_to_string(pidfile).unwrap();
    std::process::Command::new("kill")
        .args(["-9", pid.trim()])
        .status()
        .unwrap();
}

#[tokio::test]
async fn a_command_with_exit_0_succeeds() {
    let restart = shell("echo all is well");
    restart.check().await.unwrap();
    restart.run(AT, LONG).await.unwrap();
    assert_eq!(restart.instance().await, None);
}

#[tokio::test]
async fn a_failure_shows_argv_status_and_output() {
    let said = error(
        &shell("echo out; printf 'not\\033[1m ok\\n' >&2; exit 3"),
        LONG,
    )
    .await;
    assert_eq!(
        said,
        r#"sh -c "echo out; printf 'not\\033[1m ok\\n' >&2; exit 3" exited with 3: out | not\u{1b}[1m ok"#
    );
    let said = error(&shell("kill -SEGV $$"), LONG).await;
    assert_eq!(
        said,
        r#"sh -c "kill -SEGV $$" was killed by SIGSEGV, it printed nothing"#
    );
}

#[tokio::test]
async fn arguments_reach_the_program_as_they_are() {
    let words = [
        "sh",
        "-c",
        r#"test "$1" = 'a b;*$HOME'"#,
        "sh",
        "a b;*$HOME",
    ];
    Restart::Command(words.map(str::to_owned).to_vec())
        .run(AT, LONG)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_missing_program_is_refused_and_does_not_run() {
    let restart = Restart::Command(vec!["no-such-program".to_owned(), "-k".to_owned()]);
    for refused in [restart.check().await.map(drop), restart.run(AT, LONG).await] {
        let refused = refused.unwrap_err();
        assert!(matches!(
            refused,
            RestartError::Command(CommandError::Program { .. })
        ));
        assert!(
            refused
                .to_string()
                .starts_with("cannot run no-such-program: not found in PATH")
        );
    }
    assert!(Restart::Command(vec![]).run(AT, LONG).await.is_err());
}

#[tokio::test]
async fn a_script_without_its_interpreter_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("restart");
    fs::write(&script, "#!/no/such/shell\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let said = error(&Restart::Command(vec![script.display().to_string()]), LONG).await;
    assert_eq!(
        said,
        format!("cannot run {}: no such file or directory", script.display())
    );
}

#[tokio::test]
async fn on_timeout_the_command_and_its_children_are_killed() {
    let folder = TempDir::new().unwrap();
    let (child, pids) = (folder.path().join("child"), folder.path().join("pid"));
    let script = format!(
        "trap '' TERM; echo waiting for a lock; echo $$ >{}; \
         sh -c 'trap \"\" TERM; echo $$ >{}; while :; do sleep 1; done' & wait; sleep 60",
        pids.display(),
        child.display()
    );
    let started = Instant::now();
    let restart = shell(&script);
    let failed = restart.run(AT, Duration::from_secs(1)).await.unwrap_err();
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    assert!(
        matches!(failed, RestartError::Command(CommandError::Limit { .. })),
        "{failed}"
    );
    let said = failed.to_string();
    assert!(
        said.ends_with("did not end within 1s and was killed: waiting for a lock"),
        "{said}"
    );
    until("the shell is gone", || !runs(&pids)).await;
    until("its child is gone", || !runs(&child)).await;
}

#[tokio::test]
async fn on_timeout_the_command_may_clean_up() {
    let folder = TempDir::new().unwrap();
    let done = folder.path().join("done");
    let script = format!(
        "trap 'echo tidy; : >{}; exit 1' TERM; while :; do sleep 0.02; done",
        done.display()
    );
    let said = error(&shell(&script), Duration::from_secs(1)).await;
    assert!(said.ends_with("tidy"), "{said}");
    assert!(done.exists());
}

#[tokio::test]
async fn a_dropped_command_leaves_no_process() {
    let folder = TempDir::new().unwrap();
    let pid = folder.path().join("pid");
    let restart = shell(&format!(
        "sh -c 'echo $$ >{}; sleep 60'; sleep 60",
        pid.display()
    ));
    let run = tokio::spawn(async move { restart.run(AT, LONG).await });
    until("it has started", || {
        fs::read_to_string(&pid).is_ok_and(|pid| !pid.is_empty())
    })
    .await;
    run.abort();
    until("it is gone", || !runs(&pid)).await;
}

/// The daemon keeps the pipe open. The agent does not wait for it and does not kill it. The daemon
/// goes on printing, and neither SIGPIPE nor a full pipe ends it.
#[tokio::test]
async fn a_daemon_outlives_its_command() {
    let folder = TempDir::new().unwrap();
    let (pid, lines) = (folder.path().join("pid"), folder.path().join("lines"));
    let daemon = format!(
        "i=0; while :; do i=$((i+1)); echo $i >{}; \
         head -c 20000 /dev/zero 2>/dev/null; echo still here; sleep 0.01; done",
        lines.display()
    );
    let script = format!(
        "(trap '' HUP; {daemon}) & echo $! >{}; echo started",
        pid.display()
    );
    let started = Instant::now();
    shell(&script).run(AT, LONG).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(20));
    let count = || fs::read_to_string(&lines).ok()?.trim().parse::<u32>().ok();
    until("it has printed far more than a pipe holds", || {
        count().is_some_and(|n| n > 20)
    })
    .await;
    assert!(runs(&pid));
    kill(&pid);
}

/// The write of a program that prints later fails, and no signal kills the program.
#[tokio::test]
async fn a_daemon_that_ignores_write_errors_lives() {
    let folder = TempDir::new().unwrap();
    let pid = folder.path().join("pid");
    let daemon = "while (1) { syswrite STDOUT, \"x\" x 4096; select undef, undef, undef, 0.001 }";
    shell(&format!("perl -e '{daemon}' & echo $! >{}", pid.display()))
        .run(AT, LONG)
        .await
        .unwrap();
    sleep(Duration::from_millis(300)).await;
    assert!(runs(&pid));
    kill(&pid);
}

#[tokio::test]
async fn a_flood_of_output_neither_blocks_nor_fills_memory() {
    let flood = "head -c 100000000 /dev/zero | tr '\\0' x; echo the end; exit 1";
    let before = peak_memory();
    let said = error(&shell(flood), LONG).await;
    assert!(said.ends_with("xxxthe end"), "{said}");
    assert!(said.len() < 1000);
    assert!(peak_memory() - before < 20_000, "more than 20 MB more");
}

/// VmHWM in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_command_has_no_terminal() {
    let script = r#"read line && exit 1; test $(ps -o pgid= -p $$) = $$"#;
    shell(script).run(AT, LONG).await.unwrap();
}
