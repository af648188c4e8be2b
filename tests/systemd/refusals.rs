//! What the agent refuses before it touches the unit.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use haproxy_gate::app::{Job, UnitError};
use tempfile::TempDir;

use crate::{AT, Inside, LIMIT, again, inside, is_inside};

/// check and run refuse it in the same words.
async fn refused(machine: &Inside, job: Job) -> (UnitError, String) {
    let checked = machine.restart(job).check().await.unwrap_err().to_string();
    let (failed, ran) = machine.failure(job, LIMIT).await;
    assert_eq!(checked, ran);
    (failed, ran)
}

#[test]
fn a_missing_unit_is_refused() {
    inside(
        "refusals::a_missing_unit_is_refused",
        async |machine: Inside| {
            let (failed, said) = refused(&machine, Job::default()).await;
            assert!(matches!(failed, UnitError::Missing { .. }));
            assert!(
                said.contains("no unit a-missing-unit-is-refused.service"),
                "{said}"
            );
            assert_eq!(machine.restart(Job::default()).instance().await, None);
        },
    );
}

#[test]
fn a_masked_unit_is_refused() {
    inside(
        "refusals::a_masked_unit_is_refused",
        async |machine: Inside| {
            symlink(
                "/dev/null",
                machine.folder.join("units").join(machine.unit()),
            )
            .unwrap();
            let (failed, said) = refused(&machine, Job::default()).await;
            assert!(matches!(failed, UnitError::Masked { .. }));
            assert!(
                said.ends_with("run `systemctl unmask a-masked-unit-is-refused.service`"),
                "{said}"
            );
        },
    );
}

/// The operator gets exit 11 and the fix, before the agent searches for the lines.
#[test]
fn the_agent_refuses_a_masked_or_missing_unit() {
    inside(
        "refusals::the_agent_refuses_a_masked_or_missing_unit",
        async |machine: Inside| {
            let unit = machine.unit();
            refused_by_the_agent(&machine, &format!("systemd knows no unit {unit}: "));
            let mask = machine.folder.join("units").join(&unit);
            symlink("/dev/null", mask).unwrap();
            let fix = format!("{unit} is masked: run `systemctl unmask {unit}`");
            refused_by_the_agent(&machine, &fix);
        },
    );
}

/// In a separate network without rules and without HAProxy.
fn refused_by_the_agent(machine: &Inside, says: &str) {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("agent.toml");
    let settings = format!(
        "[app.web]\nport = 1000\nstatus_port = 2000\nrestart = {{ systemd = \"{}\" }}\n\
         [[haproxy]]\nsocket = \"/no.sock\"\n[agent]\nstate_dir = \"{}\"\n",
        machine.unit(),
        folder.path().display()
    );
    fs::write(&config, settings).unwrap();
    let mut agent = Command::new("unshare");
    agent.args(["--net", "--", env!("CARGO_BIN_EXE_agent")]);
    agent.args(["restart", "web", "--config"]).arg(&config);
    let ended = agent.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(11), "{said}");
    assert!(
        said.contains(says) && said.ends_with("\nagent: web: nothing was changed\n"),
        "wanted {says:?} in {said:?}"
    );
}

#[test]
fn a_broken_unit_is_refused() {
    inside(
        "refusals::a_broken_unit_is_refused",
        async |machine: Inside| {
            machine.service("Type=simple");
            let (_, said) = refused(&machine, Job::default()).await;
            assert!(
                said.starts_with(
                    "a-broken-unit-is-refused.service cannot be used: LoadState=bad-setting"
                ),
                "{said}"
            );
        },
    );
}

#[test]
fn an_invalid_name_is_refused() {
    inside(
        "refusals::an_invalid_name_is_refused",
        async |machine: Inside| {
            let nameless = Inside {
                unit: "a b/".to_owned(),
                folder: machine.folder.clone(),
            };
            let (_, said) = refused(&nameless, Job::default()).await;
            assert!(said.starts_with("a b/.service cannot be used"), "{said}");
        },
    );
}

#[test]
fn a_unit_without_a_reload_is_refused() {
    inside(
        "refusals::a_unit_without_a_reload_is_refused",
        async |machine: Inside| {
            machine.service("ExecStart=/bin/sleep infinity");
            machine.restart(Job::Restart).run(AT, LIMIT).await.unwrap();
            let before = machine.restart(Job::Restart).instance().await;
            let (_, said) = refused(&machine, Job::Reload).await;
            assert!(
                said.ends_with(
                    "cannot be used: CanReload=no, it has no ExecReload=; write job = \"restart\""
                ),
                "{said}"
            );
            assert_eq!(machine.restart(Job::Restart).instance().await, before);
        },
    );
}

#[test]
fn a_unit_that_refuses_manual_starts_is_refused() {
    inside(
        "refusals::a_unit_that_refuses_manual_starts_is_refused",
        async |machine: Inside| {
            let unit = "[Unit]\nRefuseManualStart=yes\n[Service]\nExecStart=/bin/sleep infinity\n";
            machine.file(&machine.unit(), unit);
            let (_, said) = refused(&machine, Job::default()).await;
            assert!(said.contains("RefuseManualStart="), "{said}");
        },
    );
}

#[test]
fn a_missing_bus_is_refused() {
    if is_inside() {
        return inside(
            "refusals::a_missing_bus_is_refused",
            async |machine: Inside| {
                let (failed, said) = refused(&machine, Job::default()).await;
                assert!(matches!(failed, UnitError::Bus { .. }));
                assert!(
                    said.starts_with("no answer from systemd on the system bus: "),
                    "{said}"
                );
                assert_eq!(machine.restart(Job::default()).instance().await, None);
            },
        );
    }
    let folder = TempDir::new().unwrap();
    again(
        "refusals::a_missing_bus_is_refused",
        folder.path(),
        &folder.path().join("missing"),
    );
}

/// A bus that accepts the connection and never answers.
#[test]
fn a_silent_bus_is_refused() {
    if is_inside() {
        return inside(
            "refusals::a_silent_bus_is_refused",
            async |machine: Inside| {
                let (_, said) = machine
                    .failure(Job::default(), Duration::from_millis(300))
                    .await;
                assert!(said.contains("silent for 300ms"), "{said}");
            },
        );
    }
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("bus");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    again("refusals::a_silent_bus_is_refused", folder.path(), &socket);
    fs::remove_file(socket).unwrap();
}

/// The agent refuses it before the drain: afterwards systemd would refuse it.
#[test]
fn a_unit_that_refuses_manual_stops_is_refused() {
    let test = "refusals::a_unit_that_refuses_manual_stops_is_refused";
    inside(test, async |machine: Inside| {
        machine.service("ExecStart=/bin/sleep infinity");
        machine.restart(Job::Restart).run(AT, LIMIT).await.unwrap();
        let pid = machine.main_pid().await;
        let unit = "[Unit]\nRefuseManualStop=yes\n[Service]\nExecStart=/bin/sleep infinity\n";
        machine.file(&machine.unit(), unit);
        machine.manager().await.reload().await.unwrap();
        let (_, said) = refused(&machine, Job::Restart).await;
        assert!(said.contains("RefuseManualStop=yes, so"), "{said}");
        refused_by_the_agent(&machine, "RefuseManualStop=yes, so systemd refuses");
        assert_eq!(machine.main_pid().await, pid);
    });
}

#[test]
fn a_unit_that_is_inactive_after_each_run_is_refused() {
    let test = "refusals::a_unit_that_is_inactive_after_each_run_is_refused";
    inside(test, async |machine: Inside| {
        machine.service("Type=oneshot\nExecStart=/bin/true");
        let (_, said) = refused(&machine, Job::default()).await;
        assert!(said.contains("RemainAfterExit=no"), "{said}");
        // A unit that remains active is fine.
        machine.service("Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true");
        machine.manager().await.reload().await.unwrap();
        machine.restart(Job::Restart).run(AT, LIMIT).await.unwrap();
        let odd = machine.restart(Job::Restart).check().await.unwrap();
        assert_eq!(odd, Vec::<String>::new());
    });
}

#[test]
fn a_reload_of_an_inactive_unit_is_refused() {
    let test = "refusals::a_reload_of_an_inactive_unit_is_refused";
    inside(test, async |machine: Inside| {
        machine.service("ExecStart=/bin/sleep infinity\nExecReload=/bin/true");
        let (_, said) = refused(&machine, Job::Reload).await;
        assert!(said.contains("ActiveState=inactive"), "{said}");
        // A restart would start it: only a notice.
        let odd = machine.restart(Job::Restart).check().await.unwrap();
        assert!(odd.concat().contains("is inactive (dead)"), "{odd:?}");
    });
}

#[test]
fn a_template_a_target_and_a_timer_are_refused() {
    let test = "refusals::a_template_a_target_and_a_timer_are_refused";
    inside(test, async |machine: Inside| {
        let refuses = async |unit: &str, says: &str| {
            let unit = unit.to_owned();
            let job = Job::Restart;
            let restart = haproxy_gate::app::Restart::Systemd { unit, job };
            let said = restart.check().await.unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        };
        refuses("web@.service", "`web@INSTANCE.service`").await;
        refuses("systemd-tmpfiles-clean.timer", "a timer unit runs no app").await;
        machine.file("app-a.target", "[Unit]\nDescription=x\n");
        refuses("app-a.target", "its restart restarts nothing").await;
        let part = "[Unit]\nPartOf=app-b.target\n[Service]\nExecStart=/bin/sleep infinity\n";
        machine.file("app-b.target", "[Unit]\nWants=app-b.service\n");
        machine.file("app-b.service", part);
        let unit = "app-b.target".to_owned();
        let job = Job::Restart;
        let restart = haproxy_gate::app::Restart::Systemd { unit, job };
        restart.run(AT, LIMIT).await.unwrap();
        restart.check().await.unwrap();
    });
}

/// Odd, but no reason to refuse.
#[test]
fn a_triggering_socket_and_a_changed_file_are_notices() {
    let test = "refusals::a_triggering_socket_and_a_changed_file_are_notices";
    inside(test, async |machine: Inside| {
        machine.service("ExecStart=/bin/sleep infinity");
        let socket = format!("{}.socket", machine.unit);
        machine.file(&socket, "[Socket]\nListenStream=127.0.0.1:7071\n");
        let restart = machine.restart(Job::Restart);
        restart.run(AT, LIMIT).await.unwrap();
        // The socket cannot start while the unit runs.
        let manager = machine.manager().await;
        let odd = restart.check().await.unwrap();
        assert_eq!(odd, Vec::<String>::new(), "the socket is not active");
        let replace = || "replace".to_owned();
        manager.stop_unit(machine.unit(), replace()).await.unwrap();
        manager.start_unit(socket.clone(), replace()).await.unwrap();
        restart.run(AT, LIMIT).await.unwrap();
        let odd = restart.check().await.unwrap().join("\n");
        let message = format!("is triggered by {socket} (127.0.0.1:7071)");
        assert!(odd.contains(&message), "{odd}");

        machine.service("ExecStart=/bin/sleep 1000000");
        let odd = restart.check().await.unwrap().join("\n");
        assert!(odd.contains("NeedDaemonReload=yes"), "{odd}");
    });
}
