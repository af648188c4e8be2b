//! Checks the host itself: rights, its directories, the sidecar, open files.

use super::check::{Check, checks};
use super::fault::Fault;
use super::{Point, Verdict};

checks! {
    RIGHTS "rights":
        "the agent sets iptables rules and reads which processes listen: that takes root with CAP_NET_ADMIN";
    STATE "state-dir":
        "the agent keeps its lock, journal and holds there: without them no operation begins, and root \
         must not trust what other users may write there";
    HISTORY "history-dir":
        "operations go on without it, but the history then does not show who did what, and why";
    SIDECAR "sidecar":
        "without it the gates stay closed after a boot, flushed rules stay away, and an operation that was \
         killed stays unfinished";
    OLDER "sidecar":
        "the sidecar uses the older settings. If they concern gates, it may set these against the new ones: so \
         a restart, a switch and maintenance refuse then";
    FILES "open-files":
        "an operation that may open no further file can't list the rules half way through";
}

/// The facts about the host.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub root: bool,
    /// This call of doctor as root.
    pub as_root: String,
    /// Whether the effective set has CAP_NET_ADMIN.
    pub net_admin: bool,
    /// The directories of locks, journals and holds, each once.
    pub state: Vec<Directory>,
    pub history: Directory,
    /// The process of the sidecar.
    pub sidecar: Option<String>,
    /// Its unit, if no boot starts it.
    pub not_enabled: Option<String>,
    /// How its settings differ from the file's, and the fix.
    pub older: Option<Fault>,
    /// Whether enough files may be open.
    pub files: Result<(), Fault>,
}

/// A directory of the agent.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    pub path: String,
    /// It is there. The agent makes a missing one.
    pub exists: bool,
    /// Whether it, or the place where it is made, can be used.
    pub usable: Result<(), Fault>,
}

impl Host {
    /// Whether the process has the rights to see the rules.
    pub(crate) fn sees_rules(&self) -> bool {
        self.root && self.net_admin
    }
}

pub(super) fn points(host: &Host) -> Vec<Point> {
    let state = host.state.iter();
    let mut points = vec![rights(host)];
    points.extend(state.map(|one| directory(host, one, &STATE, "state")));
    let history = directory(host, &host.history, &HISTORY, "history");
    points.push(Point {
        verdict: history.verdict.min(Verdict::Warning),
        ..history
    });
    points.push(match &host.files {
        Ok(()) => FILES.ok("open files: as many as needed are allowed"),
        Err(few) => FILES.error(format!("open files: {}", few.found), &few.fix),
    });
    points.push(sidecar(host));
    points
}

fn sidecar(host: &Host) -> Point {
    match &host.sidecar {
        Some(process) if let Some(older) = &host.older => {
            OLDER.warning(format!("sidecar: {process} {}", older.found), &older.fix)
        }
        Some(process) => match &host.not_enabled {
            Some(unit) => SIDECAR.warning(
                format!("sidecar: {process}: {unit} is not enabled, so no boot starts it"),
                format!("systemctl enable {unit}"),
            ),
            None => SIDECAR.ok(format!("sidecar: {process}")),
        },
        None if !host.root => SIDECAR.unseen("sidecar: unknown: needs root"),
        None => SIDECAR.warning(
            "sidecar: not running",
            "systemctl enable --now haproxy-gate",
        ),
    }
}

fn rights(host: &Host) -> Point {
    match (host.root, host.net_admin) {
        (true, true) => RIGHTS.ok("rights: root, with CAP_NET_ADMIN"),
        (true, false) => RIGHTS.error(
            "rights: root, but without CAP_NET_ADMIN: the agent can neither see nor set rules",
            "in a container: --cap-add NET_ADMIN --cap-add NET_RAW; in a unit: \
             CapabilityBoundingSet=CAP_NET_ADMIN",
        ),
        (false, _) => RIGHTS.error(
            "rights: not root: what only root sees is unknown below",
            &host.as_root,
        ),
    }
}

fn directory(host: &Host, directory: &Directory, check: &Check, what: &str) -> Point {
    let path = &directory.path;
    match &directory.usable {
        _ if !host.root => check.unseen(format!(
            "{what}: whether {path} can be used: unknown: needs root"
        )),
        Ok(()) if !directory.exists => check.unseen(format!(
            "{what}: {path} is not there yet, the agent makes it"
        )),
        Ok(()) => check.ok(format!("{what}: {path} is root's alone and may be written")),
        Err(fault) => check.error(format!("{what}: {}", fault.found), &fault.fix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(directory: Directory) -> Host {
        Host {
            root: true,
            as_root: "sudo agent doctor".to_owned(),
            net_admin: true,
            state: vec![directory.clone()],
            history: directory,
            sidecar: None,
            not_enabled: None,
            older: None,
            files: Ok(()),
        }
    }

    #[test]
    fn a_sidecar_that_no_boot_starts_is_a_warning() {
        let directory = Directory {
            path: "/d".to_owned(),
            exists: true,
            usable: Ok(()),
        };
        let point = sidecar(&Host {
            sidecar: Some("pid 7".to_owned()),
            not_enabled: Some("haproxy-gate.service".to_owned()),
            ..with(directory)
        });
        assert_eq!(point.verdict, Verdict::Warning);
        assert_eq!(
            point.found,
            "sidecar: pid 7: haproxy-gate.service is not enabled, so no boot starts it"
        );
        assert_eq!(point.fix.unwrap(), "systemctl enable haproxy-gate.service");
    }

    /// What tests/doctor does not cover: only root judges a directory, and a missing one is not ok.
    #[test]
    fn only_a_directory_that_was_seen_is_ok() {
        let full = || Fault::of("/d: disk full; free space there", "");
        for (root, exists, usable, state, history) in [
            (true, true, Ok(()), Verdict::Ok, Verdict::Ok),
            (true, false, Ok(()), Verdict::Unseen, Verdict::Unseen),
            (true, true, Err(full()), Verdict::Error, Verdict::Warning),
            (false, true, Err(full()), Verdict::Unseen, Verdict::Unseen),
        ] {
            let directory = Directory {
                path: "/d".to_owned(),
                exists,
                usable,
            };
            let points = points(&Host {
                root,
                ..with(directory)
            });
            let verdicts = [points[1].verdict, points[2].verdict];
            assert_eq!(verdicts, [state, history], "{root} {exists}");
        }
    }
}
