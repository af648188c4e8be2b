//! Reads the hold before an operation, and writes it after the operation.

use super::go::{Begin, Preflight, or_refuse, refusal};
use super::request::{OnHold, Operation, Options};
use crate::clock::boot;
use crate::host::ThisHost;
use crate::report::Draft;
use crate::restart::Host;
use crate::restart::{Action, ActionResult, Outcome, Verb};
use crate::state::caller::Origin;
use crate::state::directory;
use crate::state::hold::{self, Closing, Failed, Held, Hold, Until};
use crate::state::invocation::Invocation;
use crate::state::journal::Journal;
use std::ops::ControlFlow::{Break, Continue};

const UNEXPLAINED: &str = "a gate is already closed, and no hold explains it; if this restart aborts, \
                           run `agent recover`";

impl Operation<'_> {
    /// The hold on the gates. A unit that starts opens only gates that it closed itself. Its hold
    /// ends here, also if the app is not healthy yet.
    pub(super) fn held(&self) -> Preflight<Option<Held>> {
        let held = hold::now(self.hold_dir(), &self.app.name);
        if self.marks(held.is_some())
            && let Err(error) = hold::may_change(self.hold_dir())
        {
            let what = directory::unusable("hold_dir", self.hold_dir(), &error);
            return Break(Begin::refused(what));
        }
        let (Verb::Open, Some(owner)) = (self.verb, &self.options.owner) else {
            return Continue(held);
        };
        match held {
            Some(held) if !held.is_of(owner) => Break(Begin::NothingToDo(format!(
                "left alone: closed by {}",
                held.describe()
            ))),
            _ if self.dry_run => Continue(None),
            _ => {
                self.lift();
                Continue(None)
            }
        }
    }

    /// Whether the request respects the hold. Continue: what the operator should know.
    pub(super) fn heeds(&self, held: Option<&Held>) -> Preflight<Option<String>> {
        let (Some(held), app) = (held, &self.app.name) else {
            return Continue(None);
        };
        let by = format!("the gates are held closed by {}", held.describe());
        match (self.verb, self.options.on_hold) {
            (Verb::Restart, OnHold::Skip) if held.is_asked_for() => Break(Begin::Skipped(by)),
            // A timer that skips it would succeed every night, with the host out of rotation.
            (Verb::Restart, OnHold::Skip) if !held.is_of_a_failed_restart() => {
                Break(Begin::refused(format!(
                    "{by}; --skip-held skips only what an operator or a unit holds closed, and \
                     restarts nothing after an upgrade that failed or was cut short: the host \
                     stays out of rotation. Look at the app, then run `agent restart {app}` or \
                     `agent open {app}`"
                )))
            }
            (Verb::Restart, OnHold::Refuse) if held.is_asked_for() => {
                Break(Begin::refused(format!(
                    "{by}; a restart would end that hold: `agent restart {app} --stay-closed` restarts the app \
                 and leaves the gates closed, `agent restart {app} --reopen` opens them"
                )))
            }
            (Verb::Restart, OnHold::StayClosed) if held.is_a_units() => {
                Break(Begin::refused(format!(
                    "{by}; that unit opens them as soon as it starts, with or without \
                     --stay-closed: to keep them closed, run `agent close {app}` first; `agent \
                     restart {app} --reopen` opens them"
                )))
            }
            (Verb::Restart, OnHold::StayClosed) => {
                Continue(Some(format!("{by}: they stay closed")))
            }
            (Verb::Restart, _) => Continue(Some(format!("{by}: this restart opens them"))),
            (Verb::Close, _) if self.options.owner.is_none() => {
                let closing = hold::second(Some(held), &self.wanted(), self.options.replace);
                or_refuse(closing.map(|closing| closing.note()).map_err(refusal))
            }
            _ => Continue(None),
        }
    }

    /// Why the gates are closed without a hold, or with one that is over.
    pub(super) fn closed_unexpectedly(&self) -> String {
        match hold::find(self.hold_dir(), &self.app.name) {
            Some(over) => format!(
                "the gates were held closed by {}; that hold is over, and this restart opens them",
                over.describe()
            ),
            None => UNEXPLAINED.to_owned(),
        }
    }

    /// The hold that a close asks for.
    fn wanted(&self) -> Hold {
        let Options { owner, reason, .. } = self.options.clone();
        let user = Origin::by_caller(owner.as_deref(), None)
            .caller
            .named()
            .user;
        Hold {
            invocation: Invocation::new(Verb::Close, &self.app.name),
            user: user.filter(|_| owner.is_none()).map(String::into_boxed_str),
            owner,
            reason,
            until: self.options.lasts.map(Until::after),
            boot: boot(),
            also: None,
            failed: None,
        }
    }

    /// The operation will have to write a hold, or to remove one.
    fn marks(&self, held: bool) -> bool {
        match self.effective_verb() {
            _ if self.dry_run => false,
            Verb::Close => true,
            Verb::Restart => held || self.app.upgrade.is_some(),
            Verb::Open => held,
            Verb::Recover | Verb::Stop => false,
        }
    }

    /// Gates that an operator closed stay closed until a command opens them. So do the gates of
    /// an app whose restart or upgrade failed, because it does not run the expected version.
    pub(super) fn hold(&self, invocation: Invocation, outcome: Outcome, draft: &Draft) -> Outcome {
        let (hold_dir, app) = (self.hold_dir(), &self.app.name);
        let wanted = Hold {
            invocation: invocation.clone(),
            ..self.wanted()
        };
        match (self.verb, outcome) {
            (Verb::Close, Outcome::Done { note }) => match self.mark(wanted) {
                Ok(()) => Outcome::Done { note },
                Err(error) => Outcome::NotHeld(error.to_string()),
            },
            // A unit's stop goes on, whatever the drain's result was.
            (Verb::Close, outcome @ (Outcome::Undrained(_) | Outcome::Interrupted { .. }))
                if wanted.owner.is_some() =>
            {
                note(hold::set(hold_dir, &wanted));
                outcome
            }
            (_, failed @ (Outcome::RestartFailed(_) | Outcome::UpgradeFailed(_))) => {
                let what = failed.word(self.verb).replace('_', " ");
                let cause = match failed {
                    Outcome::RestartFailed(_) => Failed::Restart,
                    _ => Failed::Upgrade,
                };
                note(hold::until_opened(
                    hold_dir,
                    invocation,
                    format!("the {what}"),
                    cause,
                ));
                failed
            }
            // The earlier hold outlives a restart that should have ended it.
            (Verb::Restart, Outcome::NotHealthy(why)) if hold::now(hold_dir, app).is_some() => {
                Outcome::NotHealthyClosed(why)
            }
            // The earlier failure is over. The rest of the hold stays.
            (
                _,
                outcome @ (Outcome::RestartedClosed
                | Outcome::RolledBackClosed(_)
                | Outcome::UpWhileClosed { closed: true, .. }),
            ) => {
                note(hold::settled(hold_dir, app));
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
    pub(super) async fn unfinished(&self, how: String, host: &mut ThisHost) -> Begin {
        if self.dry_run {
            return Begin::HeldClosed(how);
        }
        if let ActionResult::Failed(why) = host.act(Action::CloseBoth, &mut |_, _| false).await {
            return Begin::NotClosed(why);
        }
        let invocation = Invocation::new(self.verb, &self.app.name);
        let marked = hold::until_opened(
            self.hold_dir(),
            invocation,
            how.clone(),
            Failed::UpgradeCutShort,
        );
        note(marked.and_then(|()| Journal::forget(self.state_dir(), &self.app.name)));
        Begin::HeldClosed(how)
    }

    fn lift(&self) {
        if let Err(error) = hold::lift(self.hold_dir(), &self.app.name) {
            tracing::warn!(%error, "the hold can't be removed");
        }
    }
}

/// A failure is only a warning: the operation has ended and reports its own outcome.
fn note(set: std::io::Result<()>) {
    if let Err(error) = set {
        tracing::warn!(%error, "the hold can't be written");
    }
}
