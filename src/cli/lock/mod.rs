//! `agent lock`: who has the lock of the group, and its release by an operator.

mod said;
mod shown;

use super::arguments::Cli;
use super::locking::{Locking, What};
use super::screen::{complain, say};
use crate::clock::since_1970;
use crate::config::Settings;
use crate::history::{self, Entry, Line};
use crate::host;
use crate::lock::{LockLook, LockSettings, look, look_with_ends, release};
use crate::restart::Outcome;
use crate::state::caller::Origin;
use crate::text::escape;
use said::{Holder, Said, not_released, only_holder, said};
use serde_json::json;
use shown::{data, text};

pub(super) use said::RELEASED;

const VERB: &str = "lock release";

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
                    None => match only_holder(lock, &look(lock).await) {
                        Holder::Only(id) => id,
                        Holder::Away(why) => return Ok(self.released(None, not_released(&why))),
                        Holder::Unclear(what) => anyhow::bail!(what),
                    },
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
        self.released(Some(id), said)
    }

    /// Prints how a release has ended. None: it has not found out which id has the lock.
    fn released(&self, id: Option<&str>, said: Said) -> u8 {
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
