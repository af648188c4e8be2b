//! The hold of a maintenance, beside the one that is there. Pure.

use super::{Held, Hold};

/// The hold after `agent maintenance on`: a second one changes only what it names.
pub fn in_maintenance(there: Option<&Held>, asked: &Hold) -> Hold {
    match there {
        Some(Held::By(there)) if there.is_of_maintenance() => Hold {
            reason: asked.reason.clone().or(there.reason.clone()),
            until: asked.until.clone().or(there.until.clone()),
            ..there.clone()
        },
        // Also after that, an operator must look at the app.
        Some(Held::By(there)) if there.failure().is_some() => Hold {
            also: there.reason.clone(),
            failed: there.failure(),
            before: Some(Box::new(there.clone())),
            ..asked.clone()
        },
        _ => asked.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Failed, Until};
    use super::*;
    use crate::restart::Verb;
    use crate::state::invocation::Invocation;
    use std::time::Duration;

    fn hold(verb: Verb, reason: Option<&str>, minutes: Option<u64>) -> Hold {
        Hold {
            invocation: Invocation::new(verb, "web"),
            user: None,
            operation: None,
            owner: None,
            reason: reason.map(str::to_owned),
            until: minutes.map(|minutes| Box::new(Until::after(Duration::from_mins(minutes)))),
            boot: String::new(),
            also: None,
            failed: None,
            before: None,
        }
    }

    #[test]
    fn a_second_one_changes_only_what_it_names() {
        let on = |reason, minutes| hold(Verb::MaintenanceOn, reason, minutes);
        let before = on(Some("a move"), Some(30));
        for (asked, reason, until) in [
            (on(None, None), "a move", &before.until),
            (on(Some("a schema"), None), "a schema", &before.until),
            (on(None, Some(90)), "a move", &on(None, Some(90)).until),
        ] {
            let after = in_maintenance(Some(&Held::By(before.clone())), &asked);
            assert_eq!(
                (after.reason.as_deref(), &after.until),
                (Some(reason), until)
            );
        }
        let asked = on(Some("a move"), None);
        assert_eq!(in_maintenance(None, &asked), asked);
        let failed = Hold {
            failed: Some(Failed::Upgrade),
            ..hold(Verb::Restart, Some("the upgrade failed"), None)
        };
        let after = in_maintenance(Some(&Held::By(failed.clone())), &asked);
        assert_eq!(after.failed, Some(Failed::Upgrade));
        assert_eq!(after.also.as_deref(), Some("the upgrade failed"));
        // A second one still knows what to return to.
        let again = in_maintenance(Some(&Held::By(after)), &on(Some("a schema"), Some(5)));
        assert_eq!(again.before.as_deref(), Some(&failed));
        assert_eq!(again.failed, Some(Failed::Upgrade));
    }
}
