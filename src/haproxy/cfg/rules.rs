//! The rules of a check (`http-check`, `tcp-check`), as far as they define its protocol.

/// One `connect` rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Connect {
    /// `default`: the words of the server line count, too. Without it they do not.
    pub line: bool,
    pub ssl: bool,
    pub send_proxy: bool,
    pub sni: bool,
    pub alpn: bool,
}

/// The rules of one kind of check.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    connects: Vec<Connect>,
    /// It sends something, or expects something.
    pub asks: bool,
    /// They come from `defaults`. The first rule of the proxy itself replaces them all.
    inherited: bool,
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
    fn read(mut words: &[&str]) -> Connect {
        let mut connect = Connect::default();
        while let [word, rest @ ..] = words {
            let valued = match *word {
                "default" => {
                    connect.line = true;
                    false
                }
                "ssl" => {
                    connect.ssl = true;
                    false
                }
                "send-proxy" => {
                    connect.send_proxy = true;
                    false
                }
                "via-socks4" | "linger" => false,
                word => {
                    connect.sni |= word == "sni";
                    connect.alpn |= word == "alpn";
                    true
                }
            };
            words = rest.get(usize::from(valued)..).unwrap_or_default();
        }
        connect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_rule_is_read_word_by_word() {
        let read = |text: &str| Connect::read(&text.split(' ').collect::<Vec<_>>());
        let all = read("default port 2000 ssl sni ssl alpn h2 send-proxy linger comment default");
        let (line, ssl, send_proxy, sni, alpn) = (true, true, true, true, true);
        let expected = Connect {
            line,
            ssl,
            send_proxy,
            sni,
            alpn,
        };
        assert_eq!(all, expected);
        assert_eq!(read("port ssl comment send-proxy addr"), Connect::default());
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
