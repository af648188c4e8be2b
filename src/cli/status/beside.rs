//! What a look shows beside the app at its current target: its targets and its page.

use super::observation::Looked;
use super::page::{PageStatus, SeenPage};
use super::targets::{SeenTarget, SeenTargets};
use crate::config::PAGE;
use crate::gate::{ParkingPosition, Parkings};
use crate::host::{PageLook, at_rest, on_page};
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
            parked_on: match self.maintenance() {
                Some(_) => PAGE,
                None => current,
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
        let on = self.maintenance();
        let seen = SeenPage {
            app: &app.name,
            gate: (&gate, snapshot.position(&gate)),
            on: on.map(|(held, look)| (held.describe(), look)),
            is_served: page.file().is_some(),
            parked: self.own_port(),
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
        let page = self.app.at_page().filter(|_| self.maintenance().is_some());
        match (page, rules) {
            (Some(page), Some(rules)) => on_page(self.settings, &page, rules),
            _ => at_rest(self.settings, self.app, self.record.as_ref(), rules),
        }
    }

    /// The maintenance that is on, and the look at its page. None: it is off.
    fn maintenance(&self) -> Option<(&Held, &PageLook)> {
        let held = self.hold().filter(|held| held.is_of_maintenance())?;
        Some((held, self.it.page.as_ref()?))
    }
}
