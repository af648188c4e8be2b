//! Hosts that begin in the same moment without a twin to announce it: each sees the other's first
//! failed check, and one gives way before its own line is DOWN.

use lab::fleet::{Fleet, Layout};
use lab::reference::{QUICK, Reference};
use lab::report::Report;
use lab::settings::Settings;
use lab::watch::Watch;

/// 800 ms from a first failed check until DOWN: enough on a busy machine, too.
fn calm(reference: Reference) -> Reference {
    reference.with(QUICK, "inter 600ms fastinter 800ms downinter 300ms")
}

#[test]
fn one_of_two_hosts_gives_way_in_the_classic_layout() {
    one_after_the_other("together_classic", Layout::Classic, |settings| settings);
}

#[test]
fn one_of_two_hosts_gives_way_with_a_sticky_time() {
    one_after_the_other("together_sticky", Layout::TwoStage, |settings| {
        settings.set("app.web.sticky", "500ms")
    });
}

/// Two of three hosts restart at once, and each needs two others UP. HAProxy never shows both out.
fn one_after_the_other(test: &str, layout: Layout, change: impl Fn(Settings) -> Settings) {
    let fleet = Fleet::with(test, layout, calm);
    fleet.open_gates();
    let (boots, traffic) = (fleet.boots(), fleet.traffic());
    let watch = Watch::start([&fleet.haproxy]);
    let settings = |settings: Settings| {
        let settings = settings.set("app.web.min_available", 2);
        change(settings.set("app.web.timeouts.turn", "1m"))
    };
    let agents = [1, 2].map(|number| fleet.agent(number, settings));
    let running = agents.map(|agent| agent.start("restart", "web"));
    let reports = running.map(|one| one.wait().expect_exit(0).report());
    watch.stop().assert_at_most(1);
    let met = traffic.stop();
    assert_eq!(met.failed, 0, "{met:?}");
    assert_eq!(fleet.boots(), [boots[0] + 1, boots[1] + 1, boots[2]]);
    assert!(reports.iter().any(gave_way), "{reports:#?}");
}

fn gave_way(report: &Report) -> bool {
    report.phases.iter().any(|one| one.phase == "back_off")
}

/// Its lines are DOWN as it begins, and may rise at any moment: it claims as any other host.
#[test]
fn a_host_that_is_down_at_first_claims_too() {
    let slow =
        |reference: Reference| reference.with(QUICK, "inter 300ms fastinter 100ms downinter 1s");
    let fleet = Fleet::quick("down_begins", slow);
    fleet.app(1).set_sick(true);
    fleet.haproxy.wait_until("web1 and bkp1 are DOWN", |lines| {
        lines.iter().filter(|one| one.status() == "DOWN").count() == 2
    });
    fleet.app(1).set_sick(false);
    let agent = fleet.agent(1, |settings| settings);
    let report = agent.run("restart", "web").expect_exit(0).report();
    let phases: Vec<_> = report.phases.iter().map(|one| one.phase.as_str()).collect();
    assert_eq!(phases[1..3], ["claim", "close"], "{phases:?}");
}
