//! What a proxy has from its own lines and from its `defaults`.

use super::asked::{Refusals, keeps_cookies};
use super::rules::Rules;
use super::server::Words;
use super::time::time;
use super::words::is_variable;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// The options that matter. Others are not kept: each section has its own copy of its `defaults`,
/// and a file may have thousands of both.
const OPTIONS: [&str; 3] = ["allbackups", "persist", "redispatch"];

/// What a proxy has from its own lines and from its `defaults`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// Those of [`OPTIONS`] that are on, each with its arguments.
    options: BTreeMap<&'static str, Rc<[String]>>,
    pub retries: Option<i64>,
    pub timeout_check: Option<Duration>,
    /// The arguments of `cookie`.
    pub cookie: Option<Rc<[String]>>,
    /// The kind of check: `httpchk`, `tcp-check`, ...; None: a TCP connect.
    pub check: Option<Rc<str>>,
    /// The rules of each kind of check that has some.
    pub http_check: Rules,
    pub tcp_check: Rules,
    /// `mode http`.
    pub http: bool,
    /// A rule removes the cookie that HAProxy sets.
    pub keeps_cookies: bool,
    pub refusals: Refusals,
    /// `http-reuse never`.
    pub never_reuses: bool,
    /// `retries`, `timeout check`, `option redispatch` where its number is a variable.
    pub unknown: Vec<(&'static str, Rc<str>)>,
    pub server: Words,
}

impl Settings {
    /// The arguments of an option that is on.
    pub(crate) fn option(&self, name: &str) -> Option<&[String]> {
        self.options.get(name).map(|words| &words[..])
    }

    pub(crate) fn read(&mut self, line: &[&str], no: bool) {
        let owned = |words: &[&str]| -> Vec<String> {
            words.iter().map(|word| (*word).to_owned()).collect()
        };
        self.keeps_cookies |= keeps_cookies(line);
        self.refusals.read(line);
        match line {
            ["option", name, rest @ ..] => {
                if let Some(name) = OPTIONS.iter().find(|option| *option == name) {
                    match no {
                        true => self.options.remove(name),
                        false => self.options.insert(name, Rc::from(owned(rest))),
                    };
                    if *name == "redispatch" {
                        let number = rest.first().filter(|_| !no);
                        self.hide("option redispatch", number.copied().unwrap_or_default());
                    }
                }
                // Each replaces the one before.
                let asks = name.ends_with("-check") || name.ends_with("chk");
                if *name == "httpchk" && !no {
                    self.http_check.own();
                }
                match (asks, no) {
                    (true, false) => self.check = Some(Rc::from(*name)),
                    (true, true) if self.check.as_deref() == Some(*name) => self.check = None,
                    _ => {}
                }
            }
            ["retries", number, ..] => {
                self.retries = number.parse().ok();
                self.hide("retries", number);
            }
            ["timeout", "check", value, ..] => {
                self.timeout_check = time(value).or(self.timeout_check);
                self.hide("timeout check", value);
            }
            ["mode", mode, ..] => self.http = *mode == "http",
            ["http-reuse", how, ..] => self.never_reuses = *how == "never",
            ["http-check", rule @ ..] => self.http_check.read(rule),
            ["tcp-check", rule @ ..] => self.tcp_check.read(rule),
            ["cookie", rest @ ..] => self.cookie = (!no).then(|| Rc::from(owned(rest))),
            ["default-server", rest @ ..] => {
                self.server.read(&owned(rest));
            }
            _ => {}
        }
    }

    fn hide(&mut self, name: &'static str, value: &str) {
        self.unknown.retain(|(other, _)| *other != name);
        if is_variable(value) {
            self.unknown.push((name, value.into()));
        }
    }

    pub(crate) fn hides(&self, name: &str) -> bool {
        self.unknown.iter().any(|(other, _)| *other == name)
    }
}
