//! Our rules beside the gates' own: the jumps to our chain, and one that keeps connections tracked.

use super::rule::{Rule, Subject, Target};

/// Our chain in the nat table.
pub const CHAIN: &str = "HAPROXY-GATE";

/// The hooks that jump to [`CHAIN`].
pub const HOOKS: [&str; 2] = ["PREROUTING", "OUTPUT"];

/// The jump from a hook to our chain, for local destinations. Without that condition an OUTPUT rule
/// hijacks calls to the status port of *other* hosts.
pub fn jump(hook: &str) -> Rule {
    let to_us = Subject::DestinationType(vec!["local".to_owned()]);
    Rule::new(hook, [to_us], None, Target::Jump(CHAIN.to_owned()))
}

/// A rule of our chain that matches nothing and stays when all gates are closed. Without any rule
/// that uses connection tracking the kernel turns tracking off in this network. It then no longer
/// translates a connection whose source port NAT had to change because it clashed with that of a
/// redirected check. Its packets are lost, and the request in flight on it hangs. Measured on
/// Linux 6.18, with nginx and Apache behind HAProxy 2.6.
pub fn keeper() -> Rule {
    let invalid = Subject::State(vec!["invalid".to_owned()]);
    let comment = "haproxy-gate:keep-tracking".to_owned();
    Rule::new(CHAIN, [invalid], Some(comment), Target::Return)
}
