//! One other server: the lines of all its targets, and what HAProxy shows of it by them.

use super::super::{OutServer, ServerStat, Status};
use std::time::Duration;

/// The lines of one other server.
#[derive(Default)]
pub(super) struct Server<'a> {
    /// One for each target. Mostly only that of the current one is UP.
    pub(super) mains: Vec<Line<'a>>,
    pub(super) backups: Vec<Line<'a>>,
}

/// One line, and the port that it sends users to. None: HAProxy's other table does not have it.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) stat: &'a ServerStat,
    pub(super) port: Option<u16>,
}

impl Server<'_> {
    /// The lines that count. A backup line beside a main line does not.
    pub(super) fn lines(&self) -> &[Line<'_>] {
        match self.mains.is_empty() {
            true => &self.backups,
            false => &self.mains,
        }
    }

    pub(super) fn is_usable(&self) -> bool {
        self.lines().iter().any(Line::is_usable)
    }

    pub(super) fn is_unproven(&self) -> bool {
        !self.is_usable() && self.lines().iter().any(Line::is_unproven)
    }

    /// What HAProxy shows of it, by the first line that counts.
    pub(super) fn out(&self) -> Option<OutServer> {
        let stat = self.lines().first()?.stat;
        Some(OutServer {
            name: stat.server.clone(),
            status: stat.status.clone(),
            lasts: stat.lasts.map(Duration::from_secs),
        })
    }

    /// It stays the same, whichever target is current.
    pub(super) fn name(&self) -> String {
        name(self.lines().first())
    }

    /// The name of the line that shows `UP n/m`.
    pub(super) fn unproven(&self) -> String {
        name(self.lines().iter().find(|line| line.is_unproven()))
    }

    /// Its agent has closed the twin's gate, or may have done so: the twin can't be read. It goes
    /// next if enough other servers stay. A row that can't be read may be the twin's. While one of
    /// several targets takes over from another, the twin of one of them is UP.
    pub(super) fn has_claimed(&self) -> bool {
        let may_go = |twin: &Line<'_>| twin.may_go() || !twin.is_usable() && self.is_idle(twin);
        match self.backups.is_empty() {
            true => self.mains.iter().any(Line::is_unreadable),
            false => !self.mains.is_empty() && self.backups.iter().all(may_go),
        }
    }

    /// The main line of the same target takes no users: an operator's MAINT on its twin does not hide
    /// what the other twins show.
    fn is_idle(&self, twin: &Line<'_>) -> bool {
        let mut mains = self.mains.iter().filter(|main| main.port == twin.port);
        !mains.any(Line::is_usable)
    }
}

impl Line<'_> {
    fn is_usable(&self) -> bool {
        let is_up = matches!(self.stat.status, Status::Up | Status::NoCheck);
        is_up && self.stat.weight > 0
    }

    fn is_unproven(&self) -> bool {
        matches!(self.stat.status, Status::UpUnproven(_))
    }

    fn is_unreadable(&self) -> bool {
        matches!(self.stat.status, Status::Unreadable(_))
    }

    fn may_go(&self) -> bool {
        self.stat.status.is_going() || self.is_unreadable()
    }
}

fn name(line: Option<&Line<'_>>) -> String {
    line.map(|line| line.stat.server.clone())
        .unwrap_or_default()
}
