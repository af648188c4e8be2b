//! Targets that systemd starts and stops: instances of a template unit.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use haproxy_gate::app::{Printed, RestartError, Run, UnitError};

use crate::{AT, Inside, LIMIT, inside};

const SLEEPS: &str = "[Service]\nExecStart=/bin/sleep infinity\n";

fn target(unit: &str) -> Run {
    let unit = unit.to_owned();
    Run::Systemd { unit }
}

async fn start(target: &Run, limit: Duration) -> Result<(), RestartError> {
    target.start(AT, limit, |_| {}, &Printed::default()).await
}

async fn stop(target: &Run, limit: Duration) -> Result<(), RestartError> {
    target.stop(AT, limit, |_| {}, &Printed::default()).await
}

async fn is_running(target: &Run) -> bool {
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
        machine.service("Type=notify\nExecStart=/bin/sh -c 'exit 3'");
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
        machine.service("ExecStart=/bin/sleep infinity\nExecStop=/bin/sleep 2");
        let one = target(&machine.unit());
        start(&one, LIMIT).await.unwrap();
        let began = Instant::now();
        let failed = stop(&one, Duration::from_millis(500)).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(2));
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

#[test]
fn a_stop_takes_down_running_units_that_depend_on_it() {
    let test = "targets::a_stop_takes_down_running_units_that_depend_on_it";
    inside(test, async |machine: Inside| {
        machine.file("down@.service", SLEEPS);
        let needs = |how: &str| format!("[Unit]\n{how}=down@blue.service\n{SLEEPS}");
        machine.file("down-part.service", &needs("PartOf"));
        machine.file("down-needs.service", &needs("Requisite"));
        machine.file("down-wants.service", &needs("Wants"));
        let [blue, green] = ["down@blue.service", "down@green.service"].map(target);
        let others = ["down-part", "down-needs", "down-wants"];
        let others = others.map(|unit| target(&format!("{unit}.service")));
        start(&blue, LIMIT).await.unwrap();
        start(&green, LIMIT).await.unwrap();
        for other in &others {
            start(other, LIMIT).await.unwrap();
        }
        let reach = blue.reach(1).await;
        assert_eq!(
            reach.stops(&blue, 1).await.as_deref(),
            Some("has the same unit, down@blue.service")
        );
        assert_eq!(reach.stops(&green, 1).await, None);
        assert_eq!(
            reach.stops(&others[0], 1).await.as_deref(),
            Some("has the unit down-part.service, which is stopped with it")
        );
        assert!(reach.stops(&others[1], 1).await.is_some());
        assert_eq!(reach.stops(&others[2], 1).await, None);
        // As it says.
        stop(&blue, LIMIT).await.unwrap();
        let running = [&green, &others[0], &others[1], &others[2]].map(is_running);
        let running = futures_util::future::join_all(running).await;
        assert_eq!(running, [true, false, false, true]);
    });
}

/// A switch starts the other target first, and then this stop would take it down. Nothing shows that
/// before systemd has loaded the unit of the other one.
#[test]
fn a_stop_takes_down_a_target_that_does_not_run_yet() {
    let test = "targets::a_stop_takes_down_a_target_that_does_not_run_yet";
    inside(test, async |machine: Inside| {
        machine.file("first.service", SLEEPS);
        let first = target("first.service");
        start(&first, LIMIT).await.unwrap();
        for (at, how) in ["PartOf", "Requires", "BindsTo"].iter().enumerate() {
            let unit = format!("second-{at}.service");
            machine.file(&unit, &format!("[Unit]\n{how}=first.service\n{SLEEPS}"));
            let second = target(&unit);
            let found = first.reach(1).await.stops(&second, 1).await.unwrap();
            assert!(
                found.starts_with(&format!("has the unit {unit}, which ")),
                "{how}: {found}"
            );
            // The stop of the second one leaves the first one alone.
            let reach = second.reach(1).await;
            assert_eq!(reach.stops(&first, 1).await, None, "{how}");
        }
        machine.file(
            "second-after.service",
            &format!("[Unit]\nAfter=first.service\n{SLEEPS}"),
        );
        let second = target("second-after.service");
        assert_eq!(first.reach(1).await.stops(&second, 1).await, None);
    });
}

/// A switch would stop the current target by starting the other one.
#[test]
fn a_start_that_stops_the_other_target_is_found() {
    let test = "targets::a_start_that_stops_the_other_target_is_found";
    inside(test, async |machine: Inside| {
        let conflicts = "[Unit]\nConflicts=only-blue.service\n";
        machine.file("only-green.service", &format!("{conflicts}{SLEEPS}"));
        machine.file("only-blue.service", SLEEPS);
        machine.file("only-red.service", SLEEPS);
        let [blue, green, red] =
            ["blue", "green", "red"].map(|name| target(&format!("only-{name}.service")));
        start(&blue, LIMIT).await.unwrap();
        let found = green.start_stops(&blue).await;
        assert_eq!(
            found.as_deref(),
            Some("has Conflicts= with only-blue.service")
        );
        let found = blue.start_stops(&green).await;
        assert_eq!(
            found.as_deref(),
            Some("has Conflicts= with only-green.service")
        );
        assert_eq!(red.start_stops(&blue).await, None);
        start(&green, LIMIT).await.unwrap();
        assert!(!is_running(&blue).await);
    });
}

#[test]
fn limits_of_the_unit_and_of_its_slices_are_places() {
    let test = "targets::limits_of_the_unit_and_of_its_slices_are_places";
    inside(test, async |machine: Inside| {
        machine.file("room.slice", "[Slice]\nMemoryMax=3G\n");
        machine.file("room-web.slice", "[Slice]\nMemoryMax=2G\n");
        let service = "Slice=room-web.slice\nMemoryMax=1G\nExecStart=/bin/sleep infinity";
        machine.file("room@.service", &format!("[Service]\n{service}\n"));
        let places = async |unit: &str| {
            let places = target(unit).places().await.unwrap();
            println!("{places:?}");
            let named = places
                .into_iter()
                .map(|place| (place.name, place.bytes >> 30));
            named.collect::<Vec<_>>()
        };
        let found = places("room@blue.service").await;
        let blue = target("room@blue.service");
        start(&blue, LIMIT).await.unwrap();
        // A machine with control groups of version 1 does not show it.
        if let Some(need) = blue.memory(1).await {
            assert_eq!(need.origin, "the memory that room@blue.service uses now");
            assert!((1..64 << 20).contains(&need.bytes), "{need:?}");
        }
        assert_eq!(found[0].0, "on this host");
        let limits = [
            ("room@blue.service", 1),
            ("room-web.slice", 2),
            ("room.slice", 3),
        ];
        let limits = limits.map(|(unit, gib)| (format!("in {unit} (MemoryMax=)"), gib));
        assert_eq!(found[1..], limits);
        machine.service("ExecStart=/bin/sleep infinity");
        assert_eq!(places(&machine.unit()).await.len(), 1, "without limits");
    });
}
