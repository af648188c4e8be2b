//! The ports on which users come to a backend. A server line without a port of its own uses them.

use super::address::Place;
use super::asked::{Refusals, keeps_cookies};
use super::words::is_variable;

/// One `frontend`, or the same part of a `listen`.
#[derive(Debug, Default)]
pub(crate) struct Front {
    /// The name of a `listen`, which has its own servers.
    listen: Option<String>,
    ports: Vec<u16>,
    backends: Vec<String>,
    /// A rule removes the cookie that HAProxy sets.
    keeps_cookies: bool,
    refusals: Refusals,
    /// A port or a backend is a variable, or chosen for each request.
    hides: bool,
}

impl Front {
    /// `refusals`: those of its `defaults`.
    pub(crate) fn new(listen: Option<&str>, refusals: Refusals) -> Front {
        Front {
            listen: listen.map(str::to_owned),
            refusals,
            ..Front::default()
        }
    }

    pub(crate) fn read(&mut self, line: &[&str]) {
        self.keeps_cookies |= keeps_cookies(line);
        self.refusals.read(line);
        match line {
            ["bind", addresses, ..] => {
                for address in addresses.split(',') {
                    let place = Place::read(address);
                    self.hides |= is_variable(address) || place.offset.is_some();
                    self.ports.extend(place.port);
                }
            }
            ["use_backend" | "default_backend", name, ..] => {
                self.hides |= is_variable(name) || name.contains("%[");
                self.backends.push((*name).to_owned());
            }
            _ => {}
        }
    }

    fn leads_to(&self, proxy: &str) -> bool {
        self.listen.as_deref() == Some(proxy) || self.backends.iter().any(|name| name == proxy)
    }
}

/// Whether all that users come by to this proxy removes the cookie that HAProxy sets.
pub(crate) fn fronts_keep_cookies(fronts: &[Front], proxy: &str) -> bool {
    all_to(fronts, proxy, |front| front.keeps_cookies) == Some(true)
}

/// Whether all that users come by to this proxy has such rules. None: the file shows no way there.
pub(crate) fn fronts_refuse(
    fronts: &[Front],
    proxy: &str,
    has: &dyn Fn(&Refusals) -> bool,
) -> Option<bool> {
    all_to(fronts, proxy, |front| has(&front.refusals))
}

/// Whether any of them has such rules, whichever proxy it sends users to.
pub(crate) fn any_front_refuses(fronts: &[Front], has: &dyn Fn(&Refusals) -> bool) -> bool {
    fronts.iter().any(|front| has(&front.refusals))
}

fn all_to(fronts: &[Front], proxy: &str, is: impl Fn(&Front) -> bool) -> Option<bool> {
    let to = fronts.iter().filter(|front| front.leads_to(proxy));
    let mut to = to.map(is).peekable();
    to.peek()?;
    Some(to.all(|is| is))
}

/// The ports on which users come to this proxy. None: the file does not show all of them.
pub(crate) fn users_ports(fronts: &[Front], proxy: &str) -> Option<Vec<u16>> {
    let mut ports = Vec::new();
    for front in fronts {
        if front.hides {
            return None;
        }
        if front.leads_to(proxy) {
            ports.extend(&front.ports);
        }
    }
    (!ports.is_empty()).then_some(ports)
}

#[cfg(test)]
mod tests {
    use super::super::file::read;
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn the_ports_of_each_front_that_leads_there() {
        let one = "frontend f\n bind :80,10.0.0.1:81\n bind [::]:443 ssl\n bind unix@/run/s\n";
        for (text, ports) in [
            (format!("{one} default_backend b\n"), Some(vec![80, 81, 443])),
            (format!("{one} use_backend b if {{ path /a }}\n"), Some(vec![80, 81, 443])),
            (format!("{one} default_backend c\nfrontend g\n bind :8\n default_backend b\n"), Some(vec![8])),
            (format!("{one} default_backend c\n"), None),
            (format!("{one} use_backend %[req.hdr(host)]\n default_backend b\n"), None),
            (format!("{one} bind :90-99\n default_backend b\n"), None),
            (format!("{one} bind \":$P\"\n default_backend b\n"), None),
            ("listen b\n bind :7\n server s 10.0.0.1\n".to_owned(), Some(vec![7])),
            ("listen a\n bind :7\n use_backend b\n".to_owned(), Some(vec![7])),
            ("backend b\n bind :7\n".to_owned(), None),
        ] {
            assert_eq!(users_ports(&read(&text).fronts, "b"), ports, "{text}");
        }
    }
}
