//! Which of iptables' two variants has the gates, and what the other one has.

use super::error::ANSWER_WITHIN;
use super::{Family, GateError, Iptables, Variant};
use crate::gate::listing::Listing;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::process::Stdio;
use tokio::process::Command;

/// The programs of each variant, IPv4 first.
pub(in crate::gate) const NFT: [Iptables; 2] = [
    Iptables::new("iptables-nft", Family::V4),
    Iptables::new("ip6tables-nft", Family::V6),
];
pub(in crate::gate) const LEGACY: [Iptables; 2] = [
    Iptables::new("iptables-legacy", Family::V4),
    Iptables::new("ip6tables-legacy", Family::V6),
];

/// The variant by the file behind the plain command (`xtables-nft-multi`, `xtables-legacy-multi`
/// in iptables' own build). This is quicker than asking it. None: another file name.
pub(in crate::gate) fn by_name(path: &OsStr) -> Option<Variant> {
    let mut places = env::split_paths(path).map(|folder| folder.join("iptables"));
    let program = places.find(|place| place.is_file())?.canonicalize().ok()?;
    match program.file_name()?.to_str()? {
        "xtables-nft-multi" => Some(Variant::Nft),
        "xtables-legacy-multi" => Some(Variant::Legacy),
        _ => None,
    }
}

/// `iptables -V` prints `(nf_tables)` or `(legacy)`; older ones, all legacy, print neither.
pub(in crate::gate) async fn default_variant() -> Result<Variant, GateError> {
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
pub(in crate::gate) async fn list_if_there(
    iptables: &Iptables,
) -> Result<Option<Listing>, GateError> {
    if !in_kernel(iptables) {
        return Ok(None);
    }
    match iptables.list().await {
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
fn in_kernel(iptables: &Iptables) -> bool {
    let names = match iptables.program {
        "iptables-legacy" => "/proc/net/ip_tables_names",
        "ip6tables-legacy" => "/proc/net/ip6_tables_names",
        _ => return true,
    };
    fs::read_to_string(names).is_ok_and(|names| names.lines().any(|name| name == "nat"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_target_of_the_plain_command_names_the_variant() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let variant = || by_name(folder.path().as_os_str());
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
