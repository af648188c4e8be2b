//! A switch between the app and its page. What is recorded is a hold: while users meet the page, the
//! gates of the app stay closed, whatever else is run.
//!
//! From the begin of Join on maintenance is recorded, so a recovery knows its reason and its end. From
//! the begin of the way back on it is not.

use super::TwoHosts;
use crate::restart::switch::Part;
use crate::state::directory;
use crate::state::hold::{self, Held};

impl TwoHosts {
    /// Which of the two is the page. None: both are targets.
    pub(super) fn page(&self) -> Option<Part> {
        match (self.old.app.is_page(), self.new.app.is_page()) {
            (true, _) => Some(Part::Old),
            (_, true) => Some(Part::New),
            _ => None,
        }
    }

    /// Records that this one serves.
    pub(super) fn record_maintenance(&self, page_serves: bool) -> Result<(), String> {
        let (hold_dir, app) = (&self.old.hold_dir, &self.old.app.name);
        let recorded = match (page_serves, &self.maintenance) {
            (true, Some(asked)) => {
                let there = hold::find(hold_dir, app);
                let hold = hold::in_maintenance(there.as_ref(), asked);
                // Join is repeated at each look.
                match there == Some(Held::By(hold.clone())) {
                    true => Ok(()),
                    false => hold::set(hold_dir, &hold),
                }
            }
            _ => hold::lift(hold_dir, app),
        };
        recorded.map_err(|error| directory::unusable("hold_dir", hold_dir, &error))
    }

    /// Whether maintenance is recorded.
    pub(super) fn is_in_maintenance(&self) -> bool {
        let held = hold::now(&self.old.hold_dir, &self.old.app.name);
        held.is_some_and(|held| held.is_of_maintenance())
    }
}
