//! Reads how the checks of a backend connect: by its rules, or by the words of each line.

use super::file::Settings;
use super::rules::{Connect, Rules};
use super::server::Server;

/// How the backend's checks connect, and whether they send a request.
pub(crate) struct Checks {
    kind: Option<String>,
    pub connects: Vec<Connect>,
    /// Whether the checks send a request. A check that only connects can't see a refusal of the
    /// app.
    pub ask: bool,
}

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
