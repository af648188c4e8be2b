//! Parks the traffic ports of an app's idle targets on the current one.

use super::{ThisHost, rules_lock};
use crate::config::{AppSettings, Settings};
use crate::gate::{Destination, GateError, Parking, ParkingPosition, Parkings};

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
    /// Parks the other targets of the app on this one, which is current. Ok(true): this took a
    /// change.
    pub(crate) async fn park_others(&mut self, settings: &Settings) -> Result<bool, GateError> {
        let view = self.rules.look(&self.firewall).await?;
        let place = view.place(self.app.ports.port, self.app.address);
        let current = self.app.target.clone().unwrap_or_default();
        let wanted = parkings(settings, &self.app, (&current, place), &[]);
        self.park(&wanted).await
    }

    /// If this target is parked on another one, no target is parked any more: it is about to serve.
    pub(crate) async fn unpark(&mut self, settings: &Settings) -> Result<(), GateError> {
        let all = self.app.target_names();
        let place = Destination::Port(self.app.ports.port);
        let wanted = parkings(settings, &self.app, ("", place), &all);
        let positions = self.rules.parked(&self.firewall, &wanted).await?;
        let targets = wanted.targets.iter().zip(positions);
        let mut own = targets.filter(|(one, _)| Some(&one.target) == self.app.target.as_ref());
        match own.any(|(_, position)| position != ParkingPosition::NotSet) {
            true => self.park(&wanted).await.map(drop),
            false => Ok(()),
        }
    }

    /// Parks and unparks the targets. Ok(true): this took a change.
    pub(crate) async fn park(&mut self, wanted: &Parkings) -> Result<bool, GateError> {
        if self.rules.are_parked(&self.firewall, wanted).await? {
            return Ok(false);
        }
        let _lock = rules_lock::lock(&self.state_dir).await;
        self.rules.park(&self.firewall, wanted).await
    }
}
