//! Checks the settings of single lines that matter for a restart.

use super::judged::{names, names_of};
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::haproxy::cfg::ours::Ours;

checks! {
    DOWN "cfg-marked-down": "HAProxy kills what is in flight as soon as the gate is closed";
    OUT "cfg-out": "new users go to lines with a weight that are not `disabled`: this host gets none after a reload";
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
    let mains = || {
        ours.lines
            .iter()
            .filter(|line| line.is_main)
            .map(|line| line.server)
    };
    let weightless = names(mains().filter(|server| server.words.weightless));
    let weightless = weightless.map(|names| OUT.warning(format!("weight 0: {names}"), BACK));
    let disabled = names(mains().filter(|server| server.words.disabled));
    let disabled = disabled.map(|names| OUT.warning(format!("disabled: {names}"), BACK));
    let out = weightless.into_iter().chain(disabled);
    down.into_iter().chain(up).chain(out).collect()
}
