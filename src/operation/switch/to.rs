//! Which target gets the users of a switch. Pure.

use crate::operation::request::Way;

/// What is known before the choice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// The app's name.
    pub(super) app: &'a str,
    /// The targets of the configuration, in its order.
    pub(super) targets: &'a [&'a str],
    /// The target whose gates are open at rest.
    pub(super) current: &'a str,
    /// The idle target that still runs for the way back.
    pub(super) ready: Option<&'a str>,
    /// An earlier drain ran out of time, and left that one running with users.
    pub(super) has_users: bool,
    /// That one was started by a switch that failed.
    pub(super) failed: bool,
    /// The target that the operator has named.
    pub(super) to: Option<&'a str>,
}

/// What a switch has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    /// It starts this target, and moves the users there.
    Forward(String),
    /// It moves the users to this target, which still runs.
    Back(String),
    /// It drains and stops this target.
    Finish(String),
    /// Nothing: why.
    Nothing(String),
}

/// Chooses. Err: why there is no such target.
pub(super) fn choose(known: Known<'_>, way: Way) -> Result<Choice, String> {
    let Known {
        app,
        targets,
        current,
        ready,
        has_users,
        failed,
        to,
    } = known;
    let mut others = targets.iter().filter(|name| **name != current);
    match (way, ready) {
        (Way::Back | Way::Finish, Some(ready)) if !targets.contains(&ready) => Err(format!(
            "the configuration has no target {ready}, which is recorded as ready beside \
             {current}: write it there again"
        )),
        (Way::Back, Some(ready)) if failed => Err(format!(
            "{current} serves, and a switch to {ready} failed: {ready} was left running, and is no way \
             back; `agent switch {app} --finish` stops it"
        )),
        (Way::Back, Some(ready)) => Ok(Choice::Back(ready.to_owned())),
        (Way::Finish, Some(ready)) => Ok(Choice::Finish(ready.to_owned())),
        (Way::Back, None) => {
            let other = others.next().copied().unwrap_or("TARGET");
            Err(format!(
                "no target is ready beside {current}, so --back has nothing to go back to: `agent \
                 switch {app} --to {other}` starts one"
            ))
        }
        (Way::Finish, None) => Ok(Choice::Nothing(format!(
            "nothing to do for --finish: no target is ready beside {current}"
        ))),
        (Way::Forward, Some(ready)) if failed && to != Some(current) => Err(format!(
            "a switch to {ready} failed, and it was left running beside {current}: run `agent switch \
             {app} --finish` to stop it first"
        )),
        (Way::Forward, Some(ready)) if to.is_some_and(|to| to != ready && to != current) => {
            Err(format!(
                "{ready} is still ready beside {current}: run `agent switch {app} --finish` first"
            ))
        }
        // A start would stop it first.
        (Way::Forward, Some(ready)) if has_users && to != Some(current) => Err(format!(
            "{ready} may still have users beside {current}: run `agent switch {app} --finish` to end \
             that first, or `agent switch {app} --back` to move all users there"
        )),
        (Way::Forward, _) => match (to, others.next(), others.next()) {
            (Some(to), ..) if to == current => {
                Ok(Choice::Nothing(format!("{current} is already current")))
            }
            (Some(to), ..) if targets.contains(&to) => Ok(Choice::Forward(to.to_owned())),
            (Some(to), ..) => Err(format!(
                "app {app} has no target {to:?}; it has {}",
                targets.join(", ")
            )),
            (None, Some(only), None) => Ok(Choice::Forward((*only).to_owned())),
            (None, None, _) => Err(format!(
                "app {app} has one target, {current}: a switch needs a second one"
            )),
            (None, Some(_), Some(_)) => Err(format!(
                "app {app} has several targets: name one of {} with --to",
                targets.join(", ")
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[&str] = &["blue", "green"];

    fn chosen(
        targets: &[&str],
        ready: Option<&str>,
        (way, to): (Way, Option<&str>),
    ) -> Result<Choice, String> {
        let known = Known {
            app: "web",
            targets,
            current: "green",
            ready,
            has_users: false,
            failed: false,
            to,
        };
        choose(known, way)
    }

    #[test]
    fn a_target_that_has_users_is_not_started_anew() {
        let known = |to| Known {
            app: "web",
            targets: TWO,
            current: "green",
            ready: Some("blue"),
            has_users: true,
            failed: false,
            to,
        };
        for to in [None, Some("blue")] {
            let why = choose(known(to), Way::Forward).unwrap_err();
            assert!(why.contains("blue may still have users"), "{why}");
        }
        let nothing = choose(known(Some("green")), Way::Forward);
        assert!(matches!(nothing, Ok(Choice::Nothing(_))), "{nothing:?}");
        let back = choose(known(None), Way::Back);
        assert_eq!(back, Ok(Choice::Back("blue".to_owned())));
        // A switch to it failed: it may not be verified.
        let failed = |to| Known {
            failed: true,
            ..known(to)
        };
        for (to, way) in [
            (None, Way::Back),
            (None, Way::Forward),
            (Some("blue"), Way::Forward),
        ] {
            let why = choose(failed(to), way).unwrap_err();
            let finish = why.contains("`agent switch web --finish`");
            assert!(finish && !why.contains("--back"), "{why}");
        }
        let finish = choose(failed(None), Way::Finish);
        assert_eq!(finish, Ok(Choice::Finish("blue".to_owned())));
    }

    const FORWARD: (Way, Option<&str>) = (Way::Forward, None);
    const BACK: (Way, Option<&str>) = (Way::Back, None);
    const FINISH: (Way, Option<&str>) = (Way::Finish, None);

    fn to(name: &str) -> (Way, Option<&str>) {
        (Way::Forward, Some(name))
    }

    #[test]
    fn a_switch_goes_to_the_named_target_or_to_the_only_other_one() {
        let forward = || Ok(Choice::Forward("blue".to_owned()));
        assert_eq!(chosen(TWO, None, FORWARD), forward());
        assert_eq!(chosen(TWO, None, to("blue")), forward());
        assert_eq!(chosen(TWO, Some("blue"), to("blue")), forward());
        assert_eq!(
            chosen(&["blue", "green", "red"], None, to("blue")),
            forward()
        );
    }

    #[test]
    fn it_goes_back_to_the_ready_target_alone() {
        let back = chosen(TWO, Some("blue"), BACK);
        assert_eq!(back, Ok(Choice::Back("blue".to_owned())));
        let finish = chosen(TWO, Some("blue"), FINISH);
        assert_eq!(finish, Ok(Choice::Finish("blue".to_owned())));
    }

    #[test]
    fn what_can_not_be_chosen_is_one_clear_line() {
        let three: &[&str] = &["blue", "green", "red"];
        for (targets, ready, way, says) in [
            (
                three,
                None,
                FORWARD,
                "name one of blue, green, red with --to",
            ),
            (
                TWO,
                None,
                to("red"),
                "no target \"red\"; it has blue, green",
            ),
            (TWO, None, BACK, "`agent switch web --to blue`"),
            (TWO, Some("red"), BACK, "no target red"),
            (
                three,
                Some("red"),
                to("blue"),
                "red is still ready beside green",
            ),
            (&["green"][..], None, FORWARD, "one target, green"),
        ] {
            let why = chosen(targets, ready, way).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn nothing_is_done_where_all_is_as_asked() {
        for (way, says) in [
            (to("green"), "green is already current"),
            (FINISH, "no target is ready beside green"),
        ] {
            match chosen(TWO, None, way) {
                Ok(Choice::Nothing(why)) => assert!(why.contains(says), "{why}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
