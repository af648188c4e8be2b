//! The sockets of the page's server.

use crate::gate::listeners;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind as bind_to, listen, socket_with, sockopt,
};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::TcpListener;

/// Connections that wait for the server.
const BACKLOG: i32 = 1024;

/// Listens on this address, or on every address in IPv4 and IPv6. Needs tokio's runtime.
///
/// # Errors
///
/// The port, its owner, and what to do.
pub fn bind(address: Option<IpAddr>, port: u16) -> Result<Vec<TcpListener>, String> {
    let every: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    let mut all = Vec::new();
    for ip in address.map_or(every.to_vec(), |address| vec![address]) {
        match bind_one(SocketAddr::new(ip, port)) {
            Ok(listener) => all.push(listener),
            // A kernel without IPv6.
            Err(error) if address.is_none() && ip.is_ipv6() && is_missing(&error) => {}
            Err(error) => return Err(why(ip, port, &error)),
        }
    }
    Ok(all)
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    // A server that is started again finds connections of the last one, which are ending.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        // IPv4 has a socket of its own.
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    bind_to(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn is_missing(error: &io::Error) -> bool {
    let missing = [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL];
    Errno::from_io_error(error).is_some_and(|errno| missing.contains(&errno))
}

fn why(ip: IpAddr, port: u16, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let owners = match listeners(port) {
                owners if owners.is_empty() => "another process".to_owned(),
                owners => owners.join(", "),
            };
            format!(
                "port {port} is taken by {owners}: stop that, or write another port in \
                 [app.NAME.page] and on the page's line in HAProxy"
            )
        }
        io::ErrorKind::PermissionDenied => format!(
            "port {port} can't be bound: it needs root or CAP_NET_BIND_SERVICE, which \
             haproxy-gate-page@.service has"
        ),
        _ => format!(
            "{} can't be bound: {}",
            SocketAddr::new(ip, port),
            crate::text::plain(error)
        ),
    }
}

/// Where they listen.
pub fn name_all(listeners: &[TcpListener]) -> String {
    let addresses = listeners
        .iter()
        .filter_map(|listener| listener.local_addr().ok());
    let names: Vec<String> = addresses.map(|address| address.to_string()).collect();
    names.join(" and ")
}
