//! The lock in etcd: a key in the [queue] of the group, under a lease that ends by itself.

mod answer;
mod client;
mod queue;
mod request;

pub(super) use client::Client;

use super::engine::{Asked, Kept};
use super::owner::Owner;
use super::settings::LockSettings;
use crate::clock::since_boot;
use answer::{Granted, Key};
use queue::Turn;
use std::time::Duration;

/// One operation's share of the lock.
pub(super) struct Etcd {
    client: Client,
    owner: Owner,
    key: String,
    prefix: String,
    slots: usize,
    ttl: Duration,
    lease: Option<Lease>,
    /// The key is in the queue, under this lease.
    is_queued: bool,
}

#[derive(Clone, Copy)]
struct Lease {
    id: i64,
    /// The time since the boot until which it lasts for sure.
    until: Duration,
}

impl Etcd {
    pub(super) fn new(settings: &LockSettings, owner: Owner) -> Etcd {
        Etcd {
            client: Client::new(settings),
            key: queue::key(&settings.group, &owner.id),
            prefix: queue::prefix(&settings.group),
            slots: settings.slots,
            ttl: settings.ttl,
            owner,
            lease: None,
            is_queued: false,
        }
    }

    /// Takes a place in the queue if it has none, and looks whose turn it is.
    pub(super) async fn ask(&mut self) -> Result<Asked, String> {
        let lease = self.leased().await?;
        if !self.is_queued {
            self.queue(lease.id).await?;
        }
        match queue::turn(&self.listed().await?, &self.key, lease.id, self.slots) {
            Turn::Others(by) => Ok(Asked::Full(by)),
            Turn::Ours(key) => self.begin(&key, lease).await,
            Turn::Missing => {
                (self.is_queued, self.lease) = (false, None);
                Err("its place in the queue was removed: it takes a new one".to_owned())
            }
        }
    }

    /// Keeps the lock, and looks whether it is still ours.
    pub(super) async fn keep(&mut self) -> Result<Kept, String> {
        let Some(lease) = self.lease else {
            return Ok(Kept::Gone("it has no lease".to_owned()));
        };
        let Some(lease) = self.keep_alive(lease.id).await? else {
            return Ok(Kept::Gone("its lease has expired in etcd".to_owned()));
        };
        let found = self.client.ask(&request::get(&self.key)).await?;
        match answer::keys(&found)?.first() {
            Some(key) if key.lease == lease.id => Ok(Kept::Until(lease.until)),
            _ => Ok(Kept::Gone(
                "its key was removed from etcd (`agent lock release`?)".to_owned(),
            )),
        }
    }

    /// Ends the lease, and the key with it.
    pub(super) async fn give_back(&mut self) -> Result<(), String> {
        match self.lease.take() {
            None => Ok(()),
            Some(lease) => answer::revoked(&self.client.ask(&request::revoke(lease.id)).await?),
        }
    }

    /// The lease, which a long wait must keep alive.
    async fn leased(&mut self) -> Result<Lease, String> {
        if let Some(lease) = self.lease {
            if lease.until.saturating_sub(since_boot()) > self.ttl * 2 / 3 {
                return Ok(lease);
            }
            if let Some(lease) = self.keep_alive(lease.id).await? {
                return Ok(lease);
            }
        }
        let asked = since_boot();
        let granted = answer::granted(&self.client.ask(&request::grant(self.ttl)).await?)?;
        self.is_queued = false;
        Ok(self.takes(granted, asked).ok_or("etcd grants no lease")?)
    }

    /// None: it has expired.
    async fn keep_alive(&mut self, lease: i64) -> Result<Option<Lease>, String> {
        let asked = since_boot();
        let answer = self.client.ask(&request::keep_alive(lease)).await?;
        Ok(self.takes(answer::kept_alive(&answer)?, asked))
    }

    /// Its time counts from before the request: etcd counts it from later on.
    fn takes(&mut self, granted: Granted, asked: Duration) -> Option<Lease> {
        self.lease = granted.ttl.map(|ttl| Lease {
            id: granted.id,
            until: asked + ttl,
        });
        self.lease
    }

    /// A key of an earlier operation on this app keeps its place: it is put again under the new lease.
    async fn queue(&mut self, lease: i64) -> Result<(), String> {
        let found = self.client.ask(&request::get(&self.key)).await?;
        let revision = match answer::keys(&found)?.first() {
            None => 0,
            Some(key) if self.owner.is_double(&queue::owner(key)) => {
                let host = &self.owner.host;
                return Err(format!(
                    "another machine is in the group {} under the name {host}: set `host` in [lock]",
                    self.prefix
                ));
            }
            Some(key) => key.revision,
        };
        self.is_queued = self.put(revision, &self.owner.clone(), lease).await?;
        match self.is_queued {
            true => Ok(()),
            false => Err("its key was changed at the same moment".to_owned()),
        }
    }

    /// It is our turn. The value says since when, and the revision shows that the key is still ours.
    async fn begin(&mut self, key: &Key, lease: Lease) -> Result<Asked, String> {
        let holding = self.owner.holding();
        match self.put(key.revision, &holding, lease.id).await? {
            true => Ok(Asked::Held(Some(lease.until))),
            false => Err("its key was changed at the same moment".to_owned()),
        }
    }

    async fn put(&mut self, revision: i64, owner: &Owner, lease: i64) -> Result<bool, String> {
        let value = serde_json::to_string(owner).map_err(|error| error.to_string())?;
        let put = request::put_if(&self.key, revision, &value, lease);
        let put = answer::succeeded(&self.client.ask(&put).await?);
        if put.as_ref().is_err_and(|why| answer::lacks_lease(why)) {
            (self.lease, self.is_queued) = (None, false);
        }
        put
    }

    async fn listed(&mut self) -> Result<Vec<Key>, String> {
        answer::keys(&self.client.ask(&request::list(&self.prefix)).await?)
    }
}

/// An operation in the queue, and what removes it.
pub(super) struct Queued {
    pub(super) owner: Owner,
    key: Key,
}

/// All operations in the queue, in order.
pub(super) async fn queued(client: &mut Client, group: &str) -> Result<Vec<Queued>, String> {
    let listed = client.ask(&request::list(&queue::prefix(group))).await?;
    let keys = answer::keys(&listed)?.into_iter();
    let queued = |key| Queued {
        owner: queue::owner(&key),
        key,
    };
    Ok(keys.map(queued).collect())
}

/// The seconds until its lease ends if it is not kept alive. None: it is over. One request for each
/// operation.
pub(super) async fn ends_in(client: &mut Client, queued: &Queued) -> Result<Option<u64>, String> {
    let lasts = request::time_to_live(queued.key.lease);
    answer::time_to_live(&client.ask(&lasts).await?)
}

/// Removes it from the queue. False: it has changed since.
pub(super) async fn remove(client: &mut Client, queued: &Queued) -> Result<bool, String> {
    let Key { name, revision, .. } = &queued.key;
    let removed = client.ask(&request::remove_if(name, *revision)).await?;
    answer::succeeded(&removed)
}
