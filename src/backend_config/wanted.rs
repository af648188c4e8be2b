//! What to print: the request, and the plan that fits.

use super::host::Host;
use super::line::{CookiePer, Line};
use super::transport::{Transport, Words};
use crate::config::{AppSettings, Settings};
use crate::haproxy::Mode;

/// How often HAProxy checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checks {
    /// The words of `default-server`.
    pub(super) words: &'static str,
    /// `inter` + (`fall` - 1) x `fastinter`, in milliseconds.
    pub(super) down_ms: u128,
    /// `downinter` + (`rise` - 1) x `fastinter`, in milliseconds.
    pub(super) up_ms: u128,
}

/// A claim shows the other hosts who goes next, so HAProxy may be as quick as it can.
pub(super) const CLAIMED: Checks = Checks {
    words: "inter 500ms fastinter 100ms downinter 250ms fall 2 rise 2",
    down_ms: 600,
    up_ms: 350,
};

/// Without a claim a host that sees the first failed check of another one has `fastinter` to give
/// way. It needs 0.1 s on a quiet machine.
pub(super) const IN_TIME: Checks = Checks {
    words: "inter 500ms fastinter 200ms downinter 250ms fall 2 rise 2",
    down_ms: 700,
    up_ms: 450,
};

/// The backend's default name.
pub(super) const BACKEND: &str = "srvs";

/// The server lines of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Layout {
    /// One line, without cookies and a twin.
    Single,
    /// With a twin that checks the app itself.
    Classic,
    /// With a twin that checks a status port of its own.
    TwoStage,
}

impl Layout {
    /// Each host has a backup line, too.
    pub(super) fn has_twins(self) -> bool {
        self != Layout::Single
    }

    /// The word on the command line.
    pub(super) fn word(self) -> &'static str {
        match self {
            Layout::Single => "single",
            Layout::Classic => "classic",
            Layout::TwoStage => "two-stage",
        }
    }
}

/// The request.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The app of a host that names no other.
    pub app: &'a AppSettings,
    /// The hosts, in the order of their lines.
    pub hosts: &'a [Host],
    /// None: the one that fits.
    pub layout: Option<Layout>,
    /// The cookies of a host with several targets.
    pub cookie_per: CookiePer,
    /// What HAProxy carries: requests or connections.
    pub mode: Mode,
    /// None: the name in the configuration, or `srvs`.
    pub backend: Option<&'a str>,
    /// What the lines speak, in addition to `health`.
    pub transport: Transport<'a>,
    /// With the marker of `agent readonly`, and its rule.
    pub readonly: bool,
    /// With global, defaults and a frontend: a whole configuration.
    pub whole: bool,
}

/// The checked plan for the text.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) settings: &'a Settings,
    pub(super) wanted: Wanted<'a>,
    pub(super) lines: Vec<Line<'a>>,
    pub(super) layout: Layout,
    pub(super) checks: Checks,
    pub(super) backend: &'a str,
    pub(super) words: Words,
}
