//! `gate_to`: the place that an app's gates redirect checks to, if it is not the app's port on this
//! host. A health service, a container.

use super::AppSettings;
use super::mistake::Mistake;
use super::port::Port;
use crate::gate::Destination;
use serde::{Deserialize, Deserializer, de::Error};
use std::net::{IpAddr, SocketAddr};
use toml::Spanned;

/// A port, or an address with a port.
pub(crate) struct GateToFile(pub(super) Destination);

impl<'de> Deserialize<'de> for GateToFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<GateToFile, D::Error> {
        let written = toml::Value::deserialize(deserializer)?;
        destination(written)
            .map(GateToFile)
            .map_err(D::Error::custom)
    }
}

fn destination(written: toml::Value) -> Result<Destination, String> {
    if let Some(text) = written.as_str() {
        let to = text.parse().map_err(|_| instead(text))?;
        return reachable(to).map(Destination::Address);
    }
    match Port::deserialize(written) {
        Ok(Port(port)) => Ok(Destination::Port(port)),
        Err(_) => Err(GATE_TO.to_owned()),
    }
}

const GATE_TO: &str = "write a port of this host, `gate_to = 9200`, or an address with its port, \
                       `gate_to = \"172.17.0.2:8080\"`";

/// For a text that is no address with a port. A step says what to write, if that is known.
fn instead(text: &str) -> String {
    if text.trim_start_matches(':').parse::<u16>().is_ok() {
        return "a port has no quotes in gate_to".to_owned();
    }
    let port = text.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    match text.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => format!("the port is missing: write `gate_to = \"{ip}:PORT\"`"),
        Ok(IpAddr::V6(_)) if matches!(port, Some(Ok(1000..))) && !text.ends_with(']') => {
            "an IPv6 address has brackets before its port".to_owned()
        }
        Ok(IpAddr::V6(ip)) => format!("the port is missing: write `gate_to = \"[{ip}]:PORT\"`"),
        Err(_) => GATE_TO.to_owned(),
    }
}

/// An address that checks of other hosts can be redirected to.
fn reachable(to: SocketAddr) -> Result<SocketAddr, String> {
    let (ip, port) = (to.ip().to_canonical(), to.port());
    let is_alone = match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_multicast() || ip.is_unicast_link_local(),
    };
    match () {
        () if port == 0 => Err("the port is 1 to 65535".to_owned()),
        () if ip.is_loopback() => Err(format!(
            "the kernel drops checks of other hosts that are redirected to loopback: let the service \
             listen on 0.0.0.0:{port} or [::]:{port}"
        )),
        () if ip.is_unspecified() => {
            Err("that is each address of this host: its port alone is enough".to_owned())
        }
        () if is_alone => Err(format!("no check can be redirected to {ip}; {GATE_TO}")),
        () => Ok(SocketAddr::new(ip, port)),
    }
}

/// What a gate has redirected meets no other gate. The agent asks for the health where the gates
/// redirect to, so only one of the keys has an address.
pub(super) fn check_gate_to(
    to: &Spanned<GateToFile>,
    address: Option<IpAddr>,
    status_ports: &[u16],
) -> Result<Destination, Mistake> {
    match (to.get_ref().0, address) {
        (Destination::Address(at), Some(address)) => {
            let port = at.port();
            let what = format!(
                "gate_to {at} has an address, and the app has `address` {address}, too; the agent \
                 asks for the health at one place: remove `address`, or write `gate_to = {port}` \
                 for a port of this host"
            );
            Err(Mistake::new(to.span(), what))
        }
        (Destination::Port(port), _) if status_ports.contains(&port) => {
            let what = format!(
                "gate_to {port} is a status port, and nothing listens there: write the port of the \
                 service that answers HAProxy's checks"
            );
            Err(Mistake::new(to.span(), what))
        }
        (to, _) => Ok(to),
    }
}

/// A gate to an IPv6 address has its rule in IPv6's table alone.
pub(super) fn in_use(apps: &[AppSettings], ipv6: Option<&Spanned<bool>>) -> Result<(), Mistake> {
    let Some(off) = ipv6.filter(|ipv6| !ipv6.get_ref()) else {
        return Ok(());
    };
    let is_lost = |app: &&AppSettings| app.gate_to.address().is_some_and(|to| to.is_ipv6());
    let all: Vec<AppSettings> = apps.iter().flat_map(AppSettings::instances).collect();
    match all.iter().find(is_lost) {
        None => Ok(()),
        Some(app) => {
            let what = format!(
                "gate_to of {} is {}, and without IPv6 rules no check gets there",
                app.table(),
                app.gate_to
            );
            Err(Mistake::new(off.span(), what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The app's settings with these lines, or the mistake.
    fn app(lines: &str) -> Result<AppSettings, String> {
        let text = format!(
            "[[haproxy]]\nsocket = \"/s\"\n[app.web]\nport = 1000\nstatus_port = 2000\n\
             backup_status_port = 3000\nrestart = {{ systemd = \"web\" }}\n{lines}"
        );
        let settings = crate::config::read(Path::new("agent.toml"), &text);
        let settings = settings.map_err(|error| error.with_steps())?;
        Ok(settings.apps[0].clone())
    }

    #[test]
    fn both_gates_redirect_to_one_place() {
        for (written, expected) in [
            ("", "1000"),
            ("gate_to = 9200", "9200"),
            ("gate_to = 9200\naddress = \"10.0.0.5\"", "9200"),
            ("gate_to = \"172.17.0.2:8080\"", "172.17.0.2:8080"),
            ("gate_to = \"[fd00::2]:8080\"", "[fd00::2]:8080"),
            ("gate_to = \"[::ffff:172.17.0.2]:8080\"", "172.17.0.2:8080"),
            // Another host's port may have the number of a status port.
            ("gate_to = \"172.17.0.2:2000\"", "172.17.0.2:2000"),
        ] {
            let gates = app(written).unwrap().gates();
            for gate in gates.iter() {
                assert_eq!(gate.to.to_string(), expected, "{written}");
            }
        }
    }

    #[test]
    fn a_mistake_is_answered_with_the_line_to_write() {
        for (written, answer) in [
            ("gate_to = 0", "write a port of this host, `gate_to = 9200`"),
            (
                "gate_to = true",
                "write a port of this host, `gate_to = 9200`",
            ),
            ("gate_to = \"health\"", "`gate_to = \"172.17.0.2:8080\"`"),
            (
                "gate_to = \"localhost:80\"",
                "`gate_to = \"172.17.0.2:8080\"`",
            ),
            (
                "gate_to = \"9200\"",
                "write in place of line 8:\ngate_to = 9200",
            ),
            (
                "gate_to = \":9200\"",
                "write in place of line 8:\ngate_to = 9200",
            ),
            (
                "gate_to = \"172.17.0.2\"",
                "write `gate_to = \"172.17.0.2:PORT\"`",
            ),
            (
                "gate_to = \"fd00::2\"",
                "write `gate_to = \"[fd00::2]:PORT\"`",
            ),
            ("gate_to = \"fd00::2:8080\"", "gate_to = \"[fd00::2]:8080\""),
            (
                "gate_to = \"db.internal:9200\"",
                "`gate_to = \"172.17.0.2:8080\"`",
            ),
            ("gate_to = \"172.17.0.2:0\"", "the port is 1 to 65535"),
            (
                "gate_to = \"127.0.0.1:80\"",
                "write in place of line 8:\ngate_to = 80",
            ),
            (
                "gate_to = \"[::1]:80\"",
                "write in place of line 8:\ngate_to = 80",
            ),
            (
                "gate_to = \"0.0.0.0:80\"",
                "write in place of line 8:\ngate_to = 80",
            ),
            (
                "gate_to = \"224.0.0.1:80\"",
                "no check can be redirected to 224.0.0.1",
            ),
            ("gate_to = 2000", "gate_to 2000 is a status port"),
            ("gate_to = 3000", "gate_to 3000 is a status port"),
            (
                "gate_to = \"172.17.0.2:8080\"\naddress = \"10.0.0.5\"",
                "remove `address`, or write `gate_to = 8080`",
            ),
            (
                "address = \"172.17.0.2\"\ngate_to = \"172.17.0.2:8080\"",
                "remove `address`, or write `gate_to = 8080`",
            ),
            (
                "gate_to = \"[fd00::2]:80\"\n[agent]\nipv6 = false",
                "ipv6 = true",
            ),
        ] {
            let said = app(written).map(|app| app.gate_to).unwrap_err();
            assert!(
                said.contains(answer) && said.contains("gate_to"),
                "{written}: {said}"
            );
        }
    }
}
