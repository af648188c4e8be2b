//! What filters and redirects beside our own rules.

use crate::doctor::firewall::SEE_NFT;
use crate::doctor::{AppFacts, firewall};
use crate::gate::Firewall;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

/// `nft` answers in milliseconds.
const NFT_ANSWERS: Duration = Duration::from_secs(10);

/// More than any set of rules that is looked at.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The filter tables of iptables, and native rules: each as far as it can be read.
pub async fn filters(firewall: &Firewall) -> firewall::Filters {
    let iptables = firewall.filters().await;
    firewall::Filters {
        iptables: iptables.map_err(|error| error.to_string()),
        nft: nft().await,
    }
}

/// None: it is not installed, and hardly anybody has native rules without it.
async fn nft() -> Result<Option<firewall::Ruleset>, String> {
    let mut command = Command::new("nft");
    command.args(["-j", "list", "ruleset"]);
    let (status, out, said) = match timeout(NFT_ANSWERS, output(command)).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(Err(error)) => return Err(format!("nft: {error}")),
        Err(_) => return Err(format!("nft did not answer within {NFT_ANSWERS:?}")),
    };
    let told = match status.success() {
        true => firewall::Ruleset::parse(&out).map(Some),
        false => Err(said.lines().next().unwrap_or("failed").to_owned()),
    };
    told.map_err(|what| format!("`{SEE_NFT}`: {what}"))
}

/// What it printed, and what it said on stderr.
async fn output(mut command: Command) -> io::Result<(ExitStatus, String, String)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (out, said) = (child.stdout.take(), child.stderr.take());
    let (out, said) = tokio::try_join!(bounded(out, LONGEST), bounded(said, LONGEST))?;
    Ok((child.wait().await?, out, said))
}

async fn bounded(from: Option<impl AsyncRead + Unpin>, longest: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(longest).read_to_end(&mut bytes).await?;
    }
    match bytes.len() as u64 == longest {
        true => Err(io::Error::other(format!(
            "it prints {} MiB and more",
            longest >> 20
        ))),
        false => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// None: nobody could look for them.
pub fn native_rules(app: &mut AppFacts, filters: Option<&firewall::Filters>) {
    match filters.map(|filters| &filters.nft) {
        Some(Ok(Some(nft))) => native_redirects(app, nft),
        Some(Ok(None)) => {}
        untold => {
            let why = match untold {
                Some(Err(why)) => why,
                _ => "the rules can't be read",
            };
            let seen = app.gates.iter_mut().flat_map(|gates| &mut gates.gates);
            seen.for_each(|seen| seen.native = Err(why.to_owned()));
        }
    }
}

/// Native rules that lead a status port, too: no less in the way than those of iptables.
fn native_redirects(app: &mut AppFacts, nft: &firewall::Ruleset) {
    let seen = app.gates.iter_mut().flat_map(|gates| &mut gates.gates);
    for (seen, checked) in seen.zip(&app.checked) {
        let coming = checked.coming.iter();
        for redirect in coming.flat_map(|coming| nft.redirects(&coming.packet)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_prints_without_end_is_left() {
        let mut endless = Command::new("yes");
        endless.arg("x");
        let left = timeout(Duration::from_secs(30), output(endless)).await;
        let why = left.expect("an end").unwrap_err().to_string();
        assert_eq!(why, "it prints 64 MiB and more");
        let mut both = Command::new("sh");
        both.args(["-c", "echo a; echo b >&2; exit 3"]);
        let (status, out, said) = output(both).await.unwrap();
        assert_eq!((status.code(), &*out, &*said), (Some(3), "a\n", "b\n"));
    }
}
