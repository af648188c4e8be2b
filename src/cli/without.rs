//! `--without-balancer`: the balancers that an operation or a look leaves out.

use crate::config::{AppSettings, Settings};
use clap::Args;

/// Balancers that are gone.
#[derive(Debug, Args)]
pub(super) struct Without {
    /// Neither ask this balancer nor wait for it: it is gone, or can't be reached (repeatable)
    ///
    /// NAME is its name in `agent status`, for example tcp://10.0.0.1:9999. If it still has users,
    /// they lose their requests: the agent sees and drains none of them. At least one balancer must
    /// be left. It counts for this operation alone, and for the `agent recover` of it after a crash.
    #[arg(long, value_name = "NAME")]
    without_balancer: Vec<String>,
}

impl Without {
    /// At least one is named.
    pub(super) fn is_given(&self) -> bool {
        !self.without_balancer.is_empty()
    }

    /// The settings without these balancers, to look at one app.
    pub(super) fn settings(&self, all: &Settings, app: &AppSettings) -> anyhow::Result<Settings> {
        Ok(all.without(&self.names(all, app)?, &app.name).0)
    }

    /// The names, each a balancer of the app. Err: another name, or no balancer is left.
    pub(super) fn names(
        &self,
        settings: &Settings,
        app: &AppSettings,
    ) -> anyhow::Result<Vec<String>> {
        let serving = settings.balancers.iter();
        let serving = serving.filter(|balancer| balancer.serves(&app.name));
        let serving: Vec<String> = serving.map(|one| one.address.to_string()).collect();
        let is_in = |name: &&String| self.without_balancer.contains(name);
        let is_known = |name: &&String| serving.contains(name);
        if let Some(name) = self.without_balancer.iter().find(|name| !is_known(name)) {
            anyhow::bail!(
                "--without-balancer {name}: no such balancer of app {}; it has {}",
                app.name,
                serving.join(", ")
            );
        }
        match serving.iter().all(|name| is_in(&name)) {
            true => anyhow::bail!(
                "--without-balancer names every balancer of app {}: the agent needs one that shows \
                 its lines",
                app.name
            ),
            false => Ok(serving.into_iter().filter(|name| is_in(&name)).collect()),
        }
    }
}
