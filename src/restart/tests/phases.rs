//! What each phase is, in one table.

use super::*;

/// One phase of each kind, in order. A new kind does not compile until it has its place here.
pub(crate) fn each_phase() -> Vec<Phase> {
    std::iter::successors(Some(Phase::Claim), next).collect()
}

fn next(phase: &Phase) -> Option<Phase> {
    let zero = Duration::ZERO;
    Some(match phase {
        Phase::Claim => Phase::Close,
        Phase::Close => Phase::Floor,
        Phase::Floor => Phase::Sticky {
            sessions: 0,
            busy_at: zero,
        },
        Phase::Sticky { .. } => Phase::Shed,
        Phase::Shed => Phase::Drain { zeros: 0 },
        Phase::Drain { .. } => Phase::Upgrade,
        Phase::Upgrade => Phase::Restart,
        Phase::Restart => Phase::Healthy { streak: 0 },
        Phase::Healthy { .. } => Phase::Rollback("sick".to_owned()),
        Phase::Rollback(_) => Phase::Open,
        Phase::Open => Phase::PutBack(Why::CutShort),
        Phase::PutBack(_) => Phase::BackOff { until: zero },
        Phase::BackOff { .. } => return None,
    })
}

/// `x` where it holds, in this order: it takes the host out (`closes`), it takes no further server
/// away (`is_settled`), the app is not touched yet (`is_before_restart`), it touches the app
/// (`touches_app`), and a restart waits in it without HAProxy (`keeps_closed`).
#[test]
fn each_phase_is_what_the_table_says() {
    let table = [
        ("claim", "x-x--"),
        ("close", "x-x--"),
        ("floor", "xxx--"),
        ("sticky", "xxx--"),
        ("shed", "xxx--"),
        ("drain", "xxx--"),
        ("upgrade", "-x-xx"),
        ("restart", "-x-xx"),
        ("healthy", "-x--x"),
        ("rollback", "-x-xx"),
        ("open", "-x---"),
        // The host is UP again in these two, and goes later.
        ("put_back", "--x--"),
        ("back_off", "--x--"),
    ];
    let found = each_phase().into_iter().map(|phase| {
        let holds = [
            phase.closes(),
            phase.is_settled(),
            phase.is_before_restart(),
            phase.touches_app(),
            phase.keeps_closed(Verb::Restart),
        ];
        let marks = holds.map(|holds| if holds { 'x' } else { '-' });
        (phase.name(), String::from_iter(marks))
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        table.map(|(name, marks)| (name, marks.to_owned()))
    );
}
