//! What a phase does and waits for, in words.

use crate::app::Change;
use crate::config::AppSettings;
use crate::restart::switch::{Names, SwitchPhase, THE_APP, THE_PAGE, WhyBack};
use crate::restart::{Limits, Phase, Why};

/// Its server always runs.
const NEVER_PARKED: &str = "no rule redirects the port of the page";

/// What a phase does and waits for. `app`: seen at the target that is to serve.
pub fn describe(phase: &Phase, limits: &Limits, app: &AppSettings) -> String {
    named(&in_words(phase, limits, app), limits, app)
}

/// A text of the rules, which do not know the names of the targets. Beside several other targets the
/// old one stays without a name.
pub fn named(text: &str, limits: &Limits, app: &AppSettings) -> String {
    let (old, new) = match app.is_page() {
        true => (THE_APP, THE_PAGE),
        false => (THE_PAGE, THE_APP),
    };
    if limits.switch.with_page {
        return Names { old, new }.fill(text);
    }
    let others: Vec<_> = app.other_targets().map(|one| one.name.as_str()).collect();
    let unknown = Names::default();
    let old = match others.as_slice() {
        [only] => only,
        _ => unknown.old,
    };
    let new = app.target.as_deref().unwrap_or(unknown.new);
    Names { old, new }.fill(text)
}

fn in_words(phase: &Phase, limits: &Limits, app: &AppSettings) -> String {
    match phase {
        Phase::Lock => "until this host has the group's lock".to_owned(),
        Phase::Claim => "announcing this host to the others, until twins are DOWN".to_owned(),
        Phase::Close
            if limits.two_stage && (limits.closes_both() || limits.closes_both_by_lock()) =>
        {
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
    match phase {
        SwitchPhase::Prepare => "preparing the new target, before it has users".to_owned(),
        SwitchPhase::Start => "starting the new target".to_owned(),
        SwitchPhase::Healthy { .. } => "until the new target is healthy".to_owned(),
        SwitchPhase::Verify => command(&app.verify).unwrap_or_default(),
        SwitchPhase::Unpark if limits.switch.with_page && app.is_page() => NEVER_PARKED.to_owned(),
        SwitchPhase::Unpark => {
            "ending the redirect of the port of the new target to the old target".to_owned()
        }
        SwitchPhase::Join => {
            "opening the gates of the new target, until all its lines are fully UP".to_owned()
        }
        SwitchPhase::Leave if !limits.sticky.is_zero() => {
            "closing the main gate of the old target, until its main lines are DOWN".to_owned()
        }
        SwitchPhase::Leave => {
            "closing the gates of the old target, until its lines are DOWN".to_owned()
        }
        SwitchPhase::Sticky { .. } => {
            "the twin of the old target keeps serving sticky users, until it is quiet".to_owned()
        }
        SwitchPhase::Shed => {
            "closing the gate of the twin of the old target, until it is DOWN".to_owned()
        }
        SwitchPhase::Drain { .. } => "until nothing is in flight on the old target".to_owned(),
        SwitchPhase::Settle { .. } => "watching the new target under its users".to_owned(),
        SwitchPhase::Park { back: None, .. } if limits.switch.with_page && !app.is_page() => {
            NEVER_PARKED.to_owned()
        }
        SwitchPhase::Park { back: None, .. } => {
            "redirecting the port of the old target to the new target, for HAProxy's reloads"
                .to_owned()
        }
        // The port of a page is never parked.
        SwitchPhase::Park { .. } if limits.switch.with_page && app.is_page() => {
            "until nothing is in flight on the new target".to_owned()
        }
        SwitchPhase::Park { .. } => {
            "redirecting the port of the new target to the old target, until \
             nothing is in flight"
                .to_owned()
        }
        SwitchPhase::Stop { back: None } => "stopping the old target".to_owned(),
        SwitchPhase::Stop { back: Some(why) } => because("stopping the new target", why),
        SwitchPhase::TakeBack(why) => because(
            "opening the gates of the old target, until its lines are fully UP",
            why,
        ),
        SwitchPhase::Withdraw(why) => because(
            "closing the gates of the new target, until its lines are DOWN",
            why,
        ),
    }
}

/// The action first: the reason may be long, and has colons of its own.
fn because(action: &str, why: &WhyBack) -> String {
    format!("{action} ({})", why.in_words())
}

fn reason(why: &Why) -> String {
    match why {
        Why::NotOut(waiting) => format!("not out in time ({})", waiting.join(", ")),
        Why::DrainRanOut(waiting) => format!("the drain ran out of time ({})", waiting.join(", ")),
        Why::GateFailed(why) => format!("the rules could not be set ({why})"),
        Why::TooFewServers(few) => format!("too few other servers are left ({})", few.join(", ")),
        Why::Unrecorded(why) => format!("the journal can't be written ({why})"),
        Why::LockLost(why) => format!("the group's lock was lost ({why})"),
        Why::CutShort => "an earlier operation was cut short".to_owned(),
        Why::Interrupted(signal) => format!("interrupted by signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn web(targets: &[&str], more: &str) -> AppSettings {
        let target = |(at, name): (usize, &&str)| {
            format!(
                "[app.web.target.{name}]\nport = 100{at}\nstatus_port = 200{at}\n\
                 run = {{ systemd = \"web@{name}.service\" }}\n"
            )
        };
        let targets: String = targets.iter().enumerate().map(target).collect();
        let text = format!("[app.web]\n{more}\n{targets}[[haproxy]]\nsocket = \"/run/lb.sock\"\n");
        let settings = crate::config::read(Path::new("agent.toml"), &text).unwrap();
        settings.apps[0].at("green").unwrap()
    }

    #[test]
    fn a_phase_of_a_switch_names_the_targets() {
        let (two, three) = (
            web(&["blue", "green"], ""),
            web(&["blue", "green", "red"], ""),
        );
        let describe = |phase: SwitchPhase, app: &AppSettings| {
            describe(&Phase::Switch(phase), &app.limits, app)
        };
        let drain = || SwitchPhase::Drain { zeros: 0 };
        assert_eq!(
            describe(drain(), &two),
            "until nothing is in flight on blue"
        );
        // The plan does not know which of two others serves.
        let unnamed = "until nothing is in flight on the old target";
        assert_eq!(describe(drain(), &three), unnamed);
        let sick = WhyBack::NotPlaced("`verify` failed: exited with 3".to_owned());
        let stop = SwitchPhase::Stop { back: Some(sick) };
        assert_eq!(
            describe(stop, &two),
            "stopping green (green can't serve: `verify` failed: exited with 3)"
        );
        let waiting = "the new target: connection refused";
        assert_eq!(
            named(waiting, &two.limits, &two),
            "green: connection refused"
        );
    }

    #[test]
    fn a_maintenance_names_the_app_and_its_page() {
        let page = "page = { port = 1009, status_port = 2009 }";
        let app = &web(&["blue", "green"], page);
        let mut limits = app.limits.clone();
        limits.switch.with_page = true;
        let leave = Phase::Switch(SwitchPhase::Leave);
        let at_page = &app.at_page().unwrap();
        let on = describe(&leave, &limits, at_page);
        assert_eq!(on, "closing the gates of the app, until its lines are DOWN");
        let unpark = Phase::Switch(SwitchPhase::Unpark);
        assert_eq!(
            describe(&unpark, &limits, at_page),
            "no rule redirects the port of the page"
        );
        assert_eq!(
            describe(&unpark, &limits, app),
            "ending the redirect of the port of the app to the page"
        );
        let park = Phase::Switch(SwitchPhase::Park {
            back: None,
            zeros: 0,
        });
        assert_eq!(
            describe(&park, &limits, at_page),
            "redirecting the port of the app to the page, for HAProxy's reloads"
        );
        assert_eq!(
            describe(&park, &limits, app),
            "no rule redirects the port of the page"
        );
        let back = Phase::Switch(SwitchPhase::Park {
            back: Some(WhyBack::Interrupted(2)),
            zeros: 0,
        });
        let on = describe(&back, &limits, at_page);
        assert_eq!(on, "until nothing is in flight on the page");
        assert_eq!(
            describe(&back, &limits, app),
            "redirecting the port of the app to the page, until nothing is in flight"
        );
        let off = describe(&leave, &limits, app);
        assert_eq!(
            off,
            "closing the gates of the page, until its lines are DOWN"
        );
    }
}
