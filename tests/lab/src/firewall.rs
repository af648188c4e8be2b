//! The rules of a host's own firewall besides ours.

use super::site::Host;

/// Accepts packets of known connections, as most firewalls do, and so keeps connection tracking on.
/// Without it, a program that deletes all our rules turns tracking off. Then connections with a
/// translated source port break (see `gate::KEEPER`), whatever the agent does.
pub fn keep_tracking(host: &Host) {
    for iptables in ["iptables", "ip6tables"] {
        let rule = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
        let words: Vec<&str> = rule.split(' ').collect();
        host.namespace.run(iptables, &words);
    }
}
