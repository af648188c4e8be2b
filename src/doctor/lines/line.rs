//! Server lines as they are judged, whether the socket or the file shows them.

use crate::haproxy::AppPorts;

/// The value of a line that lacks the setting.
pub(crate) const NONE: &str = "none";

/// The word of a line whose only check asks an agent.
pub(crate) const AGENT: &str = "agent-check";

/// One server line. A field is None if it is not shown, or is a variable.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pub name: String,
    pub is_main: bool,
    /// Its place in the backend.
    pub at: usize,
    pub host: Option<String>,
    /// The port that its users go to.
    pub port: Option<u16>,
    /// It has no port of its own: its users keep the one that they came to.
    pub users_port: bool,
    pub cookie: Option<String>,
    /// `ADDRESS:PORT` and the cookie, as a server line has them.
    pub written: (String, Option<String>),
    pub backup: bool,
    /// The port that its checks go to.
    pub checked: Option<u16>,
    /// A command on HAProxy's host does the checks.
    pub by_command: bool,
    /// The checks go to another address.
    pub elsewhere: bool,
    /// What the line has instead of a check of its own: `track`, `no-check` or `agent-check`.
    pub unchecked: Option<&'static str>,
    pub fall: Option<u64>,
}

/// The lines of one app in one backend.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    /// The name of the backend in points.
    pub of: String,
    pub lines: Vec<Line>,
    pub ports: AppPorts,
    /// The level of the stats socket hides cookies.
    pub hides_cookies: bool,
    /// HAProxy makes the cookie of each line: `cookie NAME ... dynamic`.
    pub derives_cookies: bool,
}

/// The names of the lines, or None if there are none.
pub(super) fn names<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Option<String> {
    let names: Vec<&str> = lines.into_iter().map(|line| line.name.as_str()).collect();
    first_three(&names)
}

/// `a, b, c and 4 more`. None if there are none.
pub(crate) fn first_three(all: &[&str]) -> Option<String> {
    let (first, rest) = all.split_at(all.len().min(3));
    let more = match rest.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!all.is_empty()).then(|| first.join(", ") + &more)
}
