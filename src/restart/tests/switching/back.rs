//! The way back, and signals.

use super::*;

fn sick_of_it() -> WhyBack {
    WhyBack::Sick("10 of 100 requests failed".to_owned())
}

#[test]
fn the_new_one_closes_only_once_the_old_one_is_up() {
    let take_back = SwitchPhase::TakeBack(sick_of_it());
    for own in [DOWN, ["UP 1/2", "UP"], ["UP", "DOWN"]] {
        assert!(!waits(decides(&take_back, &look(own, UP), &limits())).is_empty());
        let end = ends(decides(&take_back, &late(look(own, UP)), &limits()));
        assert_eq!(
            (end.exit_code(), end.word(Verb::Switch)),
            (15, "neither_healthy")
        );
        let message = end.message(Verb::Switch, "web");
        for part in ["10 of 100 requests failed", "the gates of both are open"] {
            assert!(message.contains(part), "{message}");
        }
    }
    let then = next(&take_back, &look(UP, UP), &limits());
    assert_eq!(then, SwitchPhase::Withdraw(sick_of_it()));
}

/// One balancer shows the old target UP, and the other one shows nothing.
#[test]
fn both_stay_open_while_a_balancer_can_not_be_seen() {
    let gone = BalancerObservation {
        name: "lb2".to_owned(),
        ..blind().balancers[0].clone()
    };
    let beside = |own| {
        let mut seen = late(look(own, UP));
        seen.balancers.push(gone.clone());
        seen
    };
    let join = "HAProxy did not show it UP in time: lb2 can't be seen: no answer";
    for (why, says) in [
        (
            not_placed(join),
            "not switched to the new target: HAProxy did not",
        ),
        (sick_of_it(), "the new target is sick: 10 of 100 requests"),
    ] {
        let take_back = SwitchPhase::TakeBack(why);
        let end = ends(decides(&take_back, &beside(UP), &limits()));
        assert_eq!(
            (end.exit_code(), end.word(Verb::Switch)),
            (16, "both_may_serve")
        );
        let message = end.message(Verb::Switch, "web");
        for part in [
            says,
            "both may serve users",
            "once lb2 answers, run `agent recover web`",
            "`agent recover web --without-balancer lb2`",
        ] {
            assert!(message.contains(part), "{message}");
        }
        let end = ends(decides(&take_back, &beside(DOWN), &limits()));
        assert_eq!(end.word(Verb::Switch), "neither_healthy");
        // None is left to be asked.
        let all_gone = late(blind());
        let end = ends(decides(&take_back, &all_gone, &limits()));
        let message = end.message(Verb::Switch, "web");
        assert!(message.contains("both may serve"), "{message}");
        assert!(!message.contains("--without-balancer"), "{message}");
    }
}

#[test]
fn then_it_is_parked_and_stopped_if_the_switch_started_it() {
    let withdraw = SwitchPhase::Withdraw(sick_of_it());
    assert!(!waits(decides(&withdraw, &look(UP, UP), &limits())).is_empty());
    assert_eq!(
        next(&withdraw, &look(DOWN, UP), &limits()),
        parked(sick_of_it())
    );
    let quiet = SwitchPhase::Park {
        zeros: 1,
        back: Some(sick_of_it()),
    };
    let stop = SwitchPhase::Stop {
        back: Some(sick_of_it()),
    };
    assert_eq!(next(&quiet, &look(DOWN, UP), &limits()), stop);
    let end = ends(decides(&stop, &look(DOWN, UP), &limits()));
    assert_eq!(
        (end.exit_code(), end.word(Verb::Switch)),
        (17, "swapped_back")
    );
    let warm = ends(decides(&quiet, &look(DOWN, UP), &within(How::Back)));
    assert_eq!(warm.exit_code(), 17);
    // It carries users to the end: it is left running, whatever the policy is.
    let mut busy = late(look(DOWN, UP));
    answer(&mut busy).lines[0].in_flight = 1;
    let Outcome::SwappedBack {
        note: Some(note), ..
    } = ends(decides(&quiet, &busy, &limits()))
    else {
        panic!();
    };
    assert!(note.contains("left running"), "{note}");
}

#[test]
fn a_reason_has_its_outcome() {
    let text = || "x".to_owned();
    for (why, exit, word) in [
        (not_placed("x"), 18, "not_placed"),
        (WhyBack::Sick(text()), 17, "swapped_back"),
        (WhyBack::NotOut(vec![text()]), 17, "swapped_back"),
        (WhyBack::GateFailed(text()), 1, "gate_failed"),
        (WhyBack::Unrecorded(text()), 1, "not_recorded"),
        (WhyBack::Interrupted(15), 143, "interrupted"),
        (WhyBack::CutShort, 0, "switched"),
    ] {
        let stop = SwitchPhase::Stop { back: Some(why) };
        let end = ends(decides(&stop, &look(DOWN, UP), &limits()));
        assert_eq!((end.exit_code(), end.word(Verb::Switch)), (exit, word));
    }
}

/// A phase, and where a signal leads.
#[test]
fn a_signal() {
    let interrupted = || WhyBack::Interrupted(2);
    let settle = SwitchPhase::Settle {
        undrained: Vec::new(),
    };
    let window = SwitchPhase::Sticky {
        sessions: 0,
        busy_at: Duration::ZERO,
    };
    for (phase, then) in [
        (SwitchPhase::Start, parked(interrupted())),
        (HEALTHY, parked(interrupted())),
        (SwitchPhase::Verify, parked(interrupted())),
        (SwitchPhase::Unpark, SwitchPhase::Withdraw(interrupted())),
        (SwitchPhase::Join, SwitchPhase::Withdraw(interrupted())),
        (SwitchPhase::Leave, SwitchPhase::TakeBack(interrupted())),
        (window, SwitchPhase::Shed),
        (settle, PARK),
    ] {
        assert_eq!(
            next(&phase, &signalled(look(UP, UP)), &limits()),
            then,
            "{phase:?}"
        );
    }
    let end = ends(decides(
        &SwitchPhase::Prepare,
        &signalled(look(UP, UP)),
        &limits(),
    ));
    assert_eq!(end.exit_code(), 130);
    let end = ends(decides(&DRAIN, &signalled(look(UP, UP)), &limits()));
    assert_eq!(end.exit_code(), 19);
    // The rest goes on.
    let withdraw = SwitchPhase::Withdraw(WhyBack::CutShort);
    let take_back = SwitchPhase::TakeBack(WhyBack::CutShort);
    for phase in [PARK, SwitchPhase::Shed, withdraw, take_back] {
        let seen = look(["UP", "UP 1/2"], UP);
        let (with, without) = (signalled(seen.clone()), seen);
        let both = [with, without].map(|seen| decides(&phase, &seen, &limits()));
        assert_eq!(both[0], both[1], "{phase:?}");
    }
}
