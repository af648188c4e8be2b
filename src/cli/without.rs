//! `--without-balancer`: the balancers that an operation or a look leaves out.

use crate::config::{AppSettings, BalancerSettings, Settings};
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
        Ok(all.without(&self.names(all, app, false)?, &app.name).0)
    }

    /// The names that are balancers of the app. Err: another name, or no balancer is left.
    ///
    /// `all`: the names are for all apps. An app then keeps the balancers that are its only ones:
    /// if one of them is gone, that refuses this app alone.
    pub(super) fn names(
        &self,
        settings: &Settings,
        app: &AppSettings,
        all: bool,
    ) -> anyhow::Result<Vec<String>> {
        let serving: Vec<String> = names(settings, |one| one.serves(&app.name));
        let is_in = |name: &&String| self.without_balancer.contains(name);
        let known = match all {
            true => names(settings, |_| true),
            false => serving.clone(),
        };
        let is_known = |name: &&String| known.contains(name);
        if let Some(name) = self.without_balancer.iter().find(|name| !is_known(name)) {
            let (of, known) = (
                if all {
                    "the configuration".to_owned()
                } else {
                    format!("app {}", app.name)
                },
                known.join(", "),
            );
            anyhow::bail!("--without-balancer {name}: no such balancer of {of}; it has {known}");
        }
        match serving.iter().all(|name| is_in(&name)) {
            true if all => Ok(Vec::new()),
            true => anyhow::bail!(
                "--without-balancer names every balancer of app {}: the agent needs one that shows \
                 its lines",
                app.name
            ),
            false => Ok(serving.into_iter().filter(|name| is_in(&name)).collect()),
        }
    }
}

fn names(settings: &Settings, is_one: impl Fn(&BalancerSettings) -> bool) -> Vec<String> {
    let balancers = settings.balancers.iter().filter(|one| is_one(one));
    balancers.map(|one| one.address.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const TEXT: &str = r#"
[app.web]
port = 1000
status_port = 2000
restart = { command = ["true"] }
[app.api]
port = 1001
status_port = 2001
restart = { command = ["true"] }
[[haproxy]]
socket = "tcp://10.0.0.1:9999"
[[haproxy]]
socket = "tcp://10.0.0.2:9999"
app = "web"
"#;

    #[test]
    fn with_all_a_balancer_is_left_out_where_the_app_has_another_one() {
        let settings = crate::config::read(Path::new("agent.toml"), TEXT).unwrap();
        let [of_both, of_web] = ["tcp://10.0.0.1:9999", "tcp://10.0.0.2:9999"];
        let left_out = |app: &str, name: &str, all| {
            let without = Without {
                without_balancer: vec![name.to_owned()],
            };
            let mut apps = settings.apps.iter();
            let app = apps.find(|one| one.name == app).unwrap();
            let names = without.names(&settings, app, all);
            names.map_err(|error| error.to_string())
        };
        for (app, name, expected) in [
            ("web", of_web, vec![of_web.to_owned()]),
            ("web", of_both, vec![of_both.to_owned()]),
            // It has no such balancer, or no other one.
            ("api", of_web, Vec::new()),
            ("api", of_both, Vec::new()),
        ] {
            assert_eq!(left_out(app, name, true), Ok(expected), "{app} {name}");
        }
        for (app, name, all, says) in [
            (
                "api",
                of_web,
                false,
                "no such balancer of app api; it has tcp://10.0.0.1:9999",
            ),
            ("api", of_both, false, "names every balancer of app api"),
            (
                "web",
                "lb1",
                true,
                "no such balancer of the configuration; it has tcp://10.0.0.1:9999, tcp",
            ),
        ] {
            let error = left_out(app, name, all).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
