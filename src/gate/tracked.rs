//! Connection tracking, as the kernel has it (ctnetlink). It shows connections to a port of this
//! host that go on to another place, such as a container: the host's own TCP table does not have
//! them. It also shows the source of the checks of a status port.

use crate::gate::Destination;
use crate::netlink::{DumpError, dump};
use netlink_packet_netfilter::conntrack::{
    ConntrackAttribute, ConntrackMessage, IPTuple, ProtoInfo, ProtoInfoTCP, ProtoTuple, Protocol,
    Tuple,
};
use netlink_packet_netfilter::{
    NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily,
};
use netlink_sys::protocols::NETLINK_NETFILTER;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// The kernel walks all buckets of its table: 10 ms for 262,144 of them, however few are used.
const LIMIT: Duration = Duration::from_secs(2);

/// `enum tcp_conntrack` of linux/netfilter/nf_conntrack_tcp.h: from SYN_RECV to CLOSE_WAIT there
/// is a connection at both ends.
const ALIVE: std::ops::RangeInclusive<u8> = 2..=5;

/// One TCP connection that came to this host, or began at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// The end that opened it.
    pub peer: SocketAddr,
    /// Its destination.
    pub to: SocketAddr,
    /// The end that answers it: `to`, or the translated address.
    pub answered_by: SocketAddr,
    /// It is established, or half closed.
    pub alive: bool,
}

impl Flow {
    /// Whether translation took it from `port` to a place that this host's TCP table of that port
    /// does not have. The table has the connections to this host's `own` addresses.
    pub fn is_redirected(&self, port: u16, own: &[IpAddr]) -> bool {
        let (ip, at) = (self.answered_by.ip(), self.answered_by.port());
        let stays = at == port && (ip.is_loopback() || own.contains(&ip));
        self.to.port() == port && self.answered_by != self.to && !stays
    }

    /// Whether translation brought it to this place on the way to another port.
    pub fn is_brought_to(&self, place: Destination, own: &[IpAddr]) -> bool {
        let (ip, port) = (self.answered_by.ip(), self.answered_by.port());
        let is_there = match place {
            Destination::Address(to) => self.answered_by == to,
            Destination::Port(to) => to == port && (ip.is_loopback() || own.contains(&ip)),
        };
        is_there && self.answered_by != self.to
    }
}

/// All TCP connections to one of these ports that the kernel tracks, including those that have
/// just ended. The call runs in a thread of its own and ends within 2 s.
///
/// # Errors
///
/// One line: the kernel does not show them.
pub async fn flows(ports: Vec<u16>) -> Result<Vec<Flow>, String> {
    let read = move || {
        // Both families at once, because the kernel walks all its buckets for each question.
        let every = NetfilterHeader::new(NetfilterProtoFamily::Unspec, 0, 0);
        let request = NetfilterMessage::new(every, ConntrackMessage::Get(Vec::new()));
        let of_ports = |message| Ok(flow(message)?.filter(|flow| ports.contains(&flow.to.port())));
        dump(
            NETLINK_NETFILTER,
            &request,
            of_ports,
            Instant::now() + LIMIT,
        )
    };
    let failure =
        |error: &dyn std::fmt::Display| format!("can't list tracked connections: {error}");
    match tokio::task::spawn_blocking(read).await {
        Ok(flows) => flows.map_err(|error: DumpError| failure(&error)),
        Err(error) => Err(failure(&error)),
    }
}

/// None: no TCP.
fn flow(message: NetfilterMessage) -> Result<Option<Flow>, DumpError> {
    let attributes = match message.inner {
        NetfilterMessageInner::Conntrack(ConntrackMessage::New(attributes)) => attributes,
        other => return Err(DumpError::Strange(format!("{other:?}"))),
    };
    let (mut original, mut reply, mut state) = (None, None, None);
    for attribute in &attributes {
        match attribute {
            ConntrackAttribute::CtaTupleOrig(tuple) => original = ends(tuple),
            ConntrackAttribute::CtaTupleReply(tuple) => reply = ends(tuple),
            ConntrackAttribute::CtaProtoInfo(info) => state = tcp_state(info),
            _ => {}
        }
    }
    let ends = original.zip(reply);
    Ok(ends.map(|((peer, to), (answered_by, _))| Flow {
        peer,
        to,
        answered_by,
        alive: state.is_some_and(|state| ALIVE.contains(&state)),
    }))
}

/// Source and destination of a TCP tuple.
fn ends(tuple: &[Tuple]) -> Option<(SocketAddr, SocketAddr)> {
    let (mut addresses, mut ports, mut is_tcp) = ((None, None), (None, None), false);
    for part in tuple {
        match part {
            Tuple::Ip(parts) => parts.iter().for_each(|part| match part {
                IPTuple::SourceAddress(ip) => addresses.0 = Some(*ip),
                IPTuple::DestinationAddress(ip) => addresses.1 = Some(*ip),
                _ => {}
            }),
            Tuple::Proto(parts) => parts.iter().for_each(|part| match part {
                ProtoTuple::Protocol(protocol) => is_tcp = *protocol == Protocol::Tcp,
                ProtoTuple::SourcePort(port) => ports.0 = Some(*port),
                ProtoTuple::DestinationPort(port) => ports.1 = Some(*port),
                _ => {}
            }),
            _ => {}
        }
    }
    let end = |ip: Option<IpAddr>, port: Option<u16>| Some(SocketAddr::new(ip?, port?));
    let ends = end(addresses.0, ports.0).zip(end(addresses.1, ports.1));
    ends.filter(|_| is_tcp)
}

fn tcp_state(info: &[ProtoInfo]) -> Option<u8> {
    let of_tcp = info.iter().filter_map(|info| match info {
        ProtoInfo::TCP(parts) => Some(parts),
        _ => None,
    });
    of_tcp.flatten().find_map(|part| match part {
        ProtoInfoTCP::State(state) => Some(*state),
        _ => None,
    })
}
