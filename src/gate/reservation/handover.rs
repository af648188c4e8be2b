//! A sidecar that goes on as another program hands over its reservation, so that no other process
//! can bind a status port in between. The sockets wait in a socket pair. The new program has one
//! end of it as its standard input.

use super::{Reservation, local};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    sockopt,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The text that comes with the sockets.
const GREETING: &[u8] = b"haproxy-gate status ports";

/// Sockets in one message. The kernel takes 253.
const AT_ONCE: usize = 64;

impl Reservation {
    /// The standard input for the new program.
    ///
    /// # Errors
    ///
    /// The system's error: the new program then binds the ports anew.
    pub fn hand_over(&self) -> io::Result<OwnedFd> {
        let (ours, its) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let ports = self.0.borrow();
        let sockets = ports.values().flat_map(|port| [&port.v4, &port.v6]);
        let sockets: Vec<BorrowedFd<'_>> = sockets.flatten().map(AsFd::as_fd).collect();
        for some in sockets.chunks(AT_ONCE) {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
            let mut with = SendAncillaryBuffer::new(&mut space);
            with.push(SendAncillaryMessage::ScmRights(some));
            // Never waits for a reader, because the new program does not run yet.
            sendmsg(
                &ours,
                &[IoSlice::new(GREETING)],
                &mut with,
                SendFlags::DONTWAIT,
            )?;
        }
        Ok(its)
    }

    /// The sockets that the previous program put into standard input. Any other input gives none.
    pub fn inherited() -> Reservation {
        let reservation = Reservation::default();
        let stdin = io::stdin();
        let is_pair = sockopt::socket_type(&stdin) == Ok(SocketType::SEQPACKET)
            && sockopt::socket_domain(&stdin) == Ok(AddressFamily::UNIX);
        if is_pair {
            reservation.receive(stdin.as_fd());
        }
        reservation
    }

    pub(super) fn receive(&self, from: BorrowedFd<'_>) {
        loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
            let mut with = RecvAncillaryBuffer::new(&mut space);
            let mut text = [0; GREETING.len()];
            let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
            let received = recvmsg(from, &mut [IoSliceMut::new(&mut text)], &mut with, flags);
            if received.map_or(0, |message| message.bytes) == 0 || text != GREETING {
                return;
            }
            for message in with.drain() {
                if let RecvAncillaryMessage::ScmRights(sockets) = message {
                    sockets.for_each(|socket| self.adopt(socket));
                }
            }
        }
    }

    fn adopt(&self, socket: OwnedFd) {
        let Some(at) = local(&socket) else {
            return;
        };
        let mut ports = self.0.borrow_mut();
        let port = ports.entry(at.port()).or_default();
        match at {
            SocketAddr::V4(_) => port.v4 = Some(socket),
            SocketAddr::V6(_) => port.v6 = Some(socket),
        }
    }
}
