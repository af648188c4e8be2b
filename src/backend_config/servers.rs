//! The server lines of all hosts, main lines before twins, and why they are as they are.

use super::line::{CookiePer, Line};
use super::wanted::{Layout, Plan};
use crate::haproxy::Mode;
use std::net::SocketAddr;

const MAINS: &str =
    "    # Main lines: new users. They come first, so that a cookie finds them first.
";

/// What holds with any cookies, and without.
const MAINS_OF_TARGETS: &str = "    # Main lines: one for each target of a host. Only that of the current target is UP, and during a
    # switch for a moment both.
";

const COOKIE_PER_HOST: &str =
    "    # The targets of a host share its cookie: HAProxy takes the first line with it that is not
    # DOWN. So users move from target to target with their host, and keep their cookie.
";

const COOKIE_PER_TARGET: &str =
    "    # Each target has a cookie of its own: with a `sticky` time users stay on the old target, by
    # its twin. After that HAProxy gives them the cookie of another line.
";

const TWINS: &str =
    "    # Twins, same address, port and cookie: they serve users who own the cookie while
    # the main line is DOWN.
";

const CLAIMING_TWINS: &str =
    "    # Twins, same address, port and cookie. A twin that is DOWN alone shows the other hosts that its
    # host goes next. With a `sticky` time it serves users who own the cookie for that time.
";

/// A twin before a main line with the same cookie would get its users.
const TWINS_OF_TARGETS: &str =
    "    # They come after the main lines of all targets: a twin before one of them would keep the users
    # of that cookie.
";

const ANNOUNCING_TWINS: &str =
    "    # Twins: no client reaches one while a main line is UP. A twin that is DOWN alone shows the
    # other hosts that its host goes next.
";

impl Plan<'_> {
    /// The server lines of all hosts.
    pub(super) fn servers(&self) -> String {
        let (of_mains, of_twins) = self.comments();
        let pages = self.pages();
        match self.layout.has_twins() {
            true => format!(
                "{of_mains}{}\n{of_twins}{}{pages}",
                self.mains(),
                self.twins()
            ),
            false => format!("{of_mains}{}{pages}", self.mains()),
        }
    }

    /// The reasons above the main lines, and above the twins.
    fn comments(&self) -> (String, String) {
        let has_targets = self.lines.iter().any(|line| line.app.target.is_some());
        let is_sticky = self.layout.has_twins() && self.wanted.mode == Mode::Http;
        let mains = match (has_targets, is_sticky) {
            (false, false) => String::new(),
            (false, true) => MAINS.to_owned(),
            (true, false) => MAINS_OF_TARGETS.to_owned(),
            (true, true) => match self.wanted.cookie_per {
                CookiePer::Host => format!("{MAINS_OF_TARGETS}{COOKIE_PER_HOST}"),
                CookiePer::Target => format!("{MAINS_OF_TARGETS}{COOKIE_PER_TARGET}"),
            },
        };
        let twins = match (self.wanted.mode, self.layout) {
            (Mode::Tcp, _) => ANNOUNCING_TWINS,
            (Mode::Http, Layout::TwoStage) => CLAIMING_TWINS,
            (Mode::Http, Layout::Classic | Layout::Single) => TWINS,
        };
        let after = match has_targets && is_sticky {
            true => TWINS_OF_TARGETS,
            false => "",
        };
        (mains, format!("{twins}{after}"))
    }

    fn mains(&self) -> String {
        let line = |line: &Line<'_>| {
            let (name, status_port) = (line.main(), line.app.ports.status_port);
            let to = self.to(line);
            format!("    server {name} {to} port {status_port}\n")
        };
        self.lines.iter().map(line).collect()
    }

    fn twins(&self) -> String {
        let line = |line: &Line<'_>| {
            let ports = &line.app.ports;
            let own = match self.layout {
                Layout::TwoStage => ports.backup_status_port,
                Layout::Classic | Layout::Single => ports.health_port,
            };
            let check = match own {
                Some(port) => format!(" port {port}"),
                None => String::new(),
            };
            let (name, to) = (line.twin(), self.to(line));
            format!("    server {name} {to}{check} backup\n")
        };
        self.lines.iter().map(line).collect()
    }

    /// The address of the app, and the cookie of its users.
    fn to(&self, line: &Line<'_>) -> String {
        let at = SocketAddr::new(line.host.address, line.app.ports.port);
        match self.layout.has_twins() && self.wanted.mode == Mode::Http {
            true => format!("{at} cookie {}", line.cookie()),
            false => at.to_string(),
        }
    }
}
