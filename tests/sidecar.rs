//! The sidecar on real hosts: real HAProxy, real iptables, steady traffic, in network
//! namespaces. Under a real systemd it is tried by `tests/machines.rs`.

mod lab;

#[path = "sidecar/closed.rs"]
mod closed;
#[path = "sidecar/cost.rs"]
mod cost;
#[path = "sidecar/leaving.rs"]
mod leaving;
#[path = "sidecar/metrics.rs"]
mod metrics;
#[path = "sidecar/opens.rs"]
mod opens;
#[path = "sidecar/ports.rs"]
mod ports;
#[path = "sidecar/readers.rs"]
mod readers;
#[path = "sidecar/renewed.rs"]
mod renewed;
#[path = "sidecar/stopping.rs"]
mod stopping;

use lab::fleet::Fleet;
use lab::sidecar::Sidecar;

/// The gates of all hosts are open, and a sidecar on host 1 has said that it keeps them so.
fn kept_open(test: &str) -> (Fleet, Sidecar) {
    let fleet = Fleet::quick(test, |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let mut sidecar = Sidecar::start(fleet.host(1), agent);
    sidecar.wait_told("web: open");
    (fleet, sidecar)
}
