//! Reserves the status ports: the agent binds them, and does not listen on them. The redirect
//! catches a check before the kernel looks up the port. With the gate closed a port without a
//! listener refuses, as before. But no other process can bind it, so none can answer a check in
//! the app's place. The agent sets neither SO_REUSEADDR nor SO_REUSEPORT: with them another
//! process could join.

mod handover;

use crate::state::directory;
use crate::state::lock::{Lock, Owner};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::rc::Rc;

/// The ports that this process has reserved, for as long as it lives. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Reservation(Rc<RefCell<BTreeMap<u16, Port>>>);

/// One port. None: that family is not bound (yet).
#[derive(Debug, Default)]
struct Port {
    v4: Option<OwnedFd>,
    v6: Option<OwnedFd>,
    /// Shows other agents the owner, also where the kernel does not show which process bound the
    /// port.
    lock: Option<Lock>,
}

impl Reservation {
    /// Binds what is missing of `port`: in IPv4, and in IPv6 if requested and if the kernel has
    /// it. The caller may repeat it.
    ///
    /// # Errors
    ///
    /// One of them can't be bound; the other one stays bound.
    pub fn take(&self, port: u16, ipv6: bool) -> io::Result<()> {
        let mut ports = self.0.borrow_mut();
        let one = ports.entry(port).or_default();
        let v4 = bound(&mut one.v4, port, AddressFamily::INET);
        let v6 = match ipv6 {
            true => bound(&mut one.v6, port, AddressFamily::INET6),
            false => Ok(()),
        };
        Ok(v4.and(v6)?)
    }

    /// Shows other agents that this agent has the port, if it has at least one family.
    pub fn sign(&self, port: u16, state_dir: &Path, owner: &Owner) {
        let mut ports = self.0.borrow_mut();
        let Some(one) = ports.get_mut(&port) else {
            return;
        };
        if one.lock.is_none() && (one.v4.is_some() || one.v6.is_some()) {
            one.lock = Lock::take(&directory::port_lock(state_dir, port), owner).ok();
        }
    }

    /// Frees all ports but these.
    pub fn keep(&self, wanted: &[u16]) {
        let mut ports = self.0.borrow_mut();
        ports.retain(|port, _| wanted.contains(port));
    }
}

/// A family that the kernel does not have needs no reservation.
fn bound(socket: &mut Option<OwnedFd>, port: u16, family: AddressFamily) -> Result<(), Errno> {
    if socket.is_none() {
        *socket = match bind_alone(port, family) {
            Ok(bound) => Some(bound),
            Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL) => None,
            Err(error) => return Err(error),
        };
    }
    Ok(())
}

fn bind_alone(port: u16, family: AddressFamily) -> Result<OwnedFd, Errno> {
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    match family {
        AddressFamily::INET => bind(&socket, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port))?,
        _ => {
            // IPv4 has a socket of its own.
            sockopt::set_ipv6_v6only(&socket, true)?;
            bind(
                &socket,
                &SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0),
            )?;
        }
    }
    Ok(socket)
}

/// The address of a socket.
fn local(socket: &OwnedFd) -> Option<SocketAddr> {
    SocketAddr::try_from(getsockname(socket).ok()?).ok()
}

#[cfg(test)]
mod tests;
