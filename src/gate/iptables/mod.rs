//! The edge to the kernel: the `iptables` crate, off the async thread, with a bounded wait for
//! the xtables lock. Each error has the command, its status and its stderr.

mod error;
mod read;
mod run;
mod variant;
mod write;

pub use error::GateError;
pub(super) use read::read;
pub(super) use variant::{LEGACY, NFT, by_name, default_variant, list_if_there};

use super::listing::Listing;
use super::rule::Change;
use error::{ANSWER_WITHIN, LOCK_WAIT_SECONDS};
use run::{end_children, execute, is_locked};
use std::io;
use std::net::IpAddr;
use std::process::Output;
use tokio::sync::Mutex;

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// iptables
    V4,
    /// ip6tables
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(ip: IpAddr) -> Family {
        match ip {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }
}

/// Which of iptables' two back ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// `iptables-nft`
    Nft,
    /// `iptables-legacy`
    Legacy,
}

/// One iptables program: a family and a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Iptables {
    /// The program's name, found on PATH.
    pub program: &'static str,
    /// The addresses it manages.
    pub family: Family,
}

/// One at a time in this process: the agent ends one that hangs by its name, which must be
/// unique.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

impl Iptables {
    /// A program for a family.
    pub const fn new(program: &'static str, family: Family) -> Iptables {
        Iptables { program, family }
    }

    /// The current nat table.
    pub async fn list(&self) -> Result<Listing, GateError> {
        let output = self.call("-S").await?;
        Listing::parse(&String::from_utf8_lossy(&output.stdout)).map_err(|what| {
            GateError::Strange {
                program: self.program.to_owned(),
                what,
            }
        })
    }

    /// Makes one change of the nat table. Err unless iptables exits 0.
    pub async fn make(&self, change: &Change) -> Result<(), GateError> {
        self.call(&change.to_string()).await.map(drop)
    }

    /// The change as a command line.
    pub fn line(&self, change: &Change) -> String {
        format!("{} -t nat {change}", self.program)
    }

    /// Ok if no change is left.
    pub(super) fn nothing_left(&self, left: &[Change]) -> Result<(), GateError> {
        let left: Vec<String> = left.iter().map(Change::to_string).collect();
        match left.is_empty() {
            true => Ok(()),
            false => Err(GateError::NotAsWanted {
                program: self.program.to_owned(),
                left: left.join("; "),
            }),
        }
    }

    async fn call(&self, call: &str) -> Result<Output, GateError> {
        let arguments = format!("-w {LOCK_WAIT_SECONDS} {call}");
        let command = format!("{} -t nat {arguments}", self.program);
        tracing::debug!(%command);
        let _turn = ONE_AT_A_TIME.lock().await;
        let (program, task) = (self.program, arguments.clone());
        let run = tokio::task::spawn_blocking(move || execute(program, &task));
        let output = match tokio::time::timeout(ANSWER_WITHIN, run).await {
            Err(_) => {
                end_children(program);
                return Err(GateError::TimedOut {
                    program: program.to_owned(),
                });
            }
            Ok(joined) => joined.unwrap_or_else(|panic| Err(io::Error::other(panic))),
        };
        match output {
            Err(error) => Err(GateError::not_run(program, &error)),
            Ok(output) if output.status.success() => Ok(output),
            Ok(output) if is_locked(&output) => Err(GateError::Locked { command }),
            Ok(output) => Err(GateError::Failed {
                command,
                status: output.status.to_string(),
                stderr: self.first_line(&output.stderr),
            }),
        }
    }

    /// What it printed, and for an error about IPv6 also how to do without IPv6.
    fn first_line(&self, stderr: &[u8]) -> String {
        let text = String::from_utf8_lossy(stderr);
        let said = text
            .lines()
            .find(|line| !line.starts_with('#'))
            .unwrap_or("nothing on stderr");
        match self.family {
            Family::V4 => said.to_owned(),
            Family::V6 => format!("{said} (without IPv6: [agent] ipv6 = false)"),
        }
    }
}
