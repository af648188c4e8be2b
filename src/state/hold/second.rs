//! Decides what a second `agent close` does with the hold that is there. Pure.

use super::{Held, Hold, Until};
use crate::clock;

/// What a close does with the hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// The hold that is there stays. The text describes it.
    Keeps(String),
    /// This hold replaces it.
    Sets {
        /// The new hold.
        hold: Hold,
        /// What the operator should know about the earlier hold.
        note: Option<String>,
    },
}

impl Closing {
    /// What the operator should know.
    pub fn note(self) -> Option<String> {
        match self {
            Closing::Keeps(who) => Some(format!("held closed already by {who}: that hold stays")),
            Closing::Sets { note, .. } => note,
        }
    }
}

/// Decides for an operator who `wanted` this hold. The hold that is there never loses its reason
/// and never ends earlier, unless the operator asks to replace it. Err: the reason for a refusal,
/// and the command to type.
pub fn second(there: Option<&Held>, wanted: &Hold, replace: bool) -> Result<Closing, String> {
    match there {
        Some(Held::By(there)) if there.is_over() => Ok(sets(wanted.clone(), None)),
        Some(Held::By(there)) if there.is_an_operators() && replace => Ok(replaces(there, wanted)),
        Some(Held::By(there)) if there.is_an_operators() => keeps(there, wanted),
        Some(Held::By(there)) => Ok(takes_over(there, wanted)),
        Some(Held::Unknown) => {
            let note = "this hold replaces one that can't be read".to_owned();
            Ok(sets(wanted.clone(), Some(note)))
        }
        None => Ok(sets(wanted.clone(), None)),
    }
}

fn sets(hold: Hold, note: Option<String>) -> Closing {
    Closing::Sets { hold, note }
}

/// The hold that is there is a unit's, or the agent's own after a failure.
fn takes_over(there: &Hold, wanted: &Hold) -> Closing {
    let who = there.describe();
    if there.owner.is_some() {
        let note = format!("held closed by {who}: now by an operator");
        return sets(wanted.clone(), Some(note));
    }
    let note = format!("held closed by {who}: now also by an operator");
    let hold = Hold {
        also: there.reason.clone(),
        failed: there.failure(),
        ..wanted.clone()
    };
    sets(hold, Some(note))
}

/// Replaces an operator's hold. A failure that the agent has added to it stays.
fn replaces(there: &Hold, wanted: &Hold) -> Closing {
    let hold = Hold {
        also: there.also.clone(),
        failed: there.failure(),
        ..wanted.clone()
    };
    let note = format!(
        "this hold replaces the one by {}; the new one is {}",
        there.describe(),
        hold.describe()
    );
    sets(hold, Some(note))
}

/// Keeps an operator's hold, which may end later than before.
fn keeps(there: &Hold, wanted: &Hold) -> Result<Closing, String> {
    let who = there.describe();
    if let Some(what) = dropped(there, wanted) {
        let app = &wanted.invocation.app;
        return Err(format!(
            "the gates are held closed already by {who}; {what}: `agent close {app}` alone keeps \
             that hold, and --replace replaces it"
        ));
    }
    let Some(until) = &wanted.until else {
        return Ok(Closing::Keeps(who));
    };
    let note = format!(
        "held closed already by {who}: that hold now ends at {}",
        clock::timestamp(until.at)
    );
    let hold = Hold {
        until: Some(until.clone()),
        ..there.clone()
    };
    Ok(sets(hold, Some(note)))
}

/// What the hold that is there would lose.
fn dropped(there: &Hold, wanted: &Hold) -> Option<String> {
    let earlier = |until: &Until| match &there.until {
        Some(before) => until.at < before.at,
        None => true,
    };
    match (&wanted.reason, &wanted.until) {
        (Some(reason), _) if Some(reason) != there.reason.as_ref() => {
            Some("another --reason would replace its reason".to_owned())
        }
        (_, Some(until)) if earlier(until) => {
            let at = clock::timestamp(until.at);
            Some(format!("this --for would end it earlier, at {at}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::boot;
    use crate::restart::Verb;
    use crate::state::invocation::Invocation;
    use std::time::Duration;

    fn hold(reason: Option<&str>, minutes: Option<u64>) -> Hold {
        Hold {
            invocation: Invocation::new(Verb::Close, "web"),
            user: None,
            operation: None,
            owner: None,
            reason: reason.map(str::to_owned),
            until: minutes.map(|minutes| Box::new(Until::after(Duration::from_mins(minutes)))),
            boot: boot(),
            also: None,
            failed: None,
            before: None,
        }
    }

    fn closes(there: &Hold, wanted: &Hold, replace: bool) -> Result<Closing, String> {
        second(Some(&Held::By(there.clone())), wanted, replace)
    }

    /// The expected reason and minutes. None: the close is refused.
    #[test]
    fn a_second_close_drops_nothing_without_replace() {
        let (swap, other) = (Some("disk swap"), Some("kernel"));
        for (there, wanted, kept) in [
            ((swap, Some(30)), (None, None), Some((swap, Some(30)))),
            ((swap, None), (None, None), Some((swap, None))),
            ((swap, None), (swap, None), Some((swap, None))),
            ((None, None), (swap, None), None),
            ((swap, Some(30)), (other, None), None),
            ((swap, Some(30)), (None, Some(60)), Some((swap, Some(60)))),
            ((swap, Some(30)), (swap, Some(30)), Some((swap, Some(30)))),
            ((swap, Some(30)), (swap, Some(10)), None),
            ((swap, None), (None, Some(10)), None),
        ] {
            let (there, wanted) = (hold(there.0, there.1), hold(wanted.0, wanted.1));
            let case = format!("{there:?} {wanted:?}");
            let left = match closes(&there, &wanted, false) {
                Ok(Closing::Keeps(_)) => Some(there.clone()),
                Ok(Closing::Sets { hold, .. }) => Some(hold),
                Err(_) => None,
            };
            let kept = kept.map(|(reason, minutes)| hold(reason, minutes));
            let same = |hold: &Hold| (hold.reason.clone(), hold.until.as_ref().map(|it| it.at / 9));
            assert_eq!(left.as_ref().map(same), kept.as_ref().map(same), "{case}");
            match closes(&there, &wanted, true) {
                Ok(Closing::Sets { hold, note }) => {
                    assert_eq!(hold, wanted);
                    assert!(note.unwrap().contains(&there.describe()));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn it_says_whose_hold_it_is_and_what_to_write() {
        let there = hold(Some("disk swap"), Some(30));
        let refused = closes(&there, &hold(Some("kernel"), None), false).unwrap_err();
        assert!(refused.contains("`agent close web`, since "), "{refused}");
        assert!(
            refused.contains(": disk swap; another --reason"),
            "{refused}"
        );
        assert!(refused.contains("--replace"), "{refused}");
        let kept = closes(&there, &hold(None, None), false).unwrap();
        assert!(kept.note().unwrap().ends_with("that hold stays"));
    }

    #[test]
    fn a_hold_that_is_over_or_a_units_does_not_bind_an_operator() {
        let (over, wanted) = (hold(Some("disk swap"), Some(0)), hold(Some("kernel"), None));
        let unit = Hold {
            owner: Some("web.service".to_owned()),
            ..hold(None, None)
        };
        for (there, notes) in [
            (None, false),
            (Some(Held::By(over)), false),
            (Some(Held::By(unit)), true),
            (Some(Held::Unknown), true),
        ] {
            let closing = second(there.as_ref(), &wanted, false).unwrap();
            assert_eq!(closing.clone().note().is_some(), notes, "{there:?}");
            assert!(matches!(closing, Closing::Sets { hold, .. } if hold == wanted));
        }
    }

    /// The agent holds the gates after a failed restart. Then an operator closes them, too.
    #[test]
    fn an_operator_who_closes_after_a_failure_has_asked_for_it() {
        let of_the_agent = Hold {
            invocation: Invocation::new(Verb::Restart, "web"),
            failed: Some(crate::state::hold::Failed::Restart),
            ..hold(Some("the restart failed"), None)
        };
        let wanted = hold(Some("disk swap"), Some(5));
        match closes(&of_the_agent, &wanted, false).unwrap() {
            Closing::Sets { hold, .. } => {
                assert!(hold.is_an_operators() && hold.reason == wanted.reason);
                assert_eq!(hold.also.as_deref(), Some("the restart failed"));
                assert_eq!(hold.failed, Some(crate::state::hold::Failed::Restart));
            }
            kept => panic!("{kept:?}"),
        }
    }

    /// An operator who closes again does not remove a later failure.
    #[test]
    fn what_failed_since_stays() {
        let failed = Hold {
            also: Some("the upgrade failed".to_owned()),
            ..hold(Some("disk swap"), Some(0))
        };
        let note = Held::By(failed.clone()).describe();
        assert!(
            note.ends_with("Z: disk swap; then the upgrade failed"),
            "{note}"
        );
        assert!(!note.contains("until"), "{note}");
        match closes(&failed, &hold(None, Some(5)), true).unwrap() {
            Closing::Sets { hold, .. } => assert_eq!(hold.also, failed.also),
            kept => panic!("{kept:?}"),
        }
    }
}
