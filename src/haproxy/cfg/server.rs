//! One `server`, `server-template` or `default-server` line (configuration manual, 5.2).

use super::address::Place;
use super::time::time;
use super::transport::Transport;
use super::words::is_variable;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

/// What a server has from its own words and from the `default-server` above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub check: bool,
    pub backup: bool,
    /// `port`: the port that its checks use; None: the port of the traffic.
    pub check_port: Option<u16>,
    /// `addr`: the host that its checks use; None: the host of the traffic.
    pub check_host: Option<Rc<str>>,
    /// The port of `addr`, which counts without `port`.
    check_host_port: Option<u16>,
    /// `agent-check`. It can't show a closed gate: HAProxy ignores an agent that it can't reach.
    pub agent_check: bool,
    /// `no-check`, and no `check` after it.
    pub no_check: bool,
    pub track: Option<Rc<str>>,
    pub cookie: Option<Rc<str>>,
    pub inter: Duration,
    pub fastinter: Option<Duration>,
    pub downinter: Option<Duration>,
    pub rise: u32,
    pub fall: u32,
    pub marked_down: Option<Rc<str>>,
    pub marked_up: Option<Rc<str>>,
    pub slowstart: Option<Duration>,
    /// `weight 0`: new users go to the other lines.
    pub weightless: bool,
    /// `disabled`: HAProxy starts with it in MAINT.
    pub disabled: bool,
    /// TLS, the PROXY header and the like.
    pub transport: Transport,
    /// Words whose value is a variable, each with its value.
    pub unknown: Vec<(&'static str, Rc<str>)>,
}

/// The pseudo word for what is between a server's name and its words.
pub(crate) const ADDRESS: &str = "address";

/// The pseudo word for words that are variables themselves.
pub(crate) const WORDS: &str = "words";

/// HAProxy's own defaults.
impl Default for Words {
    fn default() -> Words {
        Words {
            check: false,
            backup: false,
            check_port: None,
            check_host: None,
            check_host_port: None,
            agent_check: false,
            no_check: false,
            track: None,
            cookie: None,
            inter: Duration::from_secs(2),
            fastinter: None,
            downinter: None,
            rise: 2,
            fall: 3,
            marked_down: None,
            marked_up: None,
            slowstart: None,
            weightless: false,
            disabled: false,
            transport: Transport::default(),
            unknown: Vec::new(),
        }
    }
}

/// A server, or all servers of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// A template's prefix.
    pub name: String,
    /// The numbers after the prefix.
    pub numbers: Option<RangeInclusive<u64>>,
    /// An IP address as [`std::net::IpAddr`] writes it, or the text in its place.
    pub host: String,
    /// None: it has none of its own.
    pub port: Option<u16>,
    /// What it adds to the users' port, if it has none of its own.
    pub offset: Option<i32>,
    pub words: Words,
}

/// Words of a server line that take a value, in addition to those that are read. All other words
/// take none.
const VALUED: &str = "agent-addr agent-inter agent-port agent-send ca-file check-pool-conn-name check-proto \
    ciphers ciphersuites client-sigalgs crl-file crt curves error-limit guid hash-key id \
    idle-ping init-addr init-state log-bufsize log-proto max-reuse maxconn maxqueue minconn \
    namespace npn observe on-error pool-conn-name pool-low-conn pool-max-conn pool-purge-delay \
     proto redir resolve-net resolve-opts resolve-prefer resolvers set-proxy-v2-tlv-fmt \
    shard sigalgs socks4 source ssl-max-ver ssl-min-ver tcp-ut usesrc verify verifyhost ws";

/// Those with a value that matters.
#[rustfmt::skip]
const READ: [&str; 9] = ["port", "addr", "cookie", "inter", "fastinter", "downinter", "rise", "fall", "slowstart"];

impl Words {
    /// The port of the checks alone: `port`, else that of `addr`.
    pub(crate) fn own_check_port(&self) -> Option<u16> {
        self.check_port.or(self.check_host_port)
    }

    /// Whether one of these is a variable.
    pub(crate) fn hides(&self, words: &[&str]) -> bool {
        self.unknown.iter().any(|(word, _)| words.contains(word))
    }

    /// Adds the words of a line to those from above.
    pub(crate) fn read(&mut self, mut line: &[String]) {
        while let [word, rest @ ..] = line {
            line = rest;
            match word.as_str() {
                "check" => (self.check, self.no_check) = (true, false),
                "no-check" => (self.check, self.no_check) = (false, true),
                "agent-check" => self.agent_check = true,
                "no-agent-check" => self.agent_check = false,
                "disabled" => self.disabled = true,
                "enabled" => self.disabled = false,
                "backup" => self.backup = true,
                "no-backup" => self.backup = false,
                alone if self.transport.word(alone) => {}
                hidden if is_variable(hidden) => self.unknown.push((WORDS, hidden.into())),
                valued => {
                    let Some(value) = rest.first() else { break };
                    // set-proxy-v2-tlv-fmt(ID)
                    let bare = valued.split('(').next().unwrap_or_default();
                    let known =
                        self.value(valued, value) || VALUED.split(' ').any(|valued| valued == bare);
                    line = if known { &rest[1..] } else { rest };
                }
            }
        }
    }

    /// False: the word is not read here.
    fn value(&mut self, word: &str, value: &str) -> bool {
        let text = || Some(Rc::from(value));
        if let Some(word) = READ.iter().find(|read| **read == word) {
            self.unknown.retain(|(other, _)| other != word);
            if is_variable(value) {
                self.unknown.push((word, value.into()));
            }
        }
        match word {
            "port" => self.check_port = value.parse().ok().filter(|port| *port > 0),
            "addr" => {
                let place = Place::read(value);
                self.check_host = Some(place.host.into());
                self.check_host_port = place.port;
            }
            "track" => self.track = text(),
            "cookie" => self.cookie = text(),
            "inter" => self.inter = time(value).unwrap_or(self.inter),
            "fastinter" => self.fastinter = time(value),
            "downinter" => self.downinter = time(value),
            "rise" => self.rise = value.parse().unwrap_or(self.rise).max(1),
            "fall" => self.fall = value.parse().unwrap_or(self.fall).max(1),
            "on-marked-down" => self.marked_down = text(),
            "on-marked-up" => self.marked_up = text(),
            "slowstart" => self.slowstart = time(value).filter(|time| !time.is_zero()),
            "weight" => self.weightless = value.parse() == Ok(0),
            word => return self.transport.value(word, value),
        }
        true
    }
}

impl Server {
    /// Reads the arguments of `server`. None: it is no server line.
    pub(crate) fn read(line: &[String], from: &Words) -> Option<Server> {
        let [name, address, words @ ..] = line else {
            return None;
        };
        Some(Server::new(name, None, address, words, from))
    }

    /// Reads the arguments of `server-template`.
    pub(crate) fn template(line: &[String], from: &Words) -> Option<Server> {
        let [prefix, numbers, address, words @ ..] = line else {
            return None;
        };
        let numbers = match numbers.split_once('-') {
            Some((first, last)) => first.parse().ok()?..=last.parse().ok()?,
            None => 1..=numbers.parse().ok()?,
        };
        Some(Server::new(prefix, Some(numbers), address, words, from))
    }

    fn new(
        name: &str,
        numbers: Option<RangeInclusive<u64>>,
        address: &str,
        words: &[String],
        from: &Words,
    ) -> Server {
        let place = Place::read(address);
        let mut own = from.clone();
        own.read(words);
        if is_variable(address) {
            own.unknown.push((ADDRESS, address.into()));
        }
        Server {
            name: name.to_owned(),
            numbers,
            host: place.host,
            port: place.port,
            offset: place.offset,
            words: own,
        }
    }

    /// Whether HAProxy shows the server, or one of the template, under that name.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let Some(numbers) = &self.numbers else {
            return self.name == name;
        };
        let number = name.strip_prefix(&self.name);
        number
            .and_then(|number| number.parse().ok())
            .is_some_and(|number| numbers.contains(&number))
    }

    /// Whether the file does not say which port its checks use.
    pub(crate) fn hides_checked(&self) -> bool {
        let follows = self.words.own_check_port().is_none() && self.port.is_none();
        self.words.hides(&["port", WORDS]) || follows && self.words.hides(&[ADDRESS])
    }

    /// Whether it has `port` or `addr`. Its checks then inherit neither TLS nor a PROXY header
    /// from it.
    pub(crate) fn checks_by_its_own_place(&self) -> bool {
        let words = &self.words;
        words.check_port.is_some() || words.check_host.is_some() || words.hides(&["port"])
    }

    /// The port that its checks use.
    pub(crate) fn checked(&self) -> Option<u16> {
        self.words.own_check_port().or(self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::super::environment::Environment;
    use super::*;

    fn words(line: &str) -> Vec<String> {
        super::super::words::words(line, &Environment::default()).unwrap()
    }

    fn server(line: &str) -> Server {
        Server::read(&words(line), &Words::default()).unwrap()
    }

    #[test]
    fn a_value_is_no_word() {
        let read =
            server("web1 10.0.0.1:80 cookie backup sni check id 7 source 10.0.0.9 port 2000");
        assert_eq!(read.words.cookie.as_deref(), Some("backup"));
        assert!(!read.words.backup && !read.words.check);
        assert_eq!(read.checked(), Some(2000));
        let flags = server("web1 10.0.0.1:80 ssl check-ssl send-proxy check backup");
        assert!(flags.words.check && flags.words.backup);
        assert_eq!(flags.checked(), Some(80));
    }

    #[test]
    fn the_last_word_counts_and_defaults_are_haproxys() {
        let read = server("a 10.0.0.1:80 check no-check no-backup inter 5 fall x rise 0 weight");
        assert!(!read.words.check && !read.words.backup);
        let (inter, fall, rise) = (read.words.inter, read.words.fall, read.words.rise);
        assert_eq!((inter, fall, rise), (Duration::from_millis(5), 3, 1));
    }

    #[test]
    fn a_template_makes_many() {
        let template = |line: &str| Server::template(&words(line), &Words::default());
        let some = template("web 2-3 app.local:80 check").unwrap();
        assert_eq!(
            ["web1", "web2", "web3", "web"].map(|n| some.is_called(n)),
            [false, true, true, false]
        );
        assert!(
            template("web 18446744073709551615 a:80")
                .unwrap()
                .is_called("web9")
        );
        assert!(template("web x a:80").is_none() && template("web 3").is_none());
    }
}
