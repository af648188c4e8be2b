//! The layout that fits the apps and the hosts, and how often HAProxy checks in it.

use super::line::{CookiePer, Line};
use super::wanted::{CLAIMED, Checks, IN_TIME, Layout, Wanted};
use crate::haproxy::Mode;

/// Err: why the app, the hosts or the mode do not fit the layout.
pub(super) fn of(wanted: &Wanted<'_>, lines: &[Line<'_>]) -> Result<Layout, String> {
    let (mode, layout) = (wanted.mode, wanted.layout);
    let layout = layout.unwrap_or_else(|| fitting(mode, lines));
    let first = |is_it: fn(&Line<'_>) -> bool| lines.iter().find(|line| is_it(line));
    let ungated = first(|line| line.app.ports.backup_status_port.is_none());
    if let (Layout::TwoStage, Some(line)) = (layout, ungated) {
        return Err(format!(
            "{} has no backup_status_port, which the two-stage layout checks: set it to a free \
             port in agent.toml, or use --layout single or --layout classic",
            line.table()
        ));
    }
    if (layout, mode) == (Layout::Classic, Mode::Tcp) {
        return Err(
            "the classic layout is for users with a cookie, and mode tcp has no cookies: use \
             --layout single or --layout two-stage"
                .to_owned(),
        );
    }
    if let (Layout::Single, Some(line)) = (layout, first(|line| line.host.is_sticky())) {
        return Err(format!(
            "{}: the single layout has neither cookies nor twins: remove cookie= and twin=, or use \
             another --layout",
            line.host.name
        ));
    }
    if wanted.cookie_per == CookiePer::Target {
        cookies_of_targets(layout, mode, lines)?;
    }
    match (mode, first(|line| line.host.cookie.is_some())) {
        (Mode::Tcp, Some(line)) => Err(format!(
            "{}: mode tcp has no cookies: remove cookie=",
            line.host.name
        )),
        _ => Ok(layout),
    }
}

fn cookies_of_targets(layout: Layout, mode: Mode, lines: &[Line<'_>]) -> Result<(), String> {
    let lacks = match lines.iter().any(|line| line.app.target.is_some()) {
        false => format!("{} has no targets", lines[0].table()),
        true if mode == Mode::Tcp => "mode tcp has no cookies".to_owned(),
        true if layout == Layout::Single => "the single layout has no cookies".to_owned(),
        true if layout == Layout::Classic => {
            "the classic layout keeps the users of a target's cookie on its twin until that target \
             stops, which cuts their requests"
                .to_owned()
        }
        true => return Ok(()),
    };
    Err(format!("{lacks}: leave out --cookie-per target"))
}

/// Two-stage if every app has a `backup_status_port`. Single if no app has one, and no host names a
/// cookie or a twin, and in mode tcp, where no user is sticky.
pub(super) fn fitting(mode: Mode, lines: &[Line<'_>]) -> Layout {
    let has = |line: &Line<'_>| line.app.ports.backup_status_port.is_some();
    let is_sticky = |line: &Line<'_>| has(line) || line.host.is_sticky();
    match mode == Mode::Http && lines.iter().any(is_sticky) {
        _ if lines.iter().all(has) => Layout::TwoStage,
        true => Layout::Classic,
        false => Layout::Single,
    }
}

/// With a sticky time the twin stays, and shows no claim.
pub(super) fn checks(layout: Layout, lines: &[Line<'_>]) -> Checks {
    let is_sticky = |line: &Line<'_>| !line.app.limits.sticky.is_zero();
    match layout == Layout::TwoStage && !lines.iter().any(is_sticky) {
        true => CLAIMED,
        false => IN_TIME,
    }
}
