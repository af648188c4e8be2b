//! The sidecar on real hosts: real HAProxy, real iptables, steady traffic, in network namespaces.
//! `tests/machines/` runs it under a real systemd.

mod closed;
mod cost;
mod dashboard;
mod leaving;
mod metrics;
mod opens;
mod ports;
mod readers;
mod renewal;
mod settings;
mod stopping;
mod targets;

use lab::fleet::Fleet;
use lab::sidecar::Sidecar;

/// The gates of all hosts are open, and a sidecar on host 1 reports that it keeps them open.
fn kept_open(test: &str) -> (Fleet, Sidecar) {
    let fleet = Fleet::quick(test, |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let mut sidecar = Sidecar::start(fleet.host(1), agent);
    sidecar.wait_for_notification("web: open");
    (fleet, sidecar)
}
