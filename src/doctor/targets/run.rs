//! Whether a switch can start and stop each target, and what a boot starts.

use super::facts::{TargetRun, Targets};
use crate::app::NO_BOOT;
use crate::doctor::Point;
use crate::doctor::check::{Check, about, checks};
use crate::doctor::fault::Fault;

checks! {
    RUN "target-run":
        "a switch starts the idle target, and stops the old one while the new one serves; after a boot the \
         current one alone must run";
    VERIFY "verify":
        "a switch verifies the new target before it gets users: if that can't run, no switch succeeds";
}

pub(super) fn points(targets: &Targets) -> Vec<Point> {
    let points = targets.runs.iter().flat_map(|run| {
        let is_current = targets.current().map(|current| current == run.target);
        about(&targets.label(&run.target), one(targets, run, is_current))
    });
    points.collect()
}

fn one(targets: &Targets, run: &TargetRun, is_current: Option<bool>) -> Vec<Point> {
    let mut wrong: Vec<Point> = match &run.checked {
        Err(fault) => vec![RUN.error(
            format!("can't be started and stopped: {}", fault.found),
            &fault.fix,
        )],
        Ok(odd) => {
            // Only the current one must run after a boot.
            let counts = |odd: &&Fault| is_current == Some(true) || !odd.found.contains(NO_BOOT);
            let odd = odd.iter().filter(counts);
            odd.map(|odd| RUN.warning(&odd.found, &odd.fix)).collect()
        }
    };
    wrong.extend(
        run.with
            .iter()
            .map(|fault| RUN.error(&fault.found, &fault.fix)),
    );
    wrong.extend(boot(targets, run, is_current));
    RUN.or_ok(wrong, format!("checked, not tried: {}", run.start))
}

/// A boot starts an idle target beside the current one.
fn boot(targets: &Targets, run: &TargetRun, is_current: Option<bool>) -> Option<Point> {
    let (unit, is_started) = run.at_boot.as_ref()?;
    let current = targets.current()?;
    (*is_started && is_current == Some(false)).then(|| {
        RUN.warning(
            format!(
                "a boot starts {unit}, and {} is idle: it would run without users beside {}",
                run.target,
                targets.label(current)
            ),
            format!("systemctl disable {unit}"),
        )
    })
}

pub(super) fn verify(targets: &Targets) -> Option<Point> {
    Some(match targets.verify.as_ref()? {
        Ok(command) => VERIFY.ok(format!("verify checked, not tried: {command}")),
        Err(fault) => VERIFY.error(format!("can't run: {}", fault.found), &fault.fix),
    })
}
