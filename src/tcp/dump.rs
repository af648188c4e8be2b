//! One dump of the table over netlink's sock_diag, one address family after the other.

use super::{Connection, Listener, TcpError, address, info};
use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags,
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_SOCK_DIAG};
use nix::sys::socket::{MsgFlags, setsockopt, sockopt::ReceiveTimeout};
use nix::sys::time::TimeVal;
use std::io;
use std::time::{Duration, Instant};

/// For both families together. Measured, without optimization: 5,000 connections
/// take 75 ms, and 9,000 of other ports 5 ms.
const LIMIT: Duration = Duration::from_secs(2);
/// A dump that changed underneath is taken again so many times.
const TRIES: u32 = 5;
/// The kernel fills at most 32 KiB of it per message.
const BUFFER: usize = 64 * 1024;

/// All established connections with that local port. Blocks, at most about [`LIMIT`].
pub fn connections(port: u16) -> Result<Vec<Connection>, TcpError> {
    all(port, &LISTED, connection)
}

/// All sockets that listen on that port. The kernel has a table of its own for them, and does
/// not walk that of the connections, which for `/proc/net/tcp` takes milliseconds. Blocks
/// likewise.
pub fn listeners(port: u16) -> Result<Vec<Listener>, TcpError> {
    all(port, &StateFlags::LISTEN, listener)
}

/// What an entry of the table is to who asked; None: another port's.
type Read<T> = fn(&InetResponse, u16) -> Result<Option<T>, TcpError>;

fn all<T>(port: u16, states: &StateFlags, read: Read<T>) -> Result<Vec<T>, TcpError> {
    let until = Instant::now() + LIMIT;
    let mut all = Vec::new();
    for family in [AF_INET, AF_INET6] {
        all.extend(of_family(family, (port, states), read, until)?);
    }
    Ok(all)
}

fn of_family<T>(
    family: u8,
    (port, states): (u16, &StateFlags),
    read: Read<T>,
    until: Instant,
) -> Result<Vec<T>, TcpError> {
    for _ in 0..TRIES {
        // A socket of its own each time: what is left of an interrupted dump goes with it.
        let socket = ask(family, port, states).map_err(|error| TcpError::from_io(&error))?;
        let mut table = Table::new(port, read);
        while !table.done {
            table.take(&receive(&socket, until)?)?;
        }
        if !table.interrupted {
            return Ok(table.entries);
        }
    }
    Err(TcpError::Interrupted(TRIES))
}

/// Also of a peer that has said all it has to say, and still waits for the answer.
const LISTED: StateFlags = StateFlags::ESTABLISHED.union(StateFlags::CLOSE_WAIT);

fn ask(family: u8, port: u16, states: &StateFlags) -> io::Result<Socket> {
    let socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut socket_id = match family {
        AF_INET => SocketId::new_v4(),
        _ => SocketId::new_v6(),
    };
    // The kernel leaves out the others itself (inet_diag_dump_icsk, idiag_sport).
    socket_id.source_port = port;
    let request = InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::INFO,
        states: states.clone(),
        socket_id,
    };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    Ok(socket)
}

fn receive(socket: &Socket, until: Instant) -> Result<Vec<u8>, TcpError> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // A time limit of 0 would be none.
        if left < Duration::from_millis(1) {
            return Err(TcpError::TimedOut(LIMIT));
        }
        let limit = TimeVal::new(left.as_secs().cast_signed(), left.subsec_micros().into());
        setsockopt(socket, ReceiveTimeout, &limit)
            .map_err(|error| TcpError::Refused(error.to_string()))?;
        let mut bytes = Vec::with_capacity(BUFFER);
        match socket.recv(&mut (&mut bytes), MsgFlags::MSG_TRUNC.bits()) {
            Ok(size) if size > bytes.len() => {
                return Err(TcpError::Strange(format!("a message of {size} bytes")));
            }
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(TcpError::TimedOut(LIMIT));
            }
            Err(error) => return Err(TcpError::from_io(&error)),
        }
    }
}

/// What a dump has told so far.
struct Table<T> {
    port: u16,
    read: Read<T>,
    entries: Vec<T>,
    interrupted: bool,
    done: bool,
}

impl<T> Table<T> {
    fn new(port: u16, read: Read<T>) -> Table<T> {
        Table {
            port,
            read,
            entries: Vec::new(),
            interrupted: false,
            done: false,
        }
    }

    /// Takes the messages of one datagram.
    fn take(&mut self, datagram: &[u8]) -> Result<(), TcpError> {
        let mut rest = datagram;
        if rest.is_empty() {
            return Err(TcpError::Strange("an empty message".to_owned()));
        }
        while !rest.is_empty() && !self.done {
            let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest)
                .map_err(|error| TcpError::Strange(error.to_string()))?;
            // Each begins at a multiple of 4 bytes (NLMSG_ALIGN).
            let length = (message.header.length as usize).next_multiple_of(4);
            rest = rest.get(length..).unwrap_or_default();
            self.interrupted |= message.header.flags & NLM_F_DUMP_INTR != 0;
            self.take_one(message.payload)?;
        }
        Ok(())
    }

    fn take_one(&mut self, payload: NetlinkPayload<SockDiagMessage>) -> Result<(), TcpError> {
        let refused = |code: i32| TcpError::from_io(&io::Error::from_raw_os_error(-code));
        match payload {
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                self.entries.extend((self.read)(&response, self.port)?);
            }
            // A dump that fails on its way says so at its end.
            NetlinkPayload::Done(done) if done.code < 0 => return Err(refused(done.code)),
            NetlinkPayload::Done(_) => self.done = true,
            NetlinkPayload::Error(error) => return Err(refused(error.raw_code())),
            NetlinkPayload::Noop => {}
            other => return Err(TcpError::Strange(format!("{other:?}"))),
        }
        Ok(())
    }
}

/// None: another port's.
fn connection(response: &InetResponse, port: u16) -> Result<Option<Connection>, TcpError> {
    let id = &response.header.socket_id;
    if id.source_port != port {
        return Ok(None);
    }
    let info = response.nlas.iter().find_map(|nla| match nla {
        Nla::TcpInfo(info) => Some(info),
        _ => None,
    });
    let Some(info) = info else {
        return match is_gone(response) {
            true => Ok(None),
            false => Err(TcpError::Strange("a connection without tcp_info".into())),
        };
    };
    let ages = info::ages(info)?;
    Ok(Some(Connection {
        peer: address(id.destination_address, id.destination_port),
        local: address(id.source_address, id.source_port),
        received_ago: ages.received,
        sent_ago: ages.sent,
        // The queue's bytes; the crate's words for this field are the listener's.
        unacknowledged: response.header.send_queue,
        explained: false,
    }))
}

fn listener(response: &InetResponse, port: u16) -> Result<Option<Listener>, TcpError> {
    let id = &response.header.socket_id;
    Ok((id.source_port == port).then(|| Listener {
        local: std::net::SocketAddr::new(id.source_address, id.source_port),
        inode: response.header.inode.into(),
    }))
}

/// Closed while it was being told.
fn is_gone(response: &InetResponse) -> bool {
    (1 << response.header.state) & LISTED.bits() == 0
}

#[cfg(test)]
mod tests;
