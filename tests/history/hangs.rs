//! A history that hangs: its writer waits for the lock without end, and nothing waits for the
//! writer.

use crate::operations::history;
use haproxy_gate::state::directory;
use haproxy_gate::state::lock::Lock;
use lab::agent::Agent;
use lab::fleet::Fleet;
use lab::settings::Settings;
use lab::wait_for;
use nix::sys::signal::Signal;
use serde_json::json;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The agent of the first host, and the folder of its history.
fn apart(fleet: &Fleet) -> (Agent<'_>, PathBuf) {
    apart_with(fleet, |settings| settings)
}

fn apart_with(fleet: &Fleet, change: impl FnOnce(Settings) -> Settings) -> (Agent<'_>, PathBuf) {
    let at = fleet.host(1).dir.join("elsewhere");
    let agent = fleet.agent(1, |settings| {
        change(settings).set("agent.history_dir", at.display().to_string())
    });
    (agent, at)
}

/// Locks the history until the result is dropped.
fn hang(history_dir: &Path) -> File {
    fs::create_dir_all(history_dir).unwrap();
    let lock = File::create(history_dir.join("history.jsonl~lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// The threads of this process that write the history.
pub fn writers(pid: u32) -> usize {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let names = threads.filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == "history").count()
}

/// The agent opens the gates all the same, and the operation ends.
#[test]
fn no_operation_waits_for_a_history_that_hangs() {
    let fleet = Fleet::quick("history_hangs", |reference| reference);
    let (agent, at) = apart(&fleet);
    agent.words(&["open", "web"]).expect_exit(0);
    agent.start_killed_at("close", 2).wait();
    let lock = hang(&at);
    let begun = Instant::now();
    let ended = agent.words(&["recover", "web"]).expect_exit(0);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    let message = "not written within 500 ms";
    assert!(ended.err.contains(message), "{}", ended.err);
    fleet.host(1).wait_for_gate(2000, true);
    // It leaves neither a lock nor a journal for the next operation.
    let ended = agent.words(&["recover", "web"]).expect_exit(0);
    assert!(!ended.err.contains("cut short"), "{}", ended.err);
    assert!(ended.err.contains(message), "{}", ended.err);
    drop(lock);
    agent.words(&["recover", "web"]).expect_exit(0);
    assert_eq!(history(&agent, &[]).len(), 2, "the first and the last");
}

#[test]
fn the_sidecar_releases_its_locks_before_it_writes() {
    let fleet = Fleet::closed("history_locks", |reference| reference);
    let state_dir = fleet.host(1).dir.join("state");
    let host_lock = directory::lock(&state_dir);
    let app_lock = directory::app_lock(&state_dir, "web");
    let (agent, at) = apart_with(&fleet, |settings| {
        settings
            .set("agent.on_stop", "drain")
            .set("app.web.min_available", 0)
    });
    let _lock = hang(&at);
    let sidecar = agent.start_sidecar();
    let writes = |number| {
        let what = format!("{number} threads that write");
        wait_for(&what, Duration::from_secs(20), || {
            (writers(sidecar.pid()) == number).then_some(())
        });
    };
    writes(1);
    assert_eq!(Lock::owner(&app_lock), None, "it has repaired the rules");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
    sidecar.interrupt(Signal::SIGTERM);
    writes(2);
    assert_eq!(Lock::owner(&app_lock), None, "it ends");
    assert_eq!(Lock::owner(&host_lock), None, "it ends");
    sidecar.wait().expect_exit(0);
}

/// An operation that leaves its journal on purpose does not look killed.
#[test]
fn an_operation_without_a_history_line_was_not_killed() {
    let fleet = Fleet::quick("history_rules", |reference| reference);
    let programs = fleet.host(1).dir.join("programs");
    fs::create_dir(&programs).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let (agent, at) = apart_with(&fleet, Settings::hurried);
    let agent = agent.env("PATH", Path::new(&path));
    let lock = hang(&at);
    fleet.app(1).set_cold(Duration::from_secs(2));
    let running = agent.start_words(&["restart", "web", "--reason", "deploy"]);
    fleet.host(1).wait_for_phase("healthy");
    let only_lists = programs.join("iptables-nft");
    write_only_lists(&only_lists);
    let failed = running.wait().expect_exit(1);
    assert!(failed.err.contains("not written within"), "{}", failed.err);
    fs::remove_file(only_lists).unwrap();
    drop(lock);
    let recovered = agent.words(&["recover", "web", "--json"]).expect_exit(0);
    let notices = recovered.report().notices.join("; ");
    assert!(
        notices.contains(" gave up setting the rules in phase open"),
        "{notices}"
    );
    let all = history(&agent, &[]);
    let fields = ["verb", "outcome", "exit", "reason"].map(|key| &all[0][key]);
    let expected = [
        json!("restart"),
        json!("gate_failed"),
        json!(1),
        json!("deploy"),
    ];
    assert_eq!(fields, expected.each_ref());
    let message = all[0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("the rules could not be set in phase open"),
        "{message}"
    );
    assert_eq!(all.len(), 2, "{all:?}");
}

/// A replacement for iptables that fails to change anything.
fn write_only_lists(place: &Path) {
    let script =
        "#!/bin/sh\ncase \"$*\" in *-S*) exec /usr/sbin/iptables-nft \"$@\" ;; esac\nexit 4\n";
    fs::write(place.with_extension("new"), script).unwrap();
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.with_extension("new"), executable).unwrap();
    fs::rename(place.with_extension("new"), place).unwrap();
}
