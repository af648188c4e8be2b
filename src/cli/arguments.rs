//! The command line as clap parses it.

use super::doctor::Doctor;
use super::exits;
use super::haproxy_config::HaproxyConfig;
use super::history::Looking;
use super::options::{Closing, Opening, Restarting, Target, waits};
use super::report::Reporting;
use crate::config;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;
use std::time::Duration;

const AFTER_HELP: &str = "\
Examples:
  agent doctor                  is the whole set-up right?
  agent status --watch          what the kernel, HAProxy and the app say
  agent restart web --dry-run   the preflight and the plan; nothing is changed
  agent restart web             out of rotation, drained, restarted, back in
  agent close web               out of rotation, until `agent open web`
  agent recover                 after a crash or a flush of the rules: all apps
  agent history                 what was done, by whom and why
  agent report --html web.html  the last operation, drawn

Exit codes, how each leaves the host, and `outcome` of --json:
";

const DOCTOR_HELP: &str = "\
Examples:
  agent doctor
  ssh lb1 cat /etc/haproxy/haproxy.cfg | agent doctor web --haproxy-cfg -
  agent doctor --all
  agent doctor --json | jq '.points[] | select(.verdict != \"ok\")'
";

const RESTART: &str = "\
Examples:
  agent restart web --dry-run
  agent restart web --with 'apt-get install -y web=2.1'
  agent restart web --turn 10m       where other hosts may be out now
  agent restart web --stay-closed    where `agent close` holds the gates closed";

/// Restart an app behind HAProxy, and nobody notices.
///
/// Takes this host out of HAProxy's rotation by itself, with no rights on the balancer:
/// closes the gate that HAProxy's check goes through, watches HAProxy's stats socket
/// until the server is DOWN and drained, restarts the app, waits until it is healthy,
/// opens the gate, and returns when HAProxy shows it UP.
#[derive(Debug, Parser)]
#[command(name = "agent", version, after_help = AFTER_HELP.to_owned() + &exits::help(), max_term_width = 80)]
pub struct Cli {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", env = "AGENT_CONFIG", default_value = config::DEFAULT_PATH)]
    pub(super) config: PathBuf,
    /// Print one JSON object on stdout instead of text
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// With --json: a JSON object a line on stderr for each phase, wait and note of a
    /// restart, close, open or recover, as it goes
    #[arg(long, global = true, requires = "json")]
    pub(super) progress: bool,
    /// Log more on stderr (-v: what is done; -vv: every call)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    #[command(subcommand)]
    pub(super) asked: Asked,
}

#[derive(Debug, Subcommand)]
pub(super) enum Asked {
    #[command(flatten)]
    Configured(Command),
    /// Check the whole set-up, read-only: what is wrong, why it matters, and the fix
    ///
    /// The configuration, rights and rules of this host, the gates and what HAProxy's checks met
    /// at the last close, the app, each balancer and our lines on it, HAProxy's own file. Prints
    /// one line for each area, and each error and warning. A point is ok only where that was
    /// seen, else it is unseen. Exit code 1 where there is an error; warnings alone are 0.
    #[command(after_help = DOCTOR_HELP)]
    Doctor(Doctor),
    /// Print the completions for a shell
    ///
    /// The package brings those of bash, zsh and fish.
    #[command(after_help = "Example:\n  agent completions bash >/etc/bash_completion.d/agent")]
    Completions {
        /// The shell
        shell: Shell,
    },
    HaproxyConfig(HaproxyConfig),
    /// What was done on this host: when, by whom, why, and how it ended
    ///
    /// The newest last. With an id: that operation, with its phases. Needs no configuration
    /// without mistakes, and no lock.
    History(Looking),
    /// One operation, as text or as a page of HTML
    ///
    /// The page has a time line of the phases, and under it what HAProxy showed of each line
    /// meanwhile: its status, sessions in flight and sessions a second. It needs nothing else
    /// and fetches nothing: mail it, or keep it with the ticket.
    Report(Reporting),
    /// Remove every rule of ours, in every variant of iptables: the gates are gone
    ///
    /// Each jump to the chain HAPROXY-GATE, then the chain, in iptables-nft, ip6tables-nft,
    /// iptables-legacy and ip6tables-legacy; nothing of others. Needs no configuration, and
    /// not while the sidecar (`agent run`) runs, which would open the gates again. The
    /// package's removal does this.
    ///
    /// What HAProxy sees then: the main lines of this host go DOWN, as after `agent close`.
    /// In the classic layout the twins check the app itself and go on serving. In the
    /// two-stage layout the twins go DOWN, too: this host serves nobody any more.
    #[command(after_help = "Example:\n  agent uninstall --dry-run   what would be called")]
    Uninstall {
        /// Print the calls, change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

impl Asked {
    /// Refuses a global flag that does nothing for this verb.
    pub(super) fn heeds(&self, json: bool, progress: bool) -> anyhow::Result<()> {
        let operates = match self {
            Asked::Configured(Command::Run { .. } | Command::Status { .. }) => false,
            asked => matches!(asked, Asked::Configured(_)),
        };
        if json && matches!(self, Asked::Completions { .. }) {
            anyhow::bail!("a shell's completions are no JSON: leave --json out");
        }
        if progress && !operates {
            anyhow::bail!("--progress is for restart, close, open and recover: leave it out");
        }
        Ok(())
    }
}

// `[agent]` is a table of the configuration, no link.
#[allow(rustdoc::broken_intra_doc_links)]
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Out of rotation, drain, restart the app, wait until healthy, back in rotation
    ///
    /// With `upgrade` in the configuration, or --with, the app is upgraded before its restart.
    /// Where it does not come up then, `rollback` is run and the app restarted once more.
    ///
    /// An app whose gates `agent close` holds closed is not restarted, unless one of --reopen,
    /// --stay-closed and --skip-held says what is to become of the hold.
    #[command(after_help = RESTART)]
    Restart(Restarting),
    /// Out of rotation and drained, and stay so
    ///
    /// Until `agent open`, over reboots too; or for as long as --for says: then the sidecar
    /// (`agent run`) opens the gates, once the app is healthy. A hold that is there already
    /// keeps its reason and its end (see --replace).
    #[command(after_help = "Example:\n  agent close web --for 30m --reason 'disk swap'")]
    Close(Closing),
    /// Back in rotation, if the app is healthy
    #[command(after_help = "Example:\n  agent open web")]
    Open(Opening),
    /// To a good end with what a crash, a flush of the rules or a power loss left behind
    ///
    /// Puts gates back that an operation had closed which died before it touched the app;
    /// finishes a restart that had happened; opens gates that nobody asked to be closed,
    /// once the app is healthy. Never restarts the app, and leaves a gate alone that
    /// `agent close` has closed. Without APP: all apps, one after the other.
    #[command(
        after_help = "Example:\n  agent recover --dry-run   what would be done, for each app"
    )]
    Recover(Target),
    /// The sidecar: opens the gates once the app is healthy, and keeps them so
    ///
    /// For systemd (haproxy-gate.service). Repairs rules that somebody else has flushed,
    /// recovers what a crash has cut short, opens in time what `agent close --for` has
    /// closed, and leaves alone what was closed without a time. On SIGTERM and SIGINT it
    /// ends. Where systemd says that the machine goes down it takes the host out of rotation
    /// first, waits until it is drained, within the limits of the configuration, and leaves
    /// the gates closed; otherwise the gates stay as they are (or, with [agent] on_stop =
    /// "drain", the same is done where enough others are left). SIGHUP reads the configuration again,
    /// all of it or, with an error, nothing; SIGUSR2 goes on as the program that is installed
    /// now. Logs to stderr, or with fields to the journal; --json: a JSON object a line.
    #[command(after_help = "Example:\n  agent run --dry-run   is the configuration all right?")]
    Run {
        /// Check the configuration, say what would be kept open, change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// What the kernel, HAProxy and the app say now
    #[command(after_help = "Example:\n  agent status --watch=2s")]
    Status {
        /// The app; all of them if left out
        app: Option<String>,
        /// Look again and again, on a terminal in place, until Ctrl-C: --watch or --watch=5s
        ///
        /// With --json a JSON object a line. Ends with exit code 0.
        #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true,
              default_missing_value = "1s", value_parser = waits)]
        watch: Option<Duration>,
    },
}

/// The definition of the command line, for the manual pages.
pub fn command() -> clap::Command {
    Cli::command()
}

/// The completion script for this shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "agent", &mut script);
    script
}
