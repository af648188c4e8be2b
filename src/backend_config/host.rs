//! One host of the list: its name, its address, and what differs from the default.

use std::net::IpAddr;
use std::str::FromStr;

/// One host behind HAProxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The name of its main line.
    pub name: String,
    /// The address that HAProxy uses.
    pub address: IpAddr,
    /// Its cookie, if it is not its name.
    pub cookie: Option<String>,
    /// Its twin line, if it is not that of its main line with `-twin`.
    pub twin: Option<String>,
    /// The app it serves, if it is not the one asked for.
    pub app: Option<String>,
}

impl Host {
    /// The value that users of this host carry.
    pub fn cookie(&self) -> &str {
        self.cookie.as_deref().unwrap_or(&self.name)
    }

    /// Whether it names a cookie or a twin: its users are sticky.
    pub fn is_sticky(&self) -> bool {
        self.cookie.is_some() || self.twin.is_some()
    }

    /// Formats it as `--host` takes it.
    pub fn word(&self) -> String {
        let keys = [
            ("cookie", &self.cookie),
            ("twin", &self.twin),
            ("app", &self.app),
        ];
        let given = keys
            .into_iter()
            .filter_map(|(key, value)| Some(format!(",{key}={}", value.as_ref()?)));
        format!(
            "{}={}{}",
            self.name,
            self.address,
            given.collect::<String>()
        )
    }

    /// Reads a list with one host a line, as `NAME ADDRESS [cookie=C] [twin=T] [app=A]`. Comments
    /// begin with `#`. Err: the line's number and what is wrong with it.
    pub fn list(text: &str) -> Result<Vec<Host>, String> {
        let lines = text.lines().zip(1..).filter_map(|(line, number)| {
            let said = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = said.split_whitespace().collect();
            let host = match words.as_slice() {
                [] => return None,
                [name, address, keys @ ..] => Host::new(name, address, keys),
                [_] => Err("expected NAME ADDRESS".to_owned()),
            };
            Some(host.map_err(|what| format!("line {number}: {what}")))
        });
        lines.collect()
    }

    fn new(name: &str, address: &str, keys: &[&str]) -> Result<Host, String> {
        let mut host = Host {
            name: server_name(name)?,
            address: usable(address)?,
            cookie: None,
            twin: None,
            app: None,
        };
        for key in keys {
            let place = match key.split_once('=') {
                Some(("cookie", value)) => (&mut host.cookie, cookie_value(value)?),
                Some(("twin", value)) => (&mut host.twin, server_name(value)?),
                Some(("app", value)) => (&mut host.app, server_name(value)?),
                _ => {
                    return Err(format!(
                        "{key:?}: expected cookie=VALUE, twin=NAME or app=NAME"
                    ));
                }
            };
            if place.0.replace(place.1).is_some() {
                return Err(format!("{key:?} is given twice"));
            }
        }
        Ok(host)
    }
}

/// `NAME=ADDRESS[,cookie=C][,twin=T][,app=A]`
impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Host, String> {
        let (name, rest) = text
            .split_once('=')
            .ok_or("expected NAME=ADDRESS, such as web1=10.0.0.11")?;
        let mut keys = rest.split(',');
        let address = keys.next().unwrap_or_default();
        Host::new(name, address, &keys.collect::<Vec<_>>())
    }
}

/// Checks a name that HAProxy accepts for a server or a proxy.
pub(super) fn server_name(name: &str) -> Result<String, String> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    match !name.is_empty() && name.chars().all(harmless) {
        true => Ok(name.to_owned()),
        false => Err(format!(
            "{name:?} is not a name for HAProxy: letters, digits, `_`, `.`, `:` and `-`"
        )),
    }
}

/// Checks a value that browsers send back unchanged. HAProxy itself cuts it at `~` and `|`.
fn cookie_value(value: &str) -> Result<String, String> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_.:+/=@-".contains(c);
    match !value.is_empty() && value.chars().all(harmless) {
        true => Ok(value.to_owned()),
        false => Err(format!(
            "{value:?} is not a cookie: letters, digits and `_.:+/=@-`"
        )),
    }
}

/// Checks an address that a server can have. The agent finds its lines by it, so a host name is not
/// enough.
fn usable(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let address: IpAddr = bare
        .unwrap_or(text)
        .parse()
        .map_err(|_| match text.contains(':') {
            true => format!("{text:?} is not an IP address (write it without a port)"),
            false => format!("{text:?} is not an IP address: write its IP address, not a name"),
        })?;
    let address = address.to_canonical();
    match address.is_unspecified() || address.is_multicast() || is_broadcast(address) {
        true => Err(format!("{address} is not the address of one host")),
        false => Ok(address),
    }
}

fn is_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if v4.is_broadcast())
}
