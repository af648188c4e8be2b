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
    let targets = ports(settings, app)
        .into_iter()
        .map(|(name, port)| Parking {
            to: is_parked(&name).then_some(place),
            target: name,
            port,
        });
    let others = settings.apps.iter().filter(|other| other.name != app.name);
    Parkings {
        app: app.name.clone(),
        targets: targets.collect(),
        other_apps: others.map(|other| other.name.clone()).collect(),
    }
}

/// The traffic ports that can be parked, with the names of their targets. An app without targets has
/// a nameless one, which is parked on its page.
fn ports(settings: &Settings, app: &AppSettings) -> Vec<(String, u16)> {
    let mut all = settings.apps.iter();
    let whole = all.find(|one| one.name == app.name).unwrap_or(app);
    match (whole.has_targets(), &whole.page) {
        (false, None) => Vec::new(),
        _ => whole
            .instances()
            .into_iter()
            .map(|one| (one.target.unwrap_or_default(), one.ports.port))
            .collect(),
    }
}

impl ThisHost {
    /// Parks the other targets of the app on this one, which is current. Ok(true): this took a
    /// change.
    pub(crate) async fn park_others(&mut self, settings: &Settings) -> Result<bool, GateError> {
        let place = self.place(&self.app.clone()).await?;
        let current = self.app.target.clone().unwrap_or_default();
        let wanted = parkings(settings, &self.app, (&current, place), &[]);
        self.park(&wanted).await
    }

    /// Where idle targets are parked now while `current` is current, as [`at_rest`](super::at_rest())
    /// has it.
    pub(super) async fn place(&mut self, current: &AppSettings) -> Result<Destination, GateError> {
        let serving = (current.ports.port, current.address);
        self.rules.place(&self.firewall, serving).await
    }

    /// If this target is parked on another one, no target is parked any more: it is about to serve.
    pub(crate) async fn unpark(&mut self, settings: &Settings) -> Result<(), GateError> {
        let all = self.app.target_names();
        let place = Destination::Port(self.app.ports.port);
        let wanted = parkings(settings, &self.app, ("", place), &all);
        if wanted.targets.is_empty() {
            // Without targets and a page the app has no port to park: what is parked is an earlier
            // configuration's.
            return self.park(&wanted).await.map(drop);
        }
        let positions = self.rules.parked(&self.firewall, &wanted).await?;
        let targets = wanted.targets.iter().zip(positions);
        let name = self.app.target.as_deref().unwrap_or_default();
        let mut own = targets.filter(|(one, _)| one.target == name);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const TEXT: &str = r#"
[app.web]
[app.web.target.blue]
port = 1000
status_port = 2000
run = { systemd = "web@blue.service" }
[app.web.target.green]
port = 1001
status_port = 2001
run = { systemd = "web@green.service" }
[app.web.target.red]
port = 1002
status_port = 2002
run = { systemd = "web@red.service" }
[app.api]
port = 1003
status_port = 2003
restart = { command = ["true"] }
[[haproxy]]
socket = "tcp://10.0.0.1:9999"
"#;

    #[test]
    fn all_targets_but_the_current_one_and_the_unparked_ones_are_parked() {
        let settings = crate::config::read(Path::new("agent.toml"), TEXT).unwrap();
        let mut apps = settings.apps.iter();
        let web = apps.find(|app| app.name == "web").unwrap();
        for (current, port, unparked, parked) in [
            ("blue", 1000, &[][..], &["green", "red"][..]),
            ("green", 1001, &[], &["blue", "red"]),
            ("blue", 1000, &["green"], &["red"]),
            ("green", 1001, &["blue", "red"], &[]),
        ] {
            let place = Destination::Port(port);
            let all = parkings(&settings, web, (current, place), unparked);
            assert_eq!(all.other_apps, ["api"]);
            assert_eq!(all.targets.len(), 3);
            let is_parked = |one: &&Parking| one.to == Some(place);
            let names = all.targets.iter().filter(is_parked);
            let names: Vec<&str> = names.map(|one| one.target.as_str()).collect();
            assert_eq!(names, parked, "{current} {unparked:?}");
        }
    }
}
