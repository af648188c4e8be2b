//! What else goes down with the stop of a target, or with the start of the other one.

use crate::targets::{SLEEPS, is_running, start, stop, target};
use crate::{Inside, LIMIT, inside};
use haproxy_gate::app::Run;
use std::time::{Duration, Instant};

/// Waits for its stop: it has a job of its own, which may end after that of the unit that was asked.
async fn stops(target: &Run) {
    let began = Instant::now();
    while is_running(target).await {
        assert!(began.elapsed() < LIMIT, "it goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_stop_takes_down_running_units_that_depend_on_it() {
    let test = "beside::a_stop_takes_down_running_units_that_depend_on_it";
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
        stops(&others[0]).await;
        stops(&others[1]).await;
        let running = [&green, &others[2]].map(is_running);
        let running = futures_util::future::join_all(running).await;
        assert_eq!(running, [true; 2]);
    });
}

/// A switch would stop the current target by starting the other one.
#[test]
fn a_start_that_stops_the_other_target_is_found() {
    let test = "beside::a_start_that_stops_the_other_target_is_found";
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
        stops(&blue).await;
    });
}

/// A switch starts the other target first, and then this stop would take it down. Nothing shows that
/// before systemd has loaded the unit of the other one.
#[test]
fn a_stop_takes_down_a_target_that_does_not_run_yet() {
    let test = "beside::a_stop_takes_down_a_target_that_does_not_run_yet";
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
