//! Another user's process wants the status ports while the app restarts.

use crate::lab::grab;
use crate::round::Round;

pub fn grabbed(round: &mut Round) {
    let host = &round.host().namespace;
    let grabbers = [2000, 3000].map(|port| grab::while_down(host, port));
    round.run("restart", &[0]);
    round.booted(1..=1);
    for grabber in &grabbers {
        if grabber.out.text().contains("grabbed") {
            round.violated("another user has bound a status port while the app restarted");
        }
    }
}
