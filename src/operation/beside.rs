//! Finds what a restart would take down beside its app, before the host is taken out.

use super::early::{Begun, or_ends};
use super::request::Operation;
use crate::host::ThisHost;
use crate::report::Report;
use crate::restart::{Outcome, Phase, Reason, Refusal, Start, Verb, taken_down};
use std::ops::ControlFlow::Continue;

impl Operation<'_> {
    /// Break: the restart would take down an app that still serves, and the configuration does
    /// not permit that.
    pub(super) async fn beside(
        &self,
        start: &Start,
        host: &ThisHost,
        report: &mut Report,
    ) -> Begun<()> {
        // An operation that only finishes a restart takes nothing down any more.
        if start.verb != Verb::Restart || start.phase != Phase::Close {
            return Continue(());
        }
        let beside = host.beside(self.settings).await;
        let downs = taken_down(&beside, &self.app.name, &self.app.also_restarts);
        let refused = |reasons: Vec<String>| {
            let reasons = reasons.into_iter().map(Reason::from);
            Outcome::Refused(Refusal::Preflight(reasons.collect()))
        };
        report.notices.extend(or_ends(downs.map_err(refused))?);
        Continue(())
    }
}
