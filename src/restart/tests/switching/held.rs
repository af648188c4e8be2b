//! A line that an operator of HAProxy holds out of rotation.

use super::*;

const HELD: [&str; 4] = ["MAINT", "DRAIN", "UP (weight 0)", "MAINT (resolution)"];

/// The line of the target that is to serve, that of the other one, and whether the switch goes on.
fn cases() -> Vec<(&'static str, &'static str, bool)> {
    let beside = |held| {
        [
            (held, "UP", false),
            (held, "UP 1/2", false),
            (held, "no check", false),
            // It has no users to lose.
            (held, "DOWN", true),
            (held, "MAINT", true),
        ]
    };
    HELD.into_iter().flat_map(beside).collect()
}

#[test]
fn no_target_closes_beside_one_that_is_held() {
    for (held, other, goes_on) in cases() {
        let seen = look([held, "UP"], [other, "UP"]);
        for phase in [SwitchPhase::Join, SwitchPhase::TakeBack(WhyBack::CutShort)] {
            let step = decides(&phase, &seen, &limits());
            let stays = matches!(step, Step::Stay { .. });
            assert_eq!(!stays, goes_on, "{phase:?} {held} beside {other}: {step:?}");
        }
        // On the way back from the join the old target is the one that is to serve.
        let held_old = late(look(DOWN, [held, "UP"]));
        let then = next(&SwitchPhase::Join, &held_old, &limits());
        assert_eq!(then.name(), "withdraw", "{held}");
        let end = decides(
            &SwitchPhase::Join,
            &signalled(look([other, "UP"], [held, "UP"])),
            &limits(),
        );
        let withdraws = format!("{end:?}").contains("Withdraw");
        assert_eq!(withdraws, goes_on, "{held} beside {other}: {end:?}");
    }
    // It keeps sticky users, and takes no new ones.
    let twin = look(["UP", "MAINT"], UP);
    assert_eq!(
        next(&SwitchPhase::Join, &twin, &limits()),
        SwitchPhase::Leave
    );
}

#[test]
fn in_time_the_old_one_serves_as_before() {
    let seen = late(look(["MAINT", "UP"], UP));
    let then = next(&SwitchPhase::Join, &seen, &limits());
    let SwitchPhase::Withdraw(WhyBack::NotPlaced(why)) = then else {
        panic!("{then:?}");
    };
    for part in [
        "HAProxy did not show it UP in time: lb srvs/Main is MAINT, so",
        "set server srvs/Main state ready",
    ] {
        assert!(why.contains(part), "{why}");
    }
    let taken_back = SwitchPhase::TakeBack(WhyBack::CutShort);
    let end = ends(decides(&taken_back, &seen, &limits()));
    assert_eq!(end.word(Verb::Switch), "neither_healthy");
}

#[test]
fn the_preflight_refuses_it_with_its_end() {
    for (held, other, goes_on) in cases() {
        let seen = look([held, "UP"], [other, "UP"]);
        let reasons = held_out(&seen.balancers, &seen.other);
        assert_eq!(reasons.is_empty(), goes_on, "{held} beside {other}");
        for reason in reasons {
            let may_pass = matches!(reason, Reason::Passing(_));
            assert_eq!(may_pass, held == "MAINT (resolution)");
        }
    }
    let seen = look(["MAINT", "UP"], UP);
    let says = |other: &[BalancerObservation]| held_out(&seen.balancers, other);
    assert_eq!(
        says(&seen.other)[0].to_string(),
        "lb srvs/Main is MAINT, so HAProxy would have no line of this host for users: an operator \
         holds it out, or `disabled` on its server line does; on the balancer: set server srvs/Main \
         state ready; and remove `disabled` from its server line, if it is there"
    );
    // The other target may serve there, or does not at all.
    assert_eq!(says(&blind().balancers).len(), 1);
    let elsewhere = |change: fn(&mut BalancerObservation)| {
        let mut other = seen.other.clone();
        change(&mut other[0]);
        says(&other)
    };
    assert!(elsewhere(|one| one.name = "lb2".to_owned()).is_empty());
    let backend: fn(&mut BalancerObservation) =
        |one| one.answer_mut().lines[0].name = "api/Main".to_owned();
    assert!(elsewhere(backend).is_empty());
}

/// Users were kept out of the app before, so it is no reason to stay on the page.
#[test]
fn a_maintenance_that_does_not_begin_leaves_the_page() {
    let of_page = |from_page| Limits {
        switch: Switching {
            with_page: true,
            from_page,
            ..Switching::default()
        },
        ..limits()
    };
    for held in HELD {
        let seen = look([held, "UP"], UP);
        let take_back = SwitchPhase::TakeBack(WhyBack::CutShort);
        let then = next(&take_back, &seen, &of_page(false));
        assert_eq!(then.name(), "withdraw", "{held}");
        let joins = signalled(look(UP, [held, "UP"]));
        let then = next(&SwitchPhase::Join, &joins, &of_page(false));
        assert_eq!(then.name(), "withdraw", "{held}");
        // `off` moves users to that line.
        let step = decides(&SwitchPhase::Join, &seen, &of_page(true));
        assert!(matches!(step, Step::Stay { .. }), "{held}: {step:?}");
    }
}
