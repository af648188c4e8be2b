//! The command line as clap parses it.

use super::configured::Command;
use super::doctor::Doctor;
use super::examples::{AFTER_HELP, DOCTOR_HELP};
use super::exits;
use super::haproxy_config::HaproxyConfig;
use super::history::Looking;
use super::maintenance::{Maintaining, What};
use super::page::Paging;
use super::report::Reporting;
use crate::config;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// Restart an app behind HAProxy, and users do not notice.
///
/// The agent takes this host out of HAProxy's rotation by itself, without rights on the
/// balancer. It closes the gate that HAProxy's check goes through. It watches HAProxy's
/// stats socket until the server is DOWN and drained. It restarts the app, and waits
/// until it is healthy. Then it opens the gate, and returns when HAProxy shows the
/// server UP.
#[derive(Debug, Parser)]
#[command(name = "agent", version, after_help = AFTER_HELP.to_owned() + &exits::help(), max_term_width = 80)]
pub struct Cli {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", env = "AGENT_CONFIG", default_value = config::DEFAULT_PATH)]
    pub(super) config: PathBuf,
    /// Print one JSON object on stdout instead of text
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// With --json: print each phase, wait and note of a restart, switch, close, open,
    /// maintenance or recover on stderr, one JSON object a line
    // Not `requires`: behind `maintenance on` clap does not see a --json that stands before `on`.
    #[arg(long, global = true)]
    pub(super) progress: bool,
    /// Log more on stderr (-v: each action, and what a command prints; -vv: each call)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    #[command(subcommand)]
    pub(super) asked: Asked,
}

#[derive(Debug, Subcommand)]
pub(super) enum Asked {
    #[command(flatten)]
    Configured(Command),
    /// Check the whole set-up, change nothing: what is wrong, why it matters, and the fix
    ///
    /// It checks the configuration, rights and rules of this host, the gates and what HAProxy's
    /// checks met at the last close, the app, each balancer and our lines on it, and HAProxy's own
    /// file. It prints one line for each area, and each error and warning. A point is ok only if
    /// the agent has seen that, else it is unseen. The exit code is 1 if there is an error, and 0
    /// with warnings alone.
    #[command(after_help = DOCTOR_HELP)]
    Doctor(Doctor),
    /// Print the completions for a shell
    ///
    /// The package installs those of bash, zsh and fish. They also complete the names of apps and
    /// targets, if the user may read the configuration.
    #[command(after_help = "Example:\n  agent completions bash >/etc/bash_completion.d/agent")]
    Completions {
        /// The shell
        #[arg(required_unless_present_any = ["apps", "targets"])]
        shell: Option<Shell>,
        /// Print the names of the apps, for the scripts
        #[arg(long, hide = true, conflicts_with = "shell")]
        apps: bool,
        /// Print the targets as APP/TARGET, for the scripts
        #[arg(long, hide = true, conflicts_with = "shell")]
        targets: bool,
    },
    HaproxyConfig(HaproxyConfig),
    /// List the operations on this host: when, by which user, why, and how each ended
    ///
    /// The newest is the last. With an id it prints that operation and its phases. It also works
    /// with an invalid configuration, and while another operation runs.
    History(Looking),
    /// Show one operation, as text or as an HTML report
    ///
    /// The HTML report draws the phases on a time line. Under it, it draws what HAProxy showed of each
    /// server line: status, sessions in flight, and sessions a second. It is one file and fetches
    /// nothing: mail it, or attach it to the ticket.
    Report(Reporting),
    Page(Paging),
    /// Remove all rules of the agent, in every variant of iptables
    ///
    /// It removes each jump to the chains HAPROXY-GATE and HAPROXY-GATE-PARK, then the chains, in
    /// iptables-nft, ip6tables-nft, iptables-legacy and ip6tables-legacy. It removes no other rule. It needs no
    /// configuration. It refuses while the sidecar (`agent run`) runs, because the sidecar would
    /// open the gates again. Removing the package runs this command.
    ///
    /// After it HAProxy shows the main lines of this host DOWN, as after `agent close`. In the
    /// classic layout the twins check the app itself and continue to serve. In the two-stage
    /// layout the twins go DOWN, too, and this host serves no users.
    #[command(after_help = "Example:\n  agent uninstall --dry-run   print the calls")]
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
            Asked::Configured(
                Command::Run { .. }
                | Command::Status { .. }
                | Command::Probe(_)
                | Command::Lock(_)
                | Command::Readonly(_)
                | Command::Maintenance(Maintaining {
                    what: What::Status(_),
                }),
            ) => false,
            asked => matches!(asked, Asked::Configured(_)),
        };
        if json && matches!(self, Asked::Completions { .. }) {
            anyhow::bail!("completions are a shell script, not JSON: remove --json");
        }
        if progress && !json {
            anyhow::bail!("--progress prints JSON: add --json");
        }
        if progress && !operates {
            anyhow::bail!(
                "--progress works only with restart, switch, close, open, maintenance and recover: remove \
                 it"
            );
        }
        Ok(())
    }
}

/// The definition of the command line, for the manual pages.
pub fn command() -> clap::Command {
    // Its options are those of an operation on one app, but without a name it recovers all.
    let all_apps = |app: clap::Arg| app.help("The app (default: all apps)");
    Cli::command().mut_subcommand("recover", |verb| verb.mut_arg("app", all_apps))
}

/// The same under the name that the program was called by: `haproxy-gate` is its second one.
pub(super) fn invoked() -> clap::Command {
    let program = std::env::args_os().next().map(PathBuf::from);
    match program.and_then(|path| path.file_name().map(|name| name == SECOND)) {
        Some(true) => named(command(), SECOND),
        _ => command(),
    }
}

/// The second name of the program.
pub const SECOND: &str = "haproxy-gate";

/// The definition under another name, also in its examples.
pub fn named(command: clap::Command, name: &'static str) -> clap::Command {
    let verbs: Vec<String> = command
        .get_subcommands()
        .map(|verb| verb.get_name().to_owned())
        .collect();
    let command = command.name(name);
    let command = with_examples(command, name);
    verbs.into_iter().fold(command, |command, verb| {
        command.mut_subcommand(verb, |verb| with_examples(verb, name))
    })
}

fn with_examples(command: clap::Command, name: &str) -> clap::Command {
    match command.get_after_help().map(ToString::to_string) {
        Some(text) => command.after_help(text.replace("\n  agent ", &format!("\n  {name} "))),
        None => command,
    }
}
