//! A process of another user tries to bind the status ports while the app restarts.

use crate::round::Round;
use lab::grab;

pub fn grabbed(round: &mut Round) {
    // Enough time for it to try.
    round.set_cold(500..1500);
    let host = &round.host().namespace;
    let grabbers = [2000, 3000].map(|port| grab::while_down(host, port));
    round.run("restart", &[0]);
    round.booted(1..=1);
    grabbers.into_iter().for_each(grab::assert_never);
}
