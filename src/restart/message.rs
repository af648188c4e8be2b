//! How an operation ended, in words.

use super::{Outcome, Verb};

impl Outcome {
    /// One line for people: what happened, how the host is now, what to do.
    pub fn message(&self, verb: Verb, app: &str) -> String {
        let fix = format!("mend it, then `agent open {app}`");
        match self {
            Outcome::Done { note } => done(verb, note.is_some()).to_owned(),
            Outcome::RestartedClosed => {
                let what = match verb {
                    Verb::Recover => "recovered: the app is healthy",
                    _ => "restarted, and the app is healthy",
                };
                format!("{what}; {}", stays_closed(app))
            }
            Outcome::Finished { confirmed, closed } => finished(*confirmed, *closed, app),
            Outcome::Skipped(why) => format!("skipped: {why}; nothing was changed"),
            Outcome::NotHeld(why) => format!(
                "closed, but that can't be noted: {why}; mend [agent] hold_dir and close again, or `agent \
                 recover {app}` opens it"
            ),
            Outcome::Nothing(why) => why.clone(),
            Outcome::Planned => "a dry run: nothing was changed".to_owned(),
            Outcome::Locked(owner) => format!("refused: {owner}; nothing was changed"),
            Outcome::Refused(refusal) => format!("refused: {refusal}; nothing was changed"),
            Outcome::RestartFailed(why) => {
                format!("the restart failed: {why}; the gates stay closed: {fix}")
            }
            Outcome::NotHealthy(why) if matches!(verb, Verb::Open | Verb::Recover) => {
                format!("not opened, the app is not healthy: {why}; {fix}")
            }
            Outcome::NotHealthy(why) => format!(
                "the app is not healthy after the restart: {why}; the gates stay closed: {fix}; a sidecar opens them \
                 once it is healthy"
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
                "{why}; the gates stay closed: look, then `agent restart {app}` (with the upgrade again) \
                 or `agent open {app}`"
            ),
            Outcome::RolledBack { why, waiting, note } => rolled_back(why, waiting, note.is_some()),
            Outcome::Undrained(waiting) => format!(
                "stopped, but the drain ran out: {}; the gates stay closed",
                waiting.join(", ")
            ),
            Outcome::NotBack(waiting) => format!(
                "the gates are open and the app was healthy, but HAProxy: {}; `agent doctor {app}` looks for \
                 the cause",
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
                "the rules could not be set: {why}; see `agent status {app}` for how they stand"
            ),
            Outcome::Interrupted { left, .. } => format!("interrupted: {left}"),
            Outcome::NotOut {
                waiting,
                causes,
                back,
            } => {
                let fix = match causes.as_slice() {
                    [] => format!(
                        "are the checks slower than timeouts.out_of_rotation? `agent doctor {app}` shows the \
                         seconds that HAProxy took"
                    ),
                    causes => causes.join("; "),
                };
                let what = format!("not out of rotation in time: {}", waiting.join(", "));
                given_up(&what, *back, &fix)
            }
            Outcome::DrainRanOut { waiting, back } => {
                let what = format!("the drain ran out: {}", waiting.join(", "));
                given_up(
                    &what,
                    *back,
                    "a longer timeouts.drain, or on_drain_timeout, may help",
                )
            }
            Outcome::FloorBroken { few, back } => {
                let few = few.join(", ");
                let what = format!("too few others, and our turn did not come in time: {few}");
                let longer = match verb {
                    Verb::Stop => "timeouts.turn",
                    _ => "--turn",
                };
                let fix = format!("try again when they are back, or with a longer {longer}");
                given_up(&what, *back, &fix)
            }
            Outcome::Unrecorded { why, back } => {
                let what = format!("the journal can't be written: {why}");
                given_up(&what, *back, "mend [agent] state_dir")
            }
            Outcome::GateFailed {
                why,
                put_back: true,
            } => format!("the rules could not be set: {why}; {PUT_BACK}"),
        }
    }
}

fn stays_closed(app: &str) -> String {
    format!("the gates stay closed, because they are held: `agent open {app}` ends the hold")
}

fn finished(confirmed: bool, closed: bool, app: &str) -> String {
    let left = match closed {
        true => stays_closed(app),
        false => "back in rotation".to_owned(),
    };
    match confirmed {
        true => format!("{left}: an earlier restart was finished, not repeated"),
        false => format!(
            "{left}, but whether the app was restarted can't be told: if it is still the old one, run \
             `agent restart` again"
        ),
    }
}

/// A note means that an operator keeps some lines from being UP.
fn rolled_back(why: &str, waiting: &[String], noted: bool) -> String {
    let left = match (waiting, noted) {
        ([], false) => "and back in rotation".to_owned(),
        ([], true) => "and the gates are open".to_owned(),
        (waiting, _) => format!(
            "and the gates are open, but HAProxy: {}",
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
        [] => format!("`agent doctor {app}` looks for what answers its checks"),
        causes => causes.join("; "),
    };
    format!(
        "restarted, and {gates}, but users may have met an app that restarts: HAProxy took \
         this host for UP meanwhile: {}; {causes}",
        lines.join(", ")
    )
}

const PUT_BACK: &str = "the gates were put back, the app was not touched";

fn given_up(what: &str, back: bool, fix: &str) -> String {
    let lines = match back {
        true => "its lines are back",
        false => "its lines are not all UP",
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
        (Verb::Stop, false) => "stopped: out of rotation and drained, the gates stay closed",
        (Verb::Stop, true) => "stopped: not fully drained, the gates stay closed",
    }
}
