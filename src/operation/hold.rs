//! The hold that a close asks for, and the hold once the operation has ended.

use super::go::Begin;
use super::request::{Operation, Options};
use crate::clock::boot;
use crate::host::ThisHost;
use crate::report::Draft;
use crate::restart::{Action, ActionResult, Host, Outcome, Verb};
use crate::state::caller::Origin;
use crate::state::hold::{self, Closing, Failed, Failure, Hold, Until};
use crate::state::invocation::Invocation;
use crate::state::journal::{Entry, Journal};

impl Operation<'_> {
    /// The hold that a close asks for.
    pub(super) fn wanted(&self, invocation: Invocation) -> Hold {
        let Options { owner, reason, .. } = self.options.clone();
        let user = Origin::by_caller(owner.as_deref(), None)
            .caller
            .named()
            .user;
        Hold {
            invocation,
            user: user.filter(|_| owner.is_none()).map(String::into_boxed_str),
            operation: None,
            owner,
            reason,
            until: self.options.lasts.map(Until::after).map(Box::new),
            boot: boot(),
            also: None,
            failed: None,
            before: None,
        }
    }

    /// Gates that an operator closed stay closed until a command opens them. So do the gates of
    /// an app whose restart or upgrade failed, because it does not run the expected version.
    pub(super) fn hold(&self, invocation: Invocation, outcome: Outcome, draft: &Draft) -> Outcome {
        let (hold_dir, app) = (self.hold_dir(), &self.app.name);
        match (self.verb, outcome) {
            (Verb::Close, Outcome::Done { note }) => match self.mark(self.wanted(invocation)) {
                Ok(()) => Outcome::Done { note },
                Err(error) => Outcome::NotHeld(error.to_string()),
            },
            // A unit's stop goes on, whatever the drain's result was.
            (Verb::Close, outcome @ (Outcome::Undrained(_) | Outcome::Interrupted { .. }))
                if self.options.owner.is_some() =>
            {
                warn_if_failed(hold::set(hold_dir, &self.wanted(invocation)));
                outcome
            }
            (_, Outcome::RestartFailed(why)) => {
                let reason = format!("the restart failed: {why}");
                self.hold_after(invocation, Failed::Restart, reason, draft);
                Outcome::RestartFailed(why)
            }
            (_, Outcome::UpgradeFailed(why)) => {
                self.hold_after(invocation, Failed::Upgrade, why.clone(), draft);
                Outcome::UpgradeFailed(why)
            }
            // The earlier hold outlives a restart that should have ended it.
            (Verb::Restart, Outcome::NotHealthy(why)) if hold::now(hold_dir, app).is_some() => {
                Outcome::NotHealthyClosed(why)
            }
            // The earlier failure is over. The rest of the hold stays.
            (_, outcome) if is_healthy_behind_a_hold(&outcome) => {
                warn_if_failed(hold::settled(hold_dir, app));
                outcome
            }
            // A command that only closes keeps the hold: the operator still wants closed what it
            // could not close.
            (Verb::Restart | Verb::Open | Verb::Recover, outcome) if draft.all_open() => {
                self.lift();
                outcome
            }
            (_, outcome) => outcome,
        }
    }

    /// Holds the gates closed after this failure, until a command opens them.
    fn hold_after(&self, invocation: Invocation, failed: Failed, why: String, draft: &Draft) {
        let failure = Failure::new(invocation, Some(&draft.origin), failed, why);
        warn_if_failed(hold::until_opened(self.hold_dir(), failure));
    }

    /// Keeps the hold that is there, or changes it as far as the operator asked.
    fn mark(&self, wanted: Hold) -> std::io::Result<()> {
        let (hold_dir, app) = (self.hold_dir(), &self.app.name);
        if wanted.owner.is_some() {
            return hold::set(hold_dir, &wanted);
        }
        let there = hold::now(hold_dir, app);
        match hold::second(there.as_ref(), &wanted, self.options.replace) {
            Ok(Closing::Keeps(_)) => Ok(()),
            Ok(Closing::Sets { hold, .. }) => hold::set(hold_dir, &hold),
            Err(refused) => Err(std::io::Error::other(refused)),
        }
    }

    /// Closes the gates after half an upgrade, and marks them as held, so that no operation opens
    /// them. Without the mark the journal keeps them closed.
    pub(super) async fn hold_closed(
        &self,
        how: String,
        earlier: Option<&Entry>,
        host: &mut ThisHost,
    ) -> Begin {
        if self.dry_run {
            return Begin::HeldClosed(how);
        }
        if let ActionResult::Failed(why) = host.act(Action::CloseBoth, &mut |_, _| false).await {
            return Begin::NotClosed(why);
        }
        let invocation = earlier.map(|entry| entry.invocation.clone());
        let failure = Failure::new(
            invocation.unwrap_or_else(|| Invocation::new(self.verb, &self.app.name)),
            earlier.map(|entry| &entry.origin),
            Failed::UpgradeCutShort,
            how.clone(),
        );
        let marked = hold::until_opened(self.hold_dir(), failure);
        warn_if_failed(marked.and_then(|()| Journal::forget(self.state_dir(), &self.app.name)));
        Begin::HeldClosed(how)
    }

    pub(super) fn lift(&self) {
        if let Err(error) = hold::lift(self.hold_dir(), &self.app.name) {
            tracing::warn!(%error, "the hold can't be removed");
        }
    }
}

fn is_healthy_behind_a_hold(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::RestartedClosed
            | Outcome::RolledBackClosed(_)
            | Outcome::UpWhileClosed { closed: true, .. }
            | Outcome::Finished { closed: true, .. }
    )
}

/// A failure is only a warning: the operation has ended and reports its own outcome.
fn warn_if_failed(set: std::io::Result<()>) {
    if let Err(error) = set {
        tracing::warn!(%error, "the hold can't be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A restart that finishes an earlier one has brought the app up behind the hold, too.
    #[test]
    fn a_healthy_app_settles_an_earlier_failure() {
        for closed in [true, false] {
            let finished = |confirmed| Outcome::Finished { confirmed, closed };
            assert_eq!(is_healthy_behind_a_hold(&finished(true)), closed);
            assert_eq!(is_healthy_behind_a_hold(&finished(false)), closed);
        }
        assert!(is_healthy_behind_a_hold(&Outcome::RestartedClosed));
        let sick = Outcome::NotHealthyClosed(String::new());
        assert!(!is_healthy_behind_a_hold(&sick));
    }
}
