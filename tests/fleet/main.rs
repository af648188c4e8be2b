//! A fleet over ssh: real hosts with real sshd behind two HAProxies, as their operator has them.
//! It needs root, and fails without.

mod ansible;
mod by_hand;
mod faults;
mod observation;
mod ssh;
