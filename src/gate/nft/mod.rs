//! Asks `nft` for native rules. Read-only.

mod chains;
mod native;
mod ports;
mod statements;
mod texts;

pub use native::{Native, NativeTable};

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

/// The command that lists what the agent judges.
pub const SHOW_NFT: &str = "nft -j list ruleset";

/// `nft` answers in milliseconds.
pub(super) const ANSWERS: Duration = Duration::from_secs(10);

/// More than any set of rules that the agent judges.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The native rules of this host. None of them if nft is not installed: without it hardly any host
/// has native rules.
///
/// # Errors
///
/// Why nft does not list them.
pub async fn native_rules() -> Result<Native, String> {
    if !chains::may_be_native().await {
        return Ok(Native::default());
    }
    let said = async {
        let Some(json) = list("-j").await? else {
            return Ok(Native::default());
        };
        let native = Native::parse(&json)?;
        if !native.redirects() {
            return Ok(native);
        }
        // Without what its counters show, which is never the same twice.
        let text = list("-sa").await?.unwrap_or_default();
        Ok(native.with_texts(&text))
    };
    said.await
        .map_err(|what: String| format!("`{SHOW_NFT}`: {what}"))
}

async fn list(option: &str) -> Result<Option<String>, String> {
    let mut command = Command::new("nft");
    command.args([option, "list", "ruleset"]);
    match timeout(ANSWERS, output(command)).await {
        Ok(Ok((status, out, _))) if status.success() => Ok(Some(out)),
        Ok(Ok((.., said))) => Err(said.lines().next().unwrap_or("failed").to_owned()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {ANSWERS:?}")),
    }
}

/// Its stdout, and its stderr.
async fn output(mut command: Command) -> io::Result<(ExitStatus, String, String)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (out, said) = (child.stdout.take(), child.stderr.take());
    let (out, said) = tokio::try_join!(bounded(out), bounded(said))?;
    Ok((child.wait().await?, out, said))
}

async fn bounded(from: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(LONGEST).read_to_end(&mut bytes).await?;
    }
    let too_long = || io::Error::other(format!("it prints {} MiB and more", LONGEST >> 20));
    match bytes.len() as u64 == LONGEST {
        true => Err(too_long()),
        false => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn output_without_end_is_an_error() {
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
