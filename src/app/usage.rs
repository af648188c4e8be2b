//! The memory that a target uses now, and the memory that a second one may use.

use procfs::{Current, Meminfo};

use super::control_group::{self, Group};
use super::process_tree::are_related;
use super::room::{Need, Place};
use super::run::Run;
use super::systemd;
use crate::gate::holders;

impl Run {
    /// The memory that this target uses while it runs, as the need of a second copy. None: it does
    /// not run, or other processes share its control group.
    ///
    /// `port` is the target's own. Files in the page cache do not count: the kernel gives them up.
    pub async fn memory(&self, port: u16) -> Option<Need> {
        match self {
            Self::Systemd { unit } => {
                let memory = systemd::memory(unit).await?;
                let group = memory.group.as_deref().map(Group::at);
                let used = group.and_then(|group| group.used());
                Some(Need {
                    bytes: used.or(memory.current)?,
                    origin: format!("the memory that {unit} uses now"),
                })
            }
            Self::Commands { .. } => {
                let bytes = group_of_listeners(port)?.used()?;
                let origin = format!("the memory that the processes on port {port} use now");
                Some(Need { bytes, origin })
            }
        }
    }

    /// The memory that this target may use once it is started: of this host, of its unit, and of
    /// each slice above that.
    ///
    /// # Errors
    ///
    /// The host's memory can't be read.
    pub async fn places(&self) -> Result<Vec<Place>, String> {
        let mut places = vec![available()?];
        if let Self::Systemd { unit } = self {
            for limit in systemd::limits(unit).await {
                let used = limit.memory.group.as_deref().map(Group::at);
                let used = used.and_then(|group| group.used());
                let used = used.or(limit.memory.current).unwrap_or(0);
                places.push(Place {
                    bytes: limit.most.saturating_sub(used),
                    name: format!("in {} (MemoryMax=)", limit.unit),
                });
            }
        }
        Ok(places)
    }
}

/// The memory that is available on this host, without swap.
///
/// # Errors
///
/// The kernel does not show it.
pub fn available() -> Result<Place, String> {
    let name = "on this host".to_owned();
    let unknown = |why: String| format!("MemAvailable of this host is unknown: {why}");
    let info = Meminfo::current().map_err(|error| unknown(error.to_string()))?;
    let bytes = info.mem_available;
    let bytes = bytes.ok_or_else(|| unknown("/proc/meminfo has none".to_owned()))?;
    Ok(Place { bytes, name })
}

/// The control group of the processes that listen on the port. None: they have several, or another
/// process is in it, too.
fn group_of_listeners(port: u16) -> Option<Group> {
    let listeners: Vec<_> = holders(port).into_iter().flatten().collect();
    let mut groups = listeners.iter().map(|one| control_group::of(one.pid));
    let group = groups.next()??;
    let is_same = groups.all(|other| other.as_ref() == Some(&group));
    let group = Group::at(&group);
    let members = group.members()?;
    let is_alone = members.iter().all(|pid| are_related(*pid, &listeners));
    (is_same && is_alone).then_some(group)
}
