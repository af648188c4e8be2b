//! Checks the settings of single lines that matter for a restart.

use super::judged::{names, names_of};
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::haproxy::cfg::ours::Ours;

checks! {
    DOWN "cfg-marked-down": "HAProxy kills what is in flight as soon as the gate is closed";
    OUT "cfg-out": "new users go to lines with a weight that are not `disabled`: the host of such a line gets none after a reload";
    UP "cfg-marked-up": "HAProxy kills the sessions on every twin as soon as one main line is back";
}

const BACK: &str = "take it off, unless that line is to serve no users";

pub(crate) fn points(ours: &Ours<'_>) -> Vec<Point> {
    let off = |word: &str| format!("in {}: take {word} off its lines", ours.proxy.name);
    let downs = names_of(ours, |server| server.words.marked_down.is_some());
    let down = downs.map(|names| {
        let found = format!("on-marked-down shutdown-sessions: {names}");
        DOWN.error(found, off("on-marked-down"))
    });
    // Any line of the backend that comes back also kills the sessions on our twin.
    let servers = ours.proxy.servers.iter();
    let ups = names(servers.filter(|server| server.words.marked_up.is_some()));
    let up = ups.map(|names| {
        let found = format!("on-marked-up shutdown-backup-sessions: {names}");
        UP.error(found, off("on-marked-up"))
    });
    down.into_iter().chain(up).chain(out(ours)).collect()
}

/// The main lines that get no new users.
fn out(ours: &Ours<'_>) -> Option<Point> {
    let (mut weightless, mut disabled) = (Vec::new(), Vec::new());
    for line in ours.lines.iter().filter(|line| line.is_main) {
        let words = &line.server.words;
        weightless.extend(words.weightless.then_some(line.server));
        disabled.extend(words.disabled.then_some(line.server));
    }
    let why = [("weight 0", weightless), ("disabled", disabled)];
    let found = why.map(|(why, lines)| Some(format!("{why}: {}", names(lines)?)));
    let found: Vec<String> = found.into_iter().flatten().collect();
    (!found.is_empty()).then(|| OUT.warning(found.join("; "), BACK))
}
