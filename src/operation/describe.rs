//! What a phase does and waits for, in words.

use crate::app::Change;
use crate::config::AppSettings;
use crate::restart::switch::SwitchPhase;
use crate::restart::{Limits, Phase, Why};

/// What a phase does and waits for.
pub fn describe(phase: &Phase, limits: &Limits, app: &AppSettings) -> String {
    match phase {
        Phase::Claim => "announcing this host to the others, until twins are DOWN".to_owned(),
        Phase::Close if limits.two_stage && limits.closes_both() => {
            "closing both gates, until main lines are DOWN".to_owned()
        }
        Phase::Close => "closing the main gate, until main lines are DOWN".to_owned(),
        Phase::Floor => "rechecking capacity".to_owned(),
        Phase::Sticky { .. } => "the twin keeps serving sticky users, until it is quiet".to_owned(),
        Phase::Shed => "closing the twin's gate, until twins are DOWN".to_owned(),
        Phase::Drain { .. } => "until nothing is in flight".to_owned(),
        Phase::Upgrade => app
            .upgrade
            .as_ref()
            .map(Change::to_string)
            .unwrap_or_default(),
        Phase::Rollback(why) => {
            let rollback = app
                .rollback
                .as_ref()
                .map(Change::to_string)
                .unwrap_or_default();
            format!("{why}: {rollback}")
        }
        Phase::Restart => app.restart.to_string(),
        Phase::Healthy { .. } => "until the app is healthy".to_owned(),
        Phase::Open => "opening the gates, until all lines are fully UP".to_owned(),
        Phase::Settle => "watching the new version under its users".to_owned(),
        Phase::Sick(why) => format!("{why}: the new version goes back"),
        Phase::Switch(phase) => of_switch(phase, limits, app),
        Phase::PutBack(why) => {
            format!("{}: putting the gates back as they were found", reason(why))
        }
        Phase::BackOff { until } => {
            let until = until.as_secs_f64();
            format!("another host went out at the same moment: next try at {until:.1}s")
        }
    }
}

/// What a phase of a switch does and waits for.
fn of_switch(phase: &SwitchPhase, limits: &Limits, app: &AppSettings) -> String {
    let command = |command: &Option<Change>| command.as_ref().map(Change::to_string);
    let new = app.target.as_deref().unwrap_or("the new target");
    match phase {
        SwitchPhase::Prepare => format!("preparing {new}, before it has users"),
        SwitchPhase::Start => format!("starting {new}"),
        SwitchPhase::Healthy { .. } => format!("until {new} is healthy"),
        SwitchPhase::Verify => command(&app.verify).unwrap_or_default(),
        SwitchPhase::Unpark => format!("ending the redirect of {new}'s port to the old target"),
        SwitchPhase::Join => format!("opening {new}'s gates, until all its lines are fully UP"),
        SwitchPhase::Leave if !limits.sticky.is_zero() => {
            "closing the old target's main gate, until its main lines are DOWN".to_owned()
        }
        SwitchPhase::Leave => "closing the old target's gates, until its lines are DOWN".to_owned(),
        SwitchPhase::Sticky { .. } => {
            "the old twin keeps serving sticky users, until it is quiet".to_owned()
        }
        SwitchPhase::Shed => "closing the old twin's gate, until it is DOWN".to_owned(),
        SwitchPhase::Drain { .. } => "until nothing is in flight on the old target".to_owned(),
        SwitchPhase::Settle { .. } => format!("watching {new} under its users"),
        SwitchPhase::Park { back: None, .. } => {
            format!("redirecting the old target's port to {new}, for HAProxy's reloads")
        }
        SwitchPhase::Park { .. } => {
            format!("redirecting {new}'s port to the old target, until nothing is in flight")
        }
        SwitchPhase::Stop { back: None } => "stopping the old target".to_owned(),
        SwitchPhase::Stop { back: Some(why) } => {
            format!("{}: stopping {new}", why.in_words())
        }
        SwitchPhase::TakeBack(why) => format!(
            "{}: opening the old target's gates, until its lines are fully UP",
            why.in_words()
        ),
        SwitchPhase::Withdraw(why) => format!(
            "{}: closing {new}'s gates, until its lines are DOWN",
            why.in_words()
        ),
    }
}

fn reason(why: &Why) -> String {
    match why {
        Why::NotOut(waiting) => format!("not out in time ({})", waiting.join(", ")),
        Why::DrainRanOut(waiting) => format!("the drain ran out of time ({})", waiting.join(", ")),
        Why::GateFailed(why) => format!("the rules could not be set ({why})"),
        Why::TooFewServers(few) => format!("too few other servers are left ({})", few.join(", ")),
        Why::Unrecorded(why) => format!("the journal can't be written ({why})"),
        Why::CutShort => "an earlier operation was cut short".to_owned(),
        Why::Interrupted(signal) => format!("interrupted by signal {signal}"),
    }
}
