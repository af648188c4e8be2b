//! What the operator should know beside the text: the agent's configuration has something in vain,
//! or needs more hosts.

use super::fits;
use super::wanted::{Layout, Plan, Wanted};
use crate::config::Settings;
use crate::haproxy::Mode;

/// One line each. Err: as [`super::print()`].
pub fn notices(settings: &Settings, wanted: &Wanted<'_>) -> Result<Vec<String>, String> {
    let plan = fits::plan(settings, wanted)?;
    let mut notices: Vec<String> = Vec::new();
    for notice in plan
        .unchecked()
        .chain(plan.too_few())
        .chain(plan.no_pages())
    {
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }
    Ok(notices)
}

impl Plan<'_> {
    /// The status ports of twins that no line has.
    fn unchecked(&self) -> impl Iterator<Item = String> {
        let gated = self
            .lines
            .iter()
            .filter(|line| line.app.ports.backup_status_port.is_some());
        let unchecked = gated.filter(|_| self.layout != Layout::TwoStage);
        unchecked.map(|line| {
            format!(
                "no line of the {} layout checks the backup_status_port of {}: take it out of \
                 agent.toml",
                self.layout.word(),
                line.table()
            )
        })
    }

    /// The pages that no line has.
    fn no_pages(&self) -> impl Iterator<Item = String> {
        let is_tcp = self.wanted.mode == Mode::Tcp;
        let pages = self
            .lines
            .iter()
            .filter(move |line| is_tcp && line.app.page.is_some());
        pages.map(|line| {
            let name = &line.app.name;
            format!(
                "app.{name}: mode tcp has no line for the page, which is an answer of HTTP: `agent \
                 maintenance on {name}` refuses"
            )
        })
    }

    /// A switch needs no other host, a restart does.
    fn too_few(&self) -> impl Iterator<Item = String> {
        let hosts = self.wanted.hosts.len();
        let few = self.lines.iter().filter(move |line| {
            let wanted = line.app.limits.min_available;
            line.app.has_targets() && hosts - 1 < wanted.of(hosts)
        });
        few.map(move |line| {
            let (name, wanted) = (&line.app.name, line.app.limits.min_available);
            format!(
                "app.{name}: min_available is {wanted}, and without one host {} are left: the agent \
                 refuses each restart, and `agent switch {name}` works",
                hosts - 1
            )
        })
    }
}
