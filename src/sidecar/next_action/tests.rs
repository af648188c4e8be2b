//! Tables of observations and actions.

use super::Gates::{Broken, Closed, Open};
use super::*;

const ALL: [Gates; 3] = [Open, Closed, Broken];

fn seen(gates: Gates, held: bool, unfinished: bool, healthy: bool) -> Observation {
    Observation {
        gates,
        held,
        unfinished,
        cut_switch: false,
        healthy,
        sick: false,
        up: true,
        idle: Idle::default(),
        maintenance: None,
    }
}

fn action(gates: Gates, held: bool, unfinished: bool, healthy: bool) -> NextAction {
    next_action(seen(gates, held, unfinished, healthy))
}

/// Every state of the idle targets.
fn all_idle() -> impl Iterator<Item = Idle> {
    (0..8).map(|bits| Idle {
        open: bits & 1 > 0,
        unparked: bits & 2 > 0,
        over: bits & 4 > 0,
    })
}

#[test]
fn gates_as_expected_need_no_action() {
    for healthy in [true, false] {
        assert_eq!(action(Open, false, false, healthy), NextAction::Rest);
        assert_eq!(action(Closed, true, false, healthy), NextAction::Rest);
    }
}

#[test]
fn gates_without_a_hold_open_only_for_a_healthy_app() {
    for gates in [Closed, Broken] {
        assert_eq!(action(gates, false, false, false), NextAction::Ask);
        assert_eq!(action(gates, false, false, true), NextAction::Recover);
    }
}

#[test]
fn a_hold_keeps_its_gates_closed() {
    for healthy in [true, false] {
        assert_eq!(action(Open, true, false, healthy), NextAction::Close);
        assert_eq!(action(Broken, true, false, healthy), NextAction::Close);
    }
}

/// `agent recover` also respects the hold, and leaves held gates closed.
#[test]
fn an_unfinished_operation_is_recovered() {
    for gates in ALL {
        assert_eq!(action(gates, true, true, false), NextAction::Recover);
        assert_eq!(action(gates, false, true, true), NextAction::Recover);
        assert_eq!(action(gates, false, true, false), NextAction::Ask);
    }
}

/// Its recovery asks both targets, and may go back to one that is healthy. It opens gates, so it waits
/// for the end of a hold.
#[test]
fn a_cut_switch_is_recovered_whatever_the_current_target_is() {
    for (gates, idle) in ALL
        .into_iter()
        .flat_map(|gates| all_idle().map(move |idle| (gates, idle)))
    {
        for (held, healthy) in [(false, false), (false, true), (true, false), (true, true)] {
            let seen = Observation {
                cut_switch: true,
                idle,
                ..seen(gates, held, true, healthy)
            };
            let expected = match held {
                true => NextAction::Rest,
                false => NextAction::RecoverSwitch,
            };
            assert_eq!(next_action(seen), expected, "{seen:?}");
        }
    }
}

#[test]
fn idle_targets_are_closed_then_parked_then_stopped() {
    let (open, unparked, over) = (1, 2, 4);
    for (idle, held, healthy, wanted) in [
        (0, false, false, NextAction::Rest),
        (open, false, false, NextAction::Ask),
        (open, false, true, NextAction::CloseIdle),
        (open | unparked | over, false, true, NextAction::CloseIdle),
        (open | unparked | over, false, false, NextAction::Ask),
        (unparked, false, false, NextAction::Park),
        (unparked | over, false, false, NextAction::Park),
        (over, false, false, NextAction::Finish),
        // A hold wants no users on this host.
        (open, true, false, NextAction::CloseIdle),
        (unparked, true, false, NextAction::Park),
        (over, true, false, NextAction::Rest),
    ] {
        let idle = all_idle().nth(idle).unwrap_or_default();
        let gates = if held { Closed } else { Open };
        let seen = Observation {
            idle,
            ..seen(gates, held, false, healthy)
        };
        assert_eq!(next_action(seen), wanted, "{seen:?}");
    }
}

/// It may have all users, and they must not be redirected to the sick one.
#[test]
fn an_open_idle_target_is_unparked_beside_a_sick_one() {
    for (sick, unparked, wanted) in [
        (true, true, NextAction::Park),
        (true, false, NextAction::Ask),
        // Not asked yet.
        (false, true, NextAction::Ask),
    ] {
        let idle = Idle {
            open: true,
            unparked,
            over: false,
        };
        let seen = Observation {
            idle,
            sick,
            ..seen(Open, false, false, false)
        };
        assert_eq!(next_action(seen), wanted, "{seen:?}");
    }
}

/// No idle target delays the gates of the current one, or an operation that is to be recovered.
#[test]
fn idle_targets_wait_for_the_current_one() {
    for idle in all_idle() {
        for gates in ALL {
            for bits in 0..8 {
                let (held, unfinished, healthy) = (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0);
                let seen = seen(gates, held, unfinished, healthy);
                let without = next_action(seen);
                if without != NextAction::Rest {
                    assert_eq!(
                        next_action(Observation { idle, ..seen }),
                        without,
                        "{seen:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_maintenance_is_kept_until_its_time_is_over() {
    for (kept, over, expected) in [
        (true, false, NextAction::Rest),
        (false, false, NextAction::KeepMaintenance),
        (true, true, NextAction::EndMaintenance),
        // The app may be sick, and the page is all that users have.
        (false, true, NextAction::KeepMaintenance),
    ] {
        let maintenance = Some(Maintenance { kept, over });
        for idle in all_idle() {
            let seen = Observation {
                idle,
                maintenance,
                ..seen(Closed, true, false, false)
            };
            assert_eq!(next_action(seen), expected, "{maintenance:?}, {idle:?}");
        }
        let cut = Observation {
            maintenance,
            cut_switch: true,
            ..seen(Closed, true, true, false)
        };
        assert_eq!(next_action(cut), NextAction::RecoverSwitch);
    }
}
