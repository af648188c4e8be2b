//! `agent lock`: who has the lock of the group, and its release by an operator.

mod shown;

use super::arguments::Cli;
use super::locking::{Locking, What};
use super::screen::{complain, say};
use crate::clock::since_1970;
use crate::config::Settings;
use crate::history::{self, Entry, Line};
use crate::host;
use crate::lock::{LockLook, LockSettings, Release, look, look_with_ends, release};
use crate::restart::Outcome;
use crate::state::caller::Origin;
use crate::text::escape;
use serde_json::json;
use shown::{data, text};

/// `outcome` of a release.
pub(super) const RELEASED: &str = "released";

const VERB: &str = "lock release";

/// What a command on the lock has to say, and its exit code.
struct Said {
    exit: u8,
    outcome: &'static str,
    message: String,
}

impl Cli {
    pub(super) async fn lock(&self, settings: &Settings, asked: &Locking) -> anyhow::Result<u8> {
        let Some(lock) = &settings.lock else {
            anyhow::bail!(
                "the configuration has no [lock]: the hosts only count each other (`man agent.toml`)"
            );
        };
        match &asked.what {
            What::Status { group } => {
                let lock = of_group(settings, lock, group.as_deref());
                Ok(self.lock_status(&lock).await)
            }
            What::Release { id, reason, .. } => {
                let id = match id {
                    Some(id) => id.clone(),
                    None => only_holder(lock).await?,
                };
                Ok(self.release_lock(settings, lock, &id, reason).await)
            }
        }
    }

    async fn lock_status(&self, lock: &LockSettings) -> u8 {
        let seen = look_with_ends(lock).await;
        match self.json {
            true => say(&format!("{}\n", data(lock, &seen))),
            false => text(lock, &seen)
                .iter()
                .for_each(|line| say(&format!("{line}\n"))),
        }
        match seen {
            LockLook::Away(_) => Outcome::LockAway(String::new()).exit_code(),
            _ => 0,
        }
    }

    async fn release_lock(
        &self,
        settings: &Settings,
        lock: &LockSettings,
        id: &str,
        reason: &str,
    ) -> u8 {
        let said = said(id, release(lock, id).await);
        if said.outcome == RELEASED {
            write(settings, id, reason, &said).await;
        }
        let Said {
            exit,
            outcome,
            message,
        } = said;
        match (self.json, exit) {
            (true, _) => {
                let all = json!({"verb": VERB, "id": id, "outcome": outcome, "exit": exit, "message": message});
                say(&format!("{all}\n"));
            }
            (false, 0) => say(&format!("{message}\n")),
            (false, _) => complain(&message),
        }
        exit
    }
}

/// The name of an app of this host means its group.
fn of_group(settings: &Settings, lock: &LockSettings, named: Option<&str>) -> LockSettings {
    let is_app = |name: &&str| settings.apps.iter().any(|app| app.name == *name);
    let group = named.filter(|name| !is_app(name));
    LockSettings {
        group: group.map_or_else(|| lock.group.clone(), str::to_owned),
        ..lock.clone()
    }
}

async fn only_holder(lock: &LockSettings) -> anyhow::Result<String> {
    let holders: Vec<String> = match look(lock).await {
        LockLook::Hidden => Vec::new(),
        LockLook::Away(why) => anyhow::bail!("the lock server is away: {why}"),
        LockLook::Queue(queue) => {
            let holders = queue.into_iter().filter(|place| place.holds);
            holders.map(|place| place.owner.id).collect()
        }
    };
    match holders.as_slice() {
        [only] => Ok(only.clone()),
        [] => anyhow::bail!(
            "name the id that has the lock: HOST/APP, as {}",
            lock.id("web")
        ),
        some => anyhow::bail!("name one of these: {}", some.join(", ")),
    }
}

fn said(id: &str, released: Result<Release, String>) -> Said {
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
            let outcome = Outcome::Nothing(format!("{id} neither has the lock nor waits for it"));
            Said::of(&outcome)
        }
        Err(why) => Said {
            message: format!("not released: {why}"),
            ..Said::of(&Outcome::LockAway(String::new()))
        },
    }
}

impl Said {
    fn of(outcome: &Outcome) -> Said {
        let verb = crate::restart::Verb::Recover;
        Said {
            exit: outcome.exit_code(),
            outcome: outcome.word(verb),
            message: outcome.message(verb, ""),
        }
    }
}

async fn write(settings: &Settings, id: &str, reason: &str, said: &Said) {
    let origin = Origin::by_caller(None, Some(reason));
    let entry = Entry {
        id: origin.id.clone(),
        host: host::name(),
        app: id.rsplit('/').next().unwrap_or_default().to_owned(),
        verb: VERB.to_owned(),
        outcome: said.outcome.to_owned(),
        exit: Some(said.exit),
        message: said.message.clone(),
        started_at: since_1970().as_secs_f64(),
        reason: Some(escape(reason)),
        agent: env!("CARGO_PKG_VERSION").to_owned(),
        ..Entry::default()
    };
    let directory = &settings.agent.history_dir;
    if let Err(error) = history::write(directory, vec![Line::new(entry, &origin)]).await {
        let directory = directory.display();
        complain(&format!(
            "this is missing in the history: {directory}: {error}"
        ));
    }
}
