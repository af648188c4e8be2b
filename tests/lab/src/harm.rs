//! Changes by other programs to the rules of a host: firewall tools, boot scripts, operators.

use super::site::Host;

/// Changes to the nat table. `{}` is the iptables of one family.
pub const HARM: [(&str, &str); 6] = [
    ("the whole table is flushed", "{} -t nat -F"),
    (
        "our chain is deleted",
        "printf '*nat\\n-D PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE\\n\
         -D OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE\\n-F HAPROXY-GATE\\n\
         -X HAPROXY-GATE\\nCOMMIT\\n' | {}-restore --noflush",
    ),
    (
        "a jump is deleted",
        "{} -t nat -D PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE",
    ),
    (
        "a rule of ours is doubled",
        "{} -t nat -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment --comment \
         haproxy-gate:web:main -j REDIRECT --to-ports 1000",
    ),
    (
        "rules are restored without ours",
        "printf '*nat\\n:PREROUTING ACCEPT\\n:INPUT ACCEPT\\n:OUTPUT ACCEPT\\n:POSTROUTING ACCEPT\\nCOMMIT\\n' | {}-restore",
    ),
    ("one rule is deleted", "{} -t nat -D HAPROXY-GATE 2"),
];

/// Makes the change with `iptables`, `ip6tables-nft` and the like. Panics if that fails.
pub fn harm(host: &Host, iptables: &str, command: &str) {
    let command = command.replace("{}", iptables);
    host.namespace.run("sh", &["-c", &command]);
}
