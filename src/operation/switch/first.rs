//! What a switch does first if an earlier one was cut short.

use crate::operation::Operation;
use crate::operation::go::refusal;
use crate::operation::remember::By;
use crate::operation::request::{MakeProgress, Way};
use crate::report::Draft;
use crate::restart::switch::{How, Switching};
use crate::restart::{Outcome, Verb};
use crate::signals::StopSignal;

/// What the operator asks for, as far as it matters after a recovery.
#[derive(Debug, Clone, Copy)]
struct Asked {
    is_maintenance: bool,
    way: Way,
    /// With a command that prepares the new target.
    prepares: bool,
    /// With the name of the new target.
    names: bool,
}

/// What comes after the recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// This switch begins.
    Begins,
    /// It ends as the recovery did.
    Ends,
    /// The operator must look where the users are: `--with` would prepare another target than meant.
    Refuses,
}

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
        match next(&outcome, self.asked_for(), cut) {
            Next::Begins => None,
            Next::Ends => {
                draft.targets = its_draft.targets;
                Some(outcome)
            }
            Next::Refuses => {
                let why = "an earlier switch had to be finished first, so --with was not run: see \
                     `agent status`, then run this again";
                Some(Outcome::Refused(refusal(why.to_owned())))
            }
        }
    }

    fn asked_for(&self) -> Asked {
        Asked {
            is_maintenance: self.verb.is_of_maintenance(),
            way: self.options.switch.way,
            prepares: self.options.switch.prepare.is_some(),
            names: self.options.to.is_some(),
        }
    }
}

fn next(outcome: &Outcome, asked: Asked, cut: Switching) -> Next {
    match outcome {
        Outcome::Done { .. } | Outcome::Nothing(_) => Next::Begins,
        Outcome::Switched { .. } | Outcome::StillDraining { .. } if asked.is_maintenance => {
            Next::Begins
        }
        Outcome::Switched { .. } => after_switched(asked, cut),
        _ => Next::Ends,
    }
}

/// The cut one came to its end.
fn after_switched(asked: Asked, cut: Switching) -> Next {
    match (asked.way, cut.how) {
        // The same target is current as before: the words mean what they meant.
        _ if cut.with_page => Next::Begins,
        // The cut one was the same, and is done. A second way back would undo it.
        (Way::Finish, How::Finish) | (Way::Back, How::Back) => Next::Ends,
        (_, How::Finish) => Next::Begins,
        (Way::Forward, _) if asked.prepares => Next::Refuses,
        // Where the users are now is known. The operator has named where they go.
        (Way::Forward, _) if !asked.names => Next::Ends,
        _ => Next::Begins,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORWARD: Asked = Asked {
        is_maintenance: false,
        way: Way::Forward,
        prepares: false,
        names: false,
    };

    fn cut(how: How, with_page: bool) -> Switching {
        Switching {
            how,
            with_page,
            ..Switching::default()
        }
    }

    /// An end with exit 0 would say that the new version is there.
    #[test]
    fn what_was_asked_for_begins_unless_the_cut_switch_has_done_it() {
        let (start, back, finish) = (
            cut(How::Start, false),
            cut(How::Back, false),
            cut(How::Finish, false),
        );
        let page = cut(How::Back, true);
        let of = |way| Asked { way, ..FORWARD };
        let (names, prepares) = (
            Asked {
                names: true,
                ..FORWARD
            },
            Asked {
                prepares: true,
                ..FORWARD
            },
        );
        let maintenance = Asked {
            is_maintenance: true,
            ..FORWARD
        };
        let switched = |how| Outcome::Switched { how, note: None };
        for (asked, cut, then) in [
            (FORWARD, start, Next::Ends),
            (names, start, Next::Begins),
            (prepares, start, Next::Refuses),
            (of(Way::Back), start, Next::Begins),
            (of(Way::Finish), start, Next::Begins),
            (FORWARD, back, Next::Ends),
            (of(Way::Back), back, Next::Ends),
            (of(Way::Finish), back, Next::Begins),
            (FORWARD, finish, Next::Begins),
            (prepares, finish, Next::Begins),
            (of(Way::Back), finish, Next::Begins),
            (of(Way::Finish), finish, Next::Ends),
            (FORWARD, page, Next::Begins),
            (prepares, page, Next::Begins),
            (of(Way::Back), page, Next::Begins),
            (maintenance, start, Next::Begins),
            (maintenance, page, Next::Begins),
        ] {
            let seen = next(&switched(cut.how), asked, cut);
            assert_eq!(seen, then, "{asked:?} after {cut:?}");
        }
    }

    #[test]
    fn a_recovery_that_went_back_or_had_nothing_to_do_leaves_all_to_the_switch() {
        let done = Outcome::Done { note: None };
        let nothing = Outcome::Nothing(String::new());
        let draining = Outcome::StillDraining {
            waiting: Vec::new(),
            unwell: None,
            note: None,
        };
        let start = cut(How::Start, false);
        for outcome in [done, nothing] {
            assert_eq!(next(&outcome, FORWARD, start), Next::Begins);
        }
        assert_eq!(next(&draining, FORWARD, start), Next::Ends);
        let maintenance = Asked {
            is_maintenance: true,
            ..FORWARD
        };
        assert_eq!(next(&draining, maintenance, start), Next::Begins);
        let failed = Outcome::NotPlaced {
            why: String::new(),
            note: None,
        };
        assert_eq!(next(&failed, maintenance, start), Next::Ends);
    }
}
