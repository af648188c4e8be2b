//! `show servers state`: the only table that names a server's address and ports at level
//! `user` (HAProxy management guide, 9.3).

use super::Unseen;
use crate::text::escape;
use std::net::IpAddr;

/// The command for all backends.
pub(crate) const COMMAND: &str = "show servers state";

/// The columns that are read; the format's version 1 has them since HAProxy 2.4.
const COLUMNS: [&str; 7] = [
    "be_id",
    "be_name",
    "srv_id",
    "srv_name",
    "srv_addr",
    "srv_port",
    "srv_check_port",
];

/// Read if they are there.
const CHECK_ADDRESS: &str = "srv_check_addr";
const NAME: &str = "srv_fqdn";

/// One server line of one backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerState {
    /// The backend's id, as `show stat IID` takes it.
    pub backend_id: u64,
    /// The backend's name.
    pub backend: String,
    /// The server's id in its backend.
    pub server_id: u64,
    /// The server's name.
    pub server: String,
    /// None for a name that has not been resolved, or a unix socket.
    pub address: Option<IpAddr>,
    /// The port traffic goes to.
    pub port: u16,
    /// The port the checks go to; 0: the same as `port`.
    pub check_port: u16,
    /// The address the checks go to, if the line names another one for them (`addr`).
    pub check_address: Option<IpAddr>,
    /// The name that HAProxy resolves to the address.
    pub fqdn: Option<String>,
}

impl ServerState {
    /// Parses the table. One line that is not understood makes all of it unusable, because it may
    /// be one of ours.
    pub fn parse(answer: &str) -> Result<Vec<ServerState>, Unseen> {
        let strange = |what: &str| Unseen::strange(COMMAND, what);
        let mut lines = answer.split('\n').filter(|line| !line.is_empty());
        match lines.next() {
            Some("1") => {}
            other => return Err(strange(&format!("format {other:?}, wanted 1"))),
        }
        let header = lines.next().and_then(|line| line.strip_prefix("# "));
        let header: Vec<&str> = header
            .ok_or_else(|| strange("no header"))?
            .split(' ')
            .collect();
        let mut places = [0; COLUMNS.len()];
        for (place, column) in places.iter_mut().zip(COLUMNS) {
            let found = header.iter().position(|name| *name == column);
            *place = found.ok_or_else(|| strange(&format!("no column {column}")))?;
        }
        let place = |column| header.iter().position(|name| *name == column);
        let (check_address, fqdn) = (place(CHECK_ADDRESS), place(NAME));
        let row = |line: &str| {
            let fields: Vec<&str> = line.split(' ').collect();
            let whole = fields.len() == header.len();
            let server = whole.then(|| server(&fields, &places)).flatten();
            let check_address = check_address.and_then(|place| address(fields.get(place)?));
            let fqdn = fqdn.and_then(|place| name(fields.get(place)?));
            let server = server.map(|server| ServerState {
                check_address,
                fqdn,
                ..server
            });
            server.ok_or_else(|| strange(line))
        };
        lines.map(row).collect()
    }
}

fn server(fields: &[&str], places: &[usize; COLUMNS.len()]) -> Option<ServerState> {
    let [be_id, be_name, srv_id, srv_name, addr, port, check_port] =
        places.map(|place| fields[place]);
    Some(ServerState {
        backend_id: be_id.parse().ok()?,
        backend: escape(be_name),
        server_id: srv_id.parse().ok()?,
        server: escape(srv_name),
        address: address(addr),
        port: port.parse().ok()?,
        check_port: check_port.parse().ok()?,
        check_address: None,
        fqdn: None,
    })
}

fn name(text: &str) -> Option<String> {
    let is_name = !text.is_empty() && text != "-";
    is_name.then(|| escape(text))
}

/// HAProxy reaches ::ffff:10.0.0.11 by IPv4.
fn address(text: &str) -> Option<IpAddr> {
    let ip: IpAddr = text.parse().ok()?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "1\n# be_id be_name srv_id srv_name srv_addr srv_port srv_check_port\n";

    #[test]
    fn reads_a_line() {
        let servers =
            ServerState::parse(&format!("{HEAD}3 srvs 1 web1 10.0.0.11 1000 2000")).unwrap();
        assert_eq!(servers.len(), 1);
        assert_eq!(servers[0].address, Some("10.0.0.11".parse().unwrap()));
        assert_eq!((servers[0].port, servers[0].check_port), (1000, 2000));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_is_that_ipv4_address() {
        let row = "3 srvs 1 web1 ::ffff:10.0.0.11 1000 2000";
        let servers = ServerState::parse(&format!("{HEAD}{row}")).unwrap();
        assert_eq!(servers[0].address, Some("10.0.0.11".parse().unwrap()));
    }

    #[test]
    fn texts_that_are_not_needed_may_have_anything_in_them() {
        let head = HEAD.replace("srv_port", "srv_fqdn srv_port");
        let row = "3 srvs 1 w\u{1b}1 - a\u{fffd}\r\u{85}b 1000 2000";
        let servers = ServerState::parse(&format!("{head}{row}")).unwrap();
        assert_eq!(
            (servers[0].server.as_str(), servers[0].port),
            ("w\\u{1b}1", 1000)
        );
    }

    #[test]
    fn half_a_line_another_format_or_no_header_is_strange() {
        assert!(ServerState::parse(&format!("{HEAD}3 srvs 1 web1 10.0.0.11 10")).is_err());
        assert!(ServerState::parse(&HEAD.replace('1', "2")).is_err());
        assert!(ServerState::parse("1\n").is_err());
        assert!(ServerState::parse("").is_err());
        assert!(ServerState::parse("Can't find backend.").is_err());
    }
}
