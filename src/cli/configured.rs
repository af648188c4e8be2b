//! The verbs that need the configuration, as clap parses them.

use super::declaring::Declaring;
use super::examples::{MAINTENANCE, OPEN, PROBE, READONLY, RESTART, STATUS, SWITCH};
use super::locking::Locking;
use super::maintenance::Maintaining;
use super::options::{Closing, Opening, Recovering, Restarting};
use super::probe::Probing;
use super::switch::Switching;
use super::times::waits;
use super::without::Without;
use clap::Subcommand;
use std::time::Duration;

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
    #[command(
        after_help = "Examples:\n  agent close web --for 30m --reason 'disk swap'\n  agent close --all --dry-run"
    )]
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
    #[command(after_help = READONLY, disable_help_subcommand = true)]
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
    #[command(after_help = MAINTENANCE, disable_help_subcommand = true)]
    Maintenance(Maintaining),
    /// Show the lock that the group of this host shares, or take it away from a dead host
    ///
    /// With [lock] in the configuration a host takes the lock before it goes out of rotation. The other
    /// ones wait within their turn. `status` shows who has it, since when, and who waits.
    Lock(Locking),
    /// Finish or undo what a crash, a rule flush or a power loss interrupted
    ///
    /// If an operation died before it touched the app, this puts its gates back. If it had
    /// restarted the app, this finishes the operation. Gates that are closed unexpectedly it opens
    /// once the app is healthy. It never restarts the app, and never opens gates that `agent
    /// close` holds closed. While maintenance is on, it opens the gate of the page again. Without APP
    /// it recovers all apps, one after the other.
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
