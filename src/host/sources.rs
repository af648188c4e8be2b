//! The addresses that the balancers connect from, as far as the configuration and the addresses
//! of their stats sockets show.

use super::balancers::interface_addresses;
use crate::config::BalancerSettings;
use crate::haproxy::Address;
use crate::restart::Source;
use std::net::IpAddr;
use std::time::Duration;

/// A name that does not resolve in this time has no addresses.
const RESOLVED: Duration = Duration::from_secs(1);

/// Of each balancer.
pub(super) async fn sources(balancers: &[BalancerSettings]) -> Vec<Source> {
    let mut sources = Vec::new();
    for balancer in balancers {
        sources.push(match &balancer.source {
            Some(source) => source.clone(),
            None => Source::Socket(of_socket(&balancer.address).await),
        });
    }
    sources
}

/// A balancer on this host connects from any address of it.
async fn of_socket(address: &Address) -> Vec<IpAddr> {
    let addresses: Vec<IpAddr> = match address {
        Address::Unix(_) => return interface_addresses(),
        Address::Tcp(at) => {
            let found = tokio::time::timeout(RESOLVED, tokio::net::lookup_host(at)).await;
            let found = found.into_iter().flatten().flatten();
            found.map(|address| address.ip().to_canonical()).collect()
        }
    };
    let own = interface_addresses();
    match addresses.iter().any(|ip| own.contains(ip)) {
        true => own,
        false => addresses,
    }
}
