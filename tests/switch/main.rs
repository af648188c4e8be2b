//! `agent switch` between two targets of a host, under traffic, with real HAProxy and real iptables in
//! network namespaces. It fails without root.

mod by_hand;
mod met;
