//! What a host's own firewall does beside our rules.

use super::site::Host;

/// Lets in what belongs to a connection, as most firewalls do, and so keeps connection tracking
/// on. Without it, whoever deletes all our rules turns tracking off, and connections whose
/// source port was translated (see `gate::KEEPER`) break by that, whatever the agent does.
pub fn keep_tracking(host: &Host) {
    for iptables in ["iptables", "ip6tables"] {
        let rule = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
        let words: Vec<&str> = rule.split(' ').collect();
        host.namespace.run(iptables, &words);
    }
}
