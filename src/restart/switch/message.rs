//! How a switch ended, in words.

use super::How;
use crate::restart::{Outcome, Verb};

/// The names of the two targets, for messages.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The old one's.
    pub old: &'a str,
    /// The new one's.
    pub new: &'a str,
}

impl Default for Names<'_> {
    fn default() -> Self {
        Names {
            old: "the old target",
            new: "the new target",
        }
    }
}

/// The app in a message about maintenance.
pub const THE_APP: &str = "the app";
/// Its page.
pub const THE_PAGE: &str = "the page";

impl Names<'_> {
    /// The maintenance that was turned on or off, also by a recovery. None: a switch of targets.
    pub(in crate::restart) fn turned(self, verb: Verb) -> Option<Verb> {
        match verb {
            Verb::MaintenanceOn | Verb::MaintenanceOff => Some(verb),
            _ if self.new == THE_PAGE => Some(Verb::MaintenanceOn),
            _ if self.old == THE_PAGE => Some(Verb::MaintenanceOff),
            _ => None,
        }
    }

    fn are_known(self) -> bool {
        self.old != Names::default().old
    }

    /// A text of the rules, which do not know the names.
    pub fn fill(self, text: &str) -> String {
        let text = text.replace(Names::default().new, self.new);
        text.replace(Names::default().old, self.old)
    }
}

impl Outcome {
    /// One line for people, where a switch, or its recovery, needs words of its own.
    pub(in crate::restart) fn after_switch(&self, verb: Verb, names: Names<'_>) -> Option<String> {
        let Names { old, new } = names;
        match self {
            _ if !verb.switches() && !names.are_known() => None,
            Outcome::Done { .. } if verb == Verb::Recover => Some(format!(
                "recovered: {old} serves, as before the switch to {new}"
            )),
            Outcome::GateFailed {
                why,
                put_back: true,
            } => Some(format!(
                "not switched to {new}: the rules could not be set: {why}; {old} serves as before"
            )),
            Outcome::Unrecorded { why, .. } => Some(format!(
                "not switched to {new}: the journal can't be written: {why}; {old} serves as before; \
                 fix [agent] state_dir"
            )),
            _ => None,
        }
    }

    /// One line for people, of the outcomes that only a switch has, and of a version that is sick.
    pub(in crate::restart) fn of_switch(&self, verb: Verb, app: &str, names: Names<'_>) -> String {
        let Names { old, new } = names;
        let with = |what: String, note: &Option<String>| match note {
            None => what,
            Some(note) => format!("{what}; {note}"),
        };
        match self {
            Outcome::Switched { .. } if verb == Verb::Recover => {
                format!("recovered: the switch from {old} to {new} is finished")
            }
            Outcome::Switched {
                how: How::Start, ..
            } => format!("switched from {old} to {new}"),
            Outcome::Switched { how: How::Back, .. } => {
                format!("switched back from {old} to {new}")
            }
            Outcome::Switched {
                how: How::Finish, ..
            } => format!("finished: {old} is stopped, and {new} serves"),
            Outcome::NotPlaced { why, note } => with(
                format!("not switched to {new}: {why}; {old} serves as before"),
                note,
            ),
            Outcome::SwappedBack { why, note } => with(
                format!("switched back from {new} to {old}, because {why}; {old} serves again"),
                note,
            ),
            Outcome::StillDraining {
                unwell: Some(why), ..
            } => format!(
                "{old} was not stopped, because {new} serves and is not healthy: {why}; {old} runs, with \
                 closed gates: fix {new} and run `agent switch {app} --finish`; or `agent switch {app} \
                 --back` moves the users to {old}, if no switch to {old} has failed"
            ),
            Outcome::StillDraining { waiting, .. } => format!(
                "{new} serves, and {old} may still have users: {}; the agent left it running with \
                 closed gates: `agent switch {app} --finish` ends it later",
                waiting.join(", ")
            ),
            Outcome::NeitherHealthy { why, waiting } => format!(
                "{why}; and HAProxy does not show {old} UP: {}; the gates of both are open, and \
                 HAProxy sends users to what passes its checks: look at both, then run `agent \
                 recover {app}`",
                waiting.join(", ")
            ),
            Outcome::BothMayServe {
                why,
                unseen,
                some_seen,
            } => both_may_serve((why, unseen, *some_seen), app, names),
            Outcome::Sick(why) => format!(
                "restarted, but the app is sick: {why}; the gates are open: look at the app, then run \
                 `agent restart {app}` again, or `agent close {app}`"
            ),
            _ => String::new(),
        }
    }
}

/// A balancer that can't be seen may send its users to either target.
fn both_may_serve(
    (why, unseen, some_seen): (&str, &[String], bool),
    app: &str,
    Names { old, new }: Names<'_>,
) -> String {
    let balancers = unseen.join(" and ");
    let (answer, them) = match unseen.len() {
        1 => ("answers", "it"),
        _ => ("answer", "them"),
    };
    let left_out: Vec<String> = unseen
        .iter()
        .map(|name| format!(" --without-balancer {name}"))
        .collect();
    let without = match some_seen {
        true => format!(
            "; if no users come through {them} any more, run `agent recover {app}{}`",
            left_out.concat()
        ),
        false => String::new(),
    };
    format!(
        "not switched to {new}: {why}; the agent closes no target while it can't see {balancers}: \
         {old} is open, {new} may be, too, and both may serve users; once {balancers} {answer}, run \
         `agent recover {app}`{without}"
    )
}
