//! How an operation ended that did not get the lock, in words. The advice names no option that the
//! command lacks.

use crate::restart::Verb;

pub(in crate::restart) fn lock_full(by: &[String], verb: Verb) -> String {
    let longer = match verb {
        Verb::Switch => "timeouts.turn",
        _ => "timeouts.turn or --turn",
    };
    format!(
        "another host had the group's lock for the whole turn: {}; nothing was changed; `agent lock status` \
         shows who waits; a longer {longer} may help",
        by.join(", ")
    )
}

pub(in crate::restart) fn lock_away(why: &str, verb: Verb) -> String {
    format!(
        "refused: the lock server is away: {why}; nothing was changed; fix [lock], or set when_away = \
         \"claims\" to {} without the lock",
        verb.word()
    )
}
