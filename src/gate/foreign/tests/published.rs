//! The address that a container's port is published from.

use super::*;

fn published(chains: &str, rules: &str) -> Vec<String> {
    let bases = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n";
    let chains: String = chains
        .split(' ')
        .map(|name| format!("-N {name}\n"))
        .collect();
    let listing = Listing::parse(&format!("{bases}{chains}{rules}")).unwrap();
    let found = destinations(&listing, 1000).into_iter();
    let mut found: Vec<String> = found.map(|to| to.to_string()).collect();
    found.dedup();
    found
}

#[test]
fn the_rules_of_container_engines_show_it() {
    let docker = "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
        -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
        -A DOCKER -i docker0 -j RETURN
        -A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.9:80
        -A DOCKER ! -i docker0 -p tcp -m tcp --dport 1000 -j DNAT --to-destination 172.17.0.2:8080";
    let at_one_address = docker.replace("DOCKER ! -i", "DOCKER -d 10.0.0.11/32 ! -i");
    let podman = "-A PREROUTING -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT
        -A OUTPUT -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT
        -A NETAVARK-HOSTPORT-DNAT -p tcp -m tcp --dport 1000 -m comment --comment \"dnat name: podman\" -j NETAVARK-DN-1
        -A NETAVARK-DN-1 -s 10.88.0.0/16 -p tcp -m tcp --dport 1000 -j NETAVARK-HOSTPORT-SETMARK
        -A NETAVARK-DN-1 -p tcp -m tcp --dport 1000 -j DNAT --to-destination 10.88.0.2:80";
    let kubernetes = "-A PREROUTING -j KUBE
        -A KUBE -p tcp -m tcp --dport 1000 -j KUBE-EXT
        -A KUBE-EXT -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.42.0.5:80
        -A KUBE-EXT -j DNAT --to-destination 10.42.0.6:80";
    let elsewhere =
        "-A PREROUTING -p tcp -m tcp --dport 1001 -j DNAT --to-destination 172.17.0.2:8080
        -A PREROUTING -p udp -m udp --dport 1000 -j DNAT --to-destination 172.17.0.2:8080
        -A PREROUTING -d 192.0.2.1/32 -j DNAT --to-destination 172.17.0.2:8080
        -A PREROUTING -p tcp -m tcp --dport 1000 -j REDIRECT --to-ports 1001";
    for (chains, rules, expected) in [
        ("DOCKER", docker, &["172.17.0.2:8080"][..]),
        ("DOCKER", &at_one_address, &["172.17.0.2:8080"]),
        (
            "NETAVARK-HOSTPORT-DNAT NETAVARK-HOSTPORT-SETMARK NETAVARK-DN-1",
            podman,
            &["10.88.0.2:80"],
        ),
        (
            "KUBE KUBE-EXT",
            kubernetes,
            &["10.42.0.5:80", "10.42.0.6:80"],
        ),
        ("X", elsewhere, &[]),
    ] {
        assert_eq!(published(chains, rules), expected, "{rules}");
    }
}

#[test]
fn a_native_rule_shows_it_too() {
    let json = r#"{"nftables": [
        {"table": {"family": "ip", "name": "docker-bridges", "handle": 1}},
        {"chain": {"family": "ip", "table": "docker-bridges", "name": "pre", "handle": 2,
            "type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}},
        {"rule": {"family": "ip", "table": "docker-bridges", "chain": "pre", "handle": 3, "expr": [
            {"match": {"op": "==", "right": 1000,
                "left": {"payload": {"protocol": "tcp", "field": "dport"}}}},
            {"dnat": {"family": "ip", "addr": "172.17.0.2", "port": 8080}}]}}]}"#;
    let native = Native::parse(json).unwrap();
    let found = native
        .tables()
        .flat_map(|table| native_destinations(table, 1000));
    let expected: SocketAddr = "172.17.0.2:8080".parse().unwrap();
    assert!(found.collect::<Vec<_>>().starts_with(&[expected]));
    let other = native
        .tables()
        .flat_map(|table| native_destinations(table, 1001));
    assert_eq!(other.count(), 0);
}
