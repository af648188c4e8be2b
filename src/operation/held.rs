//! Who wants the gates closed: looked at before an operation, noted after it.

use super::{Operation, Report, Wish, refused};
use crate::clock::boot;
use crate::driver::Host;
use crate::hold::{self, Held, Hold, Until};
use crate::holder::Holder;
use crate::host::ThisHost;
use crate::journal::Journal;
use crate::restart::{Acted, Action, Outcome, Verb};
use crate::state;

impl Operation<'_> {
    /// Who holds the gates closed. Whoever starts with the app wants no more than he closed
    /// himself, and that to be over also where the app is not healthy yet.
    pub(super) fn held(&self) -> Result<Option<Held>, Outcome> {
        let held = hold::now(self.hold_dir(), &self.app.name);
        if self.marks(held.is_some())
            && let Err(error) = hold::may_change(self.hold_dir())
        {
            let what = state::unusable("hold_dir", self.hold_dir(), &error);
            return Err(refused(what));
        }
        let (Verb::Open, Some(owner)) = (self.verb, &self.wish.owner) else {
            return Ok(held);
        };
        match held {
            Some(held) if !held.is_of(owner) => Err(Outcome::Nothing(format!(
                "left alone: closed by {}",
                held.told()
            ))),
            _ if self.dry_run => Ok(None),
            _ => {
                self.lift();
                Ok(None)
            }
        }
    }

    /// It will have to make a mark, or to take one away.
    fn marks(&self, held: bool) -> bool {
        match self.law() {
            _ if self.dry_run => false,
            Verb::Close => true,
            Verb::Restart => held || self.app.upgrade.is_some(),
            Verb::Open => held,
            Verb::Recover | Verb::Stop => false,
        }
    }

    /// Gates that an operator has closed stay so until somebody opens them, and those of an
    /// app whose restart or upgrade failed: whatever runs now is not what was asked for.
    pub(super) fn hold(&self, holder: Holder, outcome: Outcome, report: &Report) -> Outcome {
        let hold_dir = self.hold_dir();
        let Wish { owner, reason, .. } = self.wish.clone();
        let hold = |owner, reason| Hold {
            holder,
            owner,
            reason,
            until: self.wish.lasts.map(Until::after),
            boot: boot(),
        };
        match (self.verb, outcome) {
            (Verb::Close, Outcome::Done { note }) => {
                match hold::set(hold_dir, &hold(owner, reason)) {
                    Ok(()) => Outcome::Done { note },
                    Err(error) => Outcome::NotHeld(error.to_string()),
                }
            }
            // A unit's stop goes on, however the drain was.
            (Verb::Close, outcome @ (Outcome::Undrained(_) | Outcome::Interrupted { .. }))
                if owner.is_some() =>
            {
                note(hold::set(hold_dir, &hold(owner, reason)));
                outcome
            }
            (_, failed @ (Outcome::RestartFailed(_) | Outcome::UpgradeFailed(_))) => {
                let what = failed.word(self.verb).replace('_', " ");
                note(hold::set(
                    hold_dir,
                    &hold(None, Some(format!("the {what}"))),
                ));
                failed
            }
            // Not by who only closes: what he could not close is still wanted closed.
            (Verb::Restart | Verb::Open | Verb::Recover, outcome) if report.all_open() => {
                self.lift();
                outcome
            }
            (_, outcome) => outcome,
        }
    }

    /// Nobody opens before what half an upgrade has left: the gates are closed, where somebody
    /// has opened them, and marked. Without the mark the journal is what keeps them so.
    pub(super) async fn unfinished(&self, how: String, host: &mut ThisHost) -> Outcome {
        if self.dry_run {
            return Outcome::UpgradeFailed(how);
        }
        if let Acted::Failed(why) = host.act(Action::CloseBoth, &mut |_, _| false).await {
            return Outcome::GateFailed {
                why,
                put_back: false,
            };
        }
        let holder = Holder::new(self.verb, &self.app.name);
        let hold = Hold::until_opened(holder, how.clone());
        let marked = hold::set(self.hold_dir(), &hold);
        note(marked.and_then(|()| Journal::forget(self.state_dir(), &self.app.name)));
        Outcome::UpgradeFailed(how)
    }

    fn lift(&self) {
        if let Err(error) = hold::lift(self.hold_dir(), &self.app.name) {
            tracing::warn!(%error, "the mark of the closed gates stays");
        }
    }
}

/// The operation itself has ended, and says how.
fn note(set: std::io::Result<()>) {
    if let Err(error) = set {
        tracing::warn!(%error, "the closed gates are not marked");
    }
}
