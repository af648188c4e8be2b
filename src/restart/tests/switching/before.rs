//! Before the join: the old target serves all users.

use super::*;

#[test]
fn each_step_follows_the_one_before() {
    let verifies = Limits {
        switch: Switching {
            verifies: true,
            ..Switching::default()
        },
        ..limits()
    };
    let healthy = Observation {
        health: Some(Ok(())),
        ..look(UP, UP)
    };
    for (phase, limits, then) in [
        (SwitchPhase::Prepare, &limits(), SwitchPhase::Start),
        (SwitchPhase::Start, &limits(), HEALTHY),
        (HEALTHY, &limits(), SwitchPhase::Unpark),
        (HEALTHY, &verifies, SwitchPhase::Verify),
        (SwitchPhase::Verify, &verifies, SwitchPhase::Unpark),
        (SwitchPhase::Unpark, &limits(), SwitchPhase::Join),
        (SwitchPhase::Join, &limits(), SwitchPhase::Leave),
    ] {
        assert_eq!(next(&phase, &healthy, limits), then, "{phase:?}");
    }
    // What served until a moment ago was verified then.
    let back = Limits {
        switch: Switching {
            how: How::Back,
            ..verifies.switch
        },
        ..verifies
    };
    assert_eq!(next(&HEALTHY, &healthy, &back), SwitchPhase::Unpark);
}

#[test]
fn it_begins_as_the_caller_asks() {
    for (how, prepares, first) in [
        (How::Start, true, "prepare"),
        (How::Start, false, "start"),
        (How::Back, false, "healthy"),
        (How::Finish, false, "drain"),
    ] {
        let switching = Switching {
            how,
            prepares,
            ..Switching::default()
        };
        let start = Start::of_switch(switching);
        assert_eq!((start.verb, start.phase.name()), (Verb::Switch, first));
    }
}

#[test]
fn what_fails_before_the_join_ends_without_the_users() {
    let end = ends(decides(
        &SwitchPhase::Prepare,
        &failed(look(UP, UP)),
        &limits(),
    ));
    let why = "the preparation failed: exit 1".to_owned();
    assert_eq!(end, Outcome::NotPlaced { why, note: None });
    assert_eq!(
        (end.exit_code(), end.word(Verb::Switch)),
        (18, "not_placed")
    );
    let message = end.message(Verb::Switch, "web");
    assert!(
        message.contains("the old target serves as before"),
        "{message}"
    );
    for (phase, seen, why) in [
        (
            SwitchPhase::Start,
            failed(look(UP, UP)),
            "it was not started: exit 1",
        ),
        (
            HEALTHY,
            late(sick(look(UP, UP))),
            "it was not healthy in time: 503",
        ),
        (
            SwitchPhase::Verify,
            failed(look(UP, UP)),
            "`verify` failed: exit 1",
        ),
    ] {
        let then = next(&phase, &seen, &limits());
        assert_eq!(then, parked(not_placed(why)), "{phase:?}");
        // A warm target stays warm.
        let back = ends(decides(&phase, &seen, &within(How::Back)));
        assert_eq!(back.exit_code(), 18);
    }
}

#[test]
fn an_unhealthy_answer_begins_the_count_again() {
    let limits = Limits {
        healthy_times: 2,
        ..limits()
    };
    let answers = |health| Observation {
        health: Some(health),
        ..look(UP, UP)
    };
    let streak =
        |streak, health| match decides(&SwitchPhase::Healthy { streak }, &answers(health), &limits)
        {
            Step::Stay {
                phase: Phase::Switch(SwitchPhase::Healthy { streak }),
                ..
            } => Some(streak),
            _ => None,
        };
    assert_eq!(streak(0, Ok(())), Some(1));
    assert_eq!(streak(1, Err("503".to_owned())), Some(0));
    assert_eq!(streak(1, Ok(())), None);
}

#[test]
fn the_join_waits_for_every_line_and_goes_back_if_one_does_not_come() {
    for own in [["UP 1/2", "UP"], ["UP", "DOWN"], DOWN] {
        let seen = look(own, UP);
        assert!(!waits(decides(&SwitchPhase::Join, &seen, &limits())).is_empty());
        let SwitchPhase::Withdraw(WhyBack::NotPlaced(why)) =
            next(&SwitchPhase::Join, &late(seen), &limits())
        else {
            panic!("{own:?}");
        };
        assert!(
            why.starts_with("HAProxy did not show it UP in time: lb srvs/"),
            "{why}"
        );
    }
    let blind = Observation {
        balancers: blind().balancers,
        ..look(UP, UP)
    };
    assert!(waits(decides(&SwitchPhase::Join, &blind, &limits()))[0].contains("can't be seen"));
    // Where the old one is not UP either, none is closed.
    let then = next(&SwitchPhase::Join, &late(look(DOWN, DOWN)), &limits());
    assert_eq!(then.name(), "take_back");
    let then = next(&SwitchPhase::Join, &sick(look(UP, UP)), &limits());
    assert_eq!(then.name(), "withdraw");
}
