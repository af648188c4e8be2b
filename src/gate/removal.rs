//! Removes everything of ours for good, from every nat table that the kernel has. A gate that
//! closes removes only its rule.

use super::iptables::{LEGACY, NFT, default_variant, list_if_there};
use super::{Change, GateError, Iptables, plan};

/// The rules of ours on this host, in both variants and both families.
#[derive(Debug, Clone)]
pub struct Removal {
    tables: Vec<(Iptables, Vec<Change>)>,
    unseen: Option<GateError>,
}

impl Removal {
    /// Looks. Leaves out a program that is not installed, if another is, and a table that the
    /// kernel does not have.
    pub async fn look() -> Removal {
        let mut removal = Removal {
            tables: Vec::new(),
            unseen: None,
        };
        for iptables in NFT.into_iter().chain(LEGACY) {
            match list_if_there(&iptables).await {
                Ok(Some(listing)) => removal.tables.push((iptables, plan::removal(&listing))),
                Ok(None) => {}
                Err(error) => removal.unseen = removal.unseen.or(Some(error)),
            }
        }
        if removal.tables.is_empty() && removal.unseen.is_none() {
            // There is nothing, or no program to look with.
            removal.unseen = default_variant().await.err();
        }
        removal
    }

    /// Why a table could not be read: the first error, if there are more.
    pub fn unseen(&self) -> Option<&GateError> {
        self.unseen.as_ref()
    }

    /// The programs whose tables it has read.
    pub fn programs(&self) -> Vec<&'static str> {
        let program = |(iptables, _): &(Iptables, _)| iptables.program;
        self.tables.iter().map(program).collect()
    }

    /// The calls, each with its program. Empty: nothing is ours.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.tables.iter().flat_map(|(iptables, changes)| {
            let line = |change| iptables.line(change);
            changes.iter().map(line)
        });
        calls.collect()
    }

    /// Makes the calls, and looks again. Ok means that nothing of ours is left. An error in one
    /// table does not stop the others.
    ///
    /// # Errors
    ///
    /// The first error, or an unseen table. What could be removed is removed, and the caller may
    /// try again.
    pub async fn carry_out(&self) -> Result<(), GateError> {
        let mut ended = self.unseen.clone().map_or(Ok(()), Err);
        let unclear = self
            .tables
            .iter()
            .filter(|(_, changes)| !changes.is_empty());
        for (iptables, changes) in unclear {
            let cleared = clear(iptables, changes).await;
            ended = ended.and(cleared);
        }
        ended
    }
}

async fn clear(iptables: &Iptables, changes: &[Change]) -> Result<(), GateError> {
    for change in changes {
        iptables.make(change).await?;
    }
    iptables.nothing_left(&plan::removal(&iptables.list().await?))
}
