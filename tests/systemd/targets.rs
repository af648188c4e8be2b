//! Targets that systemd starts and stops: instances of a template unit.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use haproxy_gate::app::{Printed, RestartError, Run, UnitError};

use crate::{AT, Inside, LIMIT, inside};

pub const SLEEPS: &str = "[Service]\nExecStart=/bin/sleep infinity\n";

pub fn target(unit: &str) -> Run {
    let unit = unit.to_owned();
    Run::Systemd { unit }
}

pub async fn start(target: &Run, limit: Duration) -> Result<(), RestartError> {
    target.start(AT, limit, |_| {}, &Printed::default()).await
}

pub async fn stop(target: &Run, limit: Duration) -> Result<(), RestartError> {
    target.stop(AT, limit, |_| {}, &Printed::default()).await
}

pub async fn is_running(target: &Run) -> bool {
    target.is_running().await.expect("systemd answers")
}

#[test]
fn one_instance_is_started_and_stopped_and_the_other_goes_on() {
    let test = "targets::one_instance_is_started_and_stopped_and_the_other_goes_on";
    inside(test, async |machine: Inside| {
        machine.file("two@.service", SLEEPS);
        let [blue, green] = ["two@blue.service", "two@green.service"].map(target);
        assert_eq!(
            blue.shown_start(),
            "systemctl start two@blue.service (D-Bus)"
        );
        for one in [&blue, &green] {
            assert!(!is_running(one).await);
            assert_eq!(one.instance().await, None);
            stop(one, LIMIT).await.unwrap();
            start(one, LIMIT).await.unwrap();
            assert!(is_running(one).await);
        }
        let instances = (blue.instance().await, green.instance().await);
        assert!(instances.0.is_some() && instances.0 != instances.1);
        start(&blue, LIMIT).await.unwrap();
        assert_eq!(blue.instance().await, instances.0, "it runs already");
        stop(&blue, LIMIT).await.unwrap();
        assert!(!is_running(&blue).await);
        assert_eq!(green.instance().await, instances.1);
        start(&blue, LIMIT).await.unwrap();
        assert_ne!(blue.instance().await, instances.0);
    });
}

/// The check, the start and the stop say the same.
#[test]
fn a_unit_that_is_missing_masked_or_a_template_is_refused() {
    let test = "targets::a_unit_that_is_missing_masked_or_a_template_is_refused";
    inside(test, async |machine: Inside| {
        let mask = machine.folder.join("units/hidden@blue.service");
        symlink("/dev/null", mask).unwrap();
        machine.file("hidden@.service", SLEEPS);
        for (unit, says) in [
            (
                "absent@blue.service",
                "systemd knows no unit absent@blue.service: ",
            ),
            (
                "hidden@blue.service",
                "hidden@blue.service is masked: run `systemctl unmask hidden@blue.service`",
            ),
            ("hidden@.service", "`hidden@INSTANCE.service`"),
        ] {
            let one = target(unit);
            let said = one.check().await.unwrap_err().to_string();
            println!("{said}");
            assert!(said.contains(says), "{said}");
            for refused in [start(&one, LIMIT).await, stop(&one, LIMIT).await] {
                assert_eq!(refused.unwrap_err().to_string(), said);
            }
            assert!(one.is_running().await != Some(true));
        }
        let green = target("hidden@green.service");
        start(&green, LIMIT).await.unwrap();
    });
}

/// The file is gone, but the processes are there.
#[test]
fn a_running_unit_without_its_file_is_stopped() {
    let test = "targets::a_running_unit_without_its_file_is_stopped";
    inside(test, async |machine: Inside| {
        machine.service("ExecStart=/bin/sleep infinity");
        let one = target(&machine.unit());
        start(&one, LIMIT).await.unwrap();
        std::fs::remove_file(machine.folder.join("units").join(machine.unit())).unwrap();
        machine.manager().await.reload().await.unwrap();
        assert!(one.check().await.is_err());
        assert!(is_running(&one).await);
        stop(&one, LIMIT).await.unwrap();
        assert!(!is_running(&one).await);
    });
}

#[test]
fn a_failed_start_names_the_result_and_too_many_name_the_fix() {
    let test = "targets::a_failed_start_names_the_result_and_too_many_name_the_fix";
    inside(test, async |machine: Inside| {
        let service = "Type=notify\nExecStart=/bin/sh -c 'exit 3'";
        let often = "StartLimitBurst=5\nStartLimitIntervalSec=1h";
        let text = format!("[Unit]\n{often}\n[Service]\n{service}\n");
        machine.file(&machine.unit(), &text);
        let (unit, one) = (machine.unit(), target(&machine.unit()));
        let said = start(&one, LIMIT).await.unwrap_err().to_string();
        let begins =
            format!("start of {unit} ended with 'failed', the unit is failed (Result: exit-code)");
        assert!(said.starts_with(&begins), "{said}");
        assert!(!is_running(&one).await);
        let fix = format!("run `systemctl reset-failed {unit}`");
        for _ in 0..9 {
            let said = start(&one, LIMIT).await.unwrap_err().to_string();
            // systemd keeps the result of the last run.
            assert!(said.contains("(Result: exit-code)"), "{said}");
            if said.contains("systemd began no run") {
                println!("{said}");
                assert!(said.ends_with(&fix), "{said}");
                machine
                    .manager()
                    .await
                    .reset_failed_unit(unit)
                    .await
                    .unwrap();
                let said = start(&one, LIMIT).await.unwrap_err().to_string();
                assert!(!said.contains(&fix), "{said}");
                return;
            }
        }
        panic!("systemd starts it for ever");
    });
}

/// A service that ends in its own way is down all the same.
#[test]
fn a_stop_that_ends_as_failed_is_a_stop() {
    let test = "targets::a_stop_that_ends_as_failed_is_a_stop";
    inside(test, async |machine: Inside| {
        machine.service(
            "Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c \
             'trap \"exit 7\" TERM; systemd-notify --ready; while :; do sleep 0.05; done'",
        );
        let one = target(&machine.unit());
        start(&one, LIMIT).await.unwrap();
        stop(&one, LIMIT).await.unwrap();
        assert!(!is_running(&one).await);
        stop(&one, LIMIT).await.unwrap();
    });
}

#[test]
fn a_stop_that_hangs_times_out_and_systemd_goes_on() {
    let test = "targets::a_stop_that_hangs_times_out_and_systemd_goes_on";
    inside(test, async |machine: Inside| {
        machine.service(
            "ExecStart=/bin/sleep infinity\n\
             ExecStop=/bin/sh -c 'until [ -e /work/%N ]; do sleep 0.05; done'",
        );
        let one = target(&machine.unit());
        start(&one, LIMIT).await.unwrap();
        let began = Instant::now();
        let failed = stop(&one, Duration::from_millis(500)).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(20));
        assert!(matches!(
            &failed,
            RestartError::Unit(UnitError::Limit { .. })
        ));
        let said = failed.to_string();
        let begins = format!(
            "stop of {} did not end within 500ms, the unit is ",
            machine.unit()
        );
        assert!(said.starts_with(&begins), "{said}");
        assert!(is_running(&one).await, "its processes are there");
        std::fs::write(machine.work(&machine.unit), "").unwrap();
        one.settle(LIMIT).await.unwrap();
        assert!(!is_running(&one).await);
    });
}

#[test]
fn a_unit_that_no_boot_starts_is_a_notice() {
    let test = "targets::a_unit_that_no_boot_starts_is_a_notice";
    inside(test, async |machine: Inside| {
        machine.file("bare@.service", SLEEPS);
        let odd = target("bare@blue.service")
            .check()
            .await
            .unwrap()
            .join("\n");
        println!("{odd}");
        assert!(
            odd.starts_with("bare@blue.service: UnitFileState=static, "),
            "{odd}"
        );
        let installs = format!("{SLEEPS}[Install]\nWantedBy=multi-user.target\n");
        machine.file("full@.service", &installs);
        let blue = target("full@blue.service");
        let odd = blue.check().await.unwrap().join("\n");
        assert!(
            odd.ends_with("run `systemctl enable full@blue.service`"),
            "{odd}"
        );
        let wants = "[Unit]\nWants=full@blue.service\n";
        machine.file("wants-full.service", &format!("{wants}{SLEEPS}"));
        start(&target("wants-full.service"), LIMIT).await.unwrap();
        assert_eq!(blue.check().await.unwrap(), Vec::<String>::new());
    });
}
