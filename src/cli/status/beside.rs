//! What a look shows beside the app at its current target: its targets, its page and its marker.

use super::observation::Looked;
use super::page::{IsOn, PageStatus, SeenPage};
use super::readonly::{ReadonlyStatus, SeenMarker};
use super::targets::{SeenTarget, SeenTargets};
use crate::config::PAGE;
use crate::gate::{ParkingPosition, Parkings};
use crate::host::{at_rest, on_page};
use crate::report::GateReport;
use crate::state::declared;
use crate::state::hold::Held;

impl Looked<'_> {
    /// The look at each target. Empty for an app without targets.
    pub(super) fn targets(&self) -> SeenTargets<'_> {
        let (app, snapshot) = (self.app, &self.it.snapshot);
        let current = app.target.as_deref().unwrap_or_default();
        let wanted = self.parkings();
        let parked = snapshot.parked(&wanted);
        let seen = self.it.targets.iter().zip(app.instances());
        let seen = seen.zip(wanted.targets.into_iter().zip(parked));
        let all = seen.map(|((look, view), (wanted, parked))| {
            let gates = self.settings.gates(&view).into_iter();
            let gates = gates.map(|gate| {
                let position = snapshot.position(&gate);
                (gate, position)
            });
            SeenTarget {
                look: look.clone(),
                gates: gates.collect(),
                wanted,
                parked,
            }
        });
        SeenTargets {
            app: &app.name,
            current,
            parked_on: match self.is_in_maintenance() {
                true => PAGE,
                false => current,
            },
            record: self.record.as_ref(),
            all: all.collect(),
        }
    }

    /// None: the app has no page.
    pub(super) fn page(&self) -> Option<PageStatus> {
        let (app, snapshot) = (self.app, &self.it.snapshot);
        let page = app.page.as_ref()?;
        let gate = self.settings.gates(&app.at_page()?).main;
        let seen = SeenPage {
            app: &app.name,
            gate: (&gate, snapshot.position(&gate)),
            is_on: match self.hold() {
                Some(held) if held.is_of_maintenance() => IsOn::Yes(held.describe()),
                Some(Held::Unknown) => IsOn::Unknown,
                _ => IsOn::No,
            },
            look: self.it.page.as_ref(),
            is_served: page.file().is_some(),
            parked: self.own_port(),
            sidecar: self.others.sidecar,
        };
        Some(seen.status())
    }

    /// None: the app has no marker.
    pub(super) fn readonly(&self) -> Option<ReadonlyStatus> {
        let gate = self.settings.gates(&self.app.at_marker()?).main;
        let record = declared::find(&self.settings.agent.hold_dir, &self.app.name);
        let seen = SeenMarker {
            app: &self.app.name,
            record: record.map_err(|error| error.to_string()),
            gate: GateReport::new(&gate, self.it.snapshot.position(&gate)),
            look: self.it.marker.as_ref(),
            sidecar: self.others.sidecar,
        };
        Some(seen.status())
    }

    /// How the port of an app without targets is parked.
    fn own_port(&self) -> Option<(u16, ParkingPosition)> {
        let wanted = self.parkings();
        let positions = self.it.snapshot.parked(&wanted);
        let mut all = wanted.targets.iter().zip(positions);
        let (own, position) = all.find(|(one, _)| one.target.is_empty())?;
        Some((own.port, position))
    }

    /// All ports of the app are parked on its page, or those of idle targets on the current one.
    fn parkings(&self) -> Parkings {
        let rules = self.it.snapshot.rules.as_ref().ok();
        let page = self.app.at_page().filter(|_| self.is_in_maintenance());
        match (page, rules) {
            (Some(page), Some(rules)) => on_page(self.settings, &page, rules),
            _ => at_rest(self.settings, self.app, self.record.as_ref(), rules),
        }
    }

    fn is_in_maintenance(&self) -> bool {
        self.hold().is_some_and(Held::is_of_maintenance)
    }
}
