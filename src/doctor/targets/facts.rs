//! The facts about the targets of one app.

use super::parking::Ports;
use super::run::TargetRun;
use crate::doctor::fault::Fault;
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
