//! The rules of a check (`http-check`, `tcp-check`), as far as they define its protocol, and where
//! it goes.

use super::address::Place;
use super::words::written;
use std::rc::Rc;

/// One `connect` rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Connect {
    /// `default`: the words of the server line count, too. Without it they do not.
    pub line: bool,
    pub ssl: bool,
    pub send_proxy: bool,
    pub sni: bool,
    pub alpn: bool,
    /// `port` and `addr`: they count before those of the line.
    pub port: Option<Port>,
    pub host: Option<Rc<str>>,
    host_port: Option<u16>,
    /// All its words.
    words: Vec<String>,
}

/// The `port` of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Port {
    Number(u16),
    /// A variable, or an expression that HAProxy evaluates at each check.
    Computed,
}

/// The rules of one kind of check.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    connects: Vec<Connect>,
    /// It sends something, or expects something.
    pub asks: bool,
    /// They come from `defaults`. The first rule of the proxy itself replaces them all.
    pub inherited: bool,
}

impl Rules {
    /// Marks them as inherited by a section.
    pub(crate) fn inherit(&mut self) {
        self.inherited = true;
    }

    /// A rule, or `option httpchk`, of the section itself.
    pub(crate) fn own(&mut self) {
        if self.inherited {
            *self = Rules::default();
        }
    }

    /// The arguments of `http-check` or `tcp-check`.
    pub(crate) fn read(&mut self, rule: &[&str]) {
        self.own();
        match rule {
            ["connect", words @ ..] => self.connects.push(Connect::read(words)),
            [word, ..] if word.starts_with("send") || *word == "expect" => self.asks = true,
            _ => {}
        }
    }

    /// How a check connects. Without a rule it uses the words of the line.
    pub(crate) fn connects(&self) -> Vec<Connect> {
        match self.connects.is_empty() {
            false => self.connects.clone(),
            true => vec![Connect {
                line: true,
                ..Connect::default()
            }],
        }
    }
}

impl Connect {
    fn read(all: &[&str]) -> Connect {
        let mut connect = Connect {
            words: all.iter().map(|word| (*word).to_owned()).collect(),
            ..Connect::default()
        };
        let mut words = all;
        while let [word, rest @ ..] = words {
            let valued = connect.word(word, rest.first().copied());
            words = rest.get(usize::from(valued)..).unwrap_or_default();
        }
        connect
    }

    /// Reads one word. True: the next one is its value.
    fn word(&mut self, word: &str, value: Option<&str>) -> bool {
        match (word, value) {
            ("default", _) => self.line = true,
            ("ssl", _) => self.ssl = true,
            ("send-proxy", _) => self.send_proxy = true,
            ("via-socks4" | "linger", _) => {}
            ("port", Some(value)) => {
                let number = value.parse().ok().filter(|port| *port > 0);
                self.port = Some(number.map_or(Port::Computed, Port::Number));
                return true;
            }
            ("addr", Some(value)) => {
                let place = Place::read(value);
                self.host = Some(place.host.into());
                self.host_port = place.port;
                return true;
            }
            (word, _) => {
                self.sni |= word == "sni";
                self.alpn |= word == "alpn";
                return true;
            }
        }
        false
    }

    /// It says itself where it goes.
    pub(crate) fn has_place(&self) -> bool {
        self.port.is_some() || self.host.is_some()
    }

    /// Its own port, or that of its address.
    pub(crate) fn own_port(&self) -> Option<Port> {
        let of_host = self.host_port.map(Port::Number);
        self.port.clone().or(of_host)
    }

    /// Its words, as the file may have them. `placed`: with its `port` and `addr`.
    pub(crate) fn text(&self, placed: bool) -> String {
        let mut text = String::new();
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            let valued =
                !["default", "ssl", "send-proxy", "via-socks4", "linger"].contains(&word.as_str());
            let value = valued.then(|| words.next()).flatten();
            if placed || !["port", "addr"].contains(&word.as_str()) {
                for word in std::iter::once(word).chain(value) {
                    text += &format!(" {}", written(word));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_rule_is_read_word_by_word() {
        let read = |text: &str| Connect::read(&text.split(' ').collect::<Vec<_>>());
        let all = read("default port 2000 ssl sni ssl alpn h2 send-proxy linger comment default");
        assert!(all.line && all.ssl && all.send_proxy && all.sni && all.alpn);
        assert_eq!(all.own_port(), Some(Port::Number(2000)));
        let rest = " default ssl sni ssl alpn h2 send-proxy linger comment default";
        assert_eq!(all.text(false), rest);
        let values = read("port ssl comment send-proxy addr");
        assert!(!values.ssl && !values.send_proxy && values.host.is_none());
        assert_eq!(values.own_port(), Some(Port::Computed));
        let place = read("addr [::1]:80 linger");
        assert_eq!(
            (place.host.as_deref(), place.own_port()),
            (Some("::1"), Some(Port::Number(80)))
        );
        let both = read("addr 10.0.0.1:80 port 81");
        assert_eq!(
            (both.own_port(), both.text(true).as_str()),
            (Some(Port::Number(81)), " addr 10.0.0.1:80 port 81")
        );
    }

    #[test]
    fn own_rules_replace_those_of_the_defaults() {
        let mut rules = Rules::default();
        rules.read(&["connect", "ssl"]);
        rules.read(&["send", "meth", "GET"]);
        rules.inherit();
        let inherited = rules.clone();
        assert!(inherited.connects()[0].ssl && inherited.asks);
        rules.read(&["connect"]);
        rules.read(&["connect", "default"]);
        let lines: Vec<bool> = rules
            .connects()
            .iter()
            .map(|connect| connect.line)
            .collect();
        assert_eq!((lines, rules.asks), (vec![false, true], false));
        assert!(Rules::default().connects()[0].line);
    }
}
