//! A hold as data, for `status --json`.

use super::{By, Failed, Held, Hold, Until};
use serde::Serialize;

/// A hold as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldReport {
    /// The kind of owner.
    pub by: By,
    /// What failed: for the agent's own hold, or for an operator's with a later failure.
    pub failed: Option<Failed>,
    /// The command that closed the gates.
    pub command: Option<String>,
    /// The operator who gave it. For the agent's own hold the caller of the operation that failed: a
    /// user, a unit, `sidecar` or `unknown`.
    pub user: Option<String>,
    /// The id of the failed operation in the history, if the agent holds the gates closed.
    pub operation: Option<String>,
    /// The unit that opens the gates when it starts.
    pub unit: Option<String>,
    /// The operator's words, or the agent's if it holds the gates itself.
    pub reason: Option<String>,
    /// When the hold began.
    pub since_unix_seconds: Option<u64>,
    /// When it ends by itself. None: only by a command.
    pub until_unix_seconds: Option<u64>,
    /// All of it in one line, to read.
    pub text: String,
}

impl Held {
    /// As data. An upgrade that an operation `under_way` may still finish has not failed.
    pub fn report(&self, under_way: bool) -> HoldReport {
        let (by, text) = (self.by(), self.describe());
        let Held::By(hold) = self else {
            return HoldReport {
                by,
                failed: None,
                command: None,
                user: None,
                operation: None,
                unit: None,
                reason: None,
                since_unix_seconds: None,
                until_unix_seconds: None,
                text,
            };
        };
        HoldReport {
            by,
            failed: hold
                .failure()
                .filter(|failed| !(under_way && *failed == Failed::UpgradeCutShort)),
            command: Some(hold.invocation.command()),
            user: hold.user.as_deref().map(str::to_owned),
            operation: hold.operation.as_deref().map(str::to_owned),
            unit: hold.owner.clone(),
            reason: hold.reason.clone(),
            since_unix_seconds: Some(hold.invocation.since),
            until_unix_seconds: hold.end().map(Until::unix_seconds),
            text,
        }
    }
}

/// The reasons of the agent's own holds before a hold had `failed`. Any other reason was an
/// upgrade that was cut short.
const RESTART_FAILED: &str = "the restart failed";
const UPGRADE_FAILED: &str = "the upgrade failed";

impl Hold {
    /// What failed. A hold of an older agent has only the reason.
    pub(super) fn failure(&self) -> Option<Failed> {
        let reason = match (&self.owner, self.is_an_operators()) {
            (Some(_), _) => None,
            (None, true) => self.also.as_deref(),
            (None, false) => Some(self.reason.as_deref().unwrap_or_default()),
        }?;
        Some(self.failed.unwrap_or(match reason {
            RESTART_FAILED => Failed::Restart,
            UPGRADE_FAILED => Failed::Upgrade,
            _ => Failed::UpgradeCutShort,
        }))
    }

    /// When it ends by itself. After a failure it does not.
    pub(super) fn end(&self) -> Option<&Until> {
        self.until.as_deref().filter(|_| self.also.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restart::Verb;
    use crate::state::invocation::Invocation;
    use serde_json::json;

    fn hold(verb: Verb, reason: &str) -> Hold {
        let mut invocation = Invocation::new(verb, "web");
        invocation.since = 1_700_000_000;
        Hold {
            invocation,
            user: None,
            operation: None,
            owner: None,
            reason: Some(reason.to_owned()),
            until: None,
            boot: String::new(),
            also: None,
            failed: None,
            before: None,
        }
    }

    fn report(hold: Hold) -> HoldReport {
        Held::By(hold).report(false)
    }

    #[test]
    fn an_operators_hold_as_data() {
        let swap = Hold {
            user: Some("alice".into()),
            until: Some(
                serde_json::from_value(json!({"at": 4_000_000_000_u64, "uptime": 1, "boot": ""}))
                    .unwrap(),
            ),
            ..hold(Verb::Close, "disk swap")
        };
        let wanted = json!({
            "by": "operator",
            "failed": null,
            "command": "agent close web",
            "user": "alice",
            "operation": null,
            "unit": null,
            "reason": "disk swap",
            "since_unix_seconds": 1_700_000_000,
            "until_unix_seconds": 4_000_000_000_u64,
            "text": "`agent close web` by alice, since 2023-11-14T22:13:20Z, until 2096-10-02T07:06:40Z: \
                     disk swap",
        });
        assert_eq!(serde_json::json!(report(swap.clone())), wanted);

        // A later failure is a field of its own, and the hold does not end by itself.
        let failed = report(Hold {
            also: Some("the upgrade failed".to_owned()),
            failed: Some(Failed::Upgrade),
            ..swap
        });
        assert_eq!(
            (failed.by, failed.failed),
            (By::Operator, Some(Failed::Upgrade))
        );
        assert_eq!(
            (failed.reason.as_deref(), failed.until_unix_seconds),
            (Some("disk swap"), None)
        );
    }

    #[test]
    fn who_holds_and_what_failed() {
        let of_unit = Hold {
            owner: Some("web.service".to_owned()),
            ..hold(Verb::Close, "x")
        };
        let unit = report(of_unit);
        assert_eq!((unit.by, unit.failed), (By::Unit, None));
        assert_eq!(unit.unit.as_deref(), Some("web.service"));
        // The operator's own words decide nothing.
        let operator = report(hold(Verb::Close, RESTART_FAILED));
        assert_eq!((operator.by, operator.failed), (By::Operator, None));
        let unknown = Held::Unknown.report(false);
        assert_eq!((unknown.by, unknown.command), (By::Unknown, None));
    }

    /// An older agent wrote only the reason.
    #[test]
    fn an_older_agents_own_hold_says_what_failed_by_its_reason() {
        for (verb, reason, failed) in [
            (Verb::Restart, RESTART_FAILED, Failed::Restart),
            (Verb::Restart, UPGRADE_FAILED, Failed::Upgrade),
            (
                Verb::Recover,
                "an earlier upgrade was cut short",
                Failed::UpgradeCutShort,
            ),
        ] {
            let own = report(hold(verb, reason));
            assert_eq!((own.by, own.failed), (By::Agent, Some(failed)), "{reason}");
            let also = report(Hold {
                also: Some(reason.to_owned()),
                ..hold(Verb::Close, "disk swap")
            });
            assert_eq!(
                (also.by, also.failed),
                (By::Operator, Some(failed)),
                "{reason}"
            );
        }
    }
}
