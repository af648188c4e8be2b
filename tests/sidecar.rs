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
#[path = "sidecar/renewed.rs"]
mod renewed;
