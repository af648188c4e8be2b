//! One target of an app, as this host alone shows it: its address, whether it runs, its gates.

use super::{ThisHost, at_rest};
use crate::app::Run;
use crate::config::{AppSettings, Settings};
use crate::gate::{Destination, Gate, GateError, bound};
use crate::state::target;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The address for probes of an app or target that no balancer need show: where its gates redirect
/// to. The address of a port is the configured one, or that of the listener, else loopback.
pub(super) fn probe_address(app: &AppSettings) -> SocketAddr {
    match app.gate_to {
        Destination::Address(to) => to,
        Destination::Port(port) => SocketAddr::new(listener(app.address, &bound(port)), port),
    }
}

/// A listener on every address answers on loopback, too.
fn listener(configured: Option<IpAddr>, bound: &[SocketAddr]) -> IpAddr {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut bound = bound.iter().map(SocketAddr::ip);
    let on_loopback = bound
        .clone()
        .any(|ip| ip.is_unspecified() || ip == loopback);
    match configured {
        Some(ip) => ip,
        None if on_loopback => loopback,
        None => bound.next().unwrap_or(loopback),
    }
}

/// Whether it runs: as systemd reports, else by its listener. Err: why not. None: its gates
/// redirect to another host, so only its health shows it.
pub(super) async fn runs(app: &AppSettings) -> Option<Result<(), String>> {
    if let Some(run @ Run::Systemd { unit }) = &app.run
        && let Some(is_active) = run.is_running().await
    {
        let down = || format!("{unit} is not active");
        return Some(is_active.then_some(()).ok_or_else(down));
    }
    let port = app.ports.port;
    match (app.gate_to, bound(port).as_slice()) {
        (Destination::Address(_), _) => None,
        (Destination::Port(_), []) => Some(Err(format!("nothing listens on port {port}"))),
        (Destination::Port(_), _) => Some(Ok(())),
    }
}

impl ThisHost {
    /// Closes these gates, of other targets of the app. Ok(true): one of them was not closed.
    pub(crate) async fn close_others(&mut self, gates: &[Gate]) -> Result<bool, GateError> {
        let wanted: Vec<(&Gate, bool)> = gates.iter().map(|gate| (gate, false)).collect();
        self.ensure_all(&wanted).await
    }

    /// The targets that are open beside this one are not parked on it any more: HAProxy may send them
    /// all users.
    pub(crate) async fn unpark_open(&mut self, settings: &Settings) -> Result<(), String> {
        let record = target::find(&self.hold_dir, &self.app.name);
        let record = record.map_err(|error| error.to_string())?;
        let rules = self.rules.look(&self.firewall).await;
        let rules = rules.map_err(|error| error.to_string())?;
        let wanted = at_rest(settings, &self.app, record.as_ref(), Some(&rules));
        let parked = self.park(&wanted).await;
        parked.map(drop).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_goes_to_the_configured_address_or_to_the_listener() {
        for (configured, bound, expected) in [
            (None, &[][..], "127.0.0.1"),
            (None, &["0.0.0.0:1000"], "127.0.0.1"),
            (None, &["[::]:1000"], "127.0.0.1"),
            (None, &["127.0.0.1:1000"], "127.0.0.1"),
            (None, &["10.0.0.2:1000"], "10.0.0.2"),
            (None, &["[fd00::2]:1000"], "fd00::2"),
            (None, &["10.0.0.2:1000", "127.0.0.1:1000"], "127.0.0.1"),
            (Some("10.0.0.3"), &["127.0.0.1:1000"], "10.0.0.3"),
        ] {
            let configured = configured.map(|ip: &str| ip.parse().unwrap());
            let bound: Vec<SocketAddr> = bound.iter().map(|at| at.parse().unwrap()).collect();
            let expected: IpAddr = expected.parse().unwrap();
            assert_eq!(listener(configured, &bound), expected, "{bound:?}");
        }
    }
}
