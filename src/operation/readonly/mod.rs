//! `agent readonly on|off`: moves the gate of the marker, and waits until every balancer shows it. The
//! record is set before the gate opens, and removed once HAProxy shows the marker DOWN. So after a
//! crash the gate becomes what the record says. It needs no journal, and no lock of the app: a restart
//! or a switch may go on beside it.

mod end;
mod keep;
mod lock;
mod preflight;
mod report;
mod run;
mod wait;
mod windows;

pub(crate) use keep::{Kept, keep_marker, recover_marker};
pub use report::ReadonlyReport;

use crate::config::{AppSettings, Settings};
use std::path::Path;
use std::time::Duration;

#[cfg(test)]
pub(crate) use end::samples;

/// The request.
pub struct Readonly<'a> {
    /// Whether HAProxy is to refuse writes.
    pub on: bool,
    /// The whole configuration.
    pub settings: &'a Settings,
    /// The app.
    pub app: &'a AppSettings,
    /// When the sidecar ends it. None: when an operator does.
    pub lasts: Option<Duration>,
    /// In the operator's words.
    pub reason: Option<String>,
    /// It may begin outside of the windows of the configuration.
    pub outside_window: bool,
    /// Change nothing, print the plan.
    pub dry_run: bool,
    /// The words of the command line, to repeat them with another option.
    pub call: Vec<String>,
    /// The balancers that it neither asks nor waits for, by name.
    pub without_balancers: Vec<String>,
}

impl Readonly<'_> {
    fn hold_dir(&self) -> &Path {
        &self.settings.agent.hold_dir
    }

    fn state_dir(&self) -> &Path {
        &self.settings.agent.state_dir
    }

    /// As on the command line.
    fn command(&self) -> String {
        format!("agent {} {}", self.verb(), self.app.name)
    }

    fn verb(&self) -> &'static str {
        match self.on {
            true => "readonly on",
            false => "readonly off",
        }
    }
}
