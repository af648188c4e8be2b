//! `agent switch` between two targets of a host, under traffic, with real HAProxy and real iptables in
//! network namespaces. It fails without root.

mod again;
mod by_hand;
mod current;
mod fails;
mod hold;
mod input;
mod killed;
mod maintenance;
mod masters;
mod met;
mod parked;
mod releases;
mod rolls;
mod together;
mod variants;
