//! The command line as clap parses it.

use super::declaring::Declaring;
use super::doctor::Doctor;
use super::examples::{
    AFTER_HELP, DOCTOR_HELP, MAINTENANCE, OPEN, PROBE, READONLY, RESTART, STATUS, SWITCH,
};
use super::exits;
use super::haproxy_config::HaproxyConfig;
use super::history::Looking;
use super::maintenance::Maintaining;
use super::options::{Closing, Opening, Recovering, Restarting, waits};
use super::page::Paging;
use super::probe::Probing;
use super::report::Reporting;
use super::switch::Switching;
use super::without::Without;
use crate::config;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;
use std::time::Duration;

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
    #[arg(long, global = true, requires = "json")]
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
    /// Check the whole set-up, read-only: what is wrong, why it matters, and the fix
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
    /// Show one operation, as text or as an HTML page
    ///
    /// The page draws the phases on a time line. Under it, it draws what HAProxy showed of each
    /// server line: status, sessions in flight, and sessions a second. The page is one file and
    /// fetches nothing: mail it, or attach it to the ticket.
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
                | Command::Readonly(_),
            ) => false,
            asked => matches!(asked, Asked::Configured(_)),
        };
        if json && matches!(self, Asked::Completions { .. }) {
            anyhow::bail!("completions are a shell script, not JSON: remove --json");
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

// `[agent]` is a table of the configuration, no link.
#[allow(rustdoc::broken_intra_doc_links)]
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Take this host out of rotation, drain it, restart the app, and put the host back
    ///
    /// With `upgrade` in the configuration, or --with, the agent upgrades the app before the
    /// restart. If the app does not come up then, the agent runs `rollback` and restarts the app
    /// once more.
    ///
    /// If `agent close` holds the gates closed, the agent refuses to restart the app without one
    /// of --reopen, --stay-closed and --skip-held.
    #[command(after_help = RESTART)]
    Restart(Restarting),
    /// Start another target of the app beside the current one, and move all users to it
    ///
    /// The agent starts the idle target, waits until it is healthy and verified, and opens its gate.
    /// Once HAProxy shows it UP everywhere, the agent closes the gate of the old one, drains it, and
    /// stops it. No capacity is lost. If the new target fails, the old one keeps its users, or gets
    /// them back.
    ///
    /// With `keep` the old target stays ready, and `agent switch APP --back` takes a moment.
    #[command(after_help = SWITCH)]
    Switch(Switching),
    /// Take this host out of rotation, drain it, and keep it out
    ///
    /// It stays out until `agent open`, also over reboots. With --for the sidecar (`agent run`)
    /// opens the gates after that time, once the app is healthy. A hold that exists already keeps
    /// its reason and its end (see --replace).
    #[command(after_help = "Example:\n  agent close web --for 30m --reason 'disk swap'")]
    Close(Closing),
    /// Put this host back in rotation, if the app is healthy
    ///
    /// Of an app with targets it opens the current one. --to names that the first time.
    #[command(after_help = OPEN)]
    Open(Opening),
    /// Let HAProxy refuse writes, or take them again
    ///
    /// The app needs a marker, [app.NAME.readonly], and HAProxy the rule that `agent haproxy-config
    /// --readonly` prints. `on` opens the marker's gate, and returns once every balancer shows the marker
    /// UP: reads go on, and HAProxy answers a write with 503. `off` closes it, and returns once every
    /// balancer shows it DOWN. It outlives reboots. With --for the sidecar (`agent run`) ends it.
    ///
    /// One host is enough to refuse writes. With the marker on several hosts, writes stay refused when
    /// one of them goes down.
    #[command(after_help = READONLY)]
    Readonly(Declaring),
    /// Probe an app or one of its targets, without users: does it run, is it healthy, verified?
    ///
    /// The agent asks for the health as often in a row as the configuration says, and runs `verify`
    /// of an app with targets. It moves no gate, and asks no balancer. Without TARGET it probes the
    /// idle target, where `agent switch` would go.
    ///
    /// APP/page is what users meet during maintenance: is its server healthy, and does it send the
    /// page of the file, with status 503?
    #[command(after_help = PROBE)]
    Probe(Probing),
    /// Let users meet the app's page instead of the app, and bring them back
    ///
    /// `on` opens the gate of the page. Once HAProxy shows the page UP everywhere, the agent closes
    /// the app's gates, and drains it. HAProxy sends users to the page once every host of the farm
    /// has closed. The app goes on running, and `agent restart` leaves its gates closed. `off` waits
    /// until the app is healthy and UP everywhere, and then closes the gate of the page.
    #[command(after_help = MAINTENANCE)]
    Maintenance(Maintaining),
    /// Finish or undo what a crash, a rule flush or a power loss interrupted
    ///
    /// If an operation died before it touched the app, this puts its gates back. If it had
    /// restarted the app, this finishes the operation. Gates that are closed unexpectedly it opens
    /// once the app is healthy. It never restarts the app, and never opens gates that `agent
    /// close` holds closed. Without APP it recovers all apps, one after the other.
    #[command(
        after_help = "Example:\n  agent recover --dry-run   print what it would do, for each app"
    )]
    Recover(Recovering),
    /// Run the sidecar: open the gates once the app is healthy, and keep them open
    ///
    /// For systemd (haproxy-gate.service). The sidecar repairs rules that another process has
    /// flushed, and recovers what a crash interrupted. When the time of `agent close --for` is
    /// over, it opens the gates. It never ends a hold without a time.
    ///
    /// SIGTERM and SIGINT end it. If systemd reports that the machine goes down, it first takes
    /// the host out of rotation. It waits until the host is drained, within the limits of the
    /// configuration, and leaves the gates closed. At any other stop the gates stay as they are.
    /// With [agent] on_stop = "drain" it takes the host out then, too, if enough other servers
    /// are left.
    ///
    /// SIGHUP reads the configuration again; if it has an error, the sidecar keeps the old one.
    /// SIGUSR2 replaces the running program with the installed one. The log goes to stderr, or
    /// with fields to the journal. With --json it is one JSON object a line.
    #[command(after_help = "Example:\n  agent run --dry-run   check the configuration")]
    Run {
        /// Check the configuration, print what the sidecar would keep open, change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Show what the kernel, HAProxy and the app report now
    #[command(after_help = STATUS)]
    Status {
        /// The app (default: all apps)
        app: Option<String>,
        /// Repeat until Ctrl-C, on a terminal in place: --watch or --watch=5s
        ///
        /// With --json it prints one JSON object a line. The exit code is 0.
        #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true,
              default_missing_value = "1s", value_parser = waits)]
        watch: Option<Duration>,
        #[command(flatten)]
        without: Without,
    },
}

/// The definition of the command line, for the manual pages.
pub fn command() -> clap::Command {
    Cli::command()
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
