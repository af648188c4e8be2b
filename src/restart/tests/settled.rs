//! The phases in which a host takes no other server away any more.

use super::*;

#[test]
fn a_host_is_settled_once_it_is_down_and_on_its_way_back() {
    for (phase, settled) in [
        (Phase::Claim, false),
        (Phase::Close, false),
        (Phase::Floor, true),
        (
            Phase::Sticky {
                sessions: 0,
                busy_at: Duration::ZERO,
            },
            true,
        ),
        (Phase::Shed, true),
        (Phase::Drain { zeros: 0 }, true),
        (Phase::Upgrade, true),
        (Phase::Restart, true),
        (Phase::Healthy { streak: 0 }, true),
        (Phase::Rollback("sick".to_owned()), true),
        (Phase::Open, true),
        // It is UP again, and goes later.
        (Phase::PutBack(Why::CutShort), false),
        (
            Phase::BackOff {
                until: Duration::ZERO,
            },
            false,
        ),
    ] {
        assert_eq!(phase.is_settled(), settled, "{phase:?}");
    }
}
