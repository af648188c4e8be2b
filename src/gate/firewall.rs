//! The host's firewall as the agent uses it: one iptables per family. The variant that the agent
//! does not use may redirect, too.

use super::iptables::{ANSWER_WITHIN, Family};
use super::{
    Foreign, Gate, GateError, Iptables, Listing, Position, RuleWatch, Variant, foreign, plan,
    plan_all, position,
};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::process::Stdio;
use tokio::process::Command;

/// The programs of each variant, IPv4 first.
pub(super) const NFT: [Iptables; 2] = [
    Iptables::new("iptables-nft", Family::V4),
    Iptables::new("ip6tables-nft", Family::V6),
];
pub(super) const LEGACY: [Iptables; 2] = [
    Iptables::new("iptables-legacy", Family::V4),
    Iptables::new("ip6tables-legacy", Family::V6),
];

/// The programs that manage this host's nat tables.
#[derive(Debug, Clone)]
pub struct Firewall {
    pub(super) variant: Variant,
    pub(super) used: Vec<Iptables>,
    pub(super) unused: Vec<Iptables>,
}

/// The nat tables in use, at one moment.
pub(super) type Tables = Vec<(Iptables, Listing)>;

/// Everything that the kernel has, at one moment.
#[derive(Debug, Clone)]
pub struct View {
    pub(super) used: Tables,
    pub(super) unused: Vec<(Iptables, Listing)>,
}

impl Firewall {
    /// The variant of the plain `iptables` command, or the requested one. IPv6 is left out if the
    /// kernel has none.
    pub async fn new(variant: Option<Variant>, ipv6: bool) -> Result<Firewall, GateError> {
        let variant = match variant.or_else(|| variant_by_name(&env::var_os("PATH")?)) {
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

    /// Reads the tables in use, and the other variant's if it exists.
    pub async fn look(&self) -> Result<View, GateError> {
        let mut view = View {
            used: self.tables().await?,
            unused: Vec::new(),
        };
        for iptables in &self.unused {
            let listing = list_if_there(iptables).await?;
            view.unused
                .extend(listing.map(|listing| (*iptables, listing)));
        }
        Ok(view)
    }

    pub(super) async fn tables(&self) -> Result<Tables, GateError> {
        let mut tables = Tables::new();
        for iptables in &self.used {
            tables.push((*iptables, iptables.list().await?));
        }
        Ok(tables)
    }
}

/// The calls that bring the gates to the wanted positions, in order.
pub(super) fn to_do(tables: &Tables, wanted: &[(&Gate, bool)]) -> Vec<(Iptables, String)> {
    let calls = |(iptables, listing): &(Iptables, Listing)| {
        let iptables = *iptables;
        let calls = plan_all(listing, wanted).into_iter();
        calls.map(move |call| (iptables, call))
    };
    tables.iter().flat_map(calls).collect()
}

/// A gate's position: the same in every family, or broken.
pub(super) fn standing(tables: &Tables, gate: &Gate) -> Position {
    let mut seen = tables
        .iter()
        .map(|(iptables, listing)| (iptables, position(listing, gate)));
    let Some((first, one)) = seen.next() else {
        return Position::Closed;
    };
    match seen.find(|(_, other)| *other != one) {
        None => one,
        Some((second, other)) => Position::Broken(format!(
            "{}: {one}, {}: {other}",
            first.program, second.program
        )),
    }
}

impl View {
    /// A gate's position: the same in every family, or broken.
    pub fn position(&self, gate: &Gate) -> Position {
        standing(&self.used, gate)
    }

    /// The calls that would bring the gate to that position, each with its program.
    pub fn plan(&self, gate: &Gate, open: bool) -> Vec<String> {
        let calls = |(iptables, listing): &(Iptables, Listing)| {
            let program = iptables.program;
            let line = move |call| format!("{program} -t nat {call}");
            plan(listing, gate, open)
                .into_iter()
                .map(line)
                .collect::<Vec<_>>()
        };
        self.used.iter().flat_map(calls).collect()
    }

    /// The calls that will open the gate again after it is closed.
    pub fn reopening(&self, gate: &Gate) -> Vec<String> {
        let call = |(iptables, _): &(Iptables, Listing)| {
            format!(
                "{} -t nat -A {} {}",
                iptables.program,
                super::CHAIN,
                gate.rule()
            )
        };
        self.used.iter().map(call).collect()
    }

    /// Rules for the gate's status port that are not ours.
    pub fn foreign(&self, gate: &Gate) -> Vec<Foreign> {
        let used = self.used.iter().map(|seen| (seen, true));
        let unused = self.unused.iter().map(|seen| (seen, false));
        used.chain(unused)
            .flat_map(|((iptables, listing), in_use)| foreign(iptables, listing, gate, in_use))
            .collect()
    }
}

/// The variant by the file behind the plain command (`xtables-nft-multi`, `xtables-legacy-multi`
/// in iptables' own build). This is quicker than asking it. None: another file name.
/// `xtables-legacy-multi`): sooner than asking it. None: a program of another name.
fn variant_by_name(path: &OsStr) -> Option<Variant> {
    let mut places = env::split_paths(path).map(|folder| folder.join("iptables"));
    let program = places.find(|place| place.is_file())?.canonicalize().ok()?;
    match program.file_name()?.to_str()? {
        "xtables-nft-multi" => Some(Variant::Nft),
        "xtables-legacy-multi" => Some(Variant::Legacy),
        _ => None,
    }
}

/// `iptables -V` prints `(nf_tables)` or `(legacy)`; older ones, all legacy, print neither.
pub(super) async fn default_variant() -> Result<Variant, GateError> {
    let program = || "iptables".to_owned();
    let version = Command::new("iptables")
        .arg("-V")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = match tokio::time::timeout(ANSWER_WITHIN, version).await {
        Err(_) => return Err(GateError::TimedOut { program: program() }),
        Ok(output) => output.map_err(|error| GateError::not_run(&program(), &error))?,
    };
    match String::from_utf8_lossy(&output.stdout).contains("nf_tables") {
        true => Ok(Variant::Nft),
        false => Ok(Variant::Legacy),
    }
}

/// The nat table of a variant that may not be in use. None: there is none.
pub(super) async fn list_if_there(iptables: &Iptables) -> Result<Option<Listing>, GateError> {
    if !in_kernel(iptables, "nat") {
        return Ok(None);
    }
    if_there(iptables.list().await)
}

fn if_there(listing: Result<Listing, GateError>) -> Result<Option<Listing>, GateError> {
    match listing {
        // No program can have put rules there if it isn't installed.
        Err(GateError::NotRun { missing: true, .. }) => Ok(None),
        // The output of iptables-nft if the kernel has no nf_tables.
        Err(GateError::Failed { stderr, .. }) if stderr.contains("rule set generation id") => {
            Ok(None)
        }
        listing => listing.map(Some),
    }
}

/// Listing a legacy table that isn't there would load its module: ask the kernel first.
fn in_kernel(iptables: &Iptables, table: &str) -> bool {
    let names = match iptables.program {
        "iptables-legacy" => "/proc/net/ip_tables_names",
        "ip6tables-legacy" => "/proc/net/ip6_tables_names",
        _ => return true,
    };
    fs::read_to_string(names).is_ok_and(|names| names.lines().any(|name| name == table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_target_of_the_plain_command_names_the_variant() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let variant = || variant_by_name(folder.path().as_os_str());
        assert_eq!(variant(), None);
        for (name, expected) in [
            ("xtables-nft-multi", Some(Variant::Nft)),
            ("xtables-legacy-multi", Some(Variant::Legacy)),
            ("xtables-multi", None),
        ] {
            fs::write(at(name), "").unwrap();
            fs::remove_file(at("iptables")).ok();
            symlink(at(name), at("iptables")).unwrap();
            assert_eq!(variant(), expected, "{name}");
        }
    }
}
