//! The place that users are led to: a port, an address, a container.

use super::*;

/// `REDIRECT` would lead to 10.0.0.1, the interface's primary address.
#[test]
fn an_app_on_one_other_address_of_the_interface_is_reached() {
    if !inside("parking::places::an_app_on_one_other_address_of_the_interface_is_reached") {
        return;
    }
    let [balancer, _container] = networks();
    sh("ip addr add 10.0.0.5/24 dev to-lb; ip addr add fd01::5/64 dev to-lb nodad");
    for address in ["10.0.0.5:1000", "[fd01::5]:1000"] {
        serve(address, "blue");
    }
    for (variant, name) in VARIANTS {
        let firewall = firewall(variant);
        park(&firewall, &web("blue"));
        for address in ["10.0.0.5:1001", "[fd01::5]:1001"] {
            assert_eq!(by(&balancer, address), "blue", "{name} {address}");
        }
        // HAProxy's line of green has another address than that of blue.
        let mut blue = web("blue");
        let view = block_on(firewall.look()).unwrap();
        let place = view.place(1000, Some([10, 0, 0, 5].into()));
        blue.targets[1].to = Some(place);
        assert_eq!(by(&balancer, "10.0.0.1:1001"), "refused", "{name}");
        park(&firewall, &blue);
        assert_eq!(green(&firewall, &blue), ParkingPosition::Set);
        assert_eq!(by(&balancer, "10.0.0.1:1001"), "blue", "{name}");
        // In the other family nothing is parked.
        assert_eq!(by(&balancer, "[fd01::5]:1001"), "refused", "{name}");
        flush(name);
    }
}

#[test]
fn a_port_is_parked_on_a_container_that_publishes_it() {
    if !inside("parking::places::a_port_is_parked_on_a_container_that_publishes_it") {
        return;
    }
    let [balancer, container] = networks();
    inside_of(&container, || serve("[::]:8080", "blue"));
    serve("[::]:1001", "green");
    for (variant, name) in VARIANTS {
        let firewall = firewall(variant);
        sh(&format!(
            "iptables-{name} -t nat -A PREROUTING -p tcp --dport 1000 -j DNAT \
             --to-destination 172.17.0.2:8080"
        ));
        let mut blue = web("blue");
        let place = block_on(firewall.look()).unwrap().place(1000, None);
        assert_eq!(place.to_string(), "172.17.0.2:8080");
        blue.targets[1].to = Some(place);
        park(&firewall, &blue);
        assert_eq!(by(&balancer, GREEN[0]), "blue", "{name}");
        assert_eq!(by(&balancer, "10.0.0.1:1000"), "blue", "{name}");
        // The agent's own rule publishes nothing.
        let view = block_on(firewall.look()).unwrap();
        assert_eq!(view.published(1001), Vec::new(), "{name}");
        flush(name);
    }
}

/// The new target's container has no address before its start. The place is found once the container
/// runs, and again when it has another address.
#[test]
fn the_place_of_a_container_is_found_when_it_runs() {
    if !inside("parking::places::the_place_of_a_container_is_found_when_it_runs") {
        return;
    }
    for (variant, name) in VARIANTS {
        let firewall = firewall(variant);
        let mut rules = RuleCache::new(firewall.marks());
        let mut place = || {
            block_on(rules.place(&firewall, (1001, None)))
                .unwrap()
                .to_string()
        };
        let publish = |how: &str, ip: &str| {
            sh(&format!(
                "iptables-{name} -t nat -{how} PREROUTING -p tcp --dport 1001 -j DNAT \
                 --to-destination {ip}:8080"
            ));
        };
        assert_eq!([place(), place()], ["1001", "1001"], "{name}");
        publish("A", "172.17.0.2");
        assert_eq!(place(), "172.17.0.2:8080", "{name}");
        publish("D", "172.17.0.2");
        publish("A", "172.17.0.3");
        assert_eq!(place(), "172.17.0.3:8080", "{name}");
        publish("D", "172.17.0.3");
        assert_eq!(place(), "1001", "{name}");
    }
}

/// This host is a router for the container.
#[test]
fn the_same_port_of_another_host_is_not_parked() {
    if !inside("parking::places::the_same_port_of_another_host_is_not_parked") {
        return;
    }
    let [balancer, container] = networks();
    serve("[::]:1000", "blue");
    inside_of(&container, || serve("[::]:1001", "the container"));
    for (variant, name) in VARIANTS {
        park(&firewall(variant), &web("blue"));
        for address in ["172.17.0.2:1001", "[fd17::2]:1001"] {
            assert_eq!(by(&balancer, address), "the container", "{name}");
        }
        flush(name);
    }
}
