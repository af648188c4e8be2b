//! Checks the host itself: rights, its directories, the sidecar, open files.

use super::Point;
use super::check::{Check, checks};

checks! {
    RIGHTS "rights":
        "the agent sets iptables rules and reads whose sockets listen: that takes root with CAP_NET_ADMIN";
    STATE "state-dir":
        "lock, journal and holds are kept there: without them no operation begins, and what others may \
         write there would not be believed";
    HISTORY "history-dir":
        "operations go on without it, but no record says afterwards who did what, and why";
    SIDECAR "sidecar":
        "without it the gates stay closed after a boot, flushed rules stay away, and what a killed agent has begun \
         stays unfinished";
    FILES "open-files":
        "an operation that may open no further file could not list the rules half way through";
}

/// The facts about the host.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub root: bool,
    /// Whether the effective set has CAP_NET_ADMIN.
    pub net_admin: bool,
    /// Each directory once, and whether it can be used.
    pub directories: Vec<(String, Result<(), String>)>,
    /// The directory of the history, and whether it can be used.
    pub history: (String, Result<(), String>),
    /// The process of the sidecar.
    pub sidecar: Option<String>,
    /// Whether enough files may be open.
    pub files: Result<(), String>,
}

impl Host {
    /// Whether the process has the rights to see the rules.
    pub(crate) fn sees_rules(&self) -> bool {
        self.root && self.net_admin
    }
}

pub(super) fn points(host: &Host) -> Vec<Point> {
    let mut points = vec![rights(host)];
    points.extend(host.directories.iter().map(|(path, usable)| match usable {
        Ok(()) => STATE.ok(
            "",
            format!("state: {path} is root's alone and may be written"),
        ),
        Err(why) => {
            let (found, fix) = parted(why, "choose another [agent] state_dir");
            STATE.error("", format!("state: {found}"), fix)
        }
    }));
    let (path, usable) = &host.history;
    points.push(match usable {
        Ok(()) => HISTORY.ok(
            "",
            format!("history: {path} is root's alone and may be written"),
        ),
        Err(why) => {
            let (found, fix) = parted(why, "choose another [agent] history_dir");
            HISTORY.warning("", format!("history: {found}"), fix)
        }
    });
    points.push(match &host.files {
        Ok(()) => FILES.ok("", "open files: as many as needed are allowed"),
        Err(why) => {
            let (found, fix) = parted(why, "ulimit -n 1024");
            FILES.error("", format!("open files: {found}"), fix)
        }
    });
    points.push(match &host.sidecar {
        Some(who) => SIDECAR.ok("", format!("sidecar: {who}")),
        None => SIDECAR.warning(
            "",
            "sidecar: not running",
            "systemctl enable --now haproxy-gate",
        ),
    });
    points
}

fn rights(host: &Host) -> Point {
    match (host.root, host.net_admin) {
        (true, true) => RIGHTS.ok("", "rights: root, with CAP_NET_ADMIN"),
        (true, false) => RIGHTS.error(
            "",
            "rights: root, but without CAP_NET_ADMIN: the rules can't be seen nor set",
            "in a container: --cap-add NET_ADMIN --cap-add NET_RAW; in a unit: \
             CapabilityBoundingSet=CAP_NET_ADMIN",
        ),
        (false, _) => RIGHTS.error(
            "",
            "rights: not root: the rules can't be seen, nor whose sockets listen",
            "sudo agent doctor",
        ),
    }
}

/// Splits a message of ours into the finding and its fix, after its marker or the last "; ".
pub(super) fn parted(why: &str, otherwise: &str) -> (String, String) {
    let at = why.split_once("; fix: ").or_else(|| why.rsplit_once("; "));
    match at {
        Some((found, fix)) => (found.to_owned(), fix.to_owned()),
        None => (why.to_owned(), otherwise.to_owned()),
    }
}
