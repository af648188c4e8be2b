//! Learns from the kernel that rules have changed. So the agent need not list them again and
//! again: each listing is a fork of iptables, 1 to 4 ms.
//!
//! nf_tables counts its transactions, of every table and family of one network namespace, and
//! announces each. The legacy tables do neither.

mod generation;
mod transactions;

use super::Variant;
use generation::Generation;
use std::io;
use transactions::Transactions;

/// Watches the rules of one variant, in the network namespace it was made in.
///
/// List once after it was made; then again when [`changed`](RuleWatch::changed) resolves,
/// and every few seconds unless [`mark`](RuleWatch::mark) says that nothing can have changed:
///
/// ```no_run
/// # async fn example(firewall: haproxy_gate::gate::Firewall) -> Result<(), Box<dyn std::error::Error>> {
/// # use haproxy_gate::gate::RuleWatch;
/// let mut watch = firewall.watch().unwrap_or_else(|error| {
///     tracing::warn!(%error, "the rules are only looked at every few seconds");
///     RuleWatch::blind()
/// });
/// loop {
///     let before = watch.mark(); // before the listing: what comes after it is not in it
///     let _view = firewall.look().await?;
///     loop {
///         tokio::select! {
///             () = watch.changed() => break,
///             () = tokio::time::sleep(std::time::Duration::from_secs(5)) => {}
///         }
///         if before.is_none() || watch.mark() != before {
///             break;
///         }
///     }
/// }
/// # }
/// ```
pub struct RuleWatch {
    transactions: Option<Transactions>,
    generation: Option<Generation>,
}

/// The state of the rules at one moment. Two equal marks of one watch mean the same rules (but
/// for 2^32 transactions between them). The mark leaves out the rules of the other variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u32);

impl RuleWatch {
    /// Watches from now on. The kernel announces no legacy rules: use [`blind`](Self::blind).
    ///
    /// # Errors
    ///
    /// The kernel has no nf_tables, or this process no CAP_NET_ADMIN.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with its I/O enabled.
    pub fn new(variant: Variant) -> io::Result<RuleWatch> {
        if variant == Variant::Legacy {
            return Ok(RuleWatch::blind());
        }
        let open = || {
            // A group can be joined without nf_tables; an answer is the proof.
            let mut generation = Generation::default();
            generation.ask()?;
            Ok(RuleWatch {
                transactions: Some(Transactions::listen()?),
                generation: Some(generation),
            })
        };
        open().map_err(|error| refusal(&error))
    }

    /// Only marks, of nf_tables: [`changed`](Self::changed) never resolves.
    pub(super) fn marking() -> RuleWatch {
        RuleWatch {
            transactions: None,
            generation: Some(Generation::default()),
        }
    }

    /// Sees nothing: no change, and no mark.
    pub fn blind() -> RuleWatch {
        RuleWatch {
            transactions: None,
            generation: None,
        }
    }

    /// Resolves once rules have changed since it last did: at once if that was more than 200 ms
    /// ago, else at the end of the 200 ms. So a busy firewall costs at most five wake-ups a
    /// second. A caller may drop it half way. A burst that overflows the kernel's buffer counts
    /// as a change.
    ///
    /// It counts changes of this process, too, and those of other tables. A broken watch logs
    /// that, resolves once more, and then never.
    pub async fn changed(&mut self) {
        let Some(transactions) = &mut self.transactions else {
            return std::future::pending().await;
        };
        if let Err(error) = transactions.next().await {
            tracing::warn!(%error, "the kernel no longer reports changes of the rules");
            self.transactions = None;
        }
    }

    /// The current state of the rules. None: unknown, so list them. Asks the kernel without
    /// waiting, in some microseconds.
    pub fn mark(&mut self) -> Option<Mark> {
        match self.generation.as_mut()?.ask() {
            Ok(number) => Some(Mark(number)),
            Err(error) => {
                tracing::debug!(%error, "no generation of the rules");
                None
            }
        }
    }
}

/// Adds to the error what the operator needs to know.
fn refusal(error: &io::Error) -> io::Error {
    use nix::libc::{EINVAL, EOPNOTSUPP, EPERM, EPROTONOSUPPORT};
    let why = match error.raw_os_error() {
        Some(EPERM) => "CAP_NET_ADMIN is needed".to_owned(),
        Some(EINVAL | EOPNOTSUPP | EPROTONOSUPPORT) => "the kernel has no nf_tables".to_owned(),
        _ => error.to_string(),
    };
    let text = format!("the kernel can't report changes of the rules: {why}");
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_with_the_reason() {
        let of = |code| refusal(&io::Error::from_raw_os_error(code)).to_string();
        assert!(of(nix::libc::EPERM).ends_with(": CAP_NET_ADMIN is needed"));
        assert!(of(nix::libc::EINVAL).ends_with(": the kernel has no nf_tables"));
        assert!(of(nix::libc::EMFILE).contains("Too many open files"));
    }
}
