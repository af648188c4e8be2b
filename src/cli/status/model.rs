//! The data that `agent status` shows.

use super::group_lock::GroupLockStatus;
use super::left::LeftClosed;
use super::owners::LockOwner;
use super::page::PageStatus;
use super::readonly::ReadonlyStatus;
use super::targets::TargetStatus;
use super::unused::UnusedLine;
use super::windows::WindowStatus;
use crate::config::Older;
use crate::report::{BalancerReport, GateReport};
use crate::state::hold::{By, HoldReport};
use serde::Serialize;
use std::net::SocketAddr;

/// Each `text` in it is one line for people, with the same content as the fields beside it.
#[derive(Serialize)]
pub(super) struct Status {
    pub(super) host: String,
    /// 1 if an app is not well, or the sidecar has older settings than the file.
    pub(super) exit: u8,
    pub(super) apps: Vec<AppStatus>,
    /// What only root sees, and another user asked: the keys that are null or empty for that.
    pub(super) needs_root: &'static [&'static str],
    /// The process that has the host's lock, or an app's on behalf of a unit.
    pub(super) operation: Option<LockOwner>,
    /// The process that keeps the gates.
    pub(super) sidecar: Option<LockOwner>,
    /// The lock that its group shares. Not there without `[lock]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lock: Option<GroupLockStatus>,
    /// How its settings differ from the file's. None: they do not, or this is not known.
    pub(super) older_settings: Option<OlderSettings>,
    /// Whether operations may begin now. Not there without windows in the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) windows: Option<WindowStatus>,
}

/// The sidecar has loaded other settings than the file has now.
#[derive(Serialize)]
pub(super) struct OlderSettings {
    /// The keys that differ, as `app.web.status_port`.
    pub(super) keys: Vec<String>,
    /// Why the sidecar's last reload kept the older ones.
    pub(super) refused: Option<String>,
    pub(super) text: String,
}

impl From<Older> for OlderSettings {
    fn from(older: Older) -> OlderSettings {
        OlderSettings {
            keys: older.difference.keys().map(str::to_owned).collect(),
            text: older.describe(),
            refused: older.refused,
        }
    }
}

#[derive(Serialize)]
pub(super) struct AppStatus {
    pub(super) app: String,
    /// The current target, which all of this is about. Not there for an app without targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    /// All targets, in the order of the file. Not there for an app without targets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) targets: Vec<TargetStatus>,
    /// Nothing of this app makes the exit code 1.
    pub(super) well: bool,
    pub(super) gates: Vec<GateReport>,
    pub(super) balancers: Vec<BalancerReport>,
    /// The lines that HAProxy does not use, although their gate is open and no operation is under
    /// way.
    pub(super) unused: Vec<UnusedLine>,
    /// The request that the gates stay closed.
    pub(super) hold: Option<HoldReport>,
    /// Whether users meet the page. Not there for an app without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<PageStatus>,
    /// Whether HAProxy is to refuse writes. Not there for an app without a marker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) readonly: Option<ReadonlyStatus>,
    /// When the sidecar closed the gates as it stopped. None if they were opened since.
    pub(super) closed_by_sidecar_unix_seconds: Option<u64>,
    /// The failed operation that has left the gates closed without a hold.
    pub(super) left_closed_by: Option<LeftClosed>,
    /// The phase of the operation under way.
    pub(super) phase: Option<PhaseNow>,
    pub(super) health: Health,
    /// Every balancer answers, and shows all lines of this host fully UP.
    pub(super) in_rotation: bool,
    /// Users reach this host now, or may do so from the next check on: there is less capacity without it.
    pub(super) serving: bool,
    /// How many hosts, this one included, may go out of rotation until `min_available` is reached
    /// in the backend with the least room. None if a balancer does not answer.
    pub(super) spare: Option<i64>,
    pub(super) trouble: Vec<String>,
    /// What is not known, because only root sees it. It is no trouble of the host.
    pub(super) unseen: Vec<String>,
    #[serde(skip)]
    pub(super) text: Vec<String>,
}

/// The phase of an operation, as its journal has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct PhaseNow {
    /// As on the command line.
    pub(super) verb: &'static str,
    pub(super) phase: &'static str,
    /// How long the operation has been in this phase.
    pub(super) seconds: u64,
    /// Whether the host no longer reduces the capacity: it is out, or on its way back.
    pub(super) settled: bool,
}

/// The answer to a health check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Health {
    pub(super) healthy: bool,
    /// The address that was asked. None if the app was not asked.
    pub(super) address: Option<SocketAddr>,
    pub(super) error: Option<String>,
    pub(super) text: String,
}

impl Health {
    pub(super) fn of(address: SocketAddr, answer: &Result<(), String>) -> Health {
        let error = answer.as_ref().err().cloned();
        Health {
            healthy: error.is_none(),
            address: Some(address),
            text: match &error {
                None => format!("the app at {address} is healthy"),
                Some(why) => format!("the app at {address} is not healthy: {why}"),
            },
            error,
        }
    }

    pub(super) fn not_asked() -> Health {
        let text = "the agent did not check the app".to_owned();
        Health {
            healthy: false,
            address: None,
            error: Some(text.clone()),
            text,
        }
    }
}

impl AppStatus {
    pub(super) fn not_seen(app: &str, why: String) -> AppStatus {
        AppStatus {
            app: app.to_owned(),
            target: None,
            targets: Vec::new(),
            well: false,
            gates: Vec::new(),
            balancers: Vec::new(),
            unused: Vec::new(),
            hold: None,
            page: None,
            readonly: None,
            closed_by_sidecar_unix_seconds: None,
            left_closed_by: None,
            phase: None,
            health: Health::not_asked(),
            in_rotation: false,
            serving: false,
            spare: None,
            trouble: vec![why],
            unseen: Vec::new(),
            text: Vec::new(),
        }
    }

    /// The same, with the verdict. An operation under way reports by itself how it ends, and an
    /// operator or a unit that holds the gates closed may stop the app, too, also in maintenance.
    pub(super) fn judged(self, others: Others) -> AppStatus {
        let by = self.hold.as_ref().map(|hold| hold.by);
        let excused =
            others.under_way || matches!(by, Some(By::Operator | By::Unit | By::Maintenance));
        let well = (self.health.healthy || excused)
            && self.trouble.is_empty()
            && self.unused.is_empty()
            && self.unseen.is_empty()
            && self.balancers.iter().all(|it| it.error.is_none())
            && self.gates.iter().all(|it| it.position != "unknown");
        AppStatus { well, ..self }
    }

    /// `web`, or `web/green` at its target green.
    pub(super) fn label(&self) -> String {
        let target = self.target.iter().map(|target| format!("/{target}"));
        format!("{}{}", self.app, target.collect::<String>())
    }

    /// The targets that are not current.
    pub(super) fn idle(&self) -> impl Iterator<Item = &TargetStatus> {
        self.targets.iter().filter(|target| !target.current)
    }

    /// The page, while maintenance is on.
    pub(super) fn shown_page(&self) -> Option<&PageStatus> {
        self.page
            .as_ref()
            .filter(|page| page.maintenance == Some(true))
    }

    /// What is wrong, one sentence each, beside health and balancers.
    pub(super) fn wrong(&self) -> impl Iterator<Item = &String> {
        let unused = self.unused.iter().filter(|line| !line.coming_up);
        self.trouble.iter().chain(unused.map(|line| &line.text))
    }

    /// The lines that HAProxy brings up, one sentence each.
    pub(super) fn coming_up(&self) -> impl Iterator<Item = &String> {
        let unused = self.unused.iter().filter(|line| line.coming_up);
        unused.map(|line| &line.text)
    }
}

/// The other agents that run on this host.
#[derive(Clone, Copy)]
pub(super) struct Others {
    pub(super) under_way: bool,
    pub(super) sidecar: bool,
}

impl Others {
    /// What opens gates that no hold keeps closed.
    pub(super) fn opener(self, app: &str) -> String {
        match self.sidecar {
            true => "the sidecar".to_owned(),
            false => format!("`agent recover {app}`"),
        }
    }
}
