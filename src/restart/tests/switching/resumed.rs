//! How a switch continues that was cut short.

use super::*;

pub(super) fn left(phase: SwitchPhase, switching: Switching) -> UnfinishedOperation {
    UnfinishedOperation {
        verb: Verb::Switch,
        phase: Phase::Switch(phase),
        restarting: false,
        restarted: None,
        unsure: false,
        version: Version::Same,
        switch: Some(switching),
    }
}

fn resumes(phase: &SwitchPhase, how: How) -> Option<SwitchPhase> {
    resumes_as(phase, within(how).switch)
}

fn resumes_as(phase: &SwitchPhase, switching: Switching) -> Option<SwitchPhase> {
    let left = left(phase.clone(), switching);
    match start(Verb::Recover, Some(&left), GatesFound::Open) {
        Ok(Start {
            verb: Verb::Switch,
            phase: Phase::Switch(phase),
            note: Some(_),
            ..
        }) => Some(phase),
        Err(NoStart::Nothing(_)) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn recover_takes_away_what_had_no_users_and_else_goes_on() {
    let cut = || WhyBack::CutShort;
    let settle = SwitchPhase::Settle {
        undrained: vec!["x".to_owned()],
    };
    let why = || WhyBack::Sick("500".to_owned());
    let stop_new = SwitchPhase::Stop { back: Some(why()) };
    for (phase, started, warm) in [
        // The preparation may be half done, and is never repeated.
        (SwitchPhase::Prepare, None, None),
        (SwitchPhase::Start, Some(parked(cut())), None),
        (HEALTHY, Some(parked(cut())), None),
        (SwitchPhase::Verify, Some(parked(cut())), None),
    ] {
        assert_eq!(resumes(&phase, How::Start), started, "{phase:?}");
        assert_eq!(resumes(&phase, How::Back), warm, "{phase:?}");
    }
    for (phase, then) in [
        (SwitchPhase::Unpark, SwitchPhase::Withdraw(cut())),
        (SwitchPhase::Join, SwitchPhase::Join),
        (SwitchPhase::Leave, SwitchPhase::Join),
        (SwitchPhase::Shed, SwitchPhase::Join),
        (DRAIN, SwitchPhase::Join),
        (settle, SwitchPhase::Join),
        (PARK, SwitchPhase::Join),
        // The old target may be stopped already: there is no way back to it.
        (STOP, STOP),
        (stop_new.clone(), stop_new),
        (parked(why()), parked(why())),
        (SwitchPhase::TakeBack(why()), SwitchPhase::TakeBack(why())),
        (SwitchPhase::Withdraw(why()), SwitchPhase::TakeBack(why())),
    ] {
        assert_eq!(resumes(&phase, How::Start), Some(then), "{phase:?}");
    }
    for (phase, then) in [(DRAIN, DRAIN), (PARK, PARK), (STOP, STOP)] {
        assert_eq!(resumes(&phase, How::Finish), Some(then), "{phase:?}");
    }
}

/// A target that ran before the switch is stopped on the way back only once the record shows that
/// the switch has started it.
/// HAProxy may no longer show the page, and the app may be back meanwhile.
#[test]
fn an_end_of_maintenance_that_went_back_tries_again() {
    let off = Switching {
        how: How::Back,
        with_page: true,
        from_page: true,
        ..Switching::default()
    };
    for phase in [
        SwitchPhase::TakeBack(WhyBack::CutShort),
        SwitchPhase::Withdraw(WhyBack::CutShort),
    ] {
        assert_eq!(resumes_as(&phase, off), Some(SwitchPhase::Join));
        let on = Switching {
            from_page: false,
            ..off
        };
        let then = resumes_as(&phase, on).expect("a phase");
        assert_eq!(then.name(), "take_back");
    }
}

#[test]
fn a_target_that_ran_before_is_stopped_only_after_its_recorded_start() {
    let warm = Switching {
        ran_before: true,
        ..Switching::default()
    };
    let cut = parked(WhyBack::CutShort);
    let unstarted = |why| WhyBack::Unstarted(Box::new(why));
    let at_start = parked(unstarted(WhyBack::CutShort));
    for (phase, then) in [
        (SwitchPhase::Start, &at_start),
        (HEALTHY, &cut),
        (SwitchPhase::Verify, &cut),
        // Cut again on its way back.
        (at_start.clone(), &at_start),
    ] {
        assert_eq!(resumes_as(&phase, warm).as_ref(), Some(then), "{phase:?}");
    }
    let quiet = |back| SwitchPhase::Park {
        zeros: 1,
        back: Some(back),
    };
    let end = |back| decides(&quiet(back), &look(DOWN, UP), &limits());
    assert_eq!(goes(end(WhyBack::CutShort)).name(), "stop");
    let Outcome::Done { note: Some(note) } = ends(end(unstarted(WhyBack::CutShort))) else {
        panic!();
    };
    assert!(note.contains("left it as it is"), "{note}");
    let unrecorded = unstarted(WhyBack::Unrecorded("disk full".to_owned()));
    assert_eq!(ends(end(unrecorded)).word(Verb::Switch), "not_recorded");
    // A start that failed in its stop has not started it. Once that stop is done, it has ended.
    let limits = Limits {
        switch: warm,
        ..limits()
    };
    let fails = |ran_before| Observation {
        ran_before,
        ..failed(look(UP, UP))
    };
    let why = || not_placed("it was not started: exit 1");
    let signal = || WhyBack::Interrupted(2);
    for (ran_before, of_start, of_signal) in [
        (true, unstarted(why()), unstarted(signal())),
        (false, why(), signal()),
    ] {
        let seen = fails(ran_before);
        let then = next(&SwitchPhase::Start, &seen, &limits);
        assert_eq!(then, parked(of_start), "{ran_before}");
        let then = next(&SwitchPhase::Start, &signalled(seen), &limits);
        assert_eq!(then, parked(of_signal), "{ran_before}");
    }
}

#[test]
fn other_verbs_leave_it_to_recover_and_a_stop_goes_on() {
    let left = left(DRAIN, within(How::Start).switch);
    for asked in [Verb::Restart, Verb::Close, Verb::Open, Verb::Switch] {
        let refused = start(asked, Some(&left), GatesFound::Open);
        assert!(matches!(refused, Err(NoStart::CutSwitch(_))), "{asked:?}");
    }
    let stop = start(Verb::Stop, Some(&left), GatesFound::Open).unwrap();
    assert_eq!(stop.phase, Phase::Close);
}

/// Without its record a started target would stay unknown after a crash, and so would the users of
/// a target that has joined.
#[test]
fn without_a_record_nothing_is_started_and_nothing_joins() {
    for (phase, instead) in [
        (SwitchPhase::Start, Some("park")),
        (SwitchPhase::Join, Some("park")),
        (SwitchPhase::Unpark, None),
        (SwitchPhase::Leave, None),
    ] {
        let other = Phase::Switch(phase).unrecorded("disk full");
        assert_eq!(other.as_ref().map(Phase::name), instead);
        assert!(other.is_none_or(|phase| phase.part() == Part::New));
    }
}
