//! One dump of a kernel table over netlink: asks once, and reads message by message to the end.

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader,
    NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr};
use nix::sys::socket::{MsgFlags, setsockopt, sockopt::ReceiveTimeout};
use nix::sys::time::TimeVal;
use std::io;
use std::time::{Duration, Instant};

/// The number of tries for a table that changes under the dump.
const TRIES: u32 = 5;
/// The kernel fills at most 32 KiB of it per message.
const BUFFER: usize = 64 * 1024;

/// Why the table could not be read as a whole.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The kernel refused, or the socket broke.
    #[error("{0}")]
    Refused(io::Error),
    /// No complete table in time.
    #[error("no complete list in time")]
    TimedOut,
    /// The table changed under the dump each time.
    #[error("the list was interrupted {0} times in a row")]
    Interrupted(u32),
    /// An answer that the kernel does not document.
    #[error("unexpected answer: {0}")]
    Strange(String),
}

impl From<io::Error> for DumpError {
    fn from(error: io::Error) -> DumpError {
        DumpError::Refused(error)
    }
}

/// Reads the table that `request` names with the netlink family `protocol`. `read` picks the
/// wanted part of each entry. Blocks, until `until` at most.
///
/// # Errors
///
/// [`DumpError`]: a caller must not read it as an empty table.
pub fn dump<M, T>(
    protocol: isize,
    request: &M,
    read: impl Fn(M) -> Result<Option<T>, DumpError>,
    until: Instant,
) -> Result<Vec<T>, DumpError>
where
    M: NetlinkSerializable + NetlinkDeserializable + Clone + std::fmt::Debug,
{
    for _ in 0..TRIES {
        // A socket of its own each time: it closes with the rest of an interrupted dump.
        let socket = ask(protocol, request)?;
        let mut table = Table::new(&read);
        while !table.done {
            table.take(&receive(&socket, until)?)?;
        }
        if !table.interrupted {
            return Ok(table.entries);
        }
    }
    Err(DumpError::Interrupted(TRIES))
}

fn ask<M: NetlinkSerializable + Clone>(protocol: isize, request: &M) -> io::Result<Socket> {
    let socket = Socket::new(protocol)?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let payload = NetlinkPayload::InnerMessage(request.clone());
    let mut message = NetlinkMessage::new(header, payload);
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    Ok(socket)
}

fn receive(socket: &Socket, until: Instant) -> Result<Vec<u8>, DumpError> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // A time limit of 0 would be none.
        if left < Duration::from_millis(1) {
            return Err(DumpError::TimedOut);
        }
        let limit = TimeVal::new(left.as_secs().cast_signed(), left.subsec_micros().into());
        setsockopt(socket, ReceiveTimeout, &limit).map_err(io::Error::from)?;
        let mut bytes = Vec::with_capacity(BUFFER);
        match socket.recv(&mut (&mut bytes), MsgFlags::MSG_TRUNC.bits()) {
            Ok(size) if size > bytes.len() => {
                return Err(DumpError::Strange(format!("a message of {size} bytes")));
            }
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(DumpError::TimedOut);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a dump has shown so far.
pub(crate) struct Table<T, R> {
    read: R,
    pub(crate) entries: Vec<T>,
    pub(crate) interrupted: bool,
    pub(crate) done: bool,
}

impl<T, R> Table<T, R> {
    pub(crate) fn new(read: R) -> Table<T, R> {
        Table {
            read,
            entries: Vec::new(),
            interrupted: false,
            done: false,
        }
    }

    /// Takes the messages of one datagram.
    pub(crate) fn take<M>(&mut self, datagram: &[u8]) -> Result<(), DumpError>
    where
        M: NetlinkDeserializable + std::fmt::Debug,
        R: Fn(M) -> Result<Option<T>, DumpError>,
    {
        let mut rest = datagram;
        if rest.is_empty() {
            return Err(DumpError::Strange("an empty message".to_owned()));
        }
        while !rest.is_empty() && !self.done {
            let message = NetlinkMessage::<M>::deserialize(rest)
                .map_err(|error| DumpError::Strange(error.to_string()))?;
            // Each begins at a multiple of 4 bytes (NLMSG_ALIGN).
            let length = (message.header.length as usize).next_multiple_of(4);
            rest = rest.get(length..).unwrap_or_default();
            self.interrupted |= message.header.flags & NLM_F_DUMP_INTR != 0;
            self.take_one(message.payload)?;
        }
        Ok(())
    }

    fn take_one<M>(&mut self, payload: NetlinkPayload<M>) -> Result<(), DumpError>
    where
        M: std::fmt::Debug,
        R: Fn(M) -> Result<Option<T>, DumpError>,
    {
        let refused =
            |code: i32| DumpError::Refused(io::Error::from_raw_os_error(code.saturating_neg()));
        match payload {
            NetlinkPayload::InnerMessage(entry) => self.entries.extend((self.read)(entry)?),
            // A dump that fails on its way reports that at its end.
            NetlinkPayload::Done(done) if done.code < 0 => return Err(refused(done.code)),
            NetlinkPayload::Done(_) => self.done = true,
            NetlinkPayload::Error(error) => return Err(refused(error.raw_code())),
            NetlinkPayload::Noop => {}
            other => return Err(DumpError::Strange(format!("{other:?}"))),
        }
        Ok(())
    }
}
