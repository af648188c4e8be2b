//! The request for an operation: the verb, the app and the options.

use crate::app::Change;
use crate::config::{AppSettings, Settings};
use crate::restart::{Limits, Progress, Verb};
use crate::state::journal::Journal;
use crate::text::shell_line;
use std::path::Path;
use std::time::Duration;

/// The request.
pub struct Operation<'a> {
    /// The verb.
    pub verb: Verb,
    /// The whole configuration.
    pub settings: &'a Settings,
    /// The app, with its limits.
    pub app: &'a AppSettings,
    /// Change nothing, print the plan.
    pub dry_run: bool,
    /// For whom and how long gates are closed.
    pub options: Options,
    /// The sidecar's: it does not ask HAProxy before it opens gates, and does not wait for UP.
    pub non_blocking: bool,
    /// The sidecar's: why the previous try failed. The history has that once.
    pub again: Option<String>,
}

/// For whom, why and how long the gates are closed, whose gates are opened, and how long this
/// host waits for its turn.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// None: an operator.
    pub owner: Option<String>,
    /// It does nothing unless this target of the app is current. None: it does not ask.
    pub if_current: Option<String>,
    /// In the operator's words.
    pub reason: Option<String>,
    /// None: until a command opens them.
    pub lasts: Option<Duration>,
    /// None: the configuration's turn, and a refusal if the preflight finds too few others.
    pub turn: Option<Duration>,
    /// It may begin outside of the windows of the configuration.
    pub outside_window: bool,
    /// What a restart does where the gates are held closed.
    pub on_hold: OnHold,
    /// A close replaces the hold that is there.
    pub replace: bool,
    /// The balancers that it neither asks nor waits for, by name.
    pub without_balancers: Vec<String>,
    /// Where a switch goes, and what it leaves.
    pub switch: Switch,
    /// The target that becomes current. None: the one that is current already; of a switch the only
    /// other one.
    pub to: Option<String>,
    /// The words of the command line, to repeat the call. Empty: the verb and the app.
    pub call: Vec<String>,
}

/// What a switch is asked for.
#[derive(Debug, Clone, Default)]
pub struct Switch {
    /// Which target gets the users.
    pub way: Way,
    /// The command that prepares that target before its start.
    pub prepare: Option<Change>,
    /// How long the old target stays ready, if not as long as the configuration says.
    pub keep: Option<Duration>,
}

/// Which target gets the users of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// The named target, or the only other one. The switch starts it.
    #[default]
    Forward,
    /// The one that is still ready.
    Back,
    /// None: the target that is still ready is drained and stopped.
    Finish,
}

/// What a restart does where the gates are held closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnHold {
    /// It is refused.
    #[default]
    Refuse,
    /// It opens them, and the hold ends.
    Reopen,
    /// It restarts the app and leaves them closed.
    StayClosed,
    /// Nothing, and that is a success, if an operator or a unit holds them. What the agent holds
    /// after a failed restart is restarted. After a failed upgrade it is refused.
    Skip,
}

/// Makes the display of an operation's progress, for this app and within these limits.
pub type MakeProgress<'a> = &'a dyn Fn(&AppSettings, &Limits) -> Box<dyn Progress>;

impl Operation<'_> {
    /// The verb that the core acts by. A unit that stops can't be called back, so its close is a
    /// stop and puts nothing back.
    pub(super) fn effective_verb(&self) -> Verb {
        match (self.verb, &self.options.owner) {
            (Verb::Close, Some(_)) => Verb::Stop,
            (verb, _) => verb,
        }
    }

    /// Whether this is the sidecar's stop, which may wait until enough others are left.
    pub(super) fn stops_in_turn(&self) -> bool {
        self.verb == Verb::Stop && self.options.turn.is_some()
    }

    /// The same call without these balancers, to paste into a shell.
    pub(super) fn call_without(&self, gone: &[&str]) -> String {
        without(&self.words(), gone)
    }

    /// The words of the call.
    pub(super) fn words(&self) -> Vec<&str> {
        match self.options.call.is_empty() {
            true => vec!["agent", self.verb.word(), &self.app.name],
            false => self.options.call.iter().map(String::as_str).collect(),
        }
    }

    /// The balancers that it leaves out, if the app keeps one. A recovery also leaves out those of
    /// the unfinished operation, which could not end while it waits for them.
    pub(super) fn left_out(&self) -> Vec<String> {
        let mut names = self.options.without_balancers.clone();
        if self.verb == Verb::Recover
            && let Ok(Some(entry)) = Journal::unfinished(self.state_dir(), &self.app.name)
        {
            let before = entry.without_balancers.into_iter();
            let more: Vec<String> = before.filter(|name| !names.contains(name)).collect();
            names.extend(more);
        }
        names
    }

    pub(super) fn state_dir(&self) -> &Path {
        &self.settings.agent.state_dir
    }

    pub(super) fn hold_dir(&self) -> &Path {
        &self.settings.agent.hold_dir
    }
}

/// The call without these balancers.
pub(super) fn without(call: &[&str], gone: &[&str]) -> String {
    with(
        call,
        gone.iter().flat_map(|name| ["--without-balancer", name]),
    )
}

/// The call with more options, to paste into a shell.
pub(super) fn with<'a>(call: &[&'a str], more: impl Iterator<Item = &'a str>) -> String {
    // Behind `--` there are no options.
    let end = call.iter().position(|word| *word == "--");
    let (options, rest) = call.split_at(end.unwrap_or(call.len()));
    let words = options.iter().copied().chain(more);
    shell_line(words.chain(rest.iter().copied()))
}
