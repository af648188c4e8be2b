//! What the hold that is there means for an operation.

use super::go::{Begin, Preflight, or_refuse, refusal};
use super::request::{OnHold, Operation, Way};
use crate::restart::Verb;
use crate::state::directory;
use crate::state::hold::{self, Held};
use crate::state::invocation::Invocation;
use std::ops::ControlFlow::{Break, Continue};

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
        if self.meets_page(Some(held)) {
            return self.heeds_maintenance(held, by);
        }
        match (self.verb, self.options.on_hold) {
            // The app may be stopped, and `open` would refuse.
            (Verb::MaintenanceOn, _) if held.is_a_units() => Break(Begin::refused(format!(
                "{by}; maintenance would end that hold: start that unit, which opens the gates, and run \
                 this again"
            ))),
            (Verb::MaintenanceOn, _) if held.is_asked_for() => Break(Begin::refused(format!(
                "{by}; maintenance would end that hold: run `agent open {app}` first"
            ))),
            (Verb::MaintenanceOn, _) => Continue(Some(format!("{by}: users meet the page now"))),
            (Verb::Restart, OnHold::Skip) if held.is_asked_for() => Break(Begin::Skipped(by)),
            // A timer that skips it would succeed every night, with the host out of rotation.
            (Verb::Restart, OnHold::Skip) if !held.is_of_a_failed_restart() => {
                Break(Begin::refused(format!(
                    "{by}; --skip-held skips only what an operator or a unit holds closed, and \
                     restarts nothing after an upgrade that failed or was cut short: the host \
                     stays out of rotation. Look at the app, then run `agent restart {app}` (with \
                     the upgrade again) or `agent open {app}`"
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
            // The port of the app may still be parked on the page that the configuration no longer has.
            (Verb::Restart, _) if held.is_of_maintenance() => Continue(Some(format!(
                "{by}: they stay closed, also with --reopen; `agent open {app}` opens them"
            ))),
            (Verb::Restart, _) => Continue(Some(format!("{by}: this restart opens them"))),
            (Verb::Switch, _) => Break(Begin::refused(self.no_switch_of_held(&by))),
            (Verb::Close, _) if self.options.owner.is_none() => {
                let close = Invocation::new(Verb::Close, app);
                let closing = hold::second(Some(held), &self.wanted(close), self.options.replace);
                or_refuse(closing.map(|closing| closing.note()).map_err(refusal))
            }
            _ => Continue(None),
        }
    }

    /// Users meet the page. Without a page in the configuration it is a hold like any other: there is no
    /// other way back.
    pub(super) fn meets_page(&self, held: Option<&Held>) -> bool {
        held.is_some_and(Held::is_of_maintenance) && self.app.page.is_some()
    }

    /// Only `maintenance off` opens the gates of the app, because it closes the page's. A restart
    /// leaves them closed.
    fn heeds_maintenance(&self, held: &Held, by: String) -> Preflight<Option<String>> {
        let app = &self.app.name;
        match (self.verb, self.options.on_hold) {
            (Verb::Restart, OnHold::Skip) => Break(Begin::Skipped(by)),
            (Verb::Restart, OnHold::Refuse | OnHold::StayClosed) => {
                Continue(Some(format!("{by}: they stay closed")))
            }
            (Verb::MaintenanceOff, _) if held.is_after_half_an_upgrade() => {
                Break(Begin::refused(format!(
                    "{by}; an upgrade failed or was cut short, and users would meet \
                     half of it: look at the app, then run `agent restart {app}` (with the upgrade \
                     again), which leaves the page on, and then `agent maintenance off {app}`"
                )))
            }
            (Verb::Close, _) if self.options.owner.is_some() => Continue(None),
            (Verb::Restart | Verb::Open | Verb::Close | Verb::Switch, _) => Break(Begin::refused(
                format!("{by}, and users meet the page: run `agent maintenance off {app}` first"),
            )),
            _ => Continue(None),
        }
    }

    /// A host that is held closed has no users to move. To serve from another target it needs no
    /// switch: an open on that one ends the hold, too.
    fn no_switch_of_held(&self, by: &str) -> String {
        let app = &self.app.name;
        let finish = self.options.switch.way == Way::Finish;
        let other = match self.options.to.as_deref() {
            _ if finish => String::new(),
            to => {
                let to = to.unwrap_or("TARGET");
                format!(
                    "; or, to serve from another target, start that one, then run `agent open {app} \
                     --to {to}`"
                )
            }
        };
        format!(
            "{by}; a switch needs a current target that serves: run `agent open {app}` first, which \
             ends that hold{other}"
        )
    }

    /// Why the gates are closed without a hold, or with one that is over.
    pub(super) fn closed_unexpectedly(&self) -> String {
        match hold::find(self.hold_dir(), &self.app.name) {
            Some(over) => format!(
                "the gates were held closed by {}; that hold is over, and this restart opens them",
                over.describe()
            ),
            None => format!(
                "a gate is already closed, and no hold explains it; if this restart aborts, run \
                 `agent recover {}`",
                self.app.name
            ),
        }
    }

    /// The operation will have to write a hold, or to remove one.
    fn marks(&self, held: bool) -> bool {
        match self.effective_verb() {
            _ if self.dry_run => false,
            Verb::Close => true,
            Verb::Restart => held || self.app.upgrade.is_some(),
            Verb::Open => held,
            Verb::MaintenanceOn => true,
            Verb::MaintenanceOff => held,
            Verb::Recover | Verb::Stop | Verb::Switch => false,
        }
    }
}
