//! Asks the kernel for the base chains of nat. Without one that is not iptables' own there is no
//! native rule to ask `nft` for, and most hosts have none.

use crate::netlink::dump;
use netlink_packet_netfilter::nftables::{ChainAttribute, ChainMessage, NfTablesMessage};
use netlink_packet_netfilter::{
    NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily,
};
use netlink_sys::protocols::NETLINK_NETFILTER;
use std::time::{Duration, Instant};

/// The kernel lists ten thousands of chains in this time.
const LIMIT: Duration = Duration::from_secs(1);

/// The chains in which iptables-nft itself has its rules. It reads all of them, or none.
const OF_IPTABLES: [&str; 4] = ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"];

/// Whether `nft` may have rules to show: also if the kernel does not answer.
pub(super) async fn may_be_native() -> bool {
    let read = || {
        let every = NetfilterHeader::new(NetfilterProtoFamily::Unspec, 0, 0);
        let chains = NfTablesMessage::GetChain(ChainMessage { attributes: vec![] });
        let request = NetfilterMessage::new(every, chains);
        let native = |message| Ok(is_native(message).then_some(()));
        dump(NETLINK_NETFILTER, &request, native, Instant::now() + LIMIT)
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(native)) => !native.is_empty(),
        _ => true,
    }
}

/// A base chain of nat, but for iptables-nft's own.
fn is_native(message: NetfilterMessage) -> bool {
    let NetfilterMessageInner::NfTables(NfTablesMessage::NewChain(chain)) = message.inner else {
        return true;
    };
    let (mut is_nat, mut table, mut name) = (false, String::new(), String::new());
    for attribute in chain.attributes {
        match attribute {
            ChainAttribute::Type(kind) => is_nat = kind == "nat",
            ChainAttribute::Table(of) => table = of,
            ChainAttribute::Name(is) => name = is,
            _ => {}
        }
    }
    let family = message.header.family;
    let of_ip = [NetfilterProtoFamily::IPv4, NetfilterProtoFamily::IPv6].contains(&family);
    is_nat && !(of_ip && table == "nat" && OF_IPTABLES.contains(&name.as_str()))
}
