//! The lines of one target on one host: a main line, and perhaps its twin.

use super::host::Host;
use crate::config::AppSettings;

/// The cookies of a host whose app has several targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum CookiePer {
    /// One: users move from target to target with their host.
    #[default]
    Host,
    /// One for each target: with a `sticky` time users stay on theirs.
    Target,
}

/// A host, and the app for its lines. An app with targets has a `Line` for each of them.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    pub(super) host: &'a Host,
    /// Seen at the target.
    pub(super) app: AppSettings,
    pub(super) cookie_per: CookiePer,
}

impl Line<'_> {
    /// The name of the main line.
    pub(super) fn main(&self) -> String {
        self.at_target(&self.host.name)
    }

    /// The name of the twin.
    pub(super) fn twin(&self) -> String {
        match &self.host.twin {
            Some(twin) => self.at_target(twin),
            None => format!("{}-twin", self.main()),
        }
    }

    /// The value that its users carry.
    pub(super) fn cookie(&self) -> String {
        match self.cookie_per {
            CookiePer::Host => self.host.cookie().to_owned(),
            CookiePer::Target => self.at_target(self.host.cookie()),
        }
    }

    /// `app.web`, or `app.web.target.blue`: its table in agent.toml.
    pub(super) fn table(&self) -> String {
        match &self.app.target {
            Some(target) => format!("app.{}.target.{target}", self.app.name),
            None => format!("app.{}", self.app.name),
        }
    }

    fn at_target(&self, name: &str) -> String {
        match &self.app.target {
            Some(target) => format!("{name}-{target}"),
            None => name.to_owned(),
        }
    }
}
