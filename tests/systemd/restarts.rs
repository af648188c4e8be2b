//! Jobs that systemd accepts, and how they end.

use std::fs;
use std::time::{Duration, Instant};

use haproxy_gate::app::{Job, UnitError};
use tokio::time::{sleep, timeout};
use zbus_systemd::systemd1::UnitProxy;

use crate::machine::Machine;
use crate::{AT, Inside, LIMIT, again, inside, is_inside};

/// Ready half a second after its start.
const NOTIFIES: &str = "Type=notify\nNotifyAccess=all\n\
    ExecStart=/bin/sh -c 'sleep 0.5; systemd-notify --ready; exec sleep infinity'";

#[test]
fn a_notify_unit_is_restarted() {
    inside(
        "restarts::a_notify_unit_is_restarted",
        async |machine: Inside| {
            machine.service(NOTIFIES);
            let restart = machine.restart(Job::Restart);
            restart.check().await.unwrap();
            assert_eq!(restart.instance().await, None);

            restart.run(AT, LIMIT).await.unwrap();
            let (pid, first) = (machine.main_pid().await, restart.instance().await.unwrap());
            assert_eq!(first.split(' ').next().map(str::len), Some(32), "{first}");
            assert_eq!(restart.instance().await.as_ref(), Some(&first));

            let started = Instant::now();
            restart.run(AT, LIMIT).await.unwrap();
            assert!(
                started.elapsed() > Duration::from_millis(500),
                "it had not said that it is ready"
            );
            assert_ne!(restart.instance().await, Some(first));
            assert_ne!(machine.main_pid().await, pid);
        },
    );
}

#[test]
fn a_unit_that_cannot_reload_is_restarted() {
    inside(
        "restarts::a_unit_that_cannot_reload_is_restarted",
        async |machine: Inside| {
            machine.service("ExecStart=/bin/sleep infinity");
            let restart = machine.restart(Job::ReloadOrRestart);
            restart.run(AT, LIMIT).await.unwrap();
            let first = restart.instance().await.unwrap();
            restart.run(AT, LIMIT).await.unwrap();
            assert_ne!(restart.instance().await, Some(first));
        },
    );
}

#[test]
fn a_unit_with_exec_reload_is_reloaded() {
    inside(
        "restarts::a_unit_with_exec_reload_is_reloaded",
        async |machine: Inside| {
            machine.service(
            "ExecStart=/bin/sleep infinity\nExecReload=/bin/sh -c 'sleep 0.3; : >/work/reloaded'",
        );
            let restart = machine.restart(Job::ReloadOrRestart);
            restart.run(AT, LIMIT).await.unwrap();
            assert!(
                !machine.work("reloaded").exists(),
                "it was down: started, not reloaded"
            );
            let (pid, first) = (machine.main_pid().await, restart.instance().await);
            restart.run(AT, LIMIT).await.unwrap();
            assert!(machine.work("reloaded").exists());
            assert_eq!(machine.main_pid().await, pid);
            // The unit's run is the same, and yet the agent learns that something happened.
            let (first, then) = (first.unwrap(), restart.instance().await.unwrap());
            assert_eq!(restart.was_restarted(&first, Some(&then)), Some(true));
            assert_eq!(then.split(' ').next(), first.split(' ').next());
        },
    );
}

#[test]
fn a_failed_reload_is_an_error() {
    inside(
        "restarts::a_failed_reload_is_an_error",
        async |machine: Inside| {
            machine.service("ExecStart=/bin/sleep infinity\nExecReload=/bin/false");
            machine.restart(Job::Restart).run(AT, LIMIT).await.unwrap();
            let (_, said) = machine.failure(Job::Reload, LIMIT).await;
            let wanted = "reload of a-failed-reload-is-an-error.service ended with 'failed', \
                      the unit is active (running)";
            assert!(said.starts_with(wanted), "{said}");
        },
    );
}

#[test]
fn a_failed_start_is_an_error() {
    inside(
        "restarts::a_failed_start_is_an_error",
        async |machine: Inside| {
            machine.service("Type=notify\nExecStart=/bin/sh -c 'exit 3'");
            let (_, said) = machine.failure(Job::ReloadOrRestart, LIMIT).await;
            let wanted = "reload-or-restart of a-failed-start-is-an-error.service ended with 'failed', \
                      the unit is failed (Result: exit-code): see `journalctl -u";
            assert!(said.starts_with(wanted), "{said}");
            assert!(
                machine.restart(Job::Restart).instance().await.is_some(),
                "there was a run"
            );
        },
    );
}

/// systemd goes on trying, but the job has failed: the agent reports that at once.
#[test]
fn a_failed_start_is_an_error_although_systemd_tries_again() {
    inside(
        "restarts::a_failed_start_is_an_error_although_systemd_tries_again",
        async |machine: Inside| {
            machine.service("Type=exec\nExecStart=/no/such\nRestart=always\nRestartSec=30s");
            let started = Instant::now();
            let (failed, _) = machine.failure(Job::Restart, LIMIT).await;
            assert!(matches!(failed, UnitError::Failed { .. }));
            // systemd tries again after 30 s.
            assert!(started.elapsed() < Duration::from_secs(20));
        },
    );
}

#[test]
fn a_failed_dependency_is_an_error() {
    inside(
        "restarts::a_failed_dependency_is_an_error",
        async |machine: Inside| {
            machine.file(
                "database.service",
                "[Service]\nType=oneshot\nExecStart=/bin/false\n",
            );
            let unit = "[Unit]\nRequires=database.service\nAfter=database.service\n\
                    [Service]\nExecStart=/bin/sleep infinity\n";
            machine.file(&machine.unit(), unit);
            let (_, said) = machine.failure(Job::Restart, LIMIT).await;
            assert!(
                said.contains("ended with 'dependency', the unit is inactive (dead)"),
                "{said}"
            );
        },
    );
}

#[test]
fn a_job_that_is_done_is_not_yet_a_unit_that_runs() {
    inside(
        "restarts::a_job_that_is_done_is_not_yet_a_unit_that_runs",
        async |machine: Inside| {
            machine.service("Type=simple\nExecCondition=/bin/false\nExecStart=/bin/true");
            let (failed, said) = machine.failure(Job::Restart, LIMIT).await;
            assert!(matches!(failed, UnitError::NotActive { .. }));
            assert!(
                said.contains(".service is inactive (dead) after its restart"),
                "{said}"
            );
        },
    );
}

#[test]
fn a_start_that_hangs_times_out() {
    inside(
        "restarts::a_start_that_hangs_times_out",
        async |machine: Inside| {
            machine.service("Type=notify\nExecStart=/bin/sleep infinity");
            let started = Instant::now();
            let (failed, said) = machine.failure(Job::Restart, Duration::from_secs(2)).await;
            assert!(matches!(failed, UnitError::Limit { .. }));
            assert!(started.elapsed() < Duration::from_secs(20));
            let wanted = "restart of a-start-that-hangs-times-out.service did not end within 2s, the \
                unit is activating (start); systemd continues it";
            assert!(said.starts_with(wanted), "{said}");
        },
    );
}

#[test]
fn a_cancelled_job_is_an_error() {
    inside(
        "restarts::a_cancelled_job_is_an_error",
        async |machine: Inside| {
            machine.service("Type=notify\nExecStart=/bin/sleep infinity");
            let manager = machine.manager().await;
            let stop = async {
                machine.wait_until("activating").await;
                manager
                    .stop_unit(machine.unit(), "replace".to_owned())
                    .await
                    .unwrap();
            };
            let ((_, said), ()) = tokio::join!(machine.failure(Job::Restart, LIMIT), stop);
            assert!(said.contains("ended with 'canceled'"), "{said}");
        },
    );
}

/// A start that takes two seconds and counts.
const SLOW: &str = "Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c 'echo >>/work/%N; \
    sleep 2; systemd-notify --ready; exec sleep infinity'";

impl Inside {
    fn starts(&self) -> usize {
        fs::read_to_string(self.work(&self.unit))
            .unwrap()
            .lines()
            .count()
    }

    /// Until the unit is in this state.
    async fn wait_until(&self, state: &str) {
        let bus = zbus::Connection::system().await.unwrap();
        let path = self.manager().await.load_unit(self.unit()).await.unwrap();
        let unit = UnitProxy::builder(&bus).path(path);
        let uncached = zbus::proxy::CacheProperties::No;
        let unit = unit.cache_properties(uncached).build().await.unwrap();
        let began = Instant::now();
        while unit.active_state().await.unwrap() != state {
            assert!(began.elapsed() < LIMIT, "not {state}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn reload_often(&self) {
        let manager = self.manager().await;
        for _ in 0..12 {
            sleep(Duration::from_millis(100)).await;
            manager.reload().await.unwrap();
        }
    }
}

#[test]
fn a_daemon_reload_in_the_middle_is_no_error() {
    inside(
        "restarts::a_daemon_reload_in_the_middle_is_no_error",
        async |machine: Inside| {
            machine.service(SLOW);
            let restart = machine.restart(Job::Restart);
            let (ran, ()) = tokio::join!(restart.run(AT, LIMIT), machine.reload_often());
            ran.unwrap();
            assert_eq!(machine.starts(), 1);
        },
    );
}

#[test]
fn a_daemon_reload_hides_no_failed_start() {
    let test = "restarts::a_daemon_reload_hides_no_failed_start";
    inside(test, async |machine: Inside| {
        machine.service("Type=notify\nExecStart=/bin/sh -c 'sleep 1; exit 3'");
        let failure = machine.failure(Job::Restart, LIMIT);
        let ((_, said), ()) = tokio::join!(failure, machine.reload_often());
        assert!(said.contains("failed (Result: exit-code)"), "{said}");
    });
}

/// systemd executes itself again, as on its upgrade: our calls may get no answer then. The test has
/// its own machine, because the calls of other tests would get none either.
#[test]
fn a_daemon_reexec_in_the_middle_is_no_error() {
    let test = "restarts::a_daemon_reexec_in_the_middle_is_no_error";
    if !is_inside() {
        let machine = Machine::boot();
        return again(test, machine.folder(), &machine.bus());
    }
    inside(test, async |machine: Inside| {
        machine.service(SLOW);
        let restart = machine.restart(Job::Restart);
        let manager = machine.manager().await;
        let reexec = async {
            sleep(Duration::from_millis(900)).await;
            // The process that took the call is gone before it could answer.
            let _ = timeout(Duration::from_millis(500), manager.reexecute()).await;
        };
        let (ran, ()) = tokio::join!(restart.run(AT, LIMIT), reexec);
        ran.unwrap();
        assert_eq!(machine.starts(), 1);
        assert!(restart.instance().await.is_some());
    });
}
