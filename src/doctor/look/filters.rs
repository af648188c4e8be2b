//! What filters and redirects beside our own rules.

use crate::doctor::{AppFacts, firewall};
use crate::gate::{Firewall, GateError};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// `nft` answers in milliseconds.
const NFT_ANSWERS: Duration = Duration::from_secs(10);

/// The filter tables of iptables, and native rules.
pub async fn filters(firewall: &Firewall) -> Result<firewall::Filters, String> {
    let told = |error: GateError| error.to_string();
    Ok(firewall::Filters {
        iptables: firewall.filters().await.map_err(told)?,
        nft: nft().await?,
    })
}

/// None: it is not installed, and hardly anybody has native rules without it.
async fn nft() -> Result<Option<firewall::Ruleset>, String> {
    let mut command = Command::new("nft");
    command
        .args(["-j", "list", "ruleset"])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = match tokio::time::timeout(NFT_ANSWERS, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(Err(error)) => return Err(format!("nft: {error}")),
        Err(_) => return Err(format!("nft did not answer within {NFT_ANSWERS:?}")),
    };
    match output.status.success() {
        true => firewall::Ruleset::parse(&String::from_utf8_lossy(&output.stdout))
            .map(Some)
            .map_err(|what| format!("`nft -j list ruleset`: {what}")),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!(
                "`nft -j list ruleset`: {}",
                said.lines().next().unwrap_or("failed")
            ))
        }
    }
}

/// Native rules that lead a status port, too: no less in the way than those of iptables.
pub fn native_redirects(app: &mut AppFacts, nft: &firewall::Ruleset) {
    let seen = app.gates.iter_mut().flat_map(|gates| &mut gates.gates);
    for (seen, checked) in seen.zip(&app.checked) {
        for redirect in checked
            .packets
            .iter()
            .flat_map(|packet| nft.redirects(packet))
        {
            let found = match redirect.surely {
                true => (
                    &mut seen.foreign,
                    (redirect.rule.clone(), redirect.removal()),
                ),
                false => (&mut seen.perhaps, (redirect.rule.clone(), redirect.sight())),
            };
            let (all, one) = found;
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
}
