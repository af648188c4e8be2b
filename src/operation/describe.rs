//! What a phase does and waits for, in words.

use crate::app::Change;
use crate::config::AppSettings;
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
        Phase::PutBack(why) => {
            format!("{}: putting the gates back as they were found", reason(why))
        }
        Phase::BackOff { until } => {
            let until = until.as_secs_f64();
            format!("another host went out at the same moment: next try at {until:.1}s")
        }
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
