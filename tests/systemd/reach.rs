//! What else a restart takes down, as systemd reports it.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;

use haproxy_gate::app::{Job, Restart, not_enabled};

use crate::{Inside, inside};

fn restart(unit: &str) -> Restart {
    by(unit, Job::default())
}

fn by(unit: &str, job: Job) -> Restart {
    let unit = unit.to_owned();
    Restart::Systemd { unit, job }
}

#[test]
fn a_restart_takes_down_aliases_and_bound_units() {
    let test = "reach::a_restart_takes_down_aliases_and_bound_units";
    inside(test, async |machine: Inside| {
        let sleeps = "[Service]\nExecStart=/bin/sleep infinity\n";
        machine.file("reach.service", sleeps);
        let units = machine.folder.join("units");
        symlink("reach.service", units.join("reach-alias.service")).unwrap();
        machine.file(
            "reach-part.service",
            &format!("[Unit]\nPartOf=reach.service\n{sleeps}"),
        );
        machine.file(
            "reach-needs.service",
            &format!("[Unit]\nRequires=reach-part.service\n{sleeps}"),
        );
        machine.file("reach-apart.service", sleeps);
        // systemd cannot relate a unit that it has not loaded.
        for unit in ["reach-part", "reach-needs"] {
            let started = restart(&format!("{unit}.service"))
                .run(crate::AT, crate::LIMIT)
                .await;
            started.unwrap();
        }
        let same = async |own: &str, other: &str| {
            let reach = restart(own).reach(1).await;
            reach.same_as(&restart(other)).await
        };
        for (own, other, expected) in [
            (
                "reach.service",
                "reach.service",
                Some("has the same unit, reach.service"),
            ),
            (
                "reach.service",
                "reach-alias.service",
                Some("has the same unit, reach.service"),
            ),
            (
                "reach-alias.service",
                "reach.service",
                Some("has the same unit, reach.service"),
            ),
            (
                "reach.service",
                "reach-part.service",
                Some("has the unit reach-part.service, which is restarted with it"),
            ),
            (
                "reach.service",
                "reach-needs.service",
                Some("has the unit reach-needs.service, which is restarted with it"),
            ),
            ("reach-part.service", "reach.service", None),
            ("reach.service", "reach-apart.service", None),
            ("reach.service", "reach-missing.service", None),
        ] {
            let found = same(own, other).await;
            assert_eq!(found.as_deref(), expected, "{own} {other}");
        }
        // A reload takes down only the unit itself.
        let reloads = format!("{sleeps}ExecReload=/bin/true\n");
        machine.file("reach-reloads.service", &reloads);
        machine.file(
            "reach-beside.service",
            &format!("[Unit]\nPartOf=reach-reloads.service reach.service\n{sleeps}"),
        );
        let started = restart("reach-beside.service")
            .run(crate::AT, crate::LIMIT)
            .await;
        started.unwrap();
        let beside = restart("reach-beside.service");
        for (own, job, takes) in [
            ("reach-reloads.service", Job::Reload, false),
            ("reach-reloads.service", Job::ReloadOrRestart, false),
            ("reach-reloads.service", Job::Restart, true),
            ("reach.service", Job::Reload, false),
            ("reach.service", Job::ReloadOrRestart, true),
        ] {
            let reach = by(own, job).reach(1).await;
            let found = reach.same_as(&beside).await;
            assert_eq!(found.is_some(), takes, "{own} {job}: {found:?}");
            assert!(reach.same_as(&restart(own)).await.is_some(), "{own} {job}");
        }
    });
}

/// A unit that another unit wants starts with that one.
#[test]
fn a_unit_that_no_boot_starts_is_named() {
    let test = "reach::a_unit_that_no_boot_starts_is_named";
    inside(test, async |machine: Inside| {
        let installed = "[Install]\nWantedBy=multi-user.target\n";
        machine.service(&format!("ExecStart=/bin/sleep infinity\n{installed}"));
        restart(&machine.unit())
            .run(crate::AT, crate::LIMIT)
            .await
            .unwrap();
        let pid = machine.main_pid().await;
        assert_eq!(not_enabled(pid).await, Some(machine.unit()));
        let wants = format!("[Unit]\nWants={}\n", machine.unit());
        machine.file(
            "boot-wants.service",
            &format!("{wants}[Service]\nExecStart=/bin/sleep infinity\n"),
        );
        restart("boot-wants.service")
            .run(crate::AT, crate::LIMIT)
            .await
            .unwrap();
        assert_eq!(not_enabled(pid).await, None);
        // A process of no unit that can be enabled.
        assert_eq!(not_enabled(1).await, None);
    });
}

const PROBE: &str = "HAPROXY_GATE_TEST_PROBE";

/// Not a test: it runs in the machine, and prints what the restart of reach-two.service takes down.
#[test]
#[ignore = "run in the machine"]
fn probe() {
    let answer = env::var(PROBE).unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let answers = runtime.block_on(async {
        let reach = restart("reach-two.service").reach(7081).await;
        let mut answers = Vec::new();
        for port in [7081, 7082, 7083, 7084] {
            answers.push(format!("{port}: {:?}\n", reach.takes_down(port).await));
        }
        answers.concat()
    });
    fs::write(answer, answers).unwrap();
}

/// Two processes of one unit, and one of another. The question runs in the machine itself, where
/// systemd knows processes by their numbers.
#[test]
fn a_restart_takes_down_every_port_of_the_unit() {
    let test = "reach::a_restart_takes_down_every_port_of_the_unit";
    inside(test, async |machine: Inside| {
        let listens = |port: u16| {
            format!(
                "perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 5, LocalPort => {port}) \
                 or die; sleep 9999'"
            )
        };
        let sh = |line: &str| {
            let line = line.replace('$', "$$");
            format!("[Service]\nExecStart=/bin/sh -c \"{line}\"\n")
        };
        let two = format!("{} & exec {}", listens(7081), listens(7082));
        machine.file("reach-two.service", &sh(&two));
        machine.file(
            "reach-else.service",
            &sh(&format!("exec {}", listens(7083))),
        );
        fs::copy(env::current_exe().unwrap(), machine.work("probe")).unwrap();
        let ports = "for port in 1BA9 1BAA 1BAB; do until grep -q :$$port /proc/net/tcp; do sleep 0.02; done; done";
        let probe = format!(
            "[Service]\nType=oneshot\nRemainAfterExit=yes\nEnvironment={PROBE}=/work/answer\n\
             ExecStartPre=/bin/sh -c \"{ports}\"\n\
             ExecStart=/work/probe --exact reach::probe --ignored --nocapture\n"
        );
        machine.file("reach-probe.service", &probe);
        for unit in ["reach-two", "reach-else", "reach-probe"] {
            let started = restart(&format!("{unit}.service"))
                .run(crate::AT, crate::LIMIT)
                .await;
            started.unwrap();
        }
        let answers = fs::read_to_string(machine.work("answer")).unwrap();
        let lines: Vec<&str> = answers.lines().collect();
        let ours = "Some(\"which a process of reach-two.service serves, perl (pid ";
        assert!(lines[0].starts_with(&format!("7081: {ours}")), "{answers}");
        assert!(lines[1].starts_with(&format!("7082: {ours}")), "{answers}");
        assert_eq!(lines[2..], ["7083: None", "7084: None"], "{answers}");
    });
}
