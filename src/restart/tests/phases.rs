//! What each phase is, in one table.

use super::*;
use switch::{SwitchPhase, WhyBack};

/// One phase of each kind, in order. A new kind does not compile until it has its place here.
pub(crate) fn each_phase() -> Vec<Phase> {
    std::iter::successors(Some(Phase::Lock), next).collect()
}

fn next(phase: &Phase) -> Option<Phase> {
    let zero = Duration::ZERO;
    Some(match phase {
        Phase::Lock => Phase::Claim,
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
        Phase::BackOff { .. } => Phase::Settle,
        Phase::Settle => Phase::Sick("500".to_owned()),
        Phase::Sick(_) => Phase::Switch(SwitchPhase::Prepare),
        Phase::Switch(phase) => Phase::Switch(next_of_switch(phase)?),
    })
}

fn next_of_switch(phase: &SwitchPhase) -> Option<SwitchPhase> {
    Some(match phase {
        SwitchPhase::Prepare => SwitchPhase::Start,
        SwitchPhase::Start => SwitchPhase::Healthy { streak: 0 },
        SwitchPhase::Healthy { .. } => SwitchPhase::Verify,
        SwitchPhase::Verify => SwitchPhase::Unpark,
        SwitchPhase::Unpark => SwitchPhase::Join,
        SwitchPhase::Join => SwitchPhase::Leave,
        SwitchPhase::Leave => SwitchPhase::Sticky {
            sessions: 0,
            busy_at: Duration::ZERO,
        },
        SwitchPhase::Sticky { .. } => SwitchPhase::Shed,
        SwitchPhase::Shed => SwitchPhase::Drain { zeros: 0 },
        SwitchPhase::Drain { .. } => SwitchPhase::Settle {
            undrained: Vec::new(),
        },
        SwitchPhase::Settle { .. } => SwitchPhase::Park {
            zeros: 0,
            back: None,
        },
        SwitchPhase::Park { .. } => SwitchPhase::Stop { back: None },
        SwitchPhase::Stop { .. } => SwitchPhase::TakeBack(WhyBack::CutShort),
        SwitchPhase::TakeBack(_) => SwitchPhase::Withdraw(WhyBack::CutShort),
        SwitchPhase::Withdraw(_) => return None,
    })
}

/// `x` where it holds, in this order: it takes the host out (`closes`), it takes no further server
/// away (`is_settled`), the app is not touched yet (`is_before_restart`), it touches the app
/// (`touches_app`), and a restart waits in it without HAProxy (`keeps_closed`).
#[test]
fn each_phase_is_what_the_table_says() {
    let table = [
        ("lock", "--x--"),
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
        ("settle", "-x---"),
        ("sick", "-x---"),
        // A switch takes no server away.
        ("prepare", "-x---"),
        ("start", "-x---"),
        ("healthy", "-x---"),
        ("verify", "-x---"),
        ("unpark", "-x---"),
        ("join", "-x---"),
        ("leave", "-x---"),
        ("sticky", "-x---"),
        ("shed", "-x---"),
        ("drain", "-x---"),
        ("settle", "-x---"),
        ("park", "-x---"),
        ("stop", "-x---"),
        ("take_back", "-x---"),
        ("withdraw", "-x---"),
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
