//! Judges where the checks of lines go: to their gates, on the host itself.

use super::group::{Lines, by_fault};
use super::judge::CHECKED;
use super::line::{Backend, Line};
use crate::doctor::Point;
use crate::doctor::fix::Fix;

/// Where the check of a line goes that does not go to its gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Misdirected {
    /// To another address.
    Host,
    /// To the port `checked`. `wanted` None: no gate is for such a line.
    Port {
        checked: u16,
        wanted: Option<u16>,
        is_main: bool,
    },
}

impl Backend {
    /// The port that the line is to check. None: the twin of the classic layout checks the app itself.
    fn wanted(&self, line: &Line) -> Option<u16> {
        match line.is_main {
            true => Some(self.ports.status_port),
            false => self.ports.backup_status_port,
        }
    }

    /// The lines whose check does not go to their gate.
    pub(super) fn check_port(&self) -> Vec<Point> {
        if let Some(names) = self.lines_that(|line| line.by_command) {
            return vec![self.by_command(&names)];
        }
        let wrong = by_fault(&self.lines, |line| self.misdirected(line));
        let wrong = wrong.points(
            |misdirected, lines| self.point(*misdirected, lines),
            |lines| self.others(lines),
        );
        match self.lines.iter().all(|line| line.checked.is_some()) {
            true => CHECKED.or_ok(wrong, "each line has the check port of its gate"),
            false => wrong,
        }
    }

    /// Where the check of the line goes, if not to its gate.
    fn misdirected(&self, line: &Line) -> Option<Misdirected> {
        if line.elsewhere {
            return Some(Misdirected::Host);
        }
        let (checked, wanted) = (line.checked?, self.wanted(line));
        let is_wrong = match wanted {
            Some(wanted) => checked != wanted,
            None => {
                let own = [Some(self.ports.port), self.ports.health_port];
                !own.contains(&Some(checked)) && line.port.is_some()
            }
        };
        is_wrong.then_some(Misdirected::Port {
            checked,
            wanted,
            is_main: line.is_main,
        })
    }

    fn point(&self, misdirected: Misdirected, lines: &Lines<'_>) -> Point {
        let (check, are) = match lines.is_alone() {
            true => ("checks", "is"),
            false => ("check", "are"),
        };
        let (checked, wanted, is_main) = match misdirected {
            Misdirected::Host => {
                let found = format!("{lines} {are} checked at another address: addr");
                return CHECKED.error(found, format!("{}: take `addr` away", lines.on()));
            }
            Misdirected::Port {
                checked,
                wanted,
                is_main,
            } => (checked, wanted, is_main),
        };
        let found = match checked == self.ports.port {
            true => format!("{lines} {check} the app itself"),
            false => format!("{lines} {check} port {checked}"),
        };
        // A twin inherits the words of default-server, too.
        let inherited = match lines.are_all(&self.lines) && !lines.is_alone() {
            true => ", or in default-server",
            false => "",
        };
        let fix = |wanted| Fix::paste(lines.on() + inherited, format!("port {wanted}"));
        match wanted {
            Some(wanted) if !is_main && checked == self.ports.port => CHECKED.warning(
                format!("{found}, not port {wanted}: the gate of the twin does nothing"),
                fix(wanted),
            ),
            Some(wanted) => CHECKED.error(found, fix(wanted)),
            None => CHECKED.error(
                found,
                Fix::paste("in agent.toml", format!("backup_status_port = {checked}")),
            ),
        }
    }

    /// The lines that go wrong in still other ways.
    fn others(&self, lines: &Lines<'_>) -> Point {
        let twins = self.ports.backup_status_port;
        let twins = twins.map_or(String::new(), |port| format!(", on a twin port {port}"));
        CHECKED.error(
            format!("{lines}: their checks do not go to their gates, either"),
            format!("{}: port {}{twins}", lines.on(), self.ports.status_port),
        )
    }

    /// HAProxy does not pass `port` to the command of an external check (its `extcheck.c`). Whether
    /// the command finds the gate by itself, neither HAProxy nor its file shows.
    fn by_command(&self, names: &str) -> Point {
        let (port, gate) = (self.ports.port, self.ports.status_port);
        CHECKED.warning(
            format!(
                "external-check: a command checks {names}. HAProxy passes it the port of the \
                 users, {port}, not `port {gate}`: with the gate closed these lines can stay UP"
            ),
            "in place of `option external-check`: option httpchk or option tcp-check",
        )
    }
}
