//! How `agent maintenance on` and `off` ended, in words. Both are a switch: `on` brings the users from
//! the app to its page, `off` brings them back.

use super::{THE_APP, THE_PAGE};
use crate::restart::{Outcome, Verb};

/// What serves at the end, and what serves if it goes back.
struct Sides {
    done: &'static str,
    serves: &'static str,
    not_done: &'static str,
    again: &'static str,
    as_before: &'static str,
    new: &'static str,
    old: &'static str,
}

const ON: Sides = Sides {
    done: "maintenance is on: HAProxy shows the page UP, and the app out of rotation",
    serves: "maintenance is on: HAProxy shows the page UP, and the gates of the app are closed",
    not_done: "`maintenance on` is not done",
    again: "maintenance is off again",
    as_before: "users are where they were before",
    new: THE_PAGE,
    old: THE_APP,
};

const OFF: Sides = Sides {
    done: "maintenance is off: HAProxy shows the app UP, and the page out of rotation",
    serves: "maintenance is off: HAProxy shows the app UP, and the gate of the page is closed",
    not_done: "maintenance stays on",
    again: "maintenance is on again",
    as_before: "the page serves as before",
    new: THE_APP,
    old: THE_PAGE,
};

impl Outcome {
    /// One line for people. None: the words of every operation fit.
    pub(in crate::restart) fn of_maintenance(&self, verb: Verb, app: &str) -> Option<String> {
        let Sides {
            done,
            serves,
            not_done,
            again,
            as_before,
            new,
            old,
        } = match verb {
            Verb::MaintenanceOn => ON,
            _ => OFF,
        };
        let with = |what: String, note: &Option<String>| match note {
            None => what,
            Some(note) => format!("{what}; {note}"),
        };
        Some(match self {
            Outcome::Switched { note, .. } => with(done.to_owned(), note),
            Outcome::RestartFailed(why) | Outcome::UpgradeFailed(why) => format!(
                "maintenance is off, but the app has no users on this host, as before: {why}; look at \
                 the app, then run `agent restart {app}` (with the upgrade again) or `agent open {app}`"
            ),
            Outcome::Done { note } => with(as_before.to_owned(), note),
            Outcome::NotPlaced { why, note } => {
                with(format!("{not_done}: {why}; {as_before}"), note)
            }
            Outcome::SwappedBack { why, note } => {
                with(format!("{again}, because {why}; {old} serves"), note)
            }
            Outcome::StillDraining { waiting, .. } => format!(
                "{serves}; {old} may still have users: {}; requests in flight there go on until they \
                 end",
                waiting.join(", ")
            ),
            Outcome::NeitherHealthy { why, waiting } => format!(
                "{why}; and HAProxy does not show {old} UP: {}; the gates of both {new} and {old} \
                 are open, and HAProxy sends users to what passes its checks: look at both, then \
                 run `agent recover {app}`",
                waiting.join(", ")
            ),
            Outcome::GateFailed {
                why,
                put_back: true,
            } => format!("{not_done}: the rules could not be set: {why}; {as_before}"),
            Outcome::Unrecorded { why, .. } => format!(
                "{not_done}: the journal can't be written: {why}; {as_before}; fix [agent] \
                 state_dir"
            ),
            _ => return None,
        })
    }
}
