//! Whether the app works: one probe of its own port, by HTTP or HTTPS, by TCP or by a command.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::environment::Environment;
use super::{Proxy, Verify, command, http, program, tls};

/// How the agent finds out whether the app is healthy.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The kind of the probe.
    pub check: HealthCheck,
    /// The number of good answers in a row that make the app healthy.
    pub times: u32,
    /// The limit of one probe.
    pub timeout: Duration,
}

/// The kind of a probe.
#[derive(Debug, Clone, PartialEq)]
pub enum HealthCheck {
    /// A GET request. Redirects are not followed.
    Http {
        /// The request's target, from the slash on, with its query.
        path: String,
        /// The one good status. Without it 200 to 399 are good, as for HAProxy's httpchk.
        status: Option<u16>,
        /// The Host header. Without it the probe's address.
        host: Option<String>,
        /// Probes by TLS, and verifies the app's certificate so. The name is the host's.
        tls: Option<Verify>,
        /// Sends a PROXY header first.
        proxy: Option<Proxy>,
    },
    /// The app takes a connection.
    Tcp,
    /// This program, run without a shell, exits with 0.
    Command(Vec<String>),
}

impl Default for Health {
    /// One connection within two seconds.
    fn default() -> Self {
        Self {
            check: HealthCheck::Tcp,
            times: 1,
            timeout: Duration::from_secs(2),
        }
    }
}

impl Health {
    /// Probes the app once at `address`, its own port. A command finds what it asks in its
    /// environment. Err: one line with the reason why it is not healthy.
    pub async fn probe(
        &self,
        address: SocketAddr,
        environment: Environment<'_>,
    ) -> Result<(), String> {
        let deadline = Instant::now() + self.timeout;
        match &self.check {
            HealthCheck::Http {
                tls, proxy, host, ..
            } => {
                let mut stream = self.connect(address, deadline).await?;
                if let Some(proxy) = proxy {
                    introduce(&mut stream, *proxy, address).await?;
                }
                let Some(verify) = tls else {
                    return self.ask(stream, address, deadline).await;
                };
                let shaken = tls::connect(stream, host.as_deref(), address, verify);
                let shaken = timeout_at(deadline, shaken).await;
                let stream = shaken.map_err(|_| self.late("no TLS handshake"))??;
                self.ask(stream, address, deadline).await
            }
            HealthCheck::Tcp => self.connect(address, deadline).await.map(drop),
            HealthCheck::Command(argv) => {
                let ran = command::run(argv, environment, self.timeout, |_| {}, None).await;
                ran.map_err(|error| error.to_string())
            }
        }
    }

    /// The part of an HTTP probe that follows the connection, which may be any stream. The other
    /// checks need nothing after it.
    pub async fn ask<S>(
        &self,
        stream: S,
        address: SocketAddr,
        deadline: Instant,
    ) -> Result<(), String>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let HealthCheck::Http {
            path, status, host, ..
        } = &self.check
        else {
            return Ok(());
        };
        let request = http::request(address, path, host.as_deref())?;
        let answer = timeout_at(deadline, http::ask(stream, request)).await;
        let answer = answer.map_err(|_| self.late(&format!("no answer to GET {path}")))?;
        judge(answer?, path, *status)
    }

    /// Errors that the preflight can find: a program that is missing or not executable, or a
    /// request that can't be sent.
    pub fn check(&self) -> Result<(), String> {
        match &self.check {
            HealthCheck::Command(argv) => {
                let place = program::check(argv);
                place.map(drop).map_err(|error| format!("health: {error}"))
            }
            HealthCheck::Http { tls, .. } => {
                self.sendable()?;
                let readable = tls.as_ref().map_or(Ok(()), Verify::check);
                readable.map_err(|error| format!("health: {error}"))
            }
            HealthCheck::Tcp => Ok(()),
        }
    }

    /// Errors that need no look at this host: a request that can't be sent.
    pub(crate) fn sendable(&self) -> Result<(), String> {
        let HealthCheck::Http { path, host, .. } = &self.check else {
            return Ok(());
        };
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 80));
        let request = http::request(anywhere, path, host.as_deref());
        request
            .map(drop)
            .map_err(|error| format!("health: {error}"))
    }

    /// Whether it accepts any TLS server as the app.
    pub fn unverified(&self) -> bool {
        matches!(
            &self.check,
            HealthCheck::Http {
                tls: Some(Verify::Nothing),
                ..
            }
        )
    }

    /// The longest wait between probes: a command costs more than a connection.
    pub fn pace(&self) -> Duration {
        match self.check {
            HealthCheck::Http { .. } | HealthCheck::Tcp => Duration::from_millis(30),
            HealthCheck::Command(_) => Duration::from_millis(250),
        }
    }

    async fn connect(&self, address: SocketAddr, by: Instant) -> Result<TcpStream, String> {
        let stream = match timeout_at(by, TcpStream::connect(address)).await {
            Ok(connected) => connected.map_err(|error| crate::text::plain(&error))?,
            Err(_) => return Err(self.late("no connection")),
        };
        // The kernel may choose a port of the ephemeral range without a listener as our own
        // source port. TCP then connects us to ourselves.
        if stream.local_addr().is_ok_and(|own| own == address) {
            return Err(crate::text::plain(&io::ErrorKind::ConnectionRefused.into()));
        }
        Ok(stream)
    }

    fn late(&self, what: &str) -> String {
        format!("{what} within {:?}", self.timeout)
    }
}

/// The header fits into any socket's buffer, so this does not wait.
async fn introduce(stream: &mut TcpStream, proxy: Proxy, to: SocketAddr) -> Result<(), String> {
    let plain = |error: io::Error| crate::text::plain(&error);
    let header = proxy.header(stream.local_addr().map_err(plain)?, to);
    stream.write_all(&header).await.map_err(plain)
}

fn judge(answered: u16, path: &str, wanted: Option<u16>) -> Result<(), String> {
    match wanted {
        None if (200..400).contains(&answered) => Ok(()),
        None => Err(format!("{answered} from GET {path}, wanted 200..399")),
        Some(status) if status == answered => Ok(()),
        Some(status) => Err(format!("{answered} from GET {path}, wanted {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_status_haproxys_are_good() {
        for (status, good) in [
            (199, false),
            (200, true),
            (302, true),
            (399, true),
            (400, false),
        ] {
            assert_eq!(judge(status, "/", None).is_ok(), good, "{status}");
        }
    }

    #[test]
    fn a_given_status_is_the_only_good_one() {
        assert_eq!(judge(204, "/up", Some(204)), Ok(()));
        assert_eq!(
            judge(200, "/up", Some(204)),
            Err("200 from GET /up, wanted 204".to_owned())
        );
    }
}
