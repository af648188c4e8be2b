//! Hears of nf_tables' transactions. The kernel announces each change of a rule, and at the end
//! the new generation. Only that end counts here.

use netlink_packet_core::NetlinkBuffer;
use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket};
use nix::libc::{ENOBUFS, NFNL_SUBSYS_NFTABLES};
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The upper byte of nf_tables' message types.
pub(super) const SUBSYSTEM: u16 = (NFNL_SUBSYS_NFTABLES as u16) << 8;
/// NFT_MSG_NEWGEN of linux/netfilter/nf_tables.h.
pub(super) const NEWGEN: u16 = SUBSYSTEM | 15;
/// NFNLGRP_NFTABLES of linux/netfilter/nfnetlink.h.
const GROUP: u32 = 7;
/// The kernel's NLMSG_GOODSIZE is smaller.
const BUFFER: usize = 8 * 1024;
/// The shortest time between two reports.
const PAUSE: Duration = Duration::from_millis(200);

/// A socket that has joined nf_tables' group.
pub(super) struct Transactions {
    socket: TokioSocket,
    buffer: Vec<u8>,
    /// It has read some transactions that it has not yet reported.
    untold: bool,
    /// The earliest time of the next report.
    not_before: Instant,
}

impl Transactions {
    /// Hears of all transactions from now on.
    pub(super) fn listen() -> io::Result<Transactions> {
        let mut socket = TokioSocket::new(NETLINK_NETFILTER)?;
        socket.socket_mut().bind(&SocketAddr::new(0, 0))?;
        socket.socket_mut().add_membership(GROUP)?;
        Ok(Transactions {
            socket,
            buffer: Vec::with_capacity(BUFFER),
            untold: false,
            not_before: Instant::now(),
        })
    }

    /// Resolves once there was one since it last did. The caller may drop it: what was read stays
    /// read.
    pub(super) async fn next(&mut self) -> io::Result<()> {
        loop {
            self.read_all()?;
            if !self.untold {
                self.buffer.clear();
                let received = self.socket.recv(&mut self.buffer).await;
                self.heard(received)?;
            } else if Instant::now() < self.not_before {
                sleep_until(self.not_before).await;
            } else {
                self.untold = false;
                self.not_before = Instant::now() + PAUSE;
                return Ok(());
            }
        }
    }

    /// Reads what is there already.
    fn read_all(&mut self) -> io::Result<()> {
        loop {
            self.buffer.clear();
            let received = self.socket.socket_ref().recv(&mut self.buffer, 0);
            match received {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                received => self.heard(received.map(drop))?,
            }
        }
    }

    fn heard(&mut self, received: io::Result<()>) -> io::Result<()> {
        match received {
            Ok(()) => self.untold |= ends_transaction(&self.buffer),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // More than the kernel's buffer holds. Which ones they were makes no difference.
            Err(error) if error.raw_os_error() == Some(ENOBUFS) => self.untold = true,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// A message that it does not understand may be one.
fn ends_transaction(datagram: &[u8]) -> bool {
    let mut rest = datagram;
    while !rest.is_empty() {
        let Ok(message) = NetlinkBuffer::new_checked(rest) else {
            return true;
        };
        if message.message_type() == NEWGEN {
            return true;
        }
        // Each begins at a multiple of 4 bytes (NLMSG_ALIGN).
        let length = (message.length() as usize).next_multiple_of(4);
        rest = rest.get(length..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_core::{Emitable, NetlinkHeader};

    const NEWRULE: u16 = SUBSYSTEM | 6;

    fn message(kind: u16, payload: usize) -> Vec<u8> {
        let mut header = NetlinkHeader::default();
        let mut bytes = vec![0; (header.buffer_len() + payload).next_multiple_of(4)];
        header.message_type = kind;
        header.length = u32::try_from(header.buffer_len() + payload).unwrap();
        header.emit(&mut bytes);
        bytes
    }

    #[test]
    fn only_the_end_of_a_transaction_is_one() {
        let rules = [message(NEWRULE, 5), message(NEWRULE, 8)].concat();
        assert!(!ends_transaction(&rules));
        assert!(ends_transaction(&[rules, message(NEWGEN, 32)].concat()));
        assert!(!ends_transaction(&[]));
    }

    #[test]
    fn what_is_cut_may_be_one() {
        let whole = message(NEWRULE, 40);
        for cut in 1..whole.len() {
            assert!(ends_transaction(&whole[..cut]), "{cut}");
        }
        let mut no_length = whole;
        no_length[..4].fill(0);
        assert!(ends_transaction(&no_length));
    }
}
