//! The address of a server, and of its checks: HAProxy's `str2sa_range`.

use std::net::IpAddr;

/// A place to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// An IP address as [`IpAddr`] writes it, or the text in its place.
    pub host: String,
    /// None: it has no fixed port.
    pub port: Option<u16>,
    /// Without a fixed port: what HAProxy adds to the port on which the user came. None: it is no
    /// network address.
    pub offset: Option<i32>,
}

/// What has no port: sockets of other families.
const NO_NETWORK: [&str; 7] = ["unix", "uxst", "abns", "abnsz", "fd", "sockpair", "rhttp"];

impl Place {
    /// `10.0.0.11:1000`, `[::1]:1000`, `ipv6@::1:1000`, `web1.example.org:+1000`, `[::1]`, `/path`.
    pub(crate) fn read(address: &str) -> Place {
        let is_kind =
            |kind: &str| !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric());
        let (kind, bare) = match address.split_once('@') {
            Some((kind, rest)) if is_kind(kind) => (kind, rest),
            _ => ("", address),
        };
        if bare.starts_with('/') || NO_NETWORK.contains(&kind) {
            return Place {
                host: bare.to_owned(),
                port: None,
                offset: None,
            };
        }
        // The last colon begins the port, also of an IPv6 address without brackets.
        let last = bare
            .rfind([':', ']'])
            .filter(|&at| bare[at..].starts_with(':'));
        let (host, port) = last.map_or((bare, ""), |at| (&bare[..at], &bare[at + 1..]));
        let fixed = port.parse().ok().filter(|port| *port > 0);
        // With a plus, Rust parses it as a number, too.
        let fixed = fixed.filter(|_| !port.starts_with('+'));
        Place {
            host: plain(host),
            port: fixed,
            offset: fixed.is_none().then(|| port.parse().unwrap_or(0)),
        }
    }
}

/// One way to write an address.
fn plain(host: &str) -> String {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let ip: Result<IpAddr, _> = bare.unwrap_or(host).parse();
    ip.map_or_else(|_| host.to_owned(), |ip| ip.to_canonical().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_an_address_is_read() {
        for (address, host, port, offset) in [
            ("10.0.0.11:1000", "10.0.0.11", Some(1000), None),
            ("ipv4@10.0.0.11:1000", "10.0.0.11", Some(1000), None),
            ("tcp4@10.0.0.11:1000", "10.0.0.11", Some(1000), None),
            ("[2001:DB8::1]:1000", "2001:db8::1", Some(1000), None),
            ("ipv6@2001:db8::1:1000", "2001:db8::1", Some(1000), None),
            ("::1:80", "::1", Some(80), None),
            ("::ffff:10.0.0.11:1000", "10.0.0.11", Some(1000), None),
            ("[::ffff:10.0.0.11]:1000", "10.0.0.11", Some(1000), None),
            ("ipv6@[::FFFF:a00:b]:1000", "10.0.0.11", Some(1000), None),
            (
                "web1.example.org:1000",
                "web1.example.org",
                Some(1000),
                None,
            ),
            ("10.0.0.11", "10.0.0.11", None, Some(0)),
            ("10.0.0.11:", "10.0.0.11", None, Some(0)),
            ("10.0.0.11:0", "10.0.0.11", None, Some(0)),
            ("[::1]", "::1", None, Some(0)),
            ("[::1]:", "::1", None, Some(0)),
            ("10.0.0.11:+1000", "10.0.0.11", None, Some(1000)),
            ("[::1]:-20", "::1", None, Some(-20)),
            ("10.0.0.11:99999", "10.0.0.11", None, Some(99999)),
            ("unix@/run/a:b", "/run/a:b", None, None),
            ("/run/a:80", "/run/a:80", None, None),
            ("unix@run/a:80", "run/a:80", None, None),
            ("abns@a:80", "a:80", None, None),
            ("fd@7", "7", None, None),
            ("${WEB}:1000", "${WEB}", Some(1000), None),
        ] {
            let read = Place::read(address);
            let expected = Place {
                host: host.to_owned(),
                port,
                offset,
            };
            assert_eq!(read, expected, "{address}");
        }
    }
}
