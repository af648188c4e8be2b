//! The end of a maintenance that found the app held closed by the agent itself, after a failure: the page
//! ends, and that hold is back. So half an upgrade never gets users by the way back from a page.

use super::pair::Pair;
use super::run::positions;
use crate::host::TwoHosts;
use crate::operation::Operation;
use crate::operation::go::{Begin, refusal};
use crate::report::Draft;
use crate::restart::{Outcome, Verb};
use crate::signals::StopSignal;
use crate::state::directory;
use crate::state::hold::{self, Failed, Held, Hold};

impl Operation<'_> {
    /// The hold that this end of a maintenance returns to. None: the app gets its users back.
    pub(super) fn held_before(&self, pair: &Pair) -> Option<Hold> {
        let there = pair.hold.as_deref().cloned().map(Held::By)?;
        let is_off = self.verb == Verb::MaintenanceOff;
        there.before().filter(|_| is_off).cloned()
    }

    /// Closes the page, and leaves the app closed as the maintenance found it.
    pub(super) async fn return_to(
        &self,
        before: Hold,
        pair: &Pair,
        stop: StopSignal,
        draft: &mut Draft,
    ) -> Result<Outcome, Begin> {
        let (app, failed) = (&self.app.name, before.failed);
        let before = Held::By(before);
        let why = format!("the gates are held closed by {}", before.describe());
        if self.dry_run {
            return Err(Begin::Planned(vec![format!(
                "{app}: closes the gate of the page, and leaves those of the app closed: {why}"
            )]));
        }
        let two = TwoHosts::new(self.settings, (&pair.from, &pair.to), stop).await;
        let mut two = two.map_err(|error| Begin::Refused(refusal(error.to_string())))?;
        // From here on a recovery and the sidecar close the page, too.
        hold::as_before(self.hold_dir(), app, Some(&before)).map_err(|error| {
            Begin::refused(directory::unusable("hold_dir", self.hold_dir(), &error))
        })?;
        let targets = pair.targets();
        draft.targets = Some((targets.from, targets.to));
        let outcome = match (two.close_both().await, failed) {
            (Err(why), _) => Outcome::GateFailed {
                why,
                put_back: false,
            },
            (Ok(()), Some(Failed::Restart)) => Outcome::RestartFailed(why),
            (Ok(()), _) => Outcome::UpgradeFailed(why),
        };
        let positions = [positions(&mut two.old).await, positions(&mut two.new).await].concat();
        let positions = positions.iter();
        draft.set_gates(positions.map(|(gate, position)| (gate, position.clone())));
        self.count(&outcome, draft);
        Ok(outcome)
    }
}
