//! How `agent recover` continues a switch that was cut short. Before the join the old target serves
//! all users, so the new one is taken away. From the join on the switch goes on where it was: its
//! rules go back themselves if the new target is not healthy and UP everywhere.

use super::switch::{How, Part, SwitchPhase, Switching, WhyBack};
use super::{NoStart, Phase, Start, UnfinishedOperation, Verb};

/// Decides where to begin, after the switch that `left` records.
pub(super) fn resume(
    asked: Verb,
    left: &UnfinishedOperation,
    switching: Switching,
) -> Result<Start, NoStart> {
    match (asked, &left.phase) {
        (Verb::Recover, Phase::Switch(phase)) => match resumed(phase, switching) {
            Some(phase) => Ok(Start {
                note: Some(note(&phase).to_owned()),
                ..Start::at(phase)
            }),
            None => Err(NoStart::Nothing(nothing(switching).to_owned())),
        },
        _ => Err(NoStart::CutSwitch(
            "an earlier switch was cut short: run `agent recover` first".to_owned(),
        )),
    }
}

fn nothing(switching: Switching) -> &'static str {
    match switching.with_page {
        true => "nothing to recover: users are where they were before",
        false => "nothing to recover: the old target serves, and the new one was not started",
    }
}

/// The phase to begin with; None: there is nothing to finish or undo.
fn resumed(
    phase: &SwitchPhase,
    Switching {
        how,
        ran_before,
        was_closed,
        from_page,
        ..
    }: Switching,
) -> Option<SwitchPhase> {
    Some(match phase {
        // The preparation is never repeated.
        SwitchPhase::Prepare => return None,
        // Perhaps it is still the one that ran before: the journal would show that it was stopped.
        SwitchPhase::Start if how == How::Start && ran_before => {
            park(&Some(WhyBack::Unstarted(Box::new(WhyBack::CutShort))))
        }
        SwitchPhase::Start | SwitchPhase::Healthy { .. } | SwitchPhase::Verify => match how {
            How::Start => park(&Some(WhyBack::CutShort)),
            How::Back | How::Finish => return None,
        },
        // No gate was moved, and there is no way back.
        SwitchPhase::Unpark if was_closed => return None,
        SwitchPhase::Unpark => SwitchPhase::Withdraw(WhyBack::CutShort),
        // It may be stopped already, so there is no way back to it. It was quiet, and is parked.
        SwitchPhase::Stop { back } => SwitchPhase::Stop { back: back.clone() },
        SwitchPhase::Park { back, .. } if back.is_some() || how == How::Finish => park(back),
        SwitchPhase::Drain { .. } if how == How::Finish => SwitchPhase::Drain { zeros: 0 },
        // Back to the page only if the app does not come up again: HAProxy may no longer show the page.
        SwitchPhase::TakeBack(_) | SwitchPhase::Withdraw(_) if from_page => SwitchPhase::Join,
        SwitchPhase::TakeBack(why) | SwitchPhase::Withdraw(why) => {
            SwitchPhase::TakeBack(why.clone())
        }
        // A look must show the target that serves before the other one is closed: since the last
        // record another process may have restored rules, or the switch may have gone back.
        SwitchPhase::Join
        | SwitchPhase::Leave
        | SwitchPhase::Sticky { .. }
        | SwitchPhase::Shed
        | SwitchPhase::Drain { .. }
        | SwitchPhase::Settle { .. }
        | SwitchPhase::Park { .. } => SwitchPhase::Join,
    })
}

fn park(back: &Option<WhyBack>) -> SwitchPhase {
    SwitchPhase::Park {
        zeros: 0,
        back: back.clone(),
    }
}

fn note(phase: &SwitchPhase) -> &'static str {
    match phase.serves() {
        Part::New => "an earlier switch was cut short after the join: the agent finishes it",
        Part::Old => "an earlier switch was cut short: the agent goes back to the old target",
    }
}
