//! Where a lock server is.

use hyper::Uri;
use std::fmt;
use std::str::FromStr;

/// The address of a lock server, as `https://10.0.0.5:2379`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// It speaks TLS.
    pub tls: bool,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What its paths begin with, without a slash at the end.
    pub base: String,
}

impl FromStr for Endpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Endpoint, Self::Err> {
        let wrong = "expected http://HOST:PORT or https://HOST:PORT";
        let uri: Uri = text.parse().map_err(|_| wrong)?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong),
        };
        let authority = uri.authority().ok_or(wrong)?;
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err("expected an address without a user or a query");
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        match host.is_empty() {
            true => Err(wrong),
            false => Ok(Endpoint {
                tls,
                host,
                port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
                base: uri.path().trim_end_matches('/').to_owned(),
            }),
        }
    }
}

impl Endpoint {
    /// `HOST:PORT`
    pub(super) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_shown() {
        for (text, shown) in [
            ("http://10.0.0.5:2379", "http://10.0.0.5:2379"),
            ("https://lock.example/", "https://lock.example:443"),
            ("http://lock.example/fleet/", "http://lock.example:80/fleet"),
            ("https://[fd00::5]:2379", "https://[fd00::5]:2379"),
        ] {
            let read: Endpoint = text.parse().unwrap();
            assert_eq!(read.to_string(), shown);
        }
        for wrong in [
            "10.0.0.5:2379",
            "ftp://a",
            "http://",
            "http://u:p@a/",
            "http://a/?b",
            "",
        ] {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong:?}");
        }
    }
}
