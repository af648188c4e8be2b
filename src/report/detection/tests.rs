use super::*;
use crate::haproxy::CheckStatus;
use crate::restart::{GroupLock, Version, Why};

fn line(name: &str, role: Role, status: &str, check: &str) -> ServerLine {
    ServerLine {
        check: Some(CheckStatus::parse(check)),
        ..ServerLine::idle(name, role, status)
    }
}

/// Both lines of a host, as one balancer shows them.
fn balancers(main: (&str, &str), twin: (&str, &str)) -> Vec<BalancerObservation> {
    let lines = vec![
        line("srvs/web1", Role::Main, main.0, main.1),
        line("srvs/bkp1", Role::Twin, twin.0, twin.1),
    ];
    vec![BalancerObservation::of_lines(lines)]
}

/// One look in a phase that began at `began`, in ms.
fn look(
    detecting: &mut Detecting,
    (began, at): (u64, u64),
    main: (&str, &str),
    twin: (&str, &str),
) {
    let look = Observation {
        elapsed: Duration::from_millis(at),
        in_phase: Duration::from_millis(at - began),
        action_result: ActionResult::Done,
        version: Version::Same,
        interrupted: None,
        balancers: balancers(main, twin),
        serving: Vec::new(),
        unclaimed: Vec::new(),
        lock: GroupLock::Unused,
        connections: None,
        oldest: None,
        health: None,
        failing: 0,
        other: Vec::new(),
        ran_before: false,
        settle: None,
        settle_in_phase: None,
    };
    detecting.sees(look.elapsed, &look);
}

const UP: (&str, &str) = ("UP", "L7OK");
const DOWN: (&str, &str) = ("DOWN", "L4CON");

fn not_out() -> Outcome {
    Outcome::put_back(&Why::NotOut(Vec::new()), true)
}

/// The check's word or the line's last status, and the seconds to DOWN and to UP.
fn said(detecting: &Detecting, name: &str) -> (String, Option<f64>, Option<f64>) {
    let found = detecting.found(&not_out());
    let one = found
        .iter()
        .find(|one| one.line == name)
        .cloned()
        .unwrap_or_default();
    let word = one.check.or(one.still).unwrap_or_default();
    (word, one.down_seconds, one.up_seconds)
}

fn word(word: &str) -> String {
    word.to_owned()
}

#[test]
fn seconds_are_those_from_the_gate_to_what_haproxy_shows() {
    let mut detecting = Detecting {
        action: Some(Action::CloseTwin),
        ..Detecting::default()
    };
    look(&mut detecting, (50, 60), UP, UP);
    look(&mut detecting, (50, 450), UP, DOWN);
    detecting.action = Some(Action::CloseBoth);
    look(&mut detecting, (500, 510), UP, DOWN);
    look(&mut detecting, (500, 1750), ("DOWN", "L4TOUT"), DOWN);
    look(&mut detecting, (500, 2750), ("DOWN", "L4TOUT"), DOWN);
    assert_eq!(
        said(&detecting, "srvs/bkp1"),
        (word("L4CON"), Some(0.4), None)
    );
    assert_eq!(
        said(&detecting, "srvs/web1"),
        (word("L4TOUT"), Some(1.25), None)
    );
    detecting.action = Some(Action::OpenBoth);
    look(&mut detecting, (9000, 9010), DOWN, DOWN);
    look(&mut detecting, (9000, 9600), UP, ("DOWN 1/2", "L7OK"));
    look(&mut detecting, (9000, 9700), UP, UP);
    assert_eq!(
        said(&detecting, "srvs/web1"),
        (word("L4TOUT"), Some(1.25), Some(0.6))
    );
    assert_eq!(
        said(&detecting, "srvs/bkp1"),
        (word("L4CON"), Some(0.4), Some(0.7))
    );
}

#[test]
fn a_line_that_stays_up_is_kept_as_such() {
    let mut detecting = Detecting {
        action: Some(Action::CloseBoth),
        ..Detecting::default()
    };
    look(&mut detecting, (0, 10), UP, UP);
    look(&mut detecting, (0, 30_000), UP, DOWN);
    detecting.action = Some(Action::PutBack);
    look(&mut detecting, (30_000, 30_010), UP, DOWN);
    assert_eq!(said(&detecting, "srvs/web1"), (word("UP"), None, None));
    assert_eq!(said(&detecting, "srvs/bkp1").0, "L4CON");
}

/// Ctrl-C, a host that gives way, and the sidecar's non-blocking close end before HAProxy can notice.
#[test]
fn a_line_that_was_not_waited_for_says_nothing() {
    let mut detecting = Detecting {
        action: Some(Action::CloseBoth),
        possible: vec!["-A X".to_owned()],
        ..Detecting::default()
    };
    look(&mut detecting, (0, 10), UP, UP);
    look(&mut detecting, (0, 600), UP, DOWN);
    let found = |detecting: &Detecting, outcome: &Outcome| {
        let found = detecting.found(outcome);
        let lines: Vec<String> = found.into_iter().map(|one| one.line).collect();
        (lines.join(" "), detecting.possible(outcome).len())
    };
    let both = ("srvs/bkp1 srvs/web1".to_owned(), 1);
    assert_eq!(found(&detecting, &not_out()), both);
    let twin = ("srvs/bkp1".to_owned(), 0);
    let few = Why::TooFewServers(Vec::new());
    let rules = Why::GateFailed(String::new());
    for why in [Why::Interrupted(2), few, rules] {
        let outcome = Outcome::put_back(&why, true);
        assert_eq!(found(&detecting, &outcome), twin, "{outcome:?}");
    }
    assert_eq!(found(&detecting, &Outcome::Done { note: None }), twin);
    let none = Limits {
        out_of_rotation: Duration::ZERO,
        ..crate::restart::tests::limits()
    };
    detecting.plan(Verb::Stop, &none);
    assert_eq!(found(&detecting, &not_out()), twin);
}

/// A state from before the gate moved is not measured, and an operator's MAINT proves nothing.
#[test]
fn only_an_effect_of_a_gate_is_measured() {
    let mut detecting = Detecting::default();
    let closed = PerGate {
        main: true,
        twin: Some(false),
    };
    detecting.finds(closed, &balancers(DOWN, DOWN));
    assert_eq!(said(&detecting, "srvs/web1"), (word("L4CON"), None, None));
    assert_eq!(
        detecting.found(&not_out()).len(),
        1,
        "the twin's gate is open"
    );
    detecting.action = Some(Action::OpenBoth);
    look(&mut detecting, (100, 110), DOWN, UP);
    look(&mut detecting, (100, 900), UP, UP);
    assert_eq!(
        said(&detecting, "srvs/web1"),
        (word("L4CON"), None, Some(0.8))
    );
    let mut held = Detecting {
        action: Some(Action::CloseBoth),
        ..Detecting::default()
    };
    look(&mut held, (0, 10), ("MAINT", "L7OK"), DOWN);
    assert_eq!(said(&held, "srvs/web1"), (word(""), None, None));
    assert_eq!(said(&held, "srvs/bkp1"), (word("L4CON"), None, None));
}

/// HAProxy is in the middle of a check at the one look that there is.
#[test]
fn a_closed_gate_that_is_checked_at_this_moment_is_found() {
    let mut balancers = balancers(("DOWN", "* L4CON"), ("DOWN", "* L7STS"));
    let lines = &mut balancers[0].answer.as_mut().unwrap().lines;
    lines.iter_mut().for_each(|line| line.out = false);
    let mut detecting = Detecting::default();
    let closed = PerGate {
        main: true,
        twin: Some(true),
    };
    detecting.finds(closed, &balancers);
    assert_eq!(said(&detecting, "srvs/web1"), (word("L4CON"), None, None));
    assert_eq!(detecting.found(&not_out()).len(), 1, "a sick app answered");
}
