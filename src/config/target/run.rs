//! How a target is started and stopped, and the restart that follows from it.

use super::file::RunFile;
use crate::app::{Job, Restart, Run};
use crate::config::keyed::Keyed;
use crate::config::mistake::Mistake;
use crate::config::restart::{EMPTY, check_unit};
use toml::Spanned;

pub(super) fn check_run(run: Spanned<Keyed<RunFile>>) -> Result<Run, Mistake> {
    let span = run.span();
    let wrong = |what: &str| Mistake::new(span.clone(), what);
    let both =
        "`start` and `stop` need each other: a switch starts the new target and stops the old one";
    let RunFile {
        systemd,
        start,
        stop,
    } = run.into_inner().0;
    match (systemd, start, stop) {
        (Some(unit), None, None) => {
            let unit = check_unit(&unit).map_err(|what| wrong(what).of("systemd"))?;
            let (name, _) = unit.rsplit_once('.').unwrap_or((&unit, ""));
            match name.ends_with('@') {
                true => Err(wrong(
                    "this is a template: write the unit of this target, as \"web@blue.service\"",
                )
                .of("systemd")),
                false => Ok(Run::Systemd { unit }),
            }
        }
        (None, Some(start), Some(stop)) => match (start.is_empty(), stop.is_empty()) {
            (true, _) => Err(wrong(EMPTY).of("start")),
            (_, true) => Err(wrong(EMPTY).of("stop")),
            _ => Ok(Run::Commands { start, stop }),
        },
        (None, Some(_), None) | (None, None, Some(_)) => Err(wrong(both)),
        _ => Err(wrong(
            "set `systemd = \"UNIT\"`, or both `start = [...]` and `stop = [...]`",
        )),
    }
}

/// The restart of a target that has none of its own.
pub(super) fn restart_of(run: &Run) -> Restart {
    match run.clone() {
        Run::Systemd { unit } => Restart::Systemd {
            unit,
            job: Job::Restart,
        },
        Run::Commands { start, stop } => Restart::StopAndStart { stop, start },
    }
}
