//! Checks the settings of single lines that matter for a restart.

use super::judged::{names, names_of};
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::haproxy::cfg::ours::Ours;

checks! {
    DOWN "cfg-marked-down": "HAProxy kills what is in flight as soon as the gate is closed";
    UP "cfg-marked-up": "HAProxy kills the sessions on every twin as soon as one main line is back";
}

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
    down.into_iter().chain(up).collect()
}
