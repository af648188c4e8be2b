//! The law as tables: phase and look -> step.

use super::*;
use crate::haproxy::{Others, Role, Status};

pub(super) fn limits() -> Limits {
    let seconds = Duration::from_secs;
    Limits {
        sticky: Duration::ZERO,
        out_of_rotation: seconds(30),
        drain: seconds(60),
        restart: seconds(60),
        healthy: seconds(60),
        in_rotation: seconds(60),
        on_drain_timeout: OnDrainTimeout::Abort,
        healthy_times: 1,
        two_stage: true,
        found_open: true,
    }
}

pub(super) fn line(role: Role, status: &str, in_flight: u64) -> LineSeen {
    let status = Status::parse(status).unwrap();
    let (name, proven) = (format!("srvs/{role:?}"), status == Status::Up);
    LineSeen {
        name,
        role,
        status,
        proven,
        in_flight,
        sessions: 7,
    }
}

pub(super) fn seen(lines: &[(Role, &str, u64)]) -> Seen {
    let lines = lines
        .iter()
        .map(|(role, status, in_flight)| line(*role, status, *in_flight));
    Seen {
        in_phase: Duration::ZERO,
        acted: Acted::Done,
        interrupted: None,
        balancers: vec![BalancerSeen {
            name: "lb".into(),
            lines: Ok(lines.collect()),
            reloaded: false,
        }],
        health: None,
    }
}

pub(super) fn blind() -> Seen {
    let lines = Err("no complete answer within 2s".to_owned());
    Seen {
        balancers: vec![BalancerSeen {
            name: "lb".into(),
            lines,
            reloaded: false,
        }],
        ..seen(&[])
    }
}

fn late(seen: Seen) -> Seen {
    Seen {
        in_phase: Duration::from_secs(3600),
        ..seen
    }
}

fn step(phase: Phase, seen: &Seen) -> Step {
    decide(Verb::Restart, &phase, seen, &limits())
}

fn goes(step: Step) -> Phase {
    match step {
        Step::Go { to, .. } => to,
        other => panic!("{other:?}"),
    }
}

fn ends(step: Step) -> Outcome {
    match step {
        Step::End(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

fn waits(step: Step) -> Vec<String> {
    match step {
        Step::Stay { waiting, .. } => waiting,
        other => panic!("{other:?}"),
    }
}

use Role::{ClassicTwin, Main, Twin};

#[test]
fn close_waits_for_down_on_every_balancer() {
    assert_eq!(
        waits(step(Phase::Close, &seen(&[(Main, "UP 1/3", 0)]))),
        ["lb srvs/Main is UP 1/3"]
    );
    assert_eq!(
        goes(step(
            Phase::Close,
            &seen(&[(Main, "DOWN", 3), (Twin, "UP", 0)])
        )),
        Phase::Shed
    );
    let mut two = seen(&[(Main, "DOWN", 0)]);
    two.balancers.extend(blind().balancers);
    assert_eq!(waits(step(Phase::Close, &two)).len(), 1);
    assert_eq!(
        goes(step(Phase::Close, &seen(&[(Main, "MAINT", 0)]))),
        Phase::Shed
    );
    assert_eq!(
        waits(step(Phase::Close, &seen(&[(Main, "DRAIN", 0)]))).len(),
        1
    );
}

#[test]
fn not_out_in_time_puts_the_gates_back_and_so_does_a_gate_that_sticks() {
    let back = goes(step(Phase::Close, &late(seen(&[(Main, "UP", 0)]))));
    assert!(matches!(back, Phase::PutBack(Why::NotOut(_))));
    let stuck = Seen {
        acted: Acted::Failed("exit 4".into()),
        ..seen(&[(Main, "DOWN", 0)])
    };
    assert!(matches!(
        step(Phase::Close, &stuck),
        Step::Stay { again: true, .. }
    ));
    assert!(matches!(
        goes(step(Phase::Close, &late(stuck))),
        Phase::PutBack(Why::GateFailed(_))
    ));
}

#[test]
fn sticky_users_are_kept_until_quiet_or_the_time_is_up() {
    let limits = Limits {
        sticky: Duration::from_secs(60),
        ..limits()
    };
    let decide = |phase: &Phase, seen: &Seen| super::decide(Verb::Restart, phase, seen, &limits);
    let mut look = seen(&[(Main, "DOWN", 0), (Twin, "UP", 0)]);
    let begin = Phase::Sticky {
        sessions: 7,
        busy_at: Duration::ZERO,
    };
    assert_eq!(goes(decide(&Phase::Close, &look)), begin);
    look.in_phase = Duration::from_secs(9);
    assert_eq!(waits(decide(&begin, &look)).len(), 1);
    look.in_phase = Duration::from_secs(10);
    assert_eq!(goes(decide(&begin, &look)), Phase::Shed);
    let busy = Phase::Sticky {
        sessions: 6,
        busy_at: Duration::ZERO,
    };
    assert_eq!(waits(decide(&busy, &look)).len(), 1);
    assert_eq!(goes(decide(&busy, &late(look))), Phase::Shed);
}

#[test]
fn without_a_twin_there_is_no_sticky_window() {
    let limits = Limits {
        sticky: Duration::from_secs(60),
        two_stage: false,
        ..limits()
    };
    let next = decide(
        Verb::Restart,
        &Phase::Close,
        &seen(&[(Main, "DOWN", 0)]),
        &limits,
    );
    assert_eq!(goes(next), Phase::Drain { zeros: 0 });
}

#[test]
fn a_drain_is_two_zeros_in_a_row_with_all_lines_out() {
    let quiet = seen(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    let once = Phase::Drain { zeros: 1 };
    assert!(
        matches!(step(Phase::Drain { zeros: 0 }, &quiet), Step::Stay { phase, .. } if phase == once)
    );
    assert_eq!(goes(step(once.clone(), &quiet)), Phase::Restart);
    for busy in [
        seen(&[(Main, "DOWN", 1), (Twin, "DOWN", 0)]),
        seen(&[(Main, "DOWN", 0), (Twin, "DOWN", 1)]),
        seen(&[(Main, "UP", 0), (Twin, "DOWN", 0)]),
        seen(&[(Main, "DOWN", 0), (Twin, "UP 1/3", 0)]),
        blind(),
    ] {
        let next = step(once.clone(), &busy);
        assert!(
            matches!(
                next,
                Step::Stay {
                    phase: Phase::Drain { zeros: 0 },
                    ..
                }
            ),
            "{busy:?} {next:?}"
        );
    }
}

#[test]
fn a_classic_twin_is_told_and_not_waited_for() {
    let look = seen(&[(Main, "DOWN", 0), (ClassicTwin, "UP", 2)]);
    match step(Phase::Drain { zeros: 1 }, &look) {
        Step::Go {
            to: Phase::Restart,
            note: Some(note),
        } => assert!(note.contains("2 requests"), "{note}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_drain_that_runs_out_follows_its_policy() {
    let busy = late(seen(&[(Main, "DOWN", 1), (Twin, "DOWN", 0)]));
    let back = goes(step(Phase::Drain { zeros: 0 }, &busy));
    assert!(matches!(back, Phase::PutBack(Why::DrainRanOut(_))));
    let proceed = Limits {
        on_drain_timeout: OnDrainTimeout::Proceed,
        ..limits()
    };
    let next = decide(Verb::Restart, &Phase::Drain { zeros: 0 }, &busy, &proceed);
    assert_eq!(goes(next), Phase::Restart);
}

#[test]
fn a_drain_that_is_quiet_when_its_time_is_up_gets_its_second_look() {
    let quiet = late(seen(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]));
    let first = step(Phase::Drain { zeros: 0 }, &quiet);
    assert!(
        matches!(
            first,
            Step::Stay {
                phase: Phase::Drain { zeros: 1 },
                ..
            }
        ),
        "{first:?}"
    );
    assert_eq!(
        goes(step(Phase::Drain { zeros: 1 }, &quiet)),
        Phase::Restart
    );
}

#[test]
fn a_close_tells_that_the_classic_twin_goes_on() {
    let idle = seen(&[(Main, "DOWN", 0), (ClassicTwin, "UP", 0)]);
    match decide(Verb::Close, &Phase::Drain { zeros: 1 }, &idle, &limits()) {
        Step::End(Outcome::Done { note: Some(note) }) => {
            assert!(note.contains("ClassicTwin is UP"), "{note}")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_policy_goes_on_over_a_line_that_is_up_or_out_of_sight_or_a_gate_that_sticks() {
    let proceed = Limits {
        on_drain_timeout: OnDrainTimeout::Proceed,
        ..limits()
    };
    let drain = |seen: Seen| {
        goes(decide(
            Verb::Restart,
            &Phase::Drain { zeros: 0 },
            &late(seen),
            &proceed,
        ))
    };
    let up = seen(&[(Main, "UP", 1), (Twin, "DOWN", 0)]);
    assert!(matches!(drain(up), Phase::PutBack(Why::NotOut(_))));
    assert!(matches!(drain(blind()), Phase::PutBack(Why::NotOut(_))));
    let stuck = Seen {
        acted: Acted::Failed("exit 4".into()),
        ..seen(&[(Main, "DOWN", 0)])
    };
    assert!(matches!(drain(stuck), Phase::PutBack(Why::GateFailed(_))));
}

#[test]
fn a_reload_before_the_restart_puts_the_gates_back() {
    let mut look = seen(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    look.balancers[0].reloaded = true;
    for phase in [Phase::Close, Phase::Shed, Phase::Drain { zeros: 1 }] {
        assert!(matches!(
            goes(step(phase, &look)),
            Phase::PutBack(Why::NotOut(_))
        ));
    }
    look.balancers[0].lines = Ok(vec![line(Main, "UP", 0)]);
    assert_eq!(ends(step(Phase::Open, &look)).exit_code(), 0);
}

#[test]
fn the_gates_open_only_before_a_healthy_app() {
    let asked = |health| Seen {
        health: Some(health),
        ..seen(&[])
    };
    let sick = asked(Err("503".to_owned()));
    assert_eq!(
        goes(step(Phase::Healthy { streak: 0 }, &asked(Ok(())))),
        Phase::Open
    );
    assert_eq!(
        waits(step(Phase::Healthy { streak: 0 }, &sick)),
        ["the app: 503"]
    );
    assert_eq!(
        ends(step(Phase::Healthy { streak: 0 }, &late(sick))).exit_code(),
        15
    );
    let failed = Seen {
        acted: Acted::Failed("exit 1".into()),
        ..seen(&[])
    };
    assert_eq!(ends(step(Phase::Restart, &failed)).exit_code(), 15);
}

#[test]
fn healthy_as_often_in_a_row_as_asked() {
    let limits = Limits {
        healthy_times: 2,
        ..limits()
    };
    let well = Seen {
        health: Some(Ok(())),
        ..seen(&[])
    };
    let first = decide(Verb::Restart, &Phase::Healthy { streak: 0 }, &well, &limits);
    assert!(matches!(
        first,
        Step::Stay {
            phase: Phase::Healthy { streak: 1 },
            ..
        }
    ));
    assert_eq!(
        goes(decide(
            Verb::Restart,
            &Phase::Healthy { streak: 1 },
            &well,
            &limits
        )),
        Phase::Open
    );
}

#[test]
fn back_means_proven_up_on_both_lines_but_an_operators_hold_is_respected() {
    assert_eq!(
        ends(step(
            Phase::Open,
            &seen(&[(Main, "UP", 0), (Twin, "UP", 0)])
        ))
        .exit_code(),
        0
    );
    assert_eq!(
        ends(step(
            Phase::Open,
            &seen(&[(Main, "MAINT", 0), (Twin, "DRAIN", 0)])
        ))
        .exit_code(),
        0
    );
    assert_eq!(
        waits(step(
            Phase::Open,
            &seen(&[(Main, "UP", 0), (Twin, "UP 2/3", 0)])
        ))
        .len(),
        1
    );
    assert_eq!(
        ends(step(Phase::Open, &late(seen(&[(Main, "DOWN", 0)])))).exit_code(),
        16
    );
    assert_eq!(ends(step(Phase::Open, &late(blind()))).exit_code(), 16);
}

#[test]
fn a_signal_puts_back_what_was_changed_and_finishes_what_was_begun() {
    let signalled = |seen: Seen| Seen {
        interrupted: Some(15),
        ..seen
    };
    for phase in [Phase::Close, Phase::Shed, Phase::Drain { zeros: 1 }] {
        let next = step(
            phase,
            &signalled(seen(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)])),
        );
        assert_eq!(goes(next), Phase::PutBack(Why::Interrupted(15)));
    }
    let well = Seen {
        health: Some(Ok(())),
        ..signalled(seen(&[]))
    };
    assert_eq!(
        goes(step(Phase::Restart, &well)),
        Phase::Healthy { streak: 0 }
    );
    assert_eq!(goes(step(Phase::Healthy { streak: 0 }, &well)), Phase::Open);
    assert_eq!(
        ends(step(Phase::Open, &signalled(seen(&[(Main, "DOWN", 0)])))).exit_code(),
        143
    );
    let why = Phase::PutBack(Why::Interrupted(15));
    assert_eq!(
        ends(step(why, &signalled(seen(&[(Main, "DOWN", 0)])))).exit_code(),
        143
    );
}

#[test]
fn put_back_waits_for_up_and_keeps_its_reason() {
    let why = Phase::PutBack(Why::DrainRanOut(vec![]));
    assert_eq!(
        waits(step(why.clone(), &seen(&[(Main, "DOWN", 1)]))).len(),
        1
    );
    assert_eq!(
        ends(step(why.clone(), &seen(&[(Main, "UP", 1)]))).exit_code(),
        14
    );
    assert_eq!(
        ends(step(why.clone(), &late(seen(&[(Main, "DOWN", 1)])))).exit_code(),
        14
    );
    let closed = Limits {
        found_open: false,
        ..limits()
    };
    let step = decide(Verb::Restart, &why, &seen(&[(Main, "DOWN", 1)]), &closed);
    assert_eq!(ends(step).exit_code(), 14);
}

#[test]
fn close_ends_drained_and_open_does_not_touch_a_sick_apps_gate() {
    let quiet = seen(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    assert_eq!(
        ends(decide(
            Verb::Close,
            &Phase::Drain { zeros: 1 },
            &quiet,
            &limits()
        ))
        .exit_code(),
        0
    );
    let sick = late(Seen {
        health: Some(Err("503".into())),
        ..seen(&[])
    });
    assert_eq!(
        ends(decide(
            Verb::Open,
            &Phase::Healthy { streak: 0 },
            &sick,
            &limits()
        ))
        .exit_code(),
        15
    );
}

fn facts() -> Facts {
    let lines = vec![(line(Main, "UP", 0), false), (line(Twin, "UP", 0), true)];
    let others = vec![Others {
        backend: "srvs".into(),
        usable: 1,
        own_usable: true,
    }];
    Facts {
        gates: vec![],
        main_closed: false,
        restart: Ok(()),
        health: Ok(()),
        balancers: vec![(
            "lb".into(),
            Ok(BalancerFacts {
                lines,
                others,
                uptime: 600,
            }),
        )],
    }
}

fn change(change: impl Fn(&mut BalancerFacts)) -> Facts {
    let mut facts = facts();
    change(facts.balancers[0].1.as_mut().unwrap());
    facts
}

#[test]
fn the_preflight_refuses_what_could_not_work() {
    assert_eq!(preflight(Verb::Restart, &facts(), 1), Ok(vec![]));
    let refused = [
        Facts {
            gates: vec!["a foreign rule".into()],
            ..facts()
        },
        Facts {
            restart: Err("web.service is masked".into()),
            ..facts()
        },
        Facts {
            balancers: vec![("lb".into(), Err("no server line".into()))],
            ..facts()
        },
        change(|lb| lb.lines[0].1 = true),
        change(|lb| lb.lines[1].1 = false),
        change(|lb| lb.lines[0].0.status = Status::NoCheck),
        Facts {
            main_closed: true,
            ..facts()
        },
    ];
    for facts in refused {
        let refusal = preflight(Verb::Restart, &facts, 1).unwrap_err();
        assert_eq!(Outcome::Refused(refusal).exit_code(), 11, "{facts:?}");
    }
}

#[test]
fn the_floor_holds_unless_nothing_is_taken_away() {
    let few = change(|lb| lb.others[0].usable = 0);
    let refusal = preflight(Verb::Restart, &few, 1).unwrap_err();
    assert_eq!(Outcome::Refused(refusal).exit_code(), 12);
    assert!(preflight(Verb::Restart, &few, 0).is_ok());
    assert!(preflight(Verb::Open, &few, 1).is_ok());
    let out_already = change(|lb| {
        lb.others[0] = Others {
            backend: "srvs".into(),
            usable: 0,
            own_usable: false,
        };
    });
    assert!(preflight(Verb::Restart, &out_already, 1).is_ok());
}

#[test]
fn a_sick_app_a_down_line_and_an_operators_hold_are_told_not_refused() {
    let mut facts = change(|lb| {
        lb.lines[0].0 = line(Main, "DOWN", 0);
        lb.lines[1].0 = line(Twin, "MAINT", 0);
    });
    facts.health = Err("connection refused".into());
    assert_eq!(preflight(Verb::Restart, &facts, 1).unwrap().len(), 3);
}

#[test]
fn a_young_worker_is_told() {
    let notices = preflight(Verb::Restart, &change(|lb| lb.uptime = 5), 1).unwrap();
    assert!(
        notices[0].starts_with("lb was started or reloaded 5 s ago"),
        "{notices:?}"
    );
    assert_eq!(
        preflight(Verb::Open, &change(|lb| lb.uptime = 5), 1),
        Ok(vec![])
    );
}

#[test]
fn opening_needs_one_balancer_that_knows_us() {
    let mut facts = facts();
    facts
        .balancers
        .push(("lb2".into(), Err("can't connect".into())));
    assert_eq!(
        preflight(Verb::Open, &facts, 1).unwrap(),
        ["lb2: can't connect"]
    );
    assert!(preflight(Verb::Close, &facts, 1).is_err());
    facts.balancers = facts.balancers.split_off(1);
    assert!(preflight(Verb::Open, &facts, 1).is_err());
}
