//! Idle targets that run: one that is ready for the way back, or one that only costs memory.

use super::facts::{Targets, trouble};
use crate::doctor::Point;
use crate::doctor::check::{Check, about, checks};
use crate::host::TargetLook;
use crate::state::target::Intent;

checks! {
    READY "ready-target":
        "an idle target that runs is the quick way back for the time of `keep`; after that it only needs \
         memory";
}

pub(super) fn points(targets: &Targets) -> Vec<Point> {
    let record = targets.record.as_ref();
    let gone = record.and_then(|record| gone(targets, record));
    let idle = targets.idle().flat_map(|look| {
        let record = record.filter(|record| record.ready.as_ref() == Some(&look.name));
        let point = match record {
            Some(record) => Some(ready(targets, look, record)),
            None => unrecorded(targets, look),
        };
        about(&targets.label(&look.name), point)
    });
    let points: Vec<Point> = gone.into_iter().chain(idle).collect();
    match targets.current.is_ok() && !targets.looks.is_empty() {
        true => READY.or_ok(points, "no idle target runs"),
        false => points,
    }
}

/// The configuration no longer has it.
fn gone(targets: &Targets, record: &Intent) -> Option<Point> {
    let (app, name) = (&targets.app, record.ready.as_ref()?);
    let is_there = targets.runs.iter().any(|run| run.target == *name);
    (!is_there).then(|| {
        READY.warning(
            format!("{app}/{name} is recorded as ready, and the configuration no longer has it: it may still run"),
            format!("write [app.{app}.target.{name}] again; then `agent switch {app} --finish`"),
        )
    })
}

fn ready(targets: &Targets, look: &TargetLook, record: &Intent) -> Point {
    let finish = format!("agent switch {} --finish", targets.app);
    let left = record
        .ready_until_unix_s
        .map(|until| until.saturating_sub(targets.now));
    match left {
        _ if targets.under_way => READY.unseen("is ready: an operation is under way"),
        None if look.runs && record.ready_failed => READY.warning(
            "was left running by a switch that failed, and is no way back",
            finish,
        ),
        None if look.runs => READY.warning(
            "was left running after a switch, because its drain ran out, and has no end",
            finish,
        ),
        None => READY.warning(
            "was left running after a switch, and does not run any more: a switch refuses until the record \
             is cleared",
            finish,
        ),
        Some(0) if look.runs => READY.warning("its time is over, and it still runs", finish),
        Some(0) => READY.ok("its time is over, and it does not run"),
        Some(left) if look.is_well() => READY.ok(format!(
            "is ready for {left} s more: `agent switch {} --back`",
            targets.app
        )),
        Some(left) => READY.warning(
            format!(
                "is ready for {left} s more, but {}: there is no quick way back",
                trouble(look)
            ),
            finish,
        ),
    }
}

/// It runs although no switch has left it so.
fn unrecorded(targets: &Targets, look: &TargetLook) -> Option<Point> {
    let run = targets
        .run(&look.name)
        .filter(|_| look.runs && !targets.under_way)?;
    Some(READY.warning("runs, although it is idle and not ready", &run.stop))
}
