//! One look at the lock of a group, and its release by an operator.

use super::etcd::{Client, queued, remove};
use super::fleetlock::Fleetlock;
use super::host_lock::not_given_back;
use super::owner::Owner;
use super::settings::{Engine, LockSettings};
use crate::text::escape;

/// What one look at the lock has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockLook {
    /// The operations that have it or wait for it, in order.
    Queue(Vec<Place>),
    /// A server of FleetLock does not show who has it.
    Hidden,
    /// The server can't be asked: why.
    Away(String),
}

/// One operation in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The operation.
    pub owner: Owner,
    /// It has the lock.
    pub holds: bool,
    /// The seconds until the lock ends if its owner does not renew it. None: not known.
    pub ends_in: Option<u64>,
}

impl LockLook {
    /// One line for people: who has it, and how many wait.
    pub fn describe(&self) -> String {
        let LockLook::Queue(queue) = self else {
            return match self {
                LockLook::Away(why) => format!("the lock server is away: {why}"),
                _ => "a FleetLock server does not show who has it".to_owned(),
            };
        };
        let holders = queue.iter().filter(|place| place.holds);
        let holders: Vec<String> = holders.map(|place| place.owner.described()).collect();
        let waiting = match queue.len() - holders.len() {
            0 => String::new(),
            waiting => format!("; {waiting} more wait"),
        };
        match holders.is_empty() {
            true => "free".to_owned(),
            false => escape(&format!("{}{waiting}", holders.join(", "))),
        }
    }
}

/// Looks at the lock, and changes nothing.
pub async fn look(settings: &LockSettings) -> LockLook {
    if let Engine::Fleetlock(_) = settings.engine {
        return LockLook::Hidden;
    }
    match queued(&mut Client::new(settings), &settings.group).await {
        Err(why) => LockLook::Away(why),
        Ok(all) => {
            let place = |(at, one): (usize, super::etcd::Queued)| Place {
                owner: one.owner,
                holds: at < settings.slots,
                ends_in: one.ends_in,
            };
            LockLook::Queue(all.into_iter().enumerate().map(place).collect())
        }
    }
}

/// What a release has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// This owner no longer has it.
    Done(Owner),
    /// There is none of that id.
    Nothing,
}

/// Takes the lock away from this id.
///
/// # Errors
///
/// The server can't be asked, or the owner has changed at the same moment: why.
pub async fn release(settings: &LockSettings, id: &str) -> Result<Release, String> {
    let named = Owner {
        id: id.to_owned(),
        ..Owner::default()
    };
    if let Engine::Fleetlock(_) = settings.engine {
        let released = Fleetlock::new(settings, &named).release().await;
        return released.map(|()| Release::Done(named));
    }
    let mut client = Client::new(settings);
    let all = queued(&mut client, &settings.group).await?;
    let Some(one) = all.iter().find(|one| one.owner.id == id) else {
        return Ok(Release::Nothing);
    };
    match remove(&mut client, one).await? {
        true => Ok(Release::Done(one.owner.clone())),
        false => Err(format!(
            "{id} has renewed it at the same moment: run it again"
        )),
    }
}

/// Gives back what an operation of this host on this app has left.
///
/// # Errors
///
/// Others may have to wait for it: why, and how long.
pub(crate) async fn give_back_left(settings: &LockSettings, app: &str) -> Result<(), String> {
    let id = settings.id(app);
    let released = release(settings, &id).await;
    released
        .map(drop)
        .map_err(|why| not_given_back(settings, &id, &why))
}
