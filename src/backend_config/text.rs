//! The printed backend. Its readers later have only its comments, so these say why.

use super::health;
use super::wanted::{IN_TIME, Plan};
use crate::config::BalancerSettings;
use crate::haproxy::Mode;

const RETRIES: &str =
    "    # HAProxy repeats a refused connect, the last time on another server. Without
    # redispatch it sends a sticky user to a stopped app until the cookie expires.
    retries 3
    option redispatch
    # Never `option persist` here: it sends cookie users to a line that is DOWN.
    no option persist
    cookie SRV insert indirect nocache httponly
";

const ANY_HOST: &str = "    # HAProxy repeats a refused connect, the last time on another server.
    retries 3
    option redispatch
    # No cookies: each request may go to another host. For sticky sessions each line needs a twin.
    no option persist
";

const ANY_CONNECTION: &str =
    "    # HAProxy repeats a refused connect, the last time on another server.
    retries 3
    option redispatch
    # Mode tcp has no cookies: each connection may go to another host. To keep a client on one:
    # `balance source`, or `stick-table type ip size 100k expire 30m` and `stick on src`.
    no option persist
";

const ALL_TWINS: &str =
    "    # If every main line is DOWN, spread users over all twins, not only the first.
    option allbackups
";

const CHECKED: &str =
    "    # A closed gate costs up to inter + (fall - 1) x fastinter until DOWN, an opened one
    # downinter + (rise - 1) x fastinter until UP. Never `fall 1`: right after a reload it
    # shows every server as UP at full health.
";

const GIVES_WAY: &str =
    "    # Of two hosts that go at once, one gives way as it sees the other's first failed check. It
    # has (fall - 1) x fastinter for that.
";

const SESSIONS: &str =
    "    # Never `on-marked-down shutdown-sessions` on the main lines, nor `on-marked-up
    # shutdown-backup-sessions`: both cut requests that are in flight.
";

const OWN_SESSIONS: &str =
    "    # Never `on-marked-down shutdown-sessions`: it cuts requests that are in flight.
";

const CONNECTIONS: &str =
    "    # Never `on-marked-down shutdown-sessions`, nor `on-marked-up shutdown-backup-sessions`: both
    # cut open connections.
";

/// It is not needed if the master socket shows what leaving workers carry.
const PURGED: &str = "    # After a reload the leaving worker keeps its idle connections for a while. Without HAProxy's
    # master socket a drain waits for them: for some seconds with this, up to a minute without.
    default-server pool-purge-delay 1s
";

/// The master socket does not show these.
const PURGED_OF_PARKED: &str =
    "    # After a reload some connections to an idle target's line reach the current target, because
    # its port is parked. A later drain waits for them: for some seconds with this, up to a minute
    # without.
    default-server pool-purge-delay 1s
";

impl Plan<'_> {
    /// The backend alone. It holds with any `defaults` above it, except for words of a
    /// `default-server` there: only the rhythm of the checks can be reset.
    pub(super) fn section(&self) -> String {
        let app = &self.lines[0].app;
        let patience = health::timeout(&app.health);
        let (words, comment) = (&self.words.text, self.words.comment());
        let checks: String = health::lines(&app.health, &self.words)
            .iter()
            .map(|line| format!("    {line}\n"))
            .collect();
        let (users, sessions) = match (self.wanted.mode, self.layout.has_twins()) {
            (Mode::Tcp, _) => (ANY_CONNECTION, CONNECTIONS),
            (Mode::Http, true) => (RETRIES, SESSIONS),
            (Mode::Http, false) => (ANY_HOST, OWN_SESSIONS),
        };
        let all_twins = match self.layout.has_twins() {
            true => ALL_TWINS,
            false => "",
        };
        let how = match self.wanted.mode {
            Mode::Http => "mode http\n    balance roundrobin",
            Mode::Tcp => "mode tcp\n    balance leastconn",
        };
        let gives_way = match self.checks == IN_TIME {
            true => GIVES_WAY,
            false => "",
        };
        format!(
            "backend {}\n    {how}\n{users}{checks}    # As long as \
             the agent itself waits for an answer. Without it HAProxy waits only for\n    # \
             `inter`, and shows a busy app DOWN.\n    timeout check {patience}\n{all_twins}{CHECKED}\
             {gives_way}{sessions}{comment}    default-server check{words} {}\n{}\n{}{}",
            self.backend,
            self.checks.words,
            self.purged(),
            self.servers(),
            self.marker(),
        )
    }

    /// If a balancer has no master socket, the connections of its leaving workers are counted. The
    /// drain of a switch counts those that came by a parked port in any case. In mode tcp none are idle.
    fn purged(&self) -> &'static str {
        let has_masters = self.serving().all(|balancer| balancer.master.is_some());
        let parks = self.lines.iter().any(|line| line.app.target.is_some());
        match (self.wanted.mode, has_masters) {
            (Mode::Tcp, _) => "",
            (Mode::Http, false) => PURGED,
            (Mode::Http, true) if parks => PURGED_OF_PARKED,
            (Mode::Http, true) => "",
        }
    }

    pub(super) fn serving(&self) -> impl Iterator<Item = &BalancerSettings> {
        let balancers = self.settings.balancers.iter();
        balancers.filter(|b| self.lines.iter().any(|line| b.serves(&line.app.name)))
    }
}
