//! A fleet over ssh: real hosts with real sshd behind two HAProxies, as their operator has them.
//! It needs root, and fails without.

mod lab;

#[path = "fleet/ansible.rs"]
mod ansible;
#[path = "fleet/by_hand.rs"]
mod by_hand;
#[path = "fleet/faults.rs"]
mod faults;
#[path = "fleet/seen.rs"]
mod seen;
#[path = "fleet/ssh.rs"]
mod ssh;
