//! The stats socket: one connection, one line of commands, one answer each. Anything else than a
//! complete answer in time is [`Unseen`].

use super::NoAnswer;
use super::answer_end::answer_end;
use crate::text::escape_within;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// The most characters to show of an answer that is not understood.
const SHOWN: usize = 200;

/// Far above the largest `show servers state` (10,000 servers: about 1.3 MB).
const LARGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// More than `show info` and our lines have (6 KB), so that one read takes them.
const USUAL_ANSWER: usize = 16 * 1024;

/// The address of a stats socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A path; the balancer runs on this host.
    Unix(PathBuf),
    /// HOST:PORT.
    Tcp(String),
}

impl Address {
    /// What a `stats socket` line of HAProxy must have, so that it can be asked there over TCP.
    pub fn bind(&self) -> Option<String> {
        let Address::Tcp(at) = self else {
            return None;
        };
        Some(match at.parse::<SocketAddr>() {
            Ok(at) => match SocketAddr::new(at.ip().to_canonical(), at.port()) {
                SocketAddr::V4(at) => format!("ipv4@{at}"),
                SocketAddr::V6(at) => format!("ipv6@{at}"),
            },
            Err(_) => at.clone(),
        })
    }
}

/// One balancer's stats socket.
#[derive(Debug, Clone)]
pub struct Socket {
    /// Its address.
    pub address: Address,
    /// The limit for connecting, asking and reading all of the answer.
    pub timeout: Duration,
}

/// Why HAProxy's view is not known. It never means "drained" or "up".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unseen {
    /// The socket can't be connected to.
    #[error("{}", unconnected(*kind, why))]
    Connect {
        /// The kind of the error, as far as Rust has a word for it.
        kind: io::ErrorKind,
        /// The error text of the system.
        why: String,
    },
    /// It broke while asking.
    #[error("connection lost: {0}")]
    Broke(String),
    /// No complete answer within the limit. HAProxy's connection limit on the socket looks the
    /// same.
    #[error("no complete answer within {0:?}")]
    TimedOut(Duration),
    /// The socket's level does not allow the command.
    #[error("permission denied for `{0}`: the socket needs `level user` at least")]
    Denied(String),
    /// The master CLI can't be asked for what leaving workers carry.
    #[error("its master {0}: {1}; fix `master` in [[haproxy]], or remove it")]
    Master(String, Box<Unseen>),
    /// The answer ended early.
    #[error("the answer to `{0}` is cut short")]
    Truncated(String),
    /// Our lines were there, and are gone: what is missing.
    #[error("HAProxy no longer has our lines: {0}")]
    Gone(String),
    /// Each look is answered by another worker, or the ids belong to other servers.
    #[error("HAProxy's worker or its servers changed at each look")]
    Changing,
    /// This version does not show what the agent needs.
    #[error(
        "HAProxy {0} is too old: the agent needs 2.4 or newer, and is tested with 2.6, 3.0 and 3.2; \
         upgrade HAProxy"
    )]
    TooOld(String),
    /// The answer is not what HAProxy documents.
    #[error("unexpected answer to `{command}`: {what}")]
    Strange {
        /// What was asked.
        command: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Unseen {
    /// A reload may cause this for a moment, and the next look may see everything. A wrong
    /// configuration lasts.
    pub fn may_pass(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, WouldBlock};
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, NotFound};
        match self {
            Unseen::Connect { kind, .. } => matches!(
                kind,
                ConnectionRefused | ConnectionReset | ConnectionAborted | NotFound | BrokenPipe
                    // A unix socket whose queue is full.
                    | WouldBlock
            ),
            Unseen::Broke(_) | Unseen::Truncated(_) | Unseen::Gone(_) | Unseen::Changing => true,
            // The master restarts itself in a reload, and lists workers that have ended.
            Unseen::Master(_, why) => why.may_pass() || matches!(**why, Unseen::Strange { .. }),
            Unseen::TimedOut(_) | Unseen::Denied(_) | Unseen::Strange { .. } => false,
            Unseen::TooOld(_) => false,
        }
    }

    /// Nothing answers there. Any other reason shows that HAProxy runs, and may send users.
    fn is_out_of_reach(&self) -> bool {
        match self {
            Unseen::Connect { kind, .. } => *kind != io::ErrorKind::PermissionDenied,
            Unseen::TimedOut(_) => true,
            _ => false,
        }
    }

    /// HAProxy's answer is not understood.
    pub fn strange(command: &str, what: impl fmt::Display) -> Unseen {
        Unseen::Strange {
            command: command.to_owned(),
            what: escape_within(&what.to_string(), SHOWN),
        }
    }
}

impl From<Unseen> for NoAnswer {
    fn from(unseen: Unseen) -> NoAnswer {
        NoAnswer {
            why: unseen.to_string(),
            fix: None,
            may_pass: unseen.may_pass(),
            out_of_reach: unseen.is_out_of_reach(),
            lacks_lines: false,
            checks: None,
        }
    }
}

impl Socket {
    /// Asks all commands on one connection. The answers come in the same order, each without the
    /// empty line that ends it.
    pub async fn ask(&self, commands: &[String]) -> Result<Vec<String>, Unseen> {
        self.ask_and(Ending::Open, commands).await
    }

    /// As [`Socket::ask`], on the master CLI. The master listens until this side has ended
    /// (HAProxy's management guide, 9.4).
    pub(super) async fn ask_master(&self, commands: &[String]) -> Result<Vec<String>, Unseen> {
        self.ask_and(Ending::HalfClosed, commands).await
    }

    async fn ask_and(&self, ending: Ending, commands: &[String]) -> Result<Vec<String>, Unseen> {
        tracing::debug!(socket = %self.address, commands = commands.join(";"));
        match tokio::time::timeout(self.timeout, self.talk(commands, ending)).await {
            Ok(answer) => answers(&answer?, commands),
            Err(_) => Err(Unseen::TimedOut(self.timeout)),
        }
    }

    async fn talk(&self, commands: &[String], ending: Ending) -> Result<String, Unseen> {
        let connect = |error: io::Error| Unseen::Connect {
            kind: error.kind(),
            why: error.to_string(),
        };
        match &self.address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(connect)?;
                exchange(stream, commands, ending).await
            }
            Address::Tcp(host) => {
                let stream = TcpStream::connect(host).await.map_err(connect)?;
                exchange(stream, commands, ending).await
            }
        }
    }
}

/// How this side shows that it has asked everything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Not at all: the stats socket waits for one line.
    Open,
    HalfClosed,
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    commands: &[String],
    ending: Ending,
) -> Result<String, Unseen> {
    let broke = |error: io::Error| Unseen::Broke(error.to_string());
    let line = format!("{}\n", commands.join(";"));
    stream.write_all(line.as_bytes()).await.map_err(broke)?;
    if ending == Ending::HalfClosed {
        stream.shutdown().await.map_err(broke)?;
    }
    let mut answer = Vec::with_capacity(USUAL_ANSWER);
    stream
        .take(LARGEST_ANSWER)
        .read_to_end(&mut answer)
        .await
        .map_err(broke)?;
    // Descriptions and the texts of checks may have any bytes. The agent does not need them.
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Splits the whole answer into one for each command. Each ends with an empty line,
/// and nothing follows the last.
pub fn answers(answer: &str, commands: &[String]) -> Result<Vec<String>, Unseen> {
    let mut rest = answer;
    let mut answers = Vec::with_capacity(commands.len());
    for command in commands {
        let Some(end) = answer_end(rest) else {
            return Err(
                refused(rest, command).unwrap_or_else(|| Unseen::Truncated(command.clone()))
            );
        };
        let (one, after) = (&rest[..end], &rest[end + 2..]);
        if let Some(refusal) = refused(one, command) {
            return Err(refusal);
        }
        answers.push(one.trim_start_matches('\n').to_owned());
        rest = after;
    }
    match rest.trim_end_matches('\n') {
        "" => Ok(answers),
        more => Err(Unseen::strange(
            &commands.join(";"),
            format!("more answers than questions: {more}"),
        )),
    }
}

fn unconnected(kind: io::ErrorKind, why: &str) -> String {
    match kind {
        io::ErrorKind::PermissionDenied if !nix::unistd::geteuid().is_root() => {
            format!("unknown: needs root, or the group of the socket (can't connect: {why})")
        }
        _ => format!("can't connect: {why}"),
    }
}

fn refused(answer: &str, command: &str) -> Option<Unseen> {
    match answer.trim() {
        "Permission denied" => Some(Unseen::Denied(command.to_owned())),
        said if said.starts_with("Unknown command") => Some(Unseen::strange(command, said)),
        _ => None,
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => write!(f, "{}", path.display()),
            Address::Tcp(host) => write!(f, "tcp://{host}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answer: &str, commands: &[&str]) -> Result<Vec<String>, Unseen> {
        let commands: Vec<String> = commands.iter().map(|c| c.to_string()).collect();
        answers(answer, &commands)
    }

    #[test]
    fn one_answer_per_command() {
        assert_eq!(asked("a\nb\n\nc\n\n", &["x", "y"]).unwrap(), ["a\nb", "c"]);
    }

    #[test]
    fn an_empty_line_in_a_text_ends_no_answer() {
        let stat = "# pxname,svname,\nsrvs,web1,\"no \"\"OK\"\"\n\nin it\",\n\n";
        let info = "Name: HAProxy\nPid: 7\ndescription: a\n\nb\nTasks: 9\n\n";
        let state = "1\n# be_id be_name\n3 srvs\n\n";
        for parts in [
            vec![info, stat, stat],
            vec![info, state],
            vec![stat],
            vec![info],
        ] {
            let commands: Vec<&str> = parts.iter().map(|_| "x").collect();
            let whole: Vec<&str> = parts.iter().map(|part| &part[..part.len() - 2]).collect();
            assert_eq!(asked(&parts.concat(), &commands).unwrap(), whole);
        }
        let cut = stat.split_once("in it").unwrap().0;
        assert_eq!(asked(cut, &["x"]), Err(Unseen::Truncated("x".into())));
        let denied = format!("{info}Permission denied\n\n");
        assert_eq!(asked(&denied, &["x", "y"]), Err(Unseen::Denied("y".into())));
    }

    #[test]
    fn an_answer_without_its_empty_line_is_truncated() {
        assert_eq!(asked("a\nb\n", &["x"]), Err(Unseen::Truncated("x".into())));
        assert_eq!(
            asked("a\n\nb\n", &["x", "y"]),
            Err(Unseen::Truncated("y".into()))
        );
        assert_eq!(asked("", &["x"]), Err(Unseen::Truncated("x".into())));
    }

    #[test]
    fn an_effect_of_a_reload_may_pass_and_one_of_the_configuration_lasts() {
        let connect = |kind: io::ErrorKind| Unseen::Connect {
            kind,
            why: String::new(),
        };
        let strange = || Unseen::strange("show stat", "no such table");
        let master = |why| Unseen::Master("tcp://lb:9998".into(), Box::new(why));
        for passes in [
            connect(io::ErrorKind::ConnectionRefused),
            connect(io::ErrorKind::NotFound),
            connect(io::ErrorKind::ConnectionReset),
            Unseen::Broke("reset".into()),
            Unseen::Truncated("show info".into()),
            Unseen::Gone("no server line".into()),
            Unseen::Changing,
            master(connect(io::ErrorKind::ConnectionRefused)),
            master(strange()),
        ] {
            assert!(passes.may_pass(), "{passes}");
        }
        for lasts in [
            connect(io::ErrorKind::PermissionDenied),
            connect(io::ErrorKind::HostUnreachable),
            Unseen::TimedOut(Duration::from_secs(2)),
            Unseen::Denied("show info".into()),
            strange(),
            master(Unseen::Denied("show proc".into())),
        ] {
            assert!(!lasts.may_pass(), "{lasts}");
        }
    }

    #[test]
    fn only_a_balancer_that_does_not_answer_is_out_of_reach() {
        let connect = |kind: io::ErrorKind| Unseen::Connect {
            kind,
            why: String::new(),
        };
        let is_gone = |unseen: Unseen| NoAnswer::from(unseen).out_of_reach;
        for gone in [
            connect(io::ErrorKind::ConnectionRefused),
            connect(io::ErrorKind::HostUnreachable),
            connect(io::ErrorKind::NotFound),
            Unseen::TimedOut(Duration::from_secs(2)),
        ] {
            assert!(is_gone(gone.clone()), "{gone}");
        }
        let silent = Box::new(connect(io::ErrorKind::ConnectionRefused));
        for runs in [
            connect(io::ErrorKind::PermissionDenied),
            Unseen::Broke("reset".into()),
            Unseen::Denied("show info".into()),
            Unseen::Master("tcp://lb:9998".into(), silent),
            Unseen::Truncated("show info".into()),
            Unseen::Gone("no server line".into()),
            Unseen::Changing,
            Unseen::TooOld("2.2".into()),
            Unseen::strange("show stat", "no such table"),
        ] {
            assert!(!is_gone(runs.clone()), "{runs}");
        }
    }

    #[test]
    fn a_refusal_is_reported_and_a_surplus_answer_is_strange() {
        assert_eq!(
            asked("Permission denied\n\n", &["x"]),
            Err(Unseen::Denied("x".into()))
        );
        assert!(matches!(
            asked("Unknown command: 'x'\n\n", &["x"]),
            Err(Unseen::Strange { .. })
        ));
        assert!(matches!(
            asked("a\n\nb\n\n", &["x"]),
            Err(Unseen::Strange { .. })
        ));
    }
}
