//! Two operations at once: on one host one of them wins. Of two hosts that may not both be out, one
//! gives way.

use lab::fleet::{Fleet, Layout, NUMBERS};
use lab::reference::{QUICK, Reference};
use lab::report::Report;
use lab::settings::Settings;

#[test]
fn a_host_has_one_operation_at_a_time() {
    let fleet = Fleet::two_stage("one_wins");
    fleet.open_gates();
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let agent = fleet.agent(1, |settings| settings);
    let both = [agent.start("restart", "web"), agent.start("restart", "web")];
    let mut exits = both.map(lab::agent::Running::wait);
    exits.sort_by_key(|ended| ended.exit);
    let [won, lost] = exits;
    won.expect_exit(0);
    names_the_lock_owner(&lost.expect_exit(10).report(), "restart");
    let request = fleet.held_request(1);
    let running = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    for verb in ["close", "recover", "restart", "open"] {
        let refused = agent.run(verb, "web").expect_exit(10);
        let holds = refused.out.contains("`agent restart web`, pid ");
        assert!(holds, "{verb}: {}", refused.out);
    }
    assert_eq!(request.answer().status, 200);
    running.wait().expect_exit(0);
    assert_eq!(fleet.boots()[0], boots[0] + 2);
    traffic.stop().assert_unnoticed();
}

fn names_the_lock_owner(report: &Report, verb: &str) {
    let owner = format!("`agent {verb} web`, pid ");
    let message = &report.message;
    assert!(
        message.contains(&owner) && message.contains(", since 2"),
        "{message}"
    );
}

/// Three hosts, two of which must be usable. All restart in the same moment. HAProxy's checks are
/// slow, so each host has closed its gates before it sees the others go.
#[test]
fn two_hosts_are_never_out_together() {
    let slow =
        |reference: Reference| reference.with(QUICK, "inter 600ms fastinter 300ms downinter 300ms");
    let fleet = Fleet::with("floor", Layout::TwoStage, slow);
    fleet.open_gates();
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let floor = |settings: Settings| {
        let settings = settings.set("app.web.min_available", 2);
        settings.set("app.web.timeouts.turn", "2m")
    };
    let agents = NUMBERS.map(|number| fleet.agent(number, floor));
    let running = agents.map(|agent| agent.start("restart", "web"));
    let reports = running.map(|one| one.wait().expect_exit(0).report());
    traffic.stop().assert_unnoticed();
    assert_eq!(
        fleet.boots(),
        boots.iter().map(|boots| boots + 1).collect::<Vec<_>>()
    );
    let gave_way = reports
        .iter()
        .filter(|report| report.phases.iter().any(|one| one.phase == "back_off"));
    assert!(gave_way.count() >= 2, "{reports:#?}");
    // From the restart of its app until its lines are UP, a host is the only one out.
    let spans = NUMBERS.into_iter().zip(&reports).map(|(number, report)| {
        let restart = report.began("restart");
        let lines = ["web", "bkp"].map(|line| format!("srvs/{line}{number}"));
        let up = lines.map(|line| fleet.haproxy.wait_said(&line, "UP", restart));
        let up = up[0].max(up[1]);
        let seconds = report.seconds;
        println!("restart {restart:.2} up {up:.2} whole {seconds:.2} s");
        (restart, up)
    });
    let mut spans: Vec<(f64, f64)> = spans.collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    for pair in spans.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "two were out together: {spans:?}");
    }
}

/// All hosts at once, while one other is enough for each: one stays while the others go. No user
/// notices.
#[test]
fn of_all_hosts_one_stays_while_the_others_go() {
    let fleet = Fleet::quick("all_at_once", |reference| reference);
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let agents = NUMBERS.map(|number| fleet.agent(number, |settings| settings));
    let running = agents.map(|agent| agent.start("restart", "web"));
    for one in running {
        one.wait().expect_exit(0);
    }
    traffic.stop().assert_unnoticed();
    let once: Vec<usize> = boots.iter().map(|boots| boots + 1).collect();
    assert_eq!(fleet.boots(), once);
}

/// An impossible floor: the restart gives up in time, and leaves no gate closed.
#[test]
fn a_turn_that_never_comes_is_exit_12() {
    let fleet = Fleet::two_stage("no_turn");
    fleet.open_gates();
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let floor = |settings: Settings| {
        let settings = settings.set("app.web.min_available", 2);
        settings.set("app.web.timeouts.turn", "3s")
    };
    let held = fleet.agent(2, |settings| settings).start("close", "web");
    // Otherwise host 1 may be out and back before host 2 has begun.
    fleet.host(2).wait_for_gate(3000, false);
    let ended = fleet.agent(1, floor).run("restart", "web").expect_exit(12);
    held.wait().expect_exit(0);
    assert!(
        ended.out.contains("our turn did not come in time"),
        "{}",
        ended.out
    );
    assert_eq!(fleet.boots(), boots);
    assert!(
        fleet.host(1).gate_is_open(2000) && fleet.host(1).gate_is_open(3000),
        "{}",
        ended.out
    );
    fleet.agent(2, |settings| settings).open("web");
    fleet.haproxy.wait_until_all_up();
    traffic.stop().assert_unnoticed();
}
