//! HAProxy and two apps on one machine, all on loopback, one unix socket: the first published
//! example of the pattern.

use std::time::Duration;

use super::agent::Agent;
use super::app::App;
use super::haproxy::Haproxy;
use super::reference::Reference;
use super::settings::Settings;
use super::site::{Host, Site};

// Processes before the site: Rust drops fields in this order.
pub struct OneMachine {
    pub haproxy: Haproxy,
    pub apps: [App; 2],
    pub site: Site,
}

impl OneMachine {
    /// Starts it with warm apps, and without rules.
    pub fn start(test: &str, cold: Duration) -> OneMachine {
        let site = Site::create(test, 1);
        let host = &site.hosts[0];
        let reference = Reference::one_machine(&site.dir);
        let haproxy = Haproxy::start(&host.namespace, &site.dir, &reference);
        let apps = [("one", "127.0.0.1:1000"), ("two", "127.0.0.1:1001")];
        let apps =
            apps.map(|(name, listen)| App::start(&host.namespace, &host.dir, name, listen, cold));
        apps.iter().for_each(|app| app.wait_until_warm());
        OneMachine {
            haproxy,
            apps,
            site,
        }
    }

    pub fn host(&self) -> &Host {
        &self.site.hosts[0]
    }

    pub fn agent(&self) -> Agent<'_> {
        self.agent_with(|settings| settings)
    }

    pub fn agent_with(&self, change: impl FnOnce(Settings) -> Settings) -> Agent<'_> {
        Agent::new(self.host(), &change(self.settings()))
    }

    fn settings(&self) -> Settings {
        let state = self.host().dir.join("state").display().to_string();
        let settings = Settings::empty().set("agent.state_dir", state);
        let apps = self.apps.iter().zip(0..);
        let settings = apps.fold(settings, |settings, (app, n)| {
            let key = |key: &str| format!("app.{}.{key}", app.name());
            settings
                .set(&key("port"), 1000 + n)
                .set(&key("status_port"), 2000 + n)
                .set(&key("backup_status_port"), 3000 + n)
                .set(&key("health.http"), "/healthz")
                .set(&key("restart"), app.daemon.restart.clone())
        });
        settings.haproxy(&self.haproxy.socket.display().to_string())
    }
}
