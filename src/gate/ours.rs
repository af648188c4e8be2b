//! Our rules beside the gates' own: the jumps to our chains, and one that keeps connections
//! tracked. Also the comments by which we know our rules.

use super::rule::{Rule, Subject, Target};
use crate::haproxy::Role;

/// Our chain in the nat table.
pub const CHAIN: &str = "HAPROXY-GATE";

/// Our chain for the traffic ports of idle targets.
pub const PARK_CHAIN: &str = "HAPROXY-GATE-PARK";

/// The hook that jumps to [`PARK_CHAIN`]. What this host sends by itself reaches the idle target: the
/// agent asks its health there.
pub(super) const PARK_HOOK: &str = "PREROUTING";

/// The hooks that jump to [`CHAIN`].
pub const HOOKS: [&str; 2] = ["PREROUTING", "OUTPUT"];

/// The jump from a hook to our chain, for local destinations. Without that condition an OUTPUT rule
/// hijacks calls to the status port of *other* hosts.
pub fn jump(hook: &str) -> Rule {
    jump_to(CHAIN, hook)
}

/// The jump to [`PARK_CHAIN`], with the same condition: this host may forward connections to such a
/// port of another one.
pub fn park_jump() -> Rule {
    jump_to(PARK_CHAIN, PARK_HOOK)
}

fn jump_to(chain: &str, hook: &str) -> Rule {
    let to_us = Subject::DestinationType(vec!["local".to_owned()]);
    Rule::new(hook, [to_us], None, Target::Jump(chain.to_owned()))
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

/// The end of the comments of parked ports.
const PARK: &str = ":park";

/// The comment that marks the rule of a parked port. Names have no `:`. An app without targets has a
/// nameless one.
pub(super) fn park_comment(app: &str, target: &str) -> String {
    match target {
        "" => format!("{OURS}{app}{PARK}"),
        target => format!("{OURS}{app}:{target}{PARK}"),
    }
}

/// The app and the target, if it is the comment of a parked port.
pub(super) fn parked(comment: &str) -> Option<(&str, &str)> {
    let names = comment.strip_prefix(OURS)?.strip_suffix(PARK)?;
    Some(names.split_once(':').unwrap_or((names, "")))
}

/// A gate of ours, as the comment of its rule names it.
pub(super) struct Named<'a> {
    pub(super) app: &'a str,
    pub(super) target: Option<&'a str>,
    pub(super) role: Role,
}

/// The gate of that comment, of any app. None: it is no gate's. Names have no `:`.
pub(super) fn gate_named(comment: &str) -> Option<Named<'_>> {
    let (names, role) = comment.strip_prefix(OURS)?.rsplit_once(':')?;
    let role = match ROLES.iter().position(|word| *word == role)? {
        0 => Role::Main,
        _ => Role::Twin,
    };
    let (app, target) = match names.split_once(':') {
        Some((app, target)) => (app, Some(target)),
        None => (names, None),
    };
    Some(Named { app, target, role })
}

/// A rule of our chain that matches nothing and stays when all gates are closed. Without any rule
/// that uses connection tracking the kernel turns tracking off in this network. It then no longer
/// translates a connection whose source port NAT had to change because it clashed with that of a
/// redirected check. Its packets are lost, and the request in flight on it hangs. Measured on
/// Linux 6.18, with nginx and Apache behind HAProxy 2.6.
pub fn keeper() -> Rule {
    keeper_of(CHAIN)
}

/// The same rule for any of our chains.
pub(super) fn keeper_of(chain: &str) -> Rule {
    let invalid = Subject::State(vec!["invalid".to_owned()]);
    let comment = format!("{OURS}keep-tracking");
    Rule::new(chain, [invalid], Some(comment), Target::Return)
}
