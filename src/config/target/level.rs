//! Keys that belong into the targets, and keys that have no effect without targets.

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
