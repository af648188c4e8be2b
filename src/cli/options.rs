//! The options of operations: on which app, why, for whom and how long.

use super::times::{lasts, waits};
use super::window::OutsideWindow;
use super::without::Without;
use crate::operation::OnHold;
use crate::text::has_control;
use clap::Args;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Target {
    /// The app; optional if the configuration has only one
    pub(super) app: Option<String>,
    /// Check everything, print the plan, change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Treat the end of standard input as SIGHUP, for callers over SSH
    ///
    /// If the connection ends before the agent has touched the app, the agent puts the gates back.
    /// After that it finishes safely.
    #[arg(long)]
    pub(super) attached: bool,
    /// The reason: `agent history` shows it, and `agent status` while the gates are closed
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(super) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Restarting {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) patience: Patience,
    #[command(flatten)]
    pub(super) upgrade: Upgrade,
    #[command(flatten)]
    pub(super) held: WhereHeld,
    #[command(flatten)]
    pub(super) window: OutsideWindow,
    #[command(flatten)]
    pub(super) without: Without,
}

/// What a restart does if a hold keeps the gates closed. At most one of them.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct WhereHeld {
    /// If the gates are held closed: open them after the restart, and end the hold
    ///
    /// Without one of these three the agent refuses to restart an app whose gates an operator
    /// or a unit holds closed (exit 11). They do nothing if the gates are not held.
    #[arg(long)]
    reopen: bool,
    /// If the gates are held closed: restart the app, and leave gates and hold as they are
    #[arg(long)]
    stay_closed: bool,
    /// If the gates are held closed: restart nothing, and exit with 0 (for timers)
    ///
    /// It skips only what an operator or a unit holds closed. After a restart that failed the
    /// agent restarts the app, and opens the gates. After an upgrade that failed or was cut
    /// short it refuses (exit 11).
    #[arg(long)]
    skip_held: bool,
}

impl WhereHeld {
    pub(super) fn on_hold(&self) -> OnHold {
        match (self.reopen, self.stay_closed, self.skip_held) {
            (true, _, _) => OnHold::Reopen,
            (_, true, _) => OnHold::StayClosed,
            (_, _, true) => OnHold::Skip,
            _ => OnHold::Refuse,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Patience {
    /// If too few other servers are available, wait up to this long for our turn: 90s, 30m
    ///
    /// Without it the preflight refuses (exit 12). `timeouts.turn` of the configuration is only
    /// for two hosts that go out at the same moment.
    #[arg(long, value_name = "TIME", value_parser = waits)]
    pub(super) turn: Option<Duration>,
}

#[derive(Debug, Args)]
pub(super) struct Upgrade {
    /// Upgrade the drained app with this command line for /bin/sh, instead of `upgrade`
    #[arg(long, value_name = "CMD", value_parser = line)]
    pub(super) with: Option<String>,
    /// Take a failed upgrade back with this command line for /bin/sh, instead of `rollback`
    ///
    /// It needs an upgrade: --with, or `upgrade` in the configuration.
    #[arg(long, value_name = "CMD", value_parser = line, conflicts_with = "without_upgrade")]
    pub(super) rollback: Option<String>,
    /// Only restart, even if an `upgrade` is configured
    #[arg(long, conflicts_with = "with")]
    pub(super) without_upgrade: bool,
}

#[derive(Debug, Args)]
pub(super) struct Each {
    /// All apps of the configuration, one after the other, in the order of their names
    ///
    /// `close` looks at all of them first, and closes none if one can't be closed. After that it ends
    /// with the first app that fails. What it has closed stays closed, and it prints how to undo that.
    /// `open`, and a close with --owner, also go on after an app that failed. The exit code is that of
    /// the first app that failed. Ctrl-C ends it. With --json it prints one object, with the report of
    /// each app in `apps`. --without-balancer counts for the apps that have this balancer and another
    /// one.
    #[arg(long, conflicts_with = "app")]
    pub(super) all: bool,
}

/// For what ends by itself.
#[derive(Debug, Args)]
pub(super) struct Lasting {
    /// Let the sidecar end it after this time: 90s, 30m, 2h; a second `on` sets another one
    #[arg(long = "for", value_name = "TIME", value_parser = lasts)]
    pub(super) lasts: Option<Duration>,
}

#[derive(Debug, Args)]
pub(super) struct Closing {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) each: Each,
    #[command(flatten)]
    pub(super) patience: Patience,
    /// Let the sidecar open the gates after this time: 90s, 30m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = lasts)]
    pub(super) lasts: Option<Duration>,
    /// The unit that closes the gates as it stops; as it starts, it opens only what it closed
    ///
    /// With an owner the agent waits for an operation that is under way. If that is an `agent restart`
    /// of this app, the agent does nothing. A hold of an operator stays. No window keeps a unit from
    /// stopping.
    #[arg(long, value_name = "NAME", value_parser = words, conflicts_with = "outside_window")]
    pub(super) owner: Option<String>,
    #[command(flatten)]
    pub(super) of_target: OfTarget,
    /// Replace a hold that exists already
    ///
    /// Without it a second close keeps the reason and the end of the first one. With --for it may
    /// move the end to a later time. The agent refuses an earlier end or another --reason
    /// (exit 11).
    #[arg(long, conflicts_with = "owner")]
    pub(super) replace: bool,
    #[command(flatten)]
    pub(super) window: OutsideWindow,
    #[command(flatten)]
    pub(super) without: Without,
}

#[derive(Debug, Args)]
pub(super) struct Opening {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) each: Each,
    /// Make this target of the app current, and open its gates
    ///
    /// Only the first time, or after an emergency: `agent switch` moves users without a failed
    /// request. The agent refuses while the gates of another target are open and that target is
    /// healthy (exit 11).
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["all", "owner"])]
    pub(super) to: Option<String>,
    /// Open only if this owner holds the gates closed, or no hold exists: see `agent close --help`
    #[arg(long, value_name = "NAME", value_parser = words)]
    pub(super) owner: Option<String>,
    #[command(flatten)]
    pub(super) of_target: OfTarget,
    #[command(flatten)]
    pub(super) without: Without,
}

#[derive(Debug, Args)]
pub(super) struct Recovering {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) without: Without,
}

/// On behalf of the unit of one target.
#[derive(Debug, Args)]
pub(super) struct OfTarget {
    /// With --owner: do nothing, and exit with 0, unless this target of the app is current
    ///
    /// For the unit of a target (`web@blue`): its stop closes no gate while another target has the
    /// users.
    #[arg(
        long,
        value_name = "TARGET",
        requires = "owner",
        conflicts_with = "all"
    )]
    pub(super) if_current: Option<String>,
}

/// A command line. A blank one is refused, because it upgrades nothing.
pub(super) fn line(text: &str) -> Result<String, String> {
    match text.trim().is_empty() {
        true => Err("expected a command line that is not blank".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// A text that fits one line of `agent status`.
pub(super) fn words(text: &str) -> Result<String, String> {
    let fits = (1..=200).contains(&text.chars().count());
    match fits && !has_control(text) {
        true => Ok(text.to_owned()),
        false => Err("expected 1 to 200 characters on one line".to_owned()),
    }
}
