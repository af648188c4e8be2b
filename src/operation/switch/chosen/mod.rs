//! Which target of an app is current: by the record, else by what the targets show. Pure.

use crate::config::AppSettings;
use crate::host::TargetLook;
use crate::state::target::Intent;

/// The current target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Its name.
    pub target: String,
    /// Why it is that.
    pub by: By,
}

/// Why a target is the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The operator has named it.
    Operator,
    /// The record has it.
    Record,
    /// The app has no other target.
    Alone,
    /// Only its gates are open.
    Gates,
    /// It is the only one that runs and is healthy.
    Health,
}

/// By the record, or by the configuration alone. None: a look at the targets decides.
pub(super) fn recorded(
    app: &AppSettings,
    record: Option<&Intent>,
) -> Option<Result<Current, String>> {
    let targets = app.target_names();
    match (record, targets.as_slice()) {
        (Some(record), _) if targets.contains(&record.current.as_str()) => {
            Some(Ok(current(&record.current, By::Record)))
        }
        (Some(record), _) => Some(Err(unknown(app, &record.current))),
        (None, [alone]) => Some(Ok(current(alone, By::Alone))),
        (None, _) => None,
    }
}

/// Without a record: an open gate shows the current target, else its health does.
pub(super) fn found(app: &AppSettings, looks: &[TargetLook]) -> Result<Current, String> {
    let open = named(looks, |look| look.open);
    let well = named(looks, TargetLook::is_well);
    let name = &app.name;
    match (open.as_slice(), well.as_slice()) {
        ([only], _) => Ok(current(only, By::Gates)),
        ([], [only]) => Ok(current(only, By::Health)),
        ([], []) => Err(none(name, looks)),
        ([], several) => Err(format!(
            "{} of {name} run and are healthy, and no gate of them is open: the agent does not know \
             which one is current; {}",
            several.join(" and "),
            name_one(name, several)
        )),
        (several, _) => Err(format!(
            "the gates of {} of {name} are open, and no record says which one is current; {}",
            several.join(" and "),
            name_one(name, several)
        )),
    }
}

/// The operator has named the target. Err: another one has the users, and only a switch moves them
/// without a failed request.
pub(super) fn asked(app: &AppSettings, to: &str, looks: &[TargetLook]) -> Result<Current, String> {
    let serves = |look: &TargetLook| look.open && look.is_well();
    let serving = named(looks, serves);
    match serving.iter().find(|other| **other != to) {
        Some(other) if !serving.contains(&to) => Err(format!(
            "the gates of {app}/{other} are open, and it is healthy: it has the users of {app}; \
             `agent switch {app} --to {to}` moves them",
            app = app.name
        )),
        _ => Ok(current(to, By::Operator)),
    }
}

fn current(target: &str, by: By) -> Current {
    Current {
        target: target.to_owned(),
        by,
    }
}

fn named(looks: &[TargetLook], is_one: impl Fn(&TargetLook) -> bool) -> Vec<&str> {
    let looks = looks.iter().filter(|look| is_one(look));
    looks.map(|look| look.name.as_str()).collect()
}

/// The record has a target that the configuration does not have any more.
fn unknown(app: &AppSettings, target: &str) -> String {
    let (name, targets) = (&app.name, app.target_names());
    format!(
        "the configuration has no target {target}, which is recorded as the current one of {name} \
         (it has {}): users may still be on {target}, and the agent moves no gate of {name}; write \
         [app.{name}.target.{target}] again, then run `agent switch {name}`, or, if {target} is gone, \
         {}",
        targets.join(" and "),
        name_one(name, &targets)
    )
}

fn none(app: &str, looks: &[TargetLook]) -> String {
    let state = |look: &TargetLook| match &look.health {
        _ if !look.runs => format!("{} does not run", look.name),
        Err(why) => format!("{} is not healthy ({why})", look.name),
        Ok(()) => format!("{} is healthy", look.name),
    };
    let states: Vec<String> = looks.iter().map(state).collect();
    format!(
        "no target of {app} is current: {}; start one, then run `agent open {app} --to TARGET`",
        states.join(", ")
    )
}

/// The commands that make one of them current.
fn name_one(app: &str, targets: &[&str]) -> String {
    let command = |target: &&str| format!("`agent open {app} --to {target}`");
    let commands: Vec<String> = targets.iter().map(command).collect();
    format!("run {}", commands.join(" or "))
}

#[cfg(test)]
mod tests;
