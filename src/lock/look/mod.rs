//! One look at the lock of a group, and its release by an operator.

use crate::lock::etcd::{Client, Queued, ends_in, queued, remove};
use crate::lock::fleetlock::Fleetlock;
use crate::lock::host_lock::not_given_back;
use crate::lock::owner::Owner;
use crate::lock::settings::{Engine, LockSettings};
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
    /// The seconds until the lock ends if its owner does not renew it. None: it is over, or the look did
    /// not ask.
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

/// Looks at the lock with one request, and changes nothing.
pub async fn look(settings: &LockSettings) -> LockLook {
    if let Engine::Fleetlock(_) = settings.engine {
        return hidden(settings);
    }
    let all = queued(&mut Client::new(settings), &settings.group).await;
    let all = all.map(|all| all.into_iter().map(|one| (one, None)).collect());
    placed(settings, all)
}

/// The same with the end of each lock, for one request more for each operation in the queue.
pub async fn look_with_ends(settings: &LockSettings) -> LockLook {
    if let Engine::Fleetlock(_) = settings.engine {
        return hidden(settings);
    }
    placed(settings, with_ends(settings).await)
}

/// To ask a FleetLock server is to take the lock, so only the files are looked at.
fn hidden(settings: &LockSettings) -> LockLook {
    match settings.check_files() {
        Ok(()) => LockLook::Hidden,
        Err(fault) => LockLook::Away(fault.to_string()),
    }
}

type Timed = (Queued, Option<u64>);

async fn with_ends(settings: &LockSettings) -> Result<Vec<Timed>, String> {
    let mut client = Client::new(settings);
    let mut all = Vec::new();
    for one in queued(&mut client, &settings.group).await? {
        let ends_in = ends_in(&mut client, &one).await?;
        all.push((one, ends_in));
    }
    Ok(all)
}

fn placed(settings: &LockSettings, all: Result<Vec<Timed>, String>) -> LockLook {
    let place = |(at, (one, ends_in)): (usize, Timed)| Place {
        owner: one.owner,
        holds: at < settings.slots,
        ends_in,
    };
    match all {
        Err(why) => LockLook::Away(why),
        Ok(all) => LockLook::Queue(all.into_iter().enumerate().map(place).collect()),
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
    release_of(settings, &named).await
}

/// The same, but it leaves the lock of another machine alone.
async fn release_of(settings: &LockSettings, named: &Owner) -> Result<Release, String> {
    if let Engine::Fleetlock(server) = &settings.engine {
        let released = Fleetlock::new(server, settings, named).release().await;
        return released.map(|()| Release::Done(named.clone()));
    }
    let mut client = Client::new(settings);
    let all = queued(&mut client, &settings.group).await?;
    let is_meant = |found: &Owner| found.id == named.id && !named.is_double(found);
    let Some(one) = all.iter().find(|one| is_meant(&one.owner)) else {
        return Ok(Release::Nothing);
    };
    match remove(&mut client, one).await? {
        true => Ok(Release::Done(one.owner.clone())),
        false => Err(format!(
            "{} has renewed it at the same moment: run it again",
            named.id
        )),
    }
}

/// Gives back what an operation of this host on this app has left. Another machine may use the same name.
///
/// # Errors
///
/// Others may have to wait for it: why, and how long.
pub(crate) async fn give_back_left(settings: &LockSettings, app: &str) -> Result<(), String> {
    let ours = Owner::new(settings, app, String::new(), String::new());
    let released = release_of(settings, &ours).await;
    released
        .map(drop)
        .map_err(|why| not_given_back(settings, &ours.id, &why))
}

#[cfg(test)]
mod tests;
