//! How an operation ended, in words.

use super::group_lock::{lock_away, lock_full};
use super::switch::Names;
use super::{Outcome, Verb};

impl Outcome {
    /// One line for people: what happened, how the host is now, what to do.
    pub fn message(&self, verb: Verb, app: &str) -> String {
        self.message_between(verb, app, Names::default())
    }

    /// The same, of a switch between these targets.
    pub fn message_between(&self, verb: Verb, app: &str, names: Names<'_>) -> String {
        let text = match names.turned(verb) {
            Some(turned) => self.of_maintenance(turned, app).map(|text| match verb {
                Verb::Recover => format!("recovered: {text}"),
                _ => text,
            }),
            None => self.after_switch(verb, names),
        };
        names.fill(&text.unwrap_or_else(|| self.in_words(verb, app, names)))
    }

    fn in_words(&self, verb: Verb, app: &str, names: Names<'_>) -> String {
        let [fix, fix_unheld] =
            ["open", "recover"].map(|verb| format!("fix it, then run `agent {verb} {app}`"));
        match self {
            Outcome::Done { note } => done(verb, note.is_some()).to_owned(),
            Outcome::RestartedClosed if verb == Verb::Recover => {
                format!("recovered: the app is healthy; {}", stays_closed(app))
            }
            Outcome::RestartedClosed => {
                format!("restarted, and the app is healthy; {}", stays_closed(app))
            }
            Outcome::Finished { confirmed, closed } => finished(*confirmed, *closed, app),
            Outcome::Skipped(why) => format!("skipped: {why}; nothing was changed"),
            Outcome::NotHeld(why) => format!(
                "closed, but the hold can't be written: {why}; fix [agent] hold_dir and run \
                 `agent close {app}` again, or open the gates with `agent recover {app}`"
            ),
            Outcome::Nothing(why) => why.clone(),
            Outcome::Planned => "a dry run: nothing was changed".to_owned(),
            Outcome::Locked(why) => {
                format!("refused: {why}; nothing was changed: run this again once that has ended")
            }
            Outcome::OutsideWindow(why) => format!("refused: {why}; nothing was changed"),
            Outcome::Refused(refusal) => format!("refused: {refusal}; nothing was changed"),
            Outcome::RestartFailed(why) => {
                format!("the restart failed: {why}; the gates stay closed: {fix}")
            }
            Outcome::NotHealthy(why) if verb == Verb::Open => {
                format!("not opened, because the app is not healthy: {why}; {fix}")
            }
            // No hold keeps the gates closed.
            Outcome::NotHealthy(why) if verb == Verb::Recover => {
                format!("not opened, because the app is not healthy: {why}; {fix_unheld}")
            }
            Outcome::NotHealthy(why) => format!(
                "the app is not healthy after the restart: {why}; the gates stay closed: \
                 {fix_unheld}; a sidecar opens them once the app is healthy"
            ),
            Outcome::NotHealthyClosed(why) => {
                format!(
                    "the app is not healthy after the restart: {why}; {}",
                    stays_closed(app)
                )
            }
            Outcome::RolledBackClosed(why) => format!(
                "rolled back: {why}; the app is healthy on the old version; {}",
                stays_closed(app)
            ),
            Outcome::UpgradeFailed(why) => format!(
                "{why}; the gates stay closed: look at the app, then run `agent restart {app}` \
                 (with the upgrade again) or `agent open {app}`"
            ),
            Outcome::RolledBack { why, waiting, note } => rolled_back(why, waiting, note.is_some()),
            Outcome::Undrained(waiting) => format!(
                "stopped, but the drain ran out of time: {}; the gates stay closed",
                waiting.join(", ")
            ),
            Outcome::NotBack(waiting) => format!(
                "the gates are open and the app was healthy, but HAProxy shows: {}; run `agent \
                 doctor {app}` to find the cause",
                waiting.join(", ")
            ),
            Outcome::UpWhileClosed {
                lines,
                causes,
                closed,
                ..
            } => up_while_closed(lines, causes, *closed, app),
            Outcome::GateFailed {
                why,
                put_back: false,
            } => format!(
                "the rules could not be set: {why}; gates may be open or closed: see `agent \
                 status {app}`"
            ),
            Outcome::Switched { .. }
            | Outcome::NotPlaced { .. }
            | Outcome::SwappedBack { .. }
            | Outcome::StillDraining { .. }
            | Outcome::NeitherHealthy { .. }
            | Outcome::BothMayServe { .. }
            | Outcome::Sick(_) => self.of_switch(verb, app, names),
            Outcome::Interrupted { left, .. } => format!("interrupted: {left}"),
            Outcome::NotOut {
                waiting,
                causes,
                back,
            } => not_out(waiting, causes, *back, app),
            Outcome::DrainRanOut { waiting, back } => {
                let what = format!("the drain ran out of time: {}", waiting.join(", "));
                given_up(&what, *back, &longer_drain(verb))
            }
            Outcome::FloorBroken { few, back } => floor_broken(few, *back, verb),
            Outcome::LockFull(by) => lock_full(by, verb),
            Outcome::LockAway(why) => lock_away(why, verb),
            Outcome::LockLost { why, back } => {
                let what = format!("the group's lock was lost: {why}");
                given_up(&what, *back, "run it again")
            }
            Outcome::Unrecorded { why, back } => {
                let what = format!("the journal can't be written: {why}");
                given_up(&what, *back, "fix [agent] state_dir")
            }
            Outcome::GateFailed {
                why,
                put_back: true,
            } => format!("the rules could not be set: {why}; {PUT_BACK}"),
        }
    }
}

fn stays_closed(app: &str) -> String {
    format!("a hold keeps the gates closed: `agent open {app}` ends it")
}

fn finished(confirmed: bool, closed: bool, app: &str) -> String {
    let left = match closed {
        true => stays_closed(app),
        false => "back in rotation".to_owned(),
    };
    match confirmed {
        true => format!("{left}: the agent finished an earlier restart, and did not repeat it"),
        false => format!(
            "{left}, but the agent can't confirm that the app was restarted: if it is still the \
             old one, run `agent restart` again"
        ),
    }
}

/// A note means that an operator keeps some lines from being UP.
fn rolled_back(why: &str, waiting: &[String], noted: bool) -> String {
    let left = match (waiting, noted) {
        ([], false) => "and back in rotation".to_owned(),
        ([], true) => "and the gates are open".to_owned(),
        (waiting, _) => format!(
            "and the gates are open, but HAProxy shows: {}",
            waiting.join(", ")
        ),
    };
    format!("rolled back: {why}; the app is healthy on the old version {left}")
}

fn up_while_closed(lines: &[String], causes: &[String], closed: bool, app: &str) -> String {
    let gates = match closed {
        true => "a hold keeps the gates closed",
        false => "the gates are open",
    };
    let causes = match causes {
        [] => format!("run `agent doctor {app}` to find what answers HAProxy's checks"),
        causes => causes.join("; "),
    };
    format!(
        "restarted, and {gates}, but users may have reached a restarting app: HAProxy showed this \
         host UP meanwhile: {}; {causes}",
        lines.join(", ")
    )
}

const PUT_BACK: &str = "the gates were put back, the app was not touched";

fn longer_drain(verb: Verb) -> String {
    let proceeds = match verb {
        Verb::Restart => "restarts",
        _ => "leaves the gates closed",
    };
    format!(
        "a longer timeouts.drain may help; on_drain_timeout = \"proceed\" {proceeds} over what is in \
         flight"
    )
}

fn not_out(waiting: &[String], causes: &[String], back: bool, app: &str) -> String {
    let fix = match causes {
        [] => format!(
            "HAProxy's checks may be slower than timeouts.out_of_rotation, or not go to the gate: \
             `agent doctor {app} --haproxy-cfg FILE` shows it"
        ),
        causes => causes.join("; "),
    };
    let what = format!("not out of rotation in time: {}", waiting.join(", "));
    given_up(&what, back, &fix)
}

fn floor_broken(few: &[String], back: bool, verb: Verb) -> String {
    let what = format!(
        "too few other servers, and our turn did not come in time: {}",
        few.join(", ")
    );
    let longer = match verb {
        Verb::Stop => "timeouts.turn",
        _ => "--turn",
    };
    let fix = format!("try again when more servers are UP, or with a longer {longer}");
    given_up(&what, back, &fix)
}

fn given_up(what: &str, back: bool, fix: &str) -> String {
    let lines = match back {
        true => "the lines are back",
        false => "not all lines are back",
    };
    format!("{what}; {PUT_BACK}; {lines}; {fix}")
}

/// A note means that not everything is as usual; the note has the details.
fn done(verb: Verb, noted: bool) -> &'static str {
    match (verb, noted) {
        (Verb::Restart, false) => "restarted, and back in rotation",
        (Verb::Restart, true) => "restarted, and the gates are open",
        (Verb::Close, false) => "closed: out of rotation and drained",
        (Verb::Close, true) => "closed: out of rotation, not fully drained",
        (Verb::Open, false) => "open: in rotation",
        (Verb::Open, true) => "open",
        (Verb::Recover, _) => "recovered",
        (Verb::Switch | Verb::MaintenanceOn | Verb::MaintenanceOff, _) => "switched",
        (Verb::Stop, false) => "stopped: out of rotation and drained, the gates stay closed",
        (Verb::Stop, true) => "stopped: not fully drained, the gates stay closed",
    }
}
