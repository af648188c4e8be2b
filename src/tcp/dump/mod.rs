//! One dump of the table over netlink's sock_diag, one address family after the other.

use super::info;
use super::model::{Bound, Connection, LIMIT, Passing, Socket, TcpError, address};
use crate::netlink::{DumpError, dump};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags,
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use std::time::Instant;

/// From the first packet to the last, so that it misses no connection that HAProxy counts:
/// HAProxy learns a moment later that the app has closed. It includes a peer that has sent all,
/// and still waits for the answer.
const LISTED: StateFlags = StateFlags::ESTABLISHED
    .union(StateFlags::SYN_RECV)
    .union(StateFlags::FIN_WAIT1)
    .union(StateFlags::FIN_WAIT2)
    .union(StateFlags::CLOSE_WAIT);

/// All connections with that local port. Blocks, at most about [`LIMIT`].
pub(crate) fn connections(port: u16) -> Result<Vec<Connection>, TcpError> {
    all(Port::Own(port), &LISTED, connection)
}

/// The sockets of this host that are connected to that port of any host. Blocks likewise.
pub(crate) fn callers(port: u16) -> Result<Vec<Socket>, TcpError> {
    all(Port::Peers(port), &LISTED, socket)
}

/// All sockets that listen on that port. The kernel has a table of its own for them. Reading
/// `/proc/net/tcp` would walk that of the connections, too, which takes milliseconds. Blocks
/// likewise.
pub(crate) fn listeners(port: u16) -> Result<Vec<Socket>, TcpError> {
    all(Port::Own(port), &StateFlags::LISTEN, socket)
}

/// Sockets that are bound and neither listen nor have a connection (TCP_BOUND_INACTIVE). Linux
/// 6.8 and newer shows them.
const BOUND: StateFlags = StateFlags::from_bits_retain(1 << 13);

/// All sockets that have bound that port, and nothing more. Blocks likewise.
pub(crate) fn bound(port: u16) -> Result<Vec<Bound>, TcpError> {
    all(Port::Own(port), &BOUND, |response| Bound {
        local: socket(response).local,
        inode: response.header.inode.into(),
        uid: response.header.uid,
    })
}

/// All connections in any state that have that port on this side, including those that are over
/// and only remembered for a while. Blocks likewise.
pub(crate) fn passing(port: u16) -> Result<Vec<Passing>, TcpError> {
    let rest = StateFlags::LISTEN.union(StateFlags::CLOSE);
    let states = StateFlags::all().difference(rest);
    all(Port::Own(port), &states, |response| {
        let id = &response.header.socket_id;
        Passing {
            peer: address(id.destination_address, id.destination_port),
            is_over: StateFlags::TIME_WAIT.bits() == 1 << response.header.state,
            uid: response.header.uid,
            inode: response.header.inode.into(),
        }
    })
}

/// The end of a connection that has the port.
#[derive(Debug, Clone, Copy)]
enum Port {
    Own(u16),
    Peers(u16),
}

impl Port {
    fn is_of(self, id: &SocketId) -> bool {
        match self {
            Port::Own(port) => id.source_port == port,
            Port::Peers(port) => id.destination_port == port,
        }
    }
}

fn all<T>(
    port: Port,
    states: &StateFlags,
    read: fn(&InetResponse) -> T,
) -> Result<Vec<T>, TcpError> {
    let until = Instant::now() + LIMIT;
    let read = |message| entry(message, port, read);
    let mut all = Vec::new();
    for family in [AF_INET, AF_INET6] {
        let request = request(family, port, states);
        all.extend(dump(NETLINK_SOCK_DIAG, &request, read, until)?);
    }
    Ok(all)
}

fn request(family: u8, port: Port, states: &StateFlags) -> SockDiagMessage {
    let mut socket_id = match family {
        AF_INET => SocketId::new_v4(),
        _ => SocketId::new_v6(),
    };
    // The kernel leaves out the others itself (inet_diag_dump_icsk, idiag_sport and idiag_dport).
    match port {
        Port::Own(port) => socket_id.source_port = port,
        Port::Peers(port) => socket_id.destination_port = port,
    }
    SockDiagMessage::InetRequest(InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::INFO,
        states: states.clone(),
        socket_id,
    })
}

/// None: another port's.
fn entry<T>(
    message: SockDiagMessage,
    port: Port,
    read: fn(&InetResponse) -> T,
) -> Result<Option<T>, DumpError> {
    match message {
        SockDiagMessage::InetResponse(response) => Ok(port
            .is_of(&response.header.socket_id)
            .then(|| read(&response))),
        other => Err(DumpError::Strange(format!("{other:?}"))),
    }
}

fn connection(response: &InetResponse) -> Connection {
    let id = &response.header.socket_id;
    let info = response.nlas.iter().find_map(|nla| match nla {
        Nla::TcpInfo(info) => Some(info),
        _ => None,
    });
    // The queue's bytes; the crate's words for this field are the listener's.
    let unacknowledged = response.header.send_queue;
    Connection {
        peer: address(id.destination_address, id.destination_port),
        local: address(id.source_address, id.source_port),
        waits: info.and_then(|info| info::ages(info)?.waits(unacknowledged > 0)),
    }
}

fn socket(response: &InetResponse) -> Socket {
    let id = &response.header.socket_id;
    Socket {
        local: address(id.source_address, id.source_port),
        inode: response.header.inode.into(),
    }
}

#[cfg(test)]
mod tests;
