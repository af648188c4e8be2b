//! How long something lasts that an operator asks for, and why, for the plan of a dry run; and whether a
//! sidecar runs that ends it.

use crate::clock::timestamp;
use crate::state::directory;
use crate::state::lock::Lock;
use std::path::Path;

/// What only a sidecar does in time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ends<'a> {
    Hold,
    Maintenance(&'a str),
    Readonly(&'a str),
}

/// A notice: no sidecar runs, so nothing ends it in time. None: one does.
pub(super) fn without_sidecar(state_dir: &Path, ends: Ends<'_>) -> Option<String> {
    let runs = Lock::owner(&directory::sidecar(state_dir)).is_some();
    (!runs).then(|| no_sidecar(ends))
}

fn no_sidecar(ends: Ends<'_>) -> String {
    let (does, otherwise) = match ends {
        Ends::Hold => ("opens the gates", "agent recover".to_owned()),
        Ends::Maintenance(app) => (
            "ends the maintenance",
            format!("agent maintenance off {app}"),
        ),
        Ends::Readonly(app) => ("ends read-only", format!("agent readonly off {app}")),
    };
    format!(
        "no sidecar runs on this host, and only a sidecar {does} on time: run `systemctl start \
         haproxy-gate`, or `{otherwise}` after that time"
    )
}

/// `until 2026-11-30T11:00:00Z: the database moves`. `off`: the command that ends it otherwise.
pub(super) fn lasting(until_unix_s: Option<u64>, reason: Option<&str>, off: &str) -> String {
    let until = match until_unix_s {
        Some(until) => format!("until {}", timestamp(until)),
        None => format!("until `{off}`"),
    };
    match reason {
        Some(reason) => format!("{until}: {reason}"),
        None => until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::lock::Owner;

    #[test]
    fn without_a_sidecar_an_operator_ends_it() {
        for (ends, says) in [
            (
                Ends::Hold,
                "a sidecar opens the gates on time: run `systemctl start haproxy-gate`, or `agent \
                 recover` after that time",
            ),
            (
                Ends::Maintenance("web"),
                "a sidecar ends the maintenance on time: run `systemctl start haproxy-gate`, or \
                 `agent maintenance off web` after that time",
            ),
            (
                Ends::Readonly("web"),
                "a sidecar ends read-only on time: run `systemctl start haproxy-gate`, or `agent \
                 readonly off web` after that time",
            ),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let notice = without_sidecar(directory.path(), ends).unwrap();
            assert!(notice.ends_with(says), "{notice}");
            let sidecar = directory::sidecar(directory.path());
            let _runs = Lock::take(&sidecar, &Owner::new("agent run")).unwrap();
            assert_eq!(without_sidecar(directory.path(), ends), None);
        }
    }

    #[test]
    fn it_ends_by_its_time_or_by_a_command() {
        let off = "agent maintenance off web";
        for (until, reason, says) in [
            (None, None, "until `agent maintenance off web`"),
            (Some(1_700_000_000), None, "until 2023-11-14T22:13:20Z"),
            (
                Some(1_700_000_000),
                Some("a move"),
                "until 2023-11-14T22:13:20Z: a move",
            ),
            (
                None,
                Some("a move"),
                "until `agent maintenance off web`: a move",
            ),
        ] {
            assert_eq!(lasting(until, reason, off), says);
        }
    }
}
