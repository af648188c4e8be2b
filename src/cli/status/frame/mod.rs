//! Lays out one frame of `agent status --watch`, in 80 columns if the names allow. Pure.

use super::model::{AppStatus, Status};
use super::text::UNKNOWN;
use crate::haproxy;
use crate::haproxy::ServerLine;
use crate::report::BalancerReport;
use crate::text::wrapped;
use console::style;
use std::collections::HashMap;
use std::time::Duration;

/// The number of sessions of each line, by balancer and name.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<(String, String), u64>);

impl Sessions {
    pub(super) fn of(all: &Status) -> Sessions {
        let balancers = all.apps.iter().flat_map(|app| &app.balancers);
        let of = |balancer: &BalancerReport| {
            let name = balancer.name.clone();
            let lines = balancer.lines.clone().into_iter();
            lines.map(move |line| ((name.clone(), line.name), line.sessions))
        };
        Sessions(balancers.flat_map(of).collect())
    }

    /// The new sessions since then. None after a reload, which resets the count.
    fn since(&self, balancer: &str, line: &ServerLine) -> Option<u64> {
        let before = self.0.get(&(balancer.to_owned(), line.name.clone()))?;
        line.sessions.checked_sub(*before)
    }
}

pub(super) struct Frame<'a> {
    all: &'a Status,
    /// The previous look, and how long ago it was.
    before: Option<&'a (Sessions, Duration)>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(all: &'a Status, before: Option<&'a (Sessions, Duration)>) -> Frame<'a> {
        Frame { all, before }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let owners = [
            ("sidecar", &self.all.sidecar, "does not run"),
            ("under way", &self.all.operation, "nothing"),
        ];
        let owners = owners.map(|(what, owner, none)| {
            let none = match self.all.needs_root {
                [] => none,
                _ => UNKNOWN,
            };
            let text = owner.as_ref().map_or(none, |owner| &owner.text);
            format!("{what:10} {text}")
        });
        let older = self.all.older_settings.iter();
        let older = older.flat_map(|older| red("           ", &older.text));
        let windows = self.all.windows.iter();
        let windows = windows.flat_map(|windows| wrapped("windows    ", &windows.text));
        let lock = self.all.lock.iter();
        let lock = lock.flat_map(|lock| wrapped("lock       ", &lock.text));
        let apps = self.all.apps.iter().flat_map(|app| self.app(app));
        let owners = owners.into_iter().chain(windows).chain(lock);
        owners.chain(older).chain(apps).collect()
    }

    fn app(&self, app: &AppStatus) -> Vec<String> {
        let mut lines = vec![String::new(), head(app)];
        if let Some(now) = &app.phase {
            let phase = style(now.phase).bold();
            let (label, verb, seconds) = ("at work", now.verb, now.seconds);
            lines.push(format!("  {label:8} {verb}: {phase} for {seconds} s"));
        }
        let mut row = |label, text: &str| lines.extend(wrapped(&labelled(label), text));
        match (app.shown_page(), &app.hold) {
            (Some(page), _) => row("page", &page.text),
            (None, Some(hold)) => row("held", &format!("closed by {}", hold.text)),
            (None, None) => {}
        }
        if let Some(readonly) = app.readonly.as_ref().filter(|it| it.is_worth_a_line()) {
            row("writes", &readonly.text);
        }
        row("gates", &gates(app));
        row("health", &app.health.text);
        app.idle()
            .for_each(|idle| row("idle", &format!("{}: {}", idle.name, idle.text)));
        app.coming_up().for_each(|rising| row("soon", rising));
        lines.extend(app.wrong().flat_map(|what| red(&labelled("trouble"), what)));
        let unseen = app.unseen.iter();
        lines.extend(unseen.flat_map(|what| wrapped(&labelled("unseen"), what)));
        lines.extend(
            app.balancers
                .iter()
                .flat_map(|balancer| self.balancer(balancer)),
        );
        lines
    }

    fn balancer(&self, balancer: &BalancerReport) -> Vec<String> {
        let version = balancer.version.iter().map(|it| format!(", HAProxy {it}"));
        let name = format!("  {}{}", balancer.name, version.collect::<String>());
        if let Some(error) = &balancer.error {
            return [name].into_iter().chain(red("    ", error)).collect();
        }
        let columns = format!(
            "    {:30} {:12} {:12} {:>9} {:>7}",
            "", "", "", "in flight", "new/s"
        );
        let lines = balancer
            .lines
            .iter()
            .map(|line| self.line(&balancer.name, line));
        // The name goes on the line of the column titles if there is room.
        let first = format!("{name:60}{}", columns.get(60..).unwrap_or_default());
        let first = if name.len() < 60 {
            vec![first]
        } else {
            vec![name, columns]
        };
        first.into_iter().chain(lines).collect()
    }

    /// `srvs/web1    main    UP    3    120`
    fn line(&self, balancer: &str, line: &ServerLine) -> String {
        let role = line.role.word();
        let rate = self.before.and_then(|(sessions, ago)| {
            let new = sessions.since(balancer, line)?;
            Some(format!("{:.0}", new as f64 / ago.as_secs_f64()))
        });
        format!(
            "    {:30} {role:12} {} {:>9} {:>7}",
            line.name,
            status(line),
            line.in_flight,
            rate.unwrap_or_else(|| "-".to_owned())
        )
    }
}

fn labelled(label: &str) -> String {
    format!("  {label:8} ")
}

/// Prints the problem in full, because the fix is at its end.
fn red(head: &str, what: &str) -> Vec<String> {
    let lines = wrapped(head, what).into_iter();
    let red = |line: String| {
        let (head, what) = line.split_at_checked(head.len()).unwrap_or(("", &line));
        format!("{head}{}", style(what).red())
    };
    lines.map(red).collect()
}

/// Cuts the lines to the room on the screen, and counts the others.
pub(super) fn fitting(mut lines: Vec<String>, room: usize) -> Vec<String> {
    if lines.len() > room {
        let more = lines.len() - room.saturating_sub(1);
        lines.truncate(room.saturating_sub(1));
        lines.push(format!(
            "and {more} more lines: enlarge the window, or use `agent status`"
        ));
    }
    lines
}

/// `web  in rotation, 2 more hosts can be taken out`
fn head(app: &AppStatus) -> String {
    let state = match (app.in_rotation, app.serving) {
        (true, _) => style("in rotation").green(),
        (false, true) => style("serving, not all lines are fully UP").yellow(),
        (false, false) => style("out of rotation").red(),
    };
    let spare = match app.spare {
        Some(1) => "1 more host can be taken out".to_owned(),
        Some(spare) => format!("{} more hosts can be taken out", spare.max(0)),
        None => "capacity unknown: a balancer can't be seen".to_owned(),
    };
    format!("{}  {state}, {spare}", style(app.label()).bold())
}

fn gates(app: &AppStatus) -> String {
    let gates = app.gates.iter().map(|gate| {
        let why = gate.why.iter().map(|why| format!(": {why}"));
        let (port, to) = (gate.status_port, gate.to());
        format!(
            "{port} -> {to} {}{}",
            gate.position,
            why.collect::<String>()
        )
    });
    gates.collect::<Vec<_>>().join(", ")
}

fn status(line: &ServerLine) -> String {
    let word = format!("{:12}", line.status.to_string());
    let word = style(word);
    match &line.status {
        haproxy::Status::Up if line.proven => word.green(),
        haproxy::Status::Down(_) => word.red(),
        _ => word.yellow(),
    }
    .to_string()
}

#[cfg(test)]
mod tests;
