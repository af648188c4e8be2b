//! The marker by which HAProxy refuses writes: a backend without users, and a rule that asks for it.

use super::line::Line;
use super::wanted::{BACKEND, Plan};
use crate::haproxy::Mode;
use std::net::SocketAddr;

/// The marker answers in the network of the balancer, so its checks may be quick.
const CHECKS: &str = "inter 500ms fastinter 50ms downinter 250ms fall 2 rise 2";

/// Why the line `checked` is there, and what a reload means.
const CHECKED: &str =
    "    # From a reload until its first check a line counts as UP. So does this one, although no program
    # has its port: while it is UP, the rule refuses nothing. Its first check is the last. So a
    # reload refuses no write while the gates are closed. While one is open, writes pass after a
    # reload until that check, about 0.3 s: keep them out of the database, too. If other backends
    # have slow checks, set `max-spread-checks 100ms` in `global`, or that takes as long as theirs do.
";

impl Plan<'_> {
    /// The marker backend with the comment that has its rule. Empty: the command line does not ask for it.
    pub(super) fn marker(&self) -> String {
        if !self.wanted.readonly {
            return String::new();
        }
        let (name, rule) = (self.marker_name(), self.rule());
        format!(
            "
# The marker of `agent readonly on`, which opens a gate on the host: its line goes UP. While one of
# these lines is UP, a rule in the frontend refuses writes. Each frontend of these users needs it:
#   {rule}
backend {name}
    mode http
    option tcp-check
    tcp-check connect
    # The check of a host that is off must end before the first one of `checked`.
    timeout connect 100ms
    timeout check 100ms
    default-server check {CHECKS}
{}{CHECKED}    server checked 127.0.0.1:1 fastinter 300ms
",
            self.markers()
        )
    }

    /// The rule that refuses writes, without its indentation.
    pub(super) fn rule(&self) -> String {
        let name = self.marker_name();
        format!(
            "http-request return status 503 hdr Retry-After 60 if !{{ method GET HEAD OPTIONS }} {{ \
             nbsrv({name}) ge 1 }} !{{ srv_is_up({name}/checked) }}"
        )
    }

    /// The rule in the frontend of a whole configuration.
    pub(super) fn rule_of_frontend(&self) -> String {
        match self.wanted.readonly {
            true => format!(
                "    # Refuses writes while a line of {} is UP: see below.\n    {}\n",
                self.marker_name(),
                self.rule()
            ),
            false => String::new(),
        }
    }

    fn marker_name(&self) -> String {
        match self.backend {
            BACKEND => "readonly".to_owned(),
            other => format!("{other}-readonly"),
        }
    }

    /// One line for each host, also for one with several targets.
    fn markers(&self) -> String {
        let mut lines: Vec<String> = self.lines.iter().filter_map(line).collect();
        lines.dedup();
        lines.concat()
    }
}

fn line(line: &Line<'_>) -> Option<String> {
    let status_port = line.app.readonly?.status_port;
    let at = SocketAddr::new(line.host.address, status_port);
    Some(format!("    server {} {at}\n", line.host.name))
}

/// Err: an app has no marker, or the backend carries no requests.
pub(super) fn fits(mode: Mode, lines: &[Line<'_>]) -> Result<(), String> {
    if mode == Mode::Tcp {
        return Err("mode tcp has no requests to refuse: leave out --readonly".to_owned());
    }
    match lines.iter().find(|line| line.app.readonly.is_none()) {
        None => Ok(()),
        Some(line) => Err(format!(
            "app.{0} has no marker: add [app.{0}.readonly] with a `status_port`, or leave out \
             --readonly",
            line.app.name
        )),
    }
}
