//! The end: an old target that can't be parked, and one that is left running.

use super::after::kept;
use super::*;

/// The switch is done and healthy. Only a reload of HAProxy may make users wait.
#[test]
fn a_parking_rule_that_can_not_be_set_is_a_notice() {
    let early = waits(decides(&PARK, &failed(look(DOWN, UP)), &limits()));
    assert_eq!(early, ["exit 1"]);
    // The first look after its time has not asked the app.
    let Step::Stay { phase, .. } = decides(&PARK, &late(failed(look(DOWN, UP))), &limits()) else {
        panic!();
    };
    assert!(phase.needs_health());
    let Phase::Switch(phase) = phase else {
        panic!("{phase:?}");
    };
    let asked = late(failed(healthy(look(DOWN, UP))));
    let says = "the port of the old target could not be parked: exit 1; ";
    match decides(&phase, &asked, &limits()) {
        Step::Go {
            to,
            note: Some(note),
        } => assert!(
            to == Phase::Switch(STOP) && note.starts_with(says),
            "{note}"
        ),
        other => panic!("{other:?}"),
    }
    let end = ends(decides(&phase, &asked, &kept()));
    assert_eq!(end.exit_code(), 0);
    // With a request in flight it is left running, and both are reported.
    let mut busy = late(failed(look(DOWN, UP)));
    answer(&mut busy).lines[0].in_flight = 1;
    let Outcome::StillDraining {
        waiting,
        note: Some(note),
        ..
    } = ends(decides(&PARK, &busy, &limits()))
    else {
        panic!();
    };
    assert_eq!(waiting, ["lb srvs/Main has 1 request in flight"]);
    assert!(note.starts_with(says), "{note}");
}

/// A switch whose drain ran out reports what settle saw, too.
#[test]
fn an_old_target_that_is_left_running_has_the_figures_of_settle() {
    let settle = SwitchPhase::Settle {
        undrained: vec!["lb srvs/Main has 1 request in flight".to_owned()],
    };
    for seen in [late(look(UP, DOWN)), signalled(look(UP, DOWN))] {
        let end = ends(decides(&settle, &seen, &limits()));
        let Outcome::StillDraining {
            note: Some(note), ..
        } = end
        else {
            panic!("{end:?}");
        };
        let says = ["settle saw no requests: ", "interrupted: the new target"];
        assert!(says.iter().any(|says| note.starts_with(says)), "{note}");
    }
}
