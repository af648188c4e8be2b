//! The looks that an operation begins with. It looks again while a refusal may pass by itself, as
//! during a reload of HAProxy.

use super::earlier::Earlier;
use super::go::{Begin, Preflight};
use super::judge::Judged;
use super::request::Operation;
use crate::host::Asking;
use crate::host::ThisHost;
use crate::report::Draft;
use crate::restart::{Host, Refusal, Verb, without_gone};
use std::ops::ControlFlow::{Break, Continue};
use std::time::{Duration, Instant};

/// How long a refusal that may pass is given to do so.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// From one look to the next, because each asks for everything.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

impl Operation<'_> {
    /// Looks until nothing refuses the operation. Break: the refusal lasts.
    pub(super) async fn look(
        &self,
        host: &mut ThisHost,
        draft: &mut Draft,
        earlier: &Earlier,
        held: bool,
    ) -> Preflight<Judged> {
        let mut first: Option<(Instant, Refusal)> = None;
        loop {
            let mut snapshot = host.snapshot(self.asking()).await;
            // Whether a balancer still checks the earlier port decides: that is worth its timeout.
            if self.non_blocking && snapshot.has_earlier() {
                snapshot = host.snapshot(Asking::Anew).await;
            }
            draft.set_snapshot(host.elapsed(), &snapshot);
            let refusal = match self.judge(snapshot, host, draft, earlier, held).await {
                Continue(judged) => {
                    let passed = |(_, refusal)| {
                        format!("this passed before the agent looked again: {refusal}")
                    };
                    draft.notices.extend(first.map(passed));
                    return Continue(judged);
                }
                Break(Begin::Refused(refusal)) if refusal.may_pass() => refusal,
                Break(begin) => return Break(self.advised(begin, draft)),
            };
            let (since, _) = first.get_or_insert_with(|| (Instant::now(), refusal.clone()));
            if since.elapsed() + PAUSE > PATIENCE {
                return Break(self.advised(Begin::Refused(refusal), draft));
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                signal = host.stopped() => return Break(Begin::Interrupted(signal)),
            }
        }
    }

    /// A refusal for the sake of a balancer that is gone comes with the way to do without it.
    pub(super) fn advised(&self, begin: Begin, draft: &mut Draft) -> Begin {
        if let (Begin::Refused(Refusal::Preflight(_)), true) = (&begin, self.verb != Verb::Open) {
            draft.notices.extend(self.advice_without(draft));
        }
        begin
    }

    /// The call that leaves the balancers out that can't be reached.
    pub(super) fn advice_without(&self, draft: &Draft) -> Option<String> {
        let gone = without_gone(self.effective_verb(), draft.balancers());
        let advice = || {
            format!(
                "if no users come through {} any more, run:\n    {}",
                gone.join(" and "),
                self.call_without(&gone)
            )
        };
        (!gone.is_empty()).then(advice)
    }

    fn asking(&self) -> Asking {
        match self.non_blocking {
            true => Asking::NoBalancer,
            false => Asking::Anew,
        }
    }
}
