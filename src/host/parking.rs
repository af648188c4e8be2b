//! Parks the traffic ports of an app's idle targets on the current one.

use super::{ThisHost, rules_lock};
use crate::config::{AppSettings, Settings};
use crate::gate::{Destination, GateError, Parking, Parkings};

/// The app's targets: all but the current one and those of `unparked` are parked on the current one's
/// `place`.
pub(crate) fn parkings(
    settings: &Settings,
    app: &AppSettings,
    (current, place): (&str, Destination),
    unparked: &[&str],
) -> Parkings {
    let is_parked = |name: &str| name != current && !unparked.contains(&name);
    let targets = app.targets.iter().map(|target| Parking {
        target: target.name.clone(),
        port: target.ports.port,
        to: is_parked(&target.name).then_some(place),
    });
    let others = settings.apps.iter().filter(|other| other.name != app.name);
    Parkings {
        app: app.name.clone(),
        targets: targets.collect(),
        other_apps: others.map(|other| other.name.clone()).collect(),
    }
}

impl ThisHost {
    /// Parks and unparks the targets. Ok(true): this took a change.
    pub(crate) async fn park(&mut self, wanted: &Parkings) -> Result<bool, GateError> {
        if self.rules.are_parked(&self.firewall, wanted).await? {
            return Ok(false);
        }
        let _lock = rules_lock::lock(&self.state_dir).await;
        self.rules.park(&self.firewall, wanted).await
    }
}
