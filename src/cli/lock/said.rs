//! What a release of the lock has to say. Pure.

use crate::lock::{LockLook, LockSettings, Release};
use crate::restart::{Outcome, Verb};
use crate::text::escape;

/// `outcome` of a release.
pub(in crate::cli) const RELEASED: &str = "released";

/// What a command on the lock has to say, and its exit code.
pub(super) struct Said {
    pub(super) exit: u8,
    pub(super) outcome: &'static str,
    pub(super) message: String,
}

/// The id that has the lock, for a release that names none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Only(String),
    /// The server can't be asked: why.
    Away(String),
    /// The operator must name it: how.
    Unclear(String),
}

pub(super) fn only_holder(lock: &LockSettings, seen: &LockLook) -> Holder {
    let holders: Vec<&str> = match seen {
        LockLook::Hidden => Vec::new(),
        LockLook::Away(why) => return Holder::Away(format!("the lock server is away: {why}")),
        LockLook::Queue(queue) => {
            let holders = queue.iter().filter(|place| place.holds);
            holders.map(|place| place.owner.id.as_str()).collect()
        }
    };
    match holders.as_slice() {
        [only] => Holder::Only((*only).to_owned()),
        [] if *seen != LockLook::Hidden => Holder::Unclear(format!(
            "no operation has the lock of group {} or waits for it: there is nothing to release",
            lock.group
        )),
        [] => Holder::Unclear(format!(
            "name the id that has the lock: HOST/APP, as {}",
            lock.id("web")
        )),
        some => Holder::Unclear(format!("name one of these: {}", some.join(", "))),
    }
}

pub(super) fn said(id: &str, released: Result<Release, String>) -> Said {
    match released {
        Ok(Release::Done(owner)) if owner.command.is_empty() => Said {
            exit: 0,
            outcome: RELEASED,
            message: format!("the lock of {id} is given back"),
        },
        Ok(Release::Done(owner)) => Said {
            exit: 0,
            outcome: RELEASED,
            message: escape(&format!(
                "the lock is taken away from {}",
                owner.described()
            )),
        },
        Ok(Release::Nothing) => {
            let outcome = Outcome::Nothing(format!(
                "{id} neither has the lock nor waits for it: `agent lock status` shows the ids"
            ));
            Said::of(&outcome)
        }
        Err(why) => not_released(&why),
    }
}

/// The server is away, or the owner has changed at the same moment.
pub(super) fn not_released(why: &str) -> Said {
    Said {
        message: format!("not released: {why}"),
        ..Said::of(&Outcome::LockAway(String::new()))
    }
}

impl Said {
    fn of(outcome: &Outcome) -> Said {
        let verb = Verb::Recover;
        Said {
            exit: outcome.exit_code(),
            outcome: outcome.word(verb),
            message: outcome.message(verb, ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{Owner, Place};
    use std::path::Path;

    const LOCKED: &str = "[app.web]\nport = 1000\nstatus_port = 2000\nrestart = { command = [\"true\"] \
        }\n[[haproxy]]\nsocket = \"/a\"\n[lock]\netcd = [\"http://a:1\"]\nhost = \"web1\"\n";

    #[test]
    fn without_an_id_the_only_one_is_meant() {
        let settings = crate::config::read(Path::new("/agent.toml"), LOCKED).unwrap();
        let holds = |id: &&str| Place {
            owner: Owner {
                id: (*id).to_owned(),
                ..Owner::default()
            },
            holds: true,
            ends_in: None,
        };
        let queue = |ids: &[&str]| LockLook::Queue(ids.iter().map(holds).collect());
        let unclear = |what: &str| Holder::Unclear(what.to_owned());
        let name = "name the id that has the lock: HOST/APP, as web1/web";
        for (seen, wanted) in [
            (queue(&["b/web"]), Holder::Only("b/web".to_owned())),
            (
                queue(&["b/web", "c/web"]),
                unclear("name one of these: b/web, c/web"),
            ),
            (
                queue(&[]),
                unclear(
                    "no operation has the lock of group default or waits for it: there is nothing to release",
                ),
            ),
            (LockLook::Hidden, unclear(name)),
            (
                LockLook::Away("refused".to_owned()),
                Holder::Away("the lock server is away: refused".to_owned()),
            ),
        ] {
            assert_eq!(only_holder(&settings.lock.clone().unwrap(), &seen), wanted);
        }
    }

    /// As a release that names its id.
    #[test]
    fn a_server_that_is_away_releases_nothing() {
        let said = not_released("the lock server is away: refused");
        assert_eq!((said.exit, said.outcome), (11, "lock_away"));
        assert_eq!(
            said.message,
            "not released: the lock server is away: refused"
        );
    }
}
