//! The question that a dump asks. It covers both address families, because the kernel walks all
//! buckets of its table for each question: 262,144 of them take it 1 ms, however few are used. `ss`
//! asks the same way.

use netlink_packet_core::{
    DecodeError, Emitable, NetlinkDeserializable, NetlinkHeader, NetlinkSerializable,
};
use netlink_packet_sock_diag::inet::{ExtensionFlags, SocketId, StateFlags};
use netlink_packet_sock_diag::{SOCK_DIAG_BY_FAMILY, SockDiagMessage};

/// The type of question and answers: sockets of TCP, of each family (linux/inet_diag.h).
pub(super) const TCPDIAG_GETSOCK: u16 = 18;

/// `struct inet_diag_req`: the family and two lengths, which a dump ignores; extensions, ends,
/// states, tables.
const LENGTH: usize = 60;
const EXTENSIONS: usize = 3;
const ENDS: std::ops::Range<usize> = 4..52;
const STATES: std::ops::Range<usize> = 52..56;

/// A message of such a dump.
#[derive(Debug, Clone)]
pub(super) enum Message {
    Question {
        extensions: ExtensionFlags,
        /// Its ports. 0: any.
        ends: SocketId,
        states: StateFlags,
    },
    Answer(SockDiagMessage),
}

impl NetlinkSerializable for Message {
    fn message_type(&self) -> u16 {
        TCPDIAG_GETSOCK
    }

    fn buffer_len(&self) -> usize {
        match self {
            Message::Question { .. } => LENGTH,
            Message::Answer(answer) => NetlinkSerializable::buffer_len(answer),
        }
    }

    fn serialize(&self, buffer: &mut [u8]) {
        match self {
            Message::Question {
                extensions,
                ends,
                states,
            } => {
                buffer.fill(0);
                buffer[EXTENSIONS] = extensions.bits();
                ends.emit(&mut buffer[ENDS]);
                buffer[STATES].copy_from_slice(&states.bits().to_ne_bytes());
            }
            Message::Answer(answer) => answer.serialize(buffer),
        }
    }
}

impl NetlinkDeserializable for Message {
    type Error = DecodeError;

    /// An answer is like one to a question about a single family, but for its type.
    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> Result<Message, DecodeError> {
        if header.message_type != TCPDIAG_GETSOCK {
            let strange = format!("unknown message type {}", header.message_type);
            return Err(strange.into());
        }
        let mut header = *header;
        header.message_type = SOCK_DIAG_BY_FAMILY;
        SockDiagMessage::deserialize(&header, payload).map(Message::Answer)
    }
}
