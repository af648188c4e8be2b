//! The two targets of a switch: those that the operator asks for, or those of a switch that was cut
//! short.

use super::current::current;
use super::to::{Choice, Known, choose};
use crate::config::AppSettings;
use crate::operation::Operation;
use crate::operation::go::{Begin, Preflight, or_refuse, refusal};
use crate::operation::request::Way;
use crate::restart::Verb;
use crate::restart::switch::{How, Switching};
use crate::state::hold::Hold;
use crate::state::journal::{Entry, Journal, Targets};
use crate::state::target::{self, Intent};
use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

/// The two targets of a switch.
pub(super) struct Pair {
    /// The app, seen at the target that serves when the switch begins.
    pub(super) from: AppSettings,
    /// The app, seen at the target that is to serve.
    pub(super) to: AppSettings,
    /// What the switch does.
    pub(super) switching: Switching,
    /// How long the old target stays ready.
    pub(super) keep: Duration,
    /// Of a way back: when the time of the ready target ends, if the users stay where they are.
    pub(super) ready_until: Option<u64>,
    /// Of a maintenance: the hold that `on` asks for, or that `off` has found.
    pub(super) hold: Option<Box<Hold>>,
}

impl Pair {
    /// For the journal.
    pub(super) fn targets(&self) -> Targets {
        let name = |app: &AppSettings| app.target.clone().unwrap_or_default();
        Targets {
            from: name(&self.from),
            to: name(&self.to),
            switching: self.switching,
            keep_s: self.keep.as_secs(),
            ready_until_unix_s: self.ready_until,
            hold: self.hold.clone(),
        }
    }
}

impl Operation<'_> {
    /// It moves users between targets, or recovers an operation that did.
    pub(in crate::operation) fn switches(&self) -> bool {
        match self.verb {
            verb if verb.switches() => true,
            Verb::Recover => self.cut_switch().is_some(),
            _ => false,
        }
    }

    pub(super) fn cut_switch(&self) -> Option<Targets> {
        let left = Journal::unfinished(self.state_dir(), &self.app.name);
        left.ok()??.switch
    }

    /// The two targets. Break: there is nothing to do, or they can't be found.
    pub(super) async fn pair(&self) -> Preflight<Pair> {
        let left = Journal::unfinished(self.state_dir(), &self.app.name);
        match (self.verb, left.ok().flatten()) {
            (verb, Some(left)) if verb.switches() => {
                Break(Begin::refused(self.first_recover(&left)))
            }
            (
                _,
                Some(Entry {
                    switch: Some(cut), ..
                }),
            ) => self.of_journal(&cut),
            (verb, None) if verb.is_of_maintenance() => self.pair_with_page().await,
            _ => self.as_asked().await,
        }
    }

    fn first_recover(&self, left: &Entry) -> String {
        let app = &self.app.name;
        format!("{}: run `agent recover {app}` first", left.cut_short())
    }

    fn of_journal(&self, cut: &Targets) -> Preflight<Pair> {
        let (from, to) = (self.seen_in_file(&cut.from)?, self.seen_in_file(&cut.to)?);
        let has_page = from.is_page() || to.is_page();
        let hold = cut.hold.clone();
        Continue(Pair {
            hold: hold.or_else(|| has_page.then(|| Box::new(self.maintenance(from.is_page())))),
            from,
            to,
            switching: cut.switching,
            keep: Duration::from_secs(cut.keep_s),
            ready_until: cut.ready_until_unix_s,
        })
    }

    pub(super) fn seen_in_file(&self, target: &str) -> Preflight<AppSettings> {
        let app = &self.app.name;
        or_refuse(self.app.view(target).ok_or_else(|| {
            refusal(format!(
                "an earlier operation concerns the target {target} of {app}, which the configuration \
                 no longer has: write [app.{app}.target.{target}] again"
            ))
        }))
    }

    async fn as_asked(&self) -> Preflight<Pair> {
        let (settings, app) = (self.settings, self.app);
        let current = or_refuse(current(settings, app).await.map_err(refusal))?;
        let current = current.map(|current| current.target).unwrap_or_default();
        let record = target::find(self.hold_dir(), &app.name);
        let record = or_refuse(record.map_err(|error| refusal(error.to_string())))?;
        let has_users = record.as_ref().and_then(Intent::left_running).is_some();
        let failed = record.as_ref().is_some_and(|record| record.ready_failed);
        let ready_until = record.as_ref().and_then(|record| record.ready_until_unix_s);
        let ready = record.and_then(|record| record.ready);
        let known = Known {
            has_users,
            failed,
            app: &app.name,
            targets: &app.target_names(),
            current: &current,
            ready: ready.as_deref(),
            to: self.options.to.as_deref(),
        };
        let choice = or_refuse(choose(known, self.options.switch.way).map_err(refusal))?;
        let (from, to, how) = match choice {
            Choice::Nothing(why) => return Break(Begin::NothingToDo(why)),
            Choice::Forward(to) => (current, to, How::Start),
            Choice::Back(ready) => (current, ready, How::Back),
            // The ready target is the one that ends.
            Choice::Finish(ready) => (ready, current, How::Finish),
        };
        let options = &self.options.switch;
        let keep = match options.way {
            Way::Finish => Duration::ZERO,
            Way::Forward | Way::Back => options.keep.unwrap_or(app.keep),
        };
        Continue(Pair {
            from: self.seen_in_file(&from)?,
            to: self.seen_in_file(&to)?,
            switching: Switching {
                how,
                prepares: options.prepare.is_some(),
                verifies: app.verify.is_some(),
                keeps: !keep.is_zero(),
                with_page: false,
                from_page: false,
                was_closed: false,
                // The preflight looks.
                ran_before: false,
            },
            keep,
            ready_until: ready_until.filter(|_| how == How::Back),
            hold: None,
        })
    }
}
