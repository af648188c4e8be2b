//! One dump of the table over netlink's sock_diag.

mod question;

use super::info;
use super::model::{Bound, Connection, Held, LIMIT, Passing, Socket, TcpError, address};
use crate::netlink::{DumpError, dump};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetResponse, SocketId, StateFlags};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use question::Message;
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
    all(Port::Own(port), &LISTED, ExtensionFlags::INFO, connection)
}

/// The sockets of this host that are connected to that port of any host. Blocks likewise.
pub(crate) fn callers(port: u16) -> Result<Vec<Socket>, TcpError> {
    all(Port::Peers(port), &LISTED, NOTHING_MORE, socket)
}

/// All sockets that listen on that port. The kernel has a table of its own for them. Reading
/// `/proc/net/tcp` would walk that of the connections, too, which takes milliseconds. Blocks
/// likewise.
pub(crate) fn listeners(port: u16) -> Result<Vec<Socket>, TcpError> {
    all(Port::Own(port), &StateFlags::LISTEN, NOTHING_MORE, socket)
}

/// Sockets that are bound and neither listen nor have a connection (TCP_BOUND_INACTIVE). Linux
/// 6.8 and newer shows them, in the state CLOSE.
const BOUND: StateFlags = StateFlags::from_bits_retain(1 << 13);

/// All sockets that have that port on this side and do not listen there. Blocks likewise.
pub(crate) fn held(port: u16) -> Result<Held, TcpError> {
    let rest = StateFlags::LISTEN.union(StateFlags::CLOSE);
    let states = StateFlags::all().difference(rest).union(BOUND);
    let one = |response: &InetResponse| match has_state(response, &StateFlags::CLOSE) {
        true => Err(bound(response)),
        false => Ok(passing(response)),
    };
    let mut held = Held::default();
    for one in all(Port::Own(port), &states, NOTHING_MORE, one)? {
        match one {
            Ok(passing) => held.passing.push(passing),
            Err(bound) => held.bound.push(bound),
        }
    }
    Ok(held)
}

/// Only the end of a socket, its state and its owner.
const NOTHING_MORE: ExtensionFlags = ExtensionFlags::empty();

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
    extensions: ExtensionFlags,
    read: fn(&InetResponse) -> T,
) -> Result<Vec<T>, TcpError> {
    let mut ends = SocketId::new_v4();
    // The kernel leaves out the others itself (inet_diag_dump_icsk, idiag_sport and idiag_dport).
    match port {
        Port::Own(port) => ends.source_port = port,
        Port::Peers(port) => ends.destination_port = port,
    }
    let question = Message::Question {
        extensions,
        ends,
        states: states.clone(),
    };
    let read = |message| entry(message, port, read);
    Ok(dump(
        NETLINK_SOCK_DIAG,
        &question,
        read,
        Instant::now() + LIMIT,
    )?)
}

/// None: another port's.
fn entry<T>(
    message: Message,
    port: Port,
    read: fn(&InetResponse) -> T,
) -> Result<Option<T>, DumpError> {
    match message {
        Message::Answer(SockDiagMessage::InetResponse(response)) => Ok(port
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

fn bound(response: &InetResponse) -> Bound {
    Bound {
        local: socket(response).local,
        inode: response.header.inode.into(),
        uid: response.header.uid,
    }
}

fn passing(response: &InetResponse) -> Passing {
    let id = &response.header.socket_id;
    Passing {
        peer: address(id.destination_address, id.destination_port),
        is_over: has_state(response, &StateFlags::TIME_WAIT),
        uid: response.header.uid,
        inode: response.header.inode.into(),
    }
}

fn has_state(response: &InetResponse, state: &StateFlags) -> bool {
    state.bits() == 1 << response.header.state
}

#[cfg(test)]
mod tests;
