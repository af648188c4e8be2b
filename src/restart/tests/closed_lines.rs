//! Lines that are UP while the app is touched: which are news, and how they are reported.

use super::*;
use crate::haproxy::CheckStatus;
use crate::haproxy::Role::{ClassicTwin, Main, Twin};

fn look(lines: &[(Role, &str)]) -> BalancerObservation {
    let lines = lines.iter().map(|(role, status)| line(*role, status, 0));
    BalancerObservation::of_lines(lines.collect())
}

/// The same, with this end of their checks.
fn checked(lines: &[(Role, &str)], check: &str) -> BalancerObservation {
    let mut look = look(lines);
    for line in &mut look.answer_mut().lines {
        line.check = Some(CheckStatus::parse(check));
    }
    look
}

fn reloaded(lines: &[(Role, &str)]) -> BalancerObservation {
    BalancerObservation {
        reloaded: true,
        ..look(lines)
    }
}

/// The lines after this last look on the way out.
fn out(lines: &[(Role, &str)]) -> ClosedLines {
    let mut closed = ClosedLines::default();
    closed.on_the_way_out(&[look(lines)]);
    closed
}

/// The number of lines wrongly UP, and of notices.
fn news(closed: &mut ClosedLines, balancer: &BalancerObservation) -> (usize, usize) {
    let news = closed.look(balancer);
    (news.up.len(), news.notices.len())
}

/// Exit 13 names what may answer the checks.
#[test]
fn a_line_that_stays_up_behind_its_closed_gate_has_candidates() {
    for (status, is_up) in [
        ("UP", true),
        ("UP 1/2", true),
        // HAProxy sends it users by cookie.
        ("UP (weight 0)", true),
        ("UP 1/2 (weight 0)", true),
        ("DOWN", false),
        ("MAINT", false),
    ] {
        assert_eq!(
            !ClosedLines::still_up(&[look(&[(Main, status)])], &[Main]).is_empty(),
            is_up,
            "{status}"
        );
    }
    // The claim's main gate is open, and a twin that the agent does not close checks the app.
    let claim = [look(&[(Main, "UP"), (Twin, "DOWN (agent)")])];
    assert_eq!(ClosedLines::still_up(&claim, &[Twin]), []);
    let both = [look(&[(Main, "UP"), (Twin, "UP")])];
    assert_eq!(ClosedLines::still_up(&both, &[Main]), [Main]);
    let classic = [look(&[(ClassicTwin, "UP")])];
    assert_eq!(ClosedLines::still_up(&classic, &[Main, Twin]), []);
    let mut closed = ClosedLines::default();
    closed.new_causes(vec![
        "this rule may redirect the status port 2000: `-A X`".to_owned(),
    ]);
    let not_out = Outcome::put_back(&Why::NotOut(vec!["lb srvs/web1 is UP".to_owned()]), true);
    let plain = not_out.message(Verb::Restart, "web");
    assert!(
        plain.ends_with("`agent doctor web --haproxy-cfg FILE` shows it"),
        "{plain}"
    );
    let message = closed.judge(not_out).message(Verb::Restart, "web");
    assert!(
        message.ends_with("this rule may redirect the status port 2000: `-A X`"),
        "{message}"
    );
}

#[test]
fn after_the_drain_each_status_means_one_thing() {
    for (status, up) in [
        ("DOWN", 0),
        ("DOWN (agent)", 0),
        // Its check passes, but it gets no users yet.
        ("DOWN 1/2", 0),
        ("MAINT", 0),
        ("UP", 1),
        ("UP 1/3", 1),
        ("UP -1/2", 1),
        // Both get users by cookie.
        ("DRAIN", 1),
        ("NOLB", 1),
        ("no check", 1),
    ] {
        for role in [Main, Twin] {
            let mut closed = out(&[(role, "DOWN")]);
            assert_eq!(
                news(&mut closed, &look(&[(role, status)])),
                (up, 0),
                "{status}"
            );
            let ends = closed.judge(Outcome::Done { note: None }).exit_code();
            assert_eq!(ends, if up == 0 { 0 } else { 20 }, "{status}");
        }
    }
}

#[test]
fn it_is_reported_once_until_the_line_was_down_again() {
    let mut closed = out(&[(Main, "DOWN"), (Twin, "DOWN")]);
    let up = look(&[(Main, "UP 1/3"), (Twin, "DOWN")]);
    assert_eq!(news(&mut closed, &up), (1, 0));
    assert_eq!(news(&mut closed, &up), (0, 0));
    let both = look(&[(Main, "UP"), (Twin, "UP")]);
    assert_eq!(news(&mut closed, &both), (1, 0));
    let down = look(&[(Main, "DOWN"), (Twin, "UP")]);
    assert_eq!(news(&mut closed, &down), (0, 0));
    assert_eq!(news(&mut closed, &both), (1, 0));
    let Outcome::UpWhileClosed { lines, .. } = closed.judge(Outcome::Done { note: None }) else {
        panic!("{closed:?}");
    };
    assert_eq!(
        lines,
        [
            "lb srvs/Main was UP 1/3",
            "lb srvs/Twin was UP",
            "lb srvs/Main was UP"
        ]
    );
}

/// The classic twin checks the app itself. A line that was never DOWN is still going down.
#[test]
fn the_classic_twin_and_a_line_that_is_still_going_down_are_no_news() {
    let mut closed = out(&[(Main, "DOWN"), (ClassicTwin, "UP")]);
    for twin in ["UP", "DOWN", "UP 1/3", "UP"] {
        let seen = look(&[(Main, "DOWN"), (ClassicTwin, twin)]);
        assert_eq!(news(&mut closed, &seen), (0, 0), "{twin}");
    }
    // Another agent began this restart, so the gates are already closed.
    let mut closed = ClosedLines::default();
    for status in ["UP", "UP 1/3", "UP 1/3"] {
        assert_eq!(
            news(&mut closed, &look(&[(Main, status)])),
            (0, 0),
            "{status}"
        );
    }
    assert_eq!(news(&mut closed, &look(&[(Main, "DOWN")])), (0, 0));
    assert_eq!(news(&mut closed, &look(&[(Main, "UP")])), (1, 0));
    // It was UP again before it was drained, and so not out.
    let mut closed = out(&[(Main, "DOWN")]);
    closed.on_the_way_out(&[look(&[(Main, "UP")])]);
    assert_eq!(news(&mut closed, &look(&[(Main, "UP")])), (0, 0));
}

/// A new worker takes each line for UP until its first check.
#[test]
fn after_a_reload_up_is_a_notice_until_a_check_has_passed() {
    let mut closed = out(&[(Main, "DOWN")]);
    assert_eq!(news(&mut closed, &reloaded(&[(Main, "UP 1/3")])), (0, 1));
    assert_eq!(news(&mut closed, &look(&[(Main, "UP 1/3")])), (0, 0));
    let mut well = closed.clone();
    assert_eq!(news(&mut well, &look(&[(Main, "DOWN")])), (0, 0));
    assert_eq!(well.judge(Outcome::Done { note: None }).exit_code(), 0);
    assert_eq!(news(&mut well, &look(&[(Main, "UP 1/3")])), (1, 0));
    // With `fall 1` it is UP from the first moment on, without a check.
    let unchecked = checked(&[(Main, "UP")], "INI");
    assert_eq!(news(&mut closed.clone(), &unchecked), (0, 0));
    // It goes UP after that, so something answers.
    let passed = checked(&[(Main, "UP")], "L7OK");
    assert_eq!(news(&mut closed, &passed), (1, 0));
    // Its users by cookie come, whatever its weight.
    for (status, up) in [("UP (weight 0)", 1), ("UP 1/2 (weight 0)", 0)] {
        let mut closed = out(&[(Main, "DOWN")]);
        assert_eq!(news(&mut closed, &reloaded(&[(Main, status)])), (0, 1));
        let passed = checked(&[(Main, status)], "L7OK");
        assert_eq!(news(&mut closed, &passed), (up, 0), "{status}");
    }
    // An operator runs `set server ... state ready`.
    let mut closed = out(&[(Main, "DOWN")]);
    assert_eq!(news(&mut closed, &look(&[(Main, "MAINT")])), (0, 0));
    assert_eq!(news(&mut closed, &look(&[(Main, "UP 1/3")])), (0, 1));
    let mut closed = out(&[(Main, "MAINT")]);
    assert_eq!(news(&mut closed, &look(&[(Main, "UP 1/3")])), (0, 1));
    assert_eq!(news(&mut closed, &checked(&[(Main, "UP")], "L7OK")), (1, 0));
}

#[test]
fn a_balancer_that_does_not_answer_is_a_notice_once() {
    let mut closed = out(&[(Main, "DOWN")]);
    let blind = BalancerObservation::silent("no complete answer within 2s");
    assert_eq!(news(&mut closed, &blind), (0, 1));
    assert_eq!(news(&mut closed, &blind), (0, 0));
    assert_eq!(closed.judge(Outcome::Done { note: None }).exit_code(), 0);
    assert_eq!(news(&mut closed, &look(&[(Main, "UP")])), (1, 0));
    assert_eq!(news(&mut closed, &blind), (0, 1));
}

#[test]
fn each_cause_is_reported_once_and_worse_outcomes_stay() {
    let mut closed = out(&[(Main, "DOWN")]);
    let listener = || "x (pid 1) listens".to_owned();
    closed.look(&look(&[(Main, "UP")]));
    assert_eq!(closed.new_causes(vec![listener()]), [listener()]);
    assert_eq!(closed.new_causes(vec![listener()]), [""; 0]);
    let done = closed.judge(Outcome::Done { note: None });
    let message = done.message(Verb::Restart, "web");
    assert!(
        message.contains("lb srvs/Main was UP") && message.contains(&listener()),
        "{message}"
    );
    let held = closed.judge(Outcome::RestartedClosed);
    let message = held.message(Verb::Restart, "web");
    assert_eq!(held.exit_code(), 20);
    assert!(
        message.contains("a hold keeps the gates closed"),
        "{message}"
    );
    for outcome in [
        Outcome::NotHealthy("x".into()),
        Outcome::NotBack(vec!["x".into()]),
        Outcome::RestartFailed("x".into()),
    ] {
        assert_eq!(closed.judge(outcome.clone()), outcome);
    }
}
