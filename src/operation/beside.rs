//! Finds what a restart would take down beside its app, before the host is taken out.

use super::go::{Preflight, or_refuse};
use super::request::Operation;
use crate::host::ThisHost;
use crate::report::Draft;
use crate::restart::{Reason, Refusal, Start, TakesDown, Verb, taken_down};
use std::ops::ControlFlow::Continue;

impl Operation<'_> {
    /// Refuses a restart that would take down an app that still serves, unless the configuration
    /// permits it.
    pub(super) async fn beside(
        &self,
        start: &Start,
        host: &ThisHost,
        draft: &mut Draft,
    ) -> Preflight<()> {
        // An operation that only finishes a restart takes nothing down any more.
        if start.verb != Verb::Restart || !start.goes_out() {
            return Continue(());
        }
        let (settings, _) = self
            .settings
            .without(&draft.without_balancers, &self.app.name);
        let beside = host.beside(&settings).await;
        let downs = taken_down(&beside, &self.app.name, &self.app.also_restarts);
        let refusal = |reasons: Vec<TakesDown>| {
            let reasons = reasons
                .iter()
                .map(|reason| Reason::from(reason.to_string()));
            Refusal::Preflight(reasons.collect())
        };
        draft.notices.extend(or_refuse(downs.map_err(refusal))?);
        Continue(())
    }
}
