//! The facts about the targets of one app.

use crate::doctor::fault::Fault;
use crate::gate::{Foreign, Parking, ParkingPosition};
use crate::host::TargetLook;
use crate::operation::Current;
use crate::state::target::Intent;

/// The targets of one app.
#[derive(Debug, Clone)]
pub(crate) struct Targets {
    pub app: String,
    /// What is recorded. An error is one of `current`, too.
    pub record: Option<Intent>,
    /// The current target, or why it is unknown.
    pub current: Result<Current, Fault>,
    /// A look at each. Empty: the rules can't be read.
    pub looks: Vec<TargetLook>,
    /// How each is started and stopped.
    pub runs: Vec<TargetRun>,
    /// The command that verifies a target, and whether it can run. None: there is none.
    pub verify: Option<Result<String, Fault>>,
    /// Their traffic ports. None: the current target or the rules are unknown.
    pub ports: Option<Ports>,
    /// An operation moves users at this moment.
    pub under_way: bool,
    /// Seconds since 1970.
    pub now: u64,
}

/// How one target is started and stopped.
#[derive(Debug, Clone)]
pub(crate) struct TargetRun {
    pub target: String,
    /// What starts it, in words.
    pub start: String,
    /// What stops it: a line to paste for a unit.
    pub stop: String,
    /// Whether that can work. Ok: what is only odd.
    pub checked: Result<Vec<Fault>, Fault>,
    /// Its unit, and whether a boot starts it. None: it has none, or systemd does not show it.
    pub at_boot: Option<(String, bool)>,
    /// What takes another target down with it.
    pub with: Vec<Fault>,
}

/// What the kernel's tables show.
#[derive(Debug, Clone)]
pub(crate) struct Ports {
    pub each: Vec<Parked>,
    /// Rules of targets and apps that are gone.
    pub gone: Vec<String>,
    /// The balancers that run on this host.
    pub here: Vec<String>,
    /// Each target of the host has a cookie of its own. None: cookies are hidden.
    pub own_cookies: Option<bool>,
}

/// The port of one target.
#[derive(Debug, Clone)]
pub(crate) struct Parked {
    /// As it should be.
    pub wanted: Parking,
    pub position: ParkingPosition,
    /// Rules that are not the agent's to change, and redirect the port to another target.
    pub by_others: Vec<Foreign>,
}

impl Targets {
    /// The name of the current one.
    pub(super) fn current(&self) -> Option<&str> {
        self.current.as_ref().ok().map(|one| one.target.as_str())
    }

    /// `web/green`
    pub(super) fn label(&self, target: &str) -> String {
        format!("{}/{target}", self.app)
    }

    pub(super) fn look(&self, target: &str) -> Option<&TargetLook> {
        self.looks.iter().find(|look| look.name == target)
    }

    /// The idle ones, as they were seen.
    pub(super) fn idle(&self) -> impl Iterator<Item = &TargetLook> {
        let current = self.current();
        let looks = self.looks.iter();
        looks.filter(move |look| current.is_some_and(|current| current != look.name))
    }

    pub(super) fn run(&self, target: &str) -> Option<&TargetRun> {
        self.runs.iter().find(|run| run.target == target)
    }
}

/// Why it can't serve.
pub(super) fn trouble(look: &TargetLook) -> String {
    match &look.health {
        _ if !look.runs => "does not run".to_owned(),
        Err(why) => format!("is not healthy ({why})"),
        Ok(()) => "is healthy".to_owned(),
    }
}
