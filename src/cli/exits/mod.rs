//! The exit codes: the table that `--help` prints and README shows. The tests compare it with
//! [`Outcome`](crate::restart::Outcome).

use crate::text;

/// The meaning of one exit code.
pub(super) struct Row {
    /// The codes as a shell sees them.
    exits: &'static [u8],
    /// `outcome` of `--json`.
    words: &'static [&'static str],
    /// What happened.
    meaning: &'static str,
    /// How the host is left.
    left: &'static str,
}

const fn row(
    exits: &'static [u8],
    words: &'static [&'static str],
    meaning: &'static str,
    left: &'static str,
) -> Row {
    Row {
        exits,
        words,
        meaning,
        left,
    }
}

const UNCHANGED: &str = "unchanged";
const PUT_BACK: &str = "gates put back, app untouched";

/// All exit codes.
#[rustfmt::skip]
const ROWS: [Row; 16] = [
    row(&[0], &["restarted", "restarted_closed", "switched", "switched_back", "maintenance_on", "maintenance_off", "closed", "opened", "recovered", "stopped", "removed", "released", "nothing_to_do", "skipped", "planned", "probed", "read_only", "writable"], "done, or nothing to do", "as asked"),
    row(&[1], &["gate_failed", "not_recorded", "not_confirmed", "failed"], "rules, journal or history not written, restart not confirmed; `status`: open, but no users, or a fault; `doctor`: errors", "see the message"),
    row(&[2], &["usage"], "usage, configuration, or too few open files allowed", UNCHANGED),
    row(&[10], &["locked"], "another operation is under way on this host", UNCHANGED),
    row(&[11], &["refused", "lock_away"], "refused by preflight (HAProxy, rules, app, a hold, state directory, a sidecar with older settings), or the lock server is away", UNCHANGED),
    row(&[12], &["too_few_servers", "lock_full", "lock_lost"], "too few other servers available, or the group's lock is full or was lost", "unchanged, or gates put back; app untouched"),
    row(&[13], &["not_out_of_rotation", "still_read_only"], "not out of rotation in time", PUT_BACK),
    row(&[14], &["drain_ran_out", "not_drained"], "the drain ran out of time, and on_drain_timeout is abort", "gates put back (`agent run`, `--owner`: closed)"),
    row(&[15], &["restart_failed", "not_healthy", "upgrade_failed", "not_verified", "sick", "neither_healthy"], "the restart or the upgrade failed, or the app is not healthy or not verified", "gates closed, open or unchanged: see the message"),
    row(&[16], &["not_in_rotation", "not_read_only", "both_may_serve"], "not back in rotation in time; switch: a balancer can't be seen, so both targets may serve users", "gates open"),
    row(&[17], &["rolled_back", "swapped_back"], "the upgrade or the switch failed and was taken back; the old version is healthy", "gates open (held: closed), on the old version"),
    row(&[18], &["not_placed"], "switch, maintenance: no room, or what is to serve was not started, not healthy, not verified or not UP", "users are where they were"),
    row(&[19], &["still_draining"], "switch, maintenance: the new side serves, and the old one has or may have users", "the old side left running, with closed gates"),
    row(&[20], &["up_while_closed"], "restarted, but HAProxy showed the host UP meanwhile: users may have reached a restarting app", "gates open (held: closed)"),
    row(&[21], &["outside_window"], "the operation may not begin outside of `[agent] windows`", UNCHANGED),
    row(&[129, 130, 143], &["interrupted"], "SIGHUP, SIGINT, SIGTERM", "gates put back, or restart finished: see the message"),
];

/// The table for `--help`: what happened, how the host is left, and `outcome` of `--json`.
pub(super) fn help() -> String {
    let lines = ROWS.iter().map(|row| {
        let (codes, words) = (row.codes("/"), row.words.join(", "));
        let meaning = wrapped(row.meaning);
        let left = wrapped(&format!("{} ({words})", row.left));
        format!("  {codes:3} {}{left}", meaning.trim_start())
    });
    lines.collect()
}

/// Wraps the text to lines that begin behind the codes.
fn wrapped(text: &str) -> String {
    let indent = " ".repeat(6);
    text::lines(text, &indent, &indent).join("\n") + "\n"
}

impl Row {
    fn codes(&self, between: &str) -> String {
        let codes: Vec<String> = self.exits.iter().map(u8::to_string).collect();
        codes.join(between)
    }
}

#[cfg(test)]
mod tests;
