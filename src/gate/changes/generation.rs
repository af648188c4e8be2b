//! The number of nf_tables' current generation: it grows with each transaction that changed
//! something, and with nothing else (`base_seq`, net/netfilter/nf_tables_api.c).

use super::transactions::{NEWGEN, SUBSYSTEM};
use netlink_packet_core::{
    Emitable, NLM_F_REQUEST, NLMSG_ERROR, NetlinkBuffer, NetlinkHeader, NlasIterator, parse_i32,
    parse_u32_be,
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use std::io;

/// NFT_MSG_GETGEN of linux/netfilter/nf_tables.h.
const GETGEN: u16 = SUBSYSTEM | 16;
/// NFTA_GEN_ID, likewise.
const ID: u16 = 1;
/// The size of `struct nfgenmsg`, which every message begins with.
const NFNETLINK: usize = 4;
/// The answer has 48 bytes.
const BUFFER: usize = 1024;

/// Asks for the generation, on a socket that stays open.
#[derive(Debug, Default)]
pub(super) struct Generation {
    socket: Option<Socket>,
    /// The number of questions so far.
    asked: u32,
}

impl Generation {
    /// The number now. Never waits: the kernel answers before the question's `send` returns.
    pub(super) fn ask(&mut self) -> io::Result<u32> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => connect()?,
        };
        self.asked = self.asked.wrapping_add(1);
        socket.send(&question(self.asked), 0)?;
        let mut answer = Vec::with_capacity(BUFFER);
        socket.recv(&mut answer, 0)?;
        let number = number(&answer, self.asked)?;
        // Drops the socket after an error, because the answer could still come.
        self.socket = Some(socket);
        Ok(number)
    }
}

fn connect() -> io::Result<Socket> {
    let socket = Socket::new(NETLINK_NETFILTER)?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.set_non_blocking(true)?;
    Ok(socket)
}

fn question(sequence_number: u32) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.message_type = GETGEN;
    header.flags = NLM_F_REQUEST;
    header.sequence_number = sequence_number;
    let mut bytes = vec![0; header.buffer_len() + NFNETLINK];
    header.length = u32::try_from(bytes.len()).unwrap_or_default();
    header.emit(&mut bytes);
    bytes
}

fn number(answer: &[u8], asked: u32) -> io::Result<u32> {
    let strange = || io::Error::other(format!("unexpected answer of nf_tables: {answer:?}"));
    let message = NetlinkBuffer::new_checked(answer).map_err(|_| strange())?;
    if message.sequence_number() != asked {
        return Err(strange());
    }
    let payload = message.payload();
    match message.message_type() {
        NLMSG_ERROR => {
            let code = payload.get(..4).and_then(|code| parse_i32(code).ok());
            Err(match code {
                Some(code @ ..0) => io::Error::from_raw_os_error(code.saturating_neg()),
                _ => strange(),
            })
        }
        NEWGEN => {
            let attributes = payload.get(NFNETLINK..).unwrap_or_default();
            let id = NlasIterator::new(attributes)
                .map_while(Result::ok)
                .find(|attribute| attribute.kind() == ID);
            id.and_then(|id| parse_u32_be(id.value()).ok())
                .ok_or_else(strange)
        }
        _ => Err(strange()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux 6.18's answer: the generation 7, by the process 4 called "agent".
    fn answer(kind: u16, payload: &[u8]) -> Vec<u8> {
        let mut header = NetlinkHeader::default();
        header.message_type = kind;
        header.sequence_number = 3;
        let mut bytes = vec![0; header.buffer_len()];
        header.length = u32::try_from(bytes.len() + payload.len()).unwrap();
        header.emit(&mut bytes);
        bytes.extend(payload);
        bytes
    }

    const SEVEN: &[u8] = b"\0\0\0\x07\x08\0\x01\0\0\0\0\x07\x08\0\x02\0\0\0\0\x04";

    #[test]
    fn the_number_is_found_behind_other_attributes_too() {
        assert_eq!(number(&answer(NEWGEN, SEVEN), 3).unwrap(), 7);
        let turned = [&SEVEN[..4], &SEVEN[12..], &SEVEN[4..12]].concat();
        assert_eq!(number(&answer(NEWGEN, &turned), 3).unwrap(), 7);
    }

    #[test]
    fn another_questions_answer_is_none() {
        assert!(number(&answer(NEWGEN, SEVEN), 4).is_err());
        assert!(number(&answer(GETGEN, SEVEN), 3).is_err());
    }

    #[test]
    fn the_kernels_refusal_is_its_error() {
        let refused = |code: i32| number(&answer(NLMSG_ERROR, &code.to_ne_bytes()), 3).unwrap_err();
        assert_eq!(refused(-1).raw_os_error(), Some(nix::libc::EPERM));
        assert_eq!(refused(0).raw_os_error(), None, "an acknowledgement");
        assert!(refused(i32::MIN).raw_os_error().is_some());
    }

    #[test]
    fn an_answer_cut_anywhere_is_none() {
        let whole = answer(NEWGEN, &SEVEN[..12]);
        for cut in 0..whole.len() {
            assert!(number(&whole[..cut], 3).is_err(), "{cut}");
            let shorter = answer(NEWGEN, &SEVEN[..cut.min(11)]);
            assert!(number(&shorter, 3).is_err(), "{cut}");
        }
    }
}
