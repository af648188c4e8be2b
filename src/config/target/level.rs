//! Keys that belong into the targets, and keys that have no effect without targets.

use super::file::TargetFile;
use crate::config::file::AppFile;
use crate::config::mistake::Mistake;
use toml::Spanned;

/// Checks that the app or its targets have ports and a restart, never both.
pub(in crate::config) fn check_levels(
    name: &Spanned<String>,
    app: &AppFile,
) -> Result<(), Mistake> {
    let name = name.get_ref();
    match first_target(app) {
        Some(target) => match of_targets(app) {
            None => Ok(()),
            Some((key, at)) => {
                let what = format!(
                    "app.{name} has targets, and each has its own `{key}`: move this to \
                     [app.{name}.target.{target}], or remove it"
                );
                Err(Mistake::new(at, what))
            }
        },
        None => match with_targets(app) {
            None => Ok(()),
            Some((why, at)) => {
                let what = format!(
                    "{why}, and app.{name} has no targets: remove this, or add \
                     [app.{name}.target.TARGET]"
                );
                Err(Mistake::new(at, what))
            }
        },
    }
}

/// Checks that each target has a twin, or none has: that is a layout of the app, and other hosts go by
/// it.
pub(in crate::config) fn check_twins(app: &AppFile) -> Result<(), Mistake> {
    let mut targets: Vec<_> = app.target.iter().collect();
    targets.sort_by_key(|(name, _)| name.span().start);
    let has_twin = |target: &TargetFile| target.backup_status_port.is_some();
    let with = targets.iter().find(|(_, target)| has_twin(&target.0));
    let without = targets.iter().find(|(_, target)| !has_twin(&target.0));
    let (Some((with, _)), Some((name, without))) = (with, without) else {
        return Ok(());
    };
    let (with, name) = (with.get_ref(), name.get_ref());
    let what = format!(
        "target {with} has a twin (`backup_status_port`) and {name} has none: while {name} is current, \
         other hosts do not see that this host goes next. Give each target a `backup_status_port`, or \
         none"
    );
    let at = without.0.status_port.span();
    Err(Mistake::lacks(at, "backup_status_port", what))
}

fn first_target(app: &AppFile) -> Option<&str> {
    let names = app.target.keys();
    let first = names.min_by_key(|name| name.span().start);
    first.map(|name| name.get_ref().as_str())
}

type Place = std::ops::Range<usize>;

/// A key of the app itself that each target has.
fn of_targets(app: &AppFile) -> Option<(&'static str, Place)> {
    let keys = [
        ("port", app.port.as_ref().map(Spanned::span)),
        ("status_port", app.status_port.as_ref().map(Spanned::span)),
        (
            "backup_status_port",
            app.backup_status_port.as_ref().map(Spanned::span),
        ),
        ("gate_to", app.gate_to.as_ref().map(Spanned::span)),
        ("address", app.address.as_ref().map(Spanned::span)),
        ("restart", app.restart.as_ref().map(Spanned::span)),
    ];
    keys.into_iter().find_map(|(key, at)| Some((key, at?)))
}

/// A key that works only with targets, and why.
fn with_targets(app: &AppFile) -> Option<(&'static str, Place)> {
    let keys = [
        (
            "`keep` keeps the old target running after a switch",
            app.keep.as_ref().map(Spanned::span),
        ),
        (
            "`verify` checks a target before it gets users",
            app.verify.as_ref().map(Spanned::span),
        ),
        (
            "`memory` is what a second target needs",
            app.memory.as_ref().map(Spanned::span),
        ),
    ];
    keys.into_iter().find_map(|(why, at)| Some((why, at?)))
}
