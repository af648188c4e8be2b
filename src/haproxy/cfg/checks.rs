//! Reads how the checks of a backend connect, and where: by its rules, or by the words of each line
//! (HAProxy's `tcpcheck_eval_connect`; the same in 2.6, 3.0 and 3.2).

use super::rules::{Connect, Port, Rules};
use super::server::Server;
use super::settings::Settings;

/// How the backend's checks connect, and whether they send a request.
pub(crate) struct Checks {
    kind: Option<String>,
    pub connects: Vec<Connect>,
    /// Whether the checks send a request. A check that only connects can't see a refusal of the
    /// app.
    pub ask: bool,
    /// The rules come from `defaults`.
    pub inherited: bool,
}

/// The target of one connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub host: &'a str,
    /// None: the file does not show it.
    pub port: Option<u16>,
}

/// The kind of check by which HAProxy runs a command.
const COMMAND: &str = "external-check";

impl Checks {
    pub(crate) fn of(settings: &Settings) -> Checks {
        let (rules, ask) = match settings.check.as_deref() {
            None => (None, false),
            Some("httpchk") => (Some(&settings.http_check), true),
            Some("tcp-check") => (Some(&settings.tcp_check), settings.tcp_check.asks),
            Some(_) => (None, true),
        };
        Checks {
            kind: settings.check.as_deref().map(str::to_owned),
            connects: rules.map_or_else(|| Rules::default().connects(), Rules::connects),
            ask,
            inherited: rules.is_some_and(|rules| rules.inherited),
        }
    }

    /// A command of HAProxy's host does the checks.
    pub(crate) fn by_command(&self) -> bool {
        self.is(COMMAND)
    }

    /// A rule says where the checks go. What the lines say is then not all.
    pub(crate) fn have_place(&self) -> bool {
        self.connects.iter().any(Connect::has_place)
    }

    /// Where this connect of a line's check goes.
    pub(crate) fn target<'a>(connect: &'a Connect, server: &'a Server) -> Target<'a> {
        let words = &server.words;
        let of_line = || server.checked().filter(|_| !server.hides_checked());
        let host = connect.host.as_deref().or(words.check_host.as_deref());
        Target {
            host: host.unwrap_or(&server.host),
            port: match connect.own_port() {
                Some(Port::Number(port)) => Some(port),
                Some(Port::Computed) => None,
                None => of_line(),
            },
        }
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }

    /// The words that begin a `connect` rule of this kind.
    pub(crate) fn rule(&self) -> &'static str {
        match self.is("httpchk") {
            true => "http-check connect",
            false => "tcp-check connect",
        }
    }
}

/// Whether the line's own words make its checks use TLS.
pub(crate) fn by_tls(server: &Server) -> bool {
    let transport = &server.words.transport;
    transport.checks_by_tls(server.checks_by_its_own_place())
}
