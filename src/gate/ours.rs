//! Our rules beside the gates' own: the jumps to our chain, and one that keeps connections tracked.

use super::rule::{Rule, Subject, Target};
use crate::haproxy::Role;

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

/// What the comments of all our rules begin with.
const OURS: &str = "haproxy-gate:";

/// The words for the roles in comments. Rules in kernels already call the twin `backup`.
const ROLES: [&str; 2] = ["main", "backup"];

/// The comment that marks the rule of a gate.
pub(super) fn comment(app: &str, target: Option<&str>, role: Role) -> String {
    let role = ROLES[usize::from(role != Role::Main)];
    match target {
        Some(target) => format!("{OURS}{app}:{target}:{role}"),
        None => format!("{OURS}{app}:{role}"),
    }
}

/// Whether it is the comment of a gate of ours, of any app.
pub(super) fn is_a_gates(comment: &str) -> bool {
    let gate = comment
        .strip_prefix(OURS)
        .and_then(|it| it.rsplit_once(':'));
    gate.is_some_and(|(_, role)| ROLES.contains(&role))
}

/// A rule of our chain that matches nothing and stays when all gates are closed. Without any rule
/// that uses connection tracking the kernel turns tracking off in this network. It then no longer
/// translates a connection whose source port NAT had to change because it clashed with that of a
/// redirected check. Its packets are lost, and the request in flight on it hangs. Measured on
/// Linux 6.18, with nginx and Apache behind HAProxy 2.6.
pub fn keeper() -> Rule {
    let invalid = Subject::State(vec!["invalid".to_owned()]);
    let comment = format!("{OURS}keep-tracking");
    Rule::new(CHAIN, [invalid], Some(comment), Target::Return)
}
