//! How a switch ended, in words.

use super::How;
use crate::restart::{Outcome, Verb};

impl Outcome {
    /// One line for people, of the outcomes that only a switch has, and of a version that is sick.
    pub(in crate::restart) fn of_switch(&self, verb: Verb, app: &str) -> String {
        let with = |what: String, note: &Option<String>| match note {
            None => what,
            Some(note) => format!("{what}; {note}"),
        };
        match self {
            Outcome::Switched { .. } if verb == Verb::Recover => {
                "recovered: the switch is finished, and the new target serves".to_owned()
            }
            Outcome::Switched {
                how: How::Start, ..
            } => "switched: the new target serves".to_owned(),
            Outcome::Switched { how: How::Back, .. } => {
                "switched back: the earlier target serves again".to_owned()
            }
            Outcome::Switched {
                how: How::Finish, ..
            } => "finished: the old target is stopped".to_owned(),
            Outcome::NotPlaced { why, note } => with(
                format!("not switched: {why}; the old target serves as before"),
                note,
            ),
            Outcome::SwappedBack { why, note } => with(
                format!("switched back, because {why}; the old target serves again"),
                note,
            ),
            Outcome::StillDraining(waiting) => format!(
                "the new target serves, and the old one still has users: {}; it was left running with \
                 closed gates: `agent switch {app} --finish` ends it later",
                waiting.join(", ")
            ),
            Outcome::NeitherHealthy { why, waiting } => format!(
                "{why}; and HAProxy does not show the old target UP: {}; the gates of both are open, \
                 and HAProxy sends users to what passes its checks: look at both, then run `agent \
                 recover {app}`",
                waiting.join(", ")
            ),
            Outcome::Sick(why) => format!(
                "restarted, but the app is sick: {why}; the gates are open: look at the app, then run \
                 `agent restart {app}` again, or `agent close {app}`"
            ),
            _ => String::new(),
        }
    }
}
