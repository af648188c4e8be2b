//! The host's firewall as the agent uses it: one iptables per family. The variant that the agent
//! does not use may redirect, too.

use super::foreign::Checked;
use super::iptables::{LEGACY, NFT, by_name, default_variant, list_if_there};
use super::nft::{ANSWERS, SHOW_NFT, native_rules};
use super::view::{Tables, View};
use super::{GateError, Iptables, RuleWatch, Variant};
use std::env;
use std::fs;
use std::io;
use std::time::Duration;
use tokio::join;
use tokio::time::timeout;

/// The programs that manage this host's nat tables.
#[derive(Debug, Clone)]
pub struct Firewall {
    variant: Variant,
    used: Vec<Iptables>,
    unused: Vec<Iptables>,
}

impl Firewall {
    /// The variant of the plain `iptables` command, or the requested one. IPv6 is left out if the
    /// kernel has none.
    pub async fn new(variant: Option<Variant>, ipv6: bool) -> Result<Firewall, GateError> {
        let variant = match variant.or_else(|| by_name(&env::var_os("PATH")?)) {
            Some(variant) => variant,
            None => default_variant().await?,
        };
        let ipv6 = ipv6 && fs::read("/proc/net/if_inet6").is_ok_and(|table| !table.is_empty());
        let families = if ipv6 { 2 } else { 1 };
        let (used, unused) = match variant {
            Variant::Nft => (NFT, LEGACY),
            Variant::Legacy => (LEGACY, NFT),
        };
        Ok(Firewall {
            variant,
            used: used[..families].to_vec(),
            unused: unused[..families].to_vec(),
        })
    }

    /// Whether it manages IPv6, too.
    pub fn has_ipv6(&self) -> bool {
        self.used.len() > 1
    }

    /// Announces changes of the tables in use, from now on.
    ///
    /// # Errors
    ///
    /// As [`RuleWatch::new`].
    pub fn watch(&self) -> io::Result<RuleWatch> {
        RuleWatch::new(self.variant)
    }

    /// The same for a caller that only compares marks. It does not wake up.
    pub fn marks(&self) -> RuleWatch {
        match self.variant {
            Variant::Nft => RuleWatch::marking(),
            Variant::Legacy => RuleWatch::blind(),
        }
    }

    /// Reads the tables in use, the other variant's if it exists, and native rules.
    ///
    /// # Errors
    ///
    /// The tables of iptables can't be read.
    pub async fn look(&self) -> Result<View, GateError> {
        self.look_within(ANSWERS).await
    }

    /// The same, and waits for native rules no longer than that.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn look_within(&self, limit: Duration) -> Result<View, GateError> {
        let (tables, native) = join!(self.both(), timeout(limit, native_rules()));
        let (used, unused) = tables?;
        Ok(View {
            used,
            unused,
            native: native
                .unwrap_or_else(|_| Err(format!("`{SHOW_NFT}`: no answer within {limit:?}"))),
            checked: Checked::default(),
        })
    }

    async fn both(&self) -> Result<(Tables, Tables), GateError> {
        let used = self.tables().await?;
        let mut unused = Tables::new();
        for iptables in &self.unused {
            let listing = list_if_there(iptables).await?;
            unused.extend(listing.map(|listing| (*iptables, listing)));
        }
        Ok((used, unused))
    }

    pub(super) async fn tables(&self) -> Result<Tables, GateError> {
        let mut tables = Tables::new();
        for iptables in &self.used {
            tables.push((*iptables, iptables.list().await?));
        }
        Ok(tables)
    }

    /// Which variant and programs have the gates.
    pub fn variant(&self) -> Variant {
        self.variant
    }
}
