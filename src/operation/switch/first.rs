//! What a switch does first if an earlier one was cut short.

use crate::operation::Operation;
use crate::operation::go::refusal;
use crate::operation::remember::By;
use crate::operation::request::{MakeProgress, Way};
use crate::report::Draft;
use crate::restart::switch::How;
use crate::restart::{Outcome, Verb};
use crate::signals::StopSignal;

impl Operation<'_> {
    /// A switch that was cut short is finished or undone first, as an operation of its own. None:
    /// this switch begins.
    pub(super) async fn recover_first(
        &self,
        stop: &StopSignal,
        make_progress: MakeProgress<'_>,
        draft: &mut Draft,
    ) -> Option<Outcome> {
        if !self.verb.switches() || self.dry_run || self.non_blocking {
            return None;
        }
        let cut = self.cut_switch()?.switching;
        let cut = (cut.how, cut.with_page);
        let recovery = Operation {
            verb: Verb::Recover,
            options: self.options.clone(),
            again: None,
            ..*self
        };
        let mut its_draft = recovery.draft(By::Caller);
        let run = recovery.run_switch(stop.clone(), make_progress, &mut its_draft);
        let outcome = Box::pin(run).await;
        let report = recovery.end(&its_draft, &outcome).write().await;
        draft.notices.push(format!("first: {}", report.message));
        let asked = &self.options.switch;
        match outcome {
            Outcome::Done { .. } | Outcome::Nothing(_) => None,
            Outcome::StillDraining { .. } if self.verb.is_of_maintenance() => None,
            // The cut one was the same, and is done. A second way back would undo it.
            Outcome::Switched { .. }
                if matches!(
                    (asked.way, cut),
                    (Way::Back, (How::Back, false)) | (Way::Finish, (How::Finish, false))
                ) =>
            {
                draft.targets = its_draft.targets;
                Some(outcome)
            }
            // Where the users are now is known. The operator has named where they go.
            Outcome::Switched { .. }
                if self.verb.is_of_maintenance()
                    || asked.prepare.is_none()
                        && (asked.way != Way::Forward || self.options.to.is_some()) =>
            {
                None
            }
            Outcome::Switched { .. } if asked.prepare.is_some() => {
                let why = "an earlier switch had to be finished first, so --with was not run: see \
                     `agent status`, then run this again";
                Some(Outcome::Refused(refusal(why.to_owned())))
            }
            outcome => {
                draft.targets = its_draft.targets;
                Some(outcome)
            }
        }
    }
}
