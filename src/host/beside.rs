//! Finds what a restart of this app would take down beside it, and what HAProxy shows of that.

use super::observe::{observe_if_there, server_line};
use super::{ThisHost, balancers};
use crate::app::Reach;
use crate::config::{AppSettings, Settings};
use crate::haproxy::{Balancer, BalancerObservation, Own};
use crate::restart::Beside;
use futures_util::future::join_all;

impl ThisHost {
    /// Looks for other apps of this configuration with the same unit, command or pidfile, and
    /// for server lines of this host whose port belongs to the same process or unit.
    pub async fn beside(&self, settings: &Settings) -> Vec<Beside> {
        let port = self.app.ports.port;
        self.beside_of(settings, self.app.restart.reach(port)).await
    }

    /// The same for a stop of this target.
    pub async fn beside_stop(&self, settings: &Settings) -> Vec<Beside> {
        match &self.app.run {
            Some(run) => {
                self.beside_of(settings, run.reach(self.app.ports.port))
                    .await
            }
            None => Vec::new(),
        }
    }

    async fn beside_of(
        &self,
        settings: &Settings,
        reach: impl Future<Output = Reach>,
    ) -> Vec<Beside> {
        let name = &self.app.name;
        let others: Vec<&AppSettings> = settings
            .apps
            .iter()
            .filter(|app| app.name != *name)
            .collect();
        let strangers = self.strangers(settings);
        if others.is_empty() && strangers.is_empty() {
            return Vec::new();
        }
        let reach = reach.await;
        let mut beside = Vec::new();
        for app in others {
            beside.extend(other_app(settings, app, &reach).await);
        }
        for line in strangers {
            beside.extend(line.beside(&reach).await);
        }
        beside
    }

    /// The server lines of this host on ports that no app of this configuration has.
    fn strangers(&self, settings: &Settings) -> Vec<Stranger<'_>> {
        let ports: Vec<u16> = settings.views().map(|app| app.ports.port).collect();
        let mut strangers = Vec::new();
        for balancer in &self.balancers {
            let beside = balancer.on_other_ports();
            let new = beside.filter(|(_, port)| !ports.contains(port));
            strangers.extend(new.map(|(own, port)| Stranger {
                balancer,
                own,
                port,
            }));
        }
        strangers
    }
}

/// A server line of this host on a port that no app of this configuration has.
struct Stranger<'a> {
    balancer: &'a Balancer,
    own: Own,
    port: u16,
}

impl Stranger<'_> {
    /// None: the restart does not take it down.
    async fn beside(self, reach: &Reach) -> Option<Beside> {
        let Stranger {
            balancer,
            own,
            port,
        } = self;
        let why = reach.takes_down(port).await?;
        let stat = balancer.stat_of(&own).await;
        Some(Beside::Line {
            balancer: balancer.name.clone(),
            name: format!("{}/{}", own.backend, own.server),
            port,
            why,
            line: stat
                .map(|stat| server_line(&own, &stat))
                .map_err(|unseen| unseen.to_string()),
        })
    }
}

/// None: the restart does not take the app down.
async fn other_app(settings: &Settings, app: &AppSettings, reach: &Reach) -> Option<Beside> {
    let port = app.ports.port;
    let why = match reach.same_as(&app.restart).await {
        Some(why) => why,
        None => format!("has port {port}, {}", reach.takes_down(port).await?),
    };
    Some(Beside::App {
        name: app.name.clone(),
        why,
        balancers: lines(settings, app).await,
    })
}

/// What the balancers show of another app. A balancer without its lines loses nothing.
async fn lines(settings: &Settings, app: &AppSettings) -> Vec<BalancerObservation> {
    let mut balancers = balancers(settings, app);
    let looks = join_all(balancers.iter_mut().map(observe_if_there)).await;
    looks.into_iter().flatten().collect()
}
