//! A whole HAProxy configuration: its sections, and what they inherit from `defaults`.

use super::environment::Environment;
use super::front::Front;
use super::server::Server;
use super::settings::Settings;
use super::words::{is_variable, words};
use std::collections::BTreeMap;

/// The keywords of other sections, which end a section as well. They may be indented.
const OTHERS: &str = "acme cache crt-store fcgi-app http-errors log-forward log-profile mailers peers program \
    resolvers ring traces userlist";

/// The parts of a configuration that the agent needs.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// Backends and listens, in the order of the file.
    pub proxies: Vec<Proxy>,
    /// Frontends and listens.
    pub fronts: Vec<Front>,
    /// `spread-checks` of global, in percent.
    pub spread: u32,
    /// Lines that can't be parsed, and why.
    pub strange: Vec<(String, &'static str)>,
    /// HAProxy loads code that it names, even for a check.
    pub loads_code: bool,
    /// It has `.if`: all branches were read.
    pub conditional: bool,
}

/// One backend or listen.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// `backend` or `listen`.
    pub kind: &'static str,
    pub name: String,
    pub settings: Settings,
    pub servers: Vec<Server>,
    /// `force-persist` rules.
    pub forced: bool,
    /// The rules of a stick table that bring a user back to a server: `on src`.
    pub sticks: Vec<String>,
}

/// The section that a line belongs to.
enum Section {
    Global,
    Defaults,
    Proxy,
    Front,
    Other,
}

struct Reader {
    file: File,
    environment: Environment,
    at: Section,
    /// The `defaults` for a section that names none.
    last: Settings,
    named: BTreeMap<String, Settings>,
    /// The name of the `defaults` that is being read.
    name: Option<String>,
}

/// The text of one file.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Its name in messages. Empty: there is only one.
    pub name: &'a str,
    /// All of it.
    pub text: &'a str,
}

/// Reads one file.
#[cfg(test)]
pub(crate) fn read(text: &str) -> File {
    read_all(&[Text { name: "", text }])
}

/// Reads as much as it understands, and skips what HAProxy itself would refuse. `defaults` and
/// variables count for the files behind them, and each file begins with a section of its own (the
/// same in 2.6, 3.0 and 3.2).
pub(crate) fn read_all(texts: &[Text<'_>]) -> File {
    let mut reader = Reader {
        file: File::default(),
        environment: Environment::default(),
        at: Section::Other,
        last: Settings::default(),
        named: BTreeMap::new(),
        name: None,
    };
    for one in texts {
        reader.begin(Section::Other);
        for (line, number) in one.text.lines().zip(1..) {
            match words(line, &reader.environment) {
                Ok(words) => reader.line(&words),
                Err(why) => {
                    let place = format!("{} line {number}", one.name);
                    let place = place.trim_start().to_owned();
                    reader.file.strange.push((place, why));
                }
            }
        }
    }
    reader.file
}

impl Reader {
    fn line(&mut self, words: &[String]) {
        let line: Vec<&str> = words.iter().map(String::as_str).collect();
        match line.as_slice() {
            [] => {}
            [".if", ..] => self.file.conditional = true,
            ["global", ..] => self.begin(Section::Global),
            ["defaults", rest @ ..] => self.begin_defaults(rest),
            ["backend", rest @ ..] => self.begin_proxy("backend", rest),
            ["listen", rest @ ..] => {
                self.begin_proxy("listen", rest);
                let name = rest.first().copied().unwrap_or_default();
                self.begin_front(Some(name), rest);
            }
            ["frontend", rest @ ..] => {
                self.begin(Section::Front);
                self.begin_front(None, rest);
            }
            [word, ..] if OTHERS.split(' ').any(|other| other == *word) => {
                self.begin(Section::Other);
            }
            ["no" | "default", rest @ ..] => self.inside(rest, words, true),
            line => self.inside(line, words, false),
        }
    }

    /// A named `defaults` is complete.
    fn begin(&mut self, section: Section) {
        if let Some(name) = self.name.take() {
            self.named.insert(name, self.last.clone());
        }
        self.at = section;
    }

    fn begin_defaults(&mut self, rest: &[&str]) {
        self.begin(Section::Defaults);
        let (name, from) = match rest {
            ["from", from, ..] => (None, self.from(Some(from))),
            [name, "from", from, ..] => (Some(*name), self.from(Some(from))),
            rest => (rest.first().copied(), Settings::default()),
        };
        self.name = name.map(str::to_owned);
        self.last = from;
    }

    fn begin_proxy(&mut self, kind: &'static str, rest: &[&str]) {
        self.begin(Section::Proxy);
        self.file.proxies.push(Proxy {
            kind,
            name: rest.first().copied().unwrap_or_default().to_owned(),
            settings: self.from(named_defaults(rest)),
            servers: Vec::new(),
            forced: false,
            sticks: Vec::new(),
        });
    }

    fn begin_front(&mut self, listen: Option<&str>, rest: &[&str]) {
        let refusals = self.from(named_defaults(rest)).refusals;
        self.file.fronts.push(Front::new(listen, refusals));
    }

    /// The settings that a section begins with.
    fn from(&self, name: Option<&str>) -> Settings {
        let mut from = match name {
            None => self.last.clone(),
            Some(name) => self.named.get(name).cloned().unwrap_or_default(),
        };
        from.http_check.inherit();
        from.tcp_check.inherit();
        from
    }

    fn inside(&mut self, line: &[&str], words: &[String], no: bool) {
        match (&self.at, line) {
            (Section::Global, ["spread-checks", percent, ..]) => {
                self.file.spread = percent.parse().unwrap_or(0).min(50);
            }
            (Section::Global, line) => {
                self.file.loads_code |= line.first().is_some_and(|word| loads_code(word));
                self.environment.read(line);
            }
            (Section::Defaults, line) => self.last.read(line, no),
            (Section::Proxy, line) => {
                let Some(proxy) = self.file.proxies.last_mut() else {
                    return;
                };
                proxy.read(line, words, no);
                let front = self.file.fronts.last_mut();
                if let Some(front) = front.filter(|_| proxy.kind == "listen") {
                    front.read(line);
                }
            }
            (Section::Front, line) => {
                if let Some(front) = self.file.fronts.last_mut() {
                    front.read(line);
                }
            }
            (Section::Other, _) => {}
        }
    }
}

/// The `defaults` that the first line of a section names.
fn named_defaults<'a>(rest: &[&'a str]) -> Option<&'a str> {
    match rest {
        [_, .., "from", from] => Some(*from),
        _ => None,
    }
}

/// Words of `global` by which HAProxy runs code of another file: also those that no file shows.
fn loads_code(word: &str) -> bool {
    let of_code = ["lua-", "module-", "ssl-engine", "ssl-provider"];
    is_variable(word) || of_code.iter().any(|begin| word.starts_with(begin))
}

impl Proxy {
    fn read(&mut self, line: &[&str], words: &[String], no: bool) {
        let from = &self.settings.server;
        match line {
            ["server", ..] => self.servers.extend(Server::read(&words[1..], from)),
            ["server-template", ..] => self.servers.extend(Server::template(&words[1..], from)),
            ["force-persist", ..] => self.forced = true,
            ["stick", rule @ ("on" | "match"), by, ..] => self.sticks.push(format!("{rule} {by}")),
            line => self.settings.read(line, no),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INHERITS: &str = "
global
  spread-checks 5
defaults base
  option redispatch
  option persist
  retries 2
  timeout check 2s
  default-server check inter 1s backup
defaults other from base
  no option persist
  timeout check 3s
backend a
  server one 10.0.0.1:80
  default-server no-backup fall 5
  server two 10.0.0.2:80
frontend f
  option persist
  default_backend a
backend b from base
    listen c from nowhere
      option httpchk GET /
      no option httpchk
peers p
  server one 10.0.0.9:80
defaults
backend d # none of it
  cookie S insert
  option httpchk
  option tcp-check
";

    fn proxy<'a>(file: &'a File, name: &str) -> &'a Proxy {
        file.proxies
            .iter()
            .find(|proxy| proxy.name == name)
            .unwrap()
    }

    #[test]
    fn sections_inherit() {
        let file = read(INHERITS);
        let names: Vec<_> = file
            .proxies
            .iter()
            .map(|p| (p.kind, p.name.as_str()))
            .collect();
        let expected = [
            ("backend", "a"),
            ("backend", "b"),
            ("listen", "c"),
            ("backend", "d"),
        ];
        assert_eq!((names, file.spread), (expected.to_vec(), 5));
        let on = |name, option| proxy(&file, name).settings.option(option).is_some();
        assert_eq!(
            ["a", "b", "c", "d"].map(|name| on(name, "persist")),
            [false, true, false, false]
        );
        assert_eq!(
            ["a", "b", "c", "d"].map(|name| on(name, "redispatch")),
            [true, true, false, false]
        );
        let check = |name| {
            proxy(&file, name)
                .settings
                .timeout_check
                .map(|time| time.as_secs())
        };
        assert_eq!(
            ["a", "b", "c", "d"].map(check),
            [Some(3), Some(2), None, None]
        );
        let kind = |name| proxy(&file, name).settings.check.clone();
        assert_eq!((kind("c"), kind("d")), (None, Some("tcp-check".into())));
    }

    #[test]
    fn a_server_inherits_the_default_servers_above_it() {
        let file = read(INHERITS);
        let servers = &proxy(&file, "a").servers;
        let words = |n: usize| &servers[n].words;
        assert!(words(0).check && words(0).backup && words(0).fall == 3);
        assert!(words(1).check && !words(1).backup && words(1).fall == 5);
        assert_eq!(servers.len(), 2);
    }

    #[test]
    fn a_broken_line_is_reported() {
        let file = read("backend a\n  acl x path '/\n.if defined(X)\n  server s 10.0.0.1:80\n");
        assert_eq!(
            file.strange,
            [("line 2".to_owned(), "a quote does not end")]
        );
        assert!(file.conditional && file.proxies[0].servers.len() == 1);
    }
}
