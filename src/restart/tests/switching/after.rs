//! From the join on: the old target goes.

use super::*;

pub(super) fn kept() -> Limits {
    Limits {
        switch: Switching {
            keeps: true,
            ..Switching::default()
        },
        ..limits()
    }
}

fn sticky() -> Limits {
    Limits {
        sticky: Duration::from_secs(60),
        ..limits()
    }
}

#[test]
fn the_old_one_leaves_drains_is_parked_and_stops() {
    let out = healthy(look(DOWN, UP));
    assert_eq!(next(&SwitchPhase::Leave, &out, &limits()), DRAIN);
    let drained = SwitchPhase::Drain { zeros: 1 };
    assert_eq!(next(&drained, &out, &limits()), PARK);
    let quiet = SwitchPhase::Park {
        zeros: 1,
        back: None,
    };
    assert_eq!(next(&quiet, &out, &limits()), STOP);
    let done = |how| Outcome::Switched { how, note: None };
    assert_eq!(ends(decides(&STOP, &out, &limits())), done(How::Start));
    // It stays warm.
    assert_eq!(ends(decides(&quiet, &out, &kept())), done(How::Start));
    for (how, word) in [
        (How::Start, "switched"),
        (How::Back, "switched_back"),
        (How::Finish, "switched"),
    ] {
        let end = ends(decides(&STOP, &out, &within(how)));
        assert_eq!((end.exit_code(), end.word(Verb::Switch)), (0, word));
        assert_eq!(end.word(Verb::Recover), "recovered");
    }
}

/// The health is asked now and then until here. A last answer decides before there is no way back.
#[test]
fn the_old_one_stops_only_beside_a_new_one_that_is_healthy_now() {
    let quiet = SwitchPhase::Park {
        zeros: 1,
        back: None,
    };
    let out = look(DOWN, UP);
    let slip = Observation {
        failing: 1,
        ..sick(out.clone())
    };
    // Also when the time is up: that is no reason to report an app as sick that was not asked.
    for seen in [&out, &slip, &late(out.clone()), &late(slip.clone())] {
        let waiting = waits(decides(&quiet, seen, &limits()));
        assert!(waiting[0].starts_with("the new target: "), "{waiting:?}");
    }
    assert!(Phase::Switch(quiet.clone()).needs_health());
    assert!(!Phase::Switch(PARK).needs_health());
    // A finish has no way back.
    let end = ends(decides(&quiet, &late(slip), &within(How::Finish)));
    assert_eq!(end.exit_code(), 19);
    let message = end.message(Verb::Switch, "web");
    for part in ["the new target serves and is not healthy: 503", "--finish`"] {
        assert!(message.contains(part), "{message}");
    }
}

/// Its users have moved: the switch is done.
#[test]
fn an_old_target_that_does_not_stop_is_a_notice() {
    let Outcome::Switched { note, .. } = ends(decides(&STOP, &failed(look(DOWN, UP)), &limits()))
    else {
        panic!();
    };
    let note = note.unwrap();
    assert!(note.contains("was not stopped: exit 1"), "{note}");
}

#[test]
fn a_sticky_time_keeps_the_old_twin_and_then_sheds_it() {
    let main_down = look(["DOWN", "UP"], UP);
    let window = next(&SwitchPhase::Leave, &main_down, &sticky());
    let SwitchPhase::Sticky { sessions: 7, .. } = window else {
        panic!("{window:?}");
    };
    assert!(!waits(decides(&window, &main_down, &sticky())).is_empty());
    let shed = next(&window, &late(main_down.clone()), &sticky());
    assert_eq!(shed, SwitchPhase::Shed);
    assert!(!waits(decides(&shed, &main_down, &sticky())).is_empty());
    assert_eq!(next(&shed, &look(DOWN, UP), &sticky()), DRAIN);
    let actions = [
        (SwitchPhase::Leave, Action::LeaveMain),
        (window, Action::LeaveMain),
        (shed, Action::LeaveBoth),
    ];
    for (phase, action) in actions {
        let phase = Phase::Switch(phase);
        assert_eq!(phase.action(Verb::Switch, &sticky()), Some(action));
    }
    let leave = Phase::Switch(SwitchPhase::Leave);
    assert_eq!(
        leave.action(Verb::Switch, &limits()),
        Some(Action::LeaveBoth)
    );
}

#[test]
fn a_drain_that_runs_out_leaves_the_old_one_running_unless_set_to_proceed() {
    let mut busy = late(look(DOWN, UP));
    answer(&mut busy).lines[0].in_flight = 2;
    let end = ends(decides(&DRAIN, &busy, &limits()));
    assert_eq!(
        (end.exit_code(), end.word(Verb::Switch)),
        (19, "still_draining")
    );
    let message = end.message(Verb::Switch, "web");
    for part in ["2 requests in flight", "`agent switch web --finish`"] {
        assert!(message.contains(part), "{message}");
    }
    let proceeds = Limits {
        on_drain_timeout: OnDrainTimeout::Proceed,
        ..limits()
    };
    let Step::Go {
        to,
        note: Some(note),
    } = decides(&DRAIN, &busy, &proceeds)
    else {
        panic!();
    };
    assert_eq!(to, Phase::Switch(PARK));
    assert!(note.contains("graceful stop"), "{note}");
    assert_eq!(next(&PARK, &healthy(busy), &proceeds), STOP);
    // No policy stops what HAProxy still sends users to.
    let up = late(look(UP, UP));
    assert_eq!(ends(decides(&DRAIN, &up, &proceeds)).exit_code(), 19);
    assert_eq!(ends(decides(&PARK, &up, &proceeds)).exit_code(), 19);
}

/// A classic twin goes on serving users with a cookie of the old target.
#[test]
fn what_the_classic_twin_carries_keeps_the_old_one_running() {
    for (in_flight, goes_on) in [(0, true), (1, false)] {
        let lines = [(Main, "DOWN", 0), (Role::ClassicTwin, "UP", in_flight)];
        let seen = healthy(Observation {
            other: look(UP, UP).balancers,
            ..observation(&lines)
        });
        for phase in [
            SwitchPhase::Drain { zeros: 1 },
            SwitchPhase::Park {
                zeros: 1,
                back: None,
            },
        ] {
            let goes = matches!(decides(&phase, &seen, &limits()), Step::Go { .. });
            assert_eq!(goes, goes_on, "{phase:?} with {in_flight} in flight");
        }
        let end = decides(&DRAIN, &late(seen), &limits());
        assert_eq!(matches!(end, Step::End(_)), !goes_on, "{end:?}");
    }
}

#[test]
fn a_new_target_that_falls_sick_is_taken_back_until_the_old_one_stops() {
    let late_phases = [
        SwitchPhase::Leave,
        SwitchPhase::Sticky {
            sessions: 0,
            busy_at: Duration::ZERO,
        },
        SwitchPhase::Shed,
        DRAIN,
        PARK,
    ];
    for phase in late_phases {
        for seen in [look(DOWN, ["DOWN", "UP"]), sick(look(DOWN, UP))] {
            let then = next(&phase, &seen, &limits());
            assert!(
                matches!(then, SwitchPhase::TakeBack(WhyBack::Sick(_))),
                "{phase:?}"
            );
        }
        // HAProxy's operator holds the line, or only the twin is away.
        for other in [["MAINT", "UP"], ["UP", "DOWN"], ["UP 1/2", "UP"]] {
            let step = decides(&phase, &look(DOWN, other), &limits());
            let goes_back = format!("{step:?}").contains("TakeBack");
            assert!(!goes_back, "{phase:?} {other:?}");
        }
        let one = Observation {
            failing: 1,
            ..sick(look(DOWN, UP))
        };
        assert!(!format!("{:?}", decides(&phase, &one, &limits())).contains("TakeBack"));
    }
}

#[test]
fn an_old_target_that_does_not_go_is_taken_back() {
    let up = late(look(["DOWN", "UP"], UP));
    let then = next(&SwitchPhase::Leave, &up, &limits());
    let SwitchPhase::TakeBack(WhyBack::NotOut(waiting)) = then else {
        panic!("{then:?}");
    };
    assert_eq!(waiting, ["lb srvs/Twin is UP"]);
    let then = next(&SwitchPhase::Leave, &late(failed(look(UP, UP))), &limits());
    assert_eq!(then.name(), "take_back");
}

/// HAProxy was reloaded without the page's line, or checks it no more. Users have the app.
#[test]
fn a_page_that_does_not_go_keeps_no_user_from_the_app() {
    let off = Limits {
        switch: Switching {
            from_page: true,
            with_page: true,
            keeps: true,
            ..within(How::Back).switch
        },
        ..limits()
    };
    for page in [["no check", "UP"], UP, ["DOWN", "UP"]] {
        assert!(!waits(decides(&SwitchPhase::Leave, &look(page, UP), &off)).is_empty());
        let end = ends(decides(&SwitchPhase::Leave, &late(look(page, UP)), &off));
        assert_eq!(end.exit_code(), 19);
        let message = end.message(Verb::MaintenanceOff, "web");
        assert!(
            message.contains("the page may still have users: lb srvs/"),
            "{message}"
        );
    }
    // The app is DOWN.
    let sick = next(&SwitchPhase::Leave, &late(look(UP, DOWN)), &off);
    assert_eq!(sick.name(), "take_back");
}

/// The old one was seen to be UP before the first try, and perhaps is no longer.
#[test]
fn a_gate_that_did_not_close_is_tried_again_only_after_a_look_at_the_other() {
    let again = |phase: &SwitchPhase, look| match decides(phase, &look, &limits()) {
        Step::Stay { again, .. } => again,
        other => panic!("{other:?}"),
    };
    for phase in [SwitchPhase::Leave, SwitchPhase::Withdraw(WhyBack::CutShort)] {
        assert!(again(&phase, failed(look(UP, UP))));
        assert!(!again(&phase, failed(look(UP, ["UP 1/2", "UP"]))));
    }
}
