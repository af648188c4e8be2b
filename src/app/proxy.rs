//! The PROXY header, for an app that refuses connections without one.

use std::net::SocketAddr;

/// Its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Proxy {
    /// A line of text, as `send-proxy`.
    V1,
    /// Binary, as `send-proxy-v2`.
    V2,
}

/// Signature, version 2 with LOCAL, no family, nothing behind it.
const LOCAL: [u8; 16] = *b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

impl Proxy {
    /// What HAProxy sends first in its checks: the check's own connection.
    pub(super) fn header(self, own: SocketAddr, peer: SocketAddr) -> Vec<u8> {
        let family = if peer.is_ipv4() { "TCP4" } else { "TCP6" };
        match self {
            Proxy::V1 => format!(
                "PROXY {family} {} {} {} {}\r\n",
                own.ip(),
                peer.ip(),
                own.port(),
                peer.port()
            )
            .into_bytes(),
            Proxy::V2 => LOCAL.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_haproxy_sends_it() {
        let at = |text: &str| text.parse().unwrap();
        let v4 = Proxy::V1.header(at("10.0.0.1:5000"), at("10.0.0.2:1000"));
        assert_eq!(v4, b"PROXY TCP4 10.0.0.1 10.0.0.2 5000 1000\r\n");
        let v6 = Proxy::V1.header(at("[::1]:5000"), at("[::1]:1000"));
        assert_eq!(v6, b"PROXY TCP6 ::1 ::1 5000 1000\r\n");
        let v2 = Proxy::V2.header(at("10.0.0.1:5000"), at("10.0.0.2:1000"));
        assert_eq!(
            v2,
            b"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a\x20\x00\x00\x00"
        );
    }
}
