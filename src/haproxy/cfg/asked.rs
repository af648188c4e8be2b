//! The rules that keep cookies and refuse writes during maintenance and read-only.

use std::collections::{BTreeMap, BTreeSet};

/// The samples by which a rule depends on the lines of another backend.
const SAMPLES: [&str; 2] = ["nbsrv(", "srv_is_up("];

/// The actions of `http-request` that refuse a request.
const REFUSE: [&str; 5] = ["return", "deny", "tarpit", "reject", "silent-drop"];

/// What the rules of one section that refuse requests depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refusals {
    /// Only those that ask for the lines of a backend.
    acls: BTreeMap<String, BTreeSet<String>>,
    asks: BTreeSet<String>,
}

impl Refusals {
    pub(super) fn read(&mut self, line: &[&str]) {
        match line {
            ["acl", name, rest @ ..] => {
                let asks: Vec<String> = asked_for(rest).collect();
                if !asks.is_empty() {
                    let acl = self.acls.entry((*name).to_owned()).or_default();
                    acl.extend(asks);
                }
            }
            ["http-request", action, rest @ ..] if REFUSE.contains(action) => {
                self.asks.extend(asked_for(rest));
                let named = condition(rest).filter_map(|word| self.acls.get(word));
                self.asks.extend(named.flatten().cloned());
            }
            _ => {}
        }
    }

    /// `of`: `NAME` of `nbsrv(NAME)`, or `NAME/SERVER` of `srv_is_up(NAME/SERVER)`.
    pub(crate) fn depend_on(&self, of: &str) -> bool {
        self.asks.contains(of)
    }
}

/// What the words ask for.
fn asked_for<'a>(words: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    let words = words
        .iter()
        .flat_map(|word| SAMPLES.map(|sample| (word, sample)));
    words.flat_map(|(word, sample)| {
        let arguments = word.split(sample).skip(1);
        arguments.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
    })
}

/// The words of a rule's condition.
fn condition<'a>(rule: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let words = rule
        .iter()
        .skip_while(|word| !["if", "unless"].contains(word));
    words.map(|word| word.trim_start_matches('!'))
}

/// The line removes the cookie that HAProxy sets.
pub(super) fn keeps_cookies(line: &[&str]) -> bool {
    matches!(line, ["http-after-response", "del-header", name, ..]
        if name.eq_ignore_ascii_case("set-cookie"))
}

#[cfg(test)]
mod tests {
    use crate::haproxy::cfg::file::{File, read};
    use crate::haproxy::cfg::front::fronts_refuse;

    const RULE: &str = " http-request deny if { nbsrv(ro) ge 1 }\n";

    fn refuses(file: &File) -> bool {
        let mut proxies = file.proxies.iter();
        proxies.any(|proxy| proxy.settings.refusals.depend_on("ro"))
            || fronts_refuse(&file.fronts, "b", &|rules| rules.depend_on("ro")) == Some(true)
    }

    #[test]
    #[rustfmt::skip]
    fn each_front_needs_a_rule_that_refuses() {
        let front = |rules: &str| format!("frontend f\n{rules} default_backend b\n");
        for (text, refused) in [
            (front(RULE), true),
            (front(" http-request return status 503 if !{ method GET } { srv_is_up(ro) }\n"), true),
            (front(" # http-request deny if { nbsrv(ro) ge 1 }\n"), false),
            (front(" http-request deny if { nbsrv(rw) ge 1 }\n"), false),
            // An acl alone refuses nothing.
            (front(" acl ro nbsrv(ro) ge 1\n"), false),
            (front(" acl ro nbsrv(ro) ge 1\n http-request deny if { path /ro } ro\n"), true),
            (front(" acl rw nbsrv(ro) lt 1\n http-request deny unless rw\n"), true),
            (front(" acl ro nbsrv(ro) ge 1\n http-request deny if { path ro2 } other\n"), false),
            (front(" acl ro nbsrv(ro) ge 1\n http-request set-header ro 1 if ro\n"), false),
            (front(" http-request set-header ro 1 if { nbsrv(ro) ge 1 }\n"), false),
            (front(" use_backend x if { nbsrv(ro) ge 1 }\n"), false),
            // One of two fronts lacks it, or both have it.
            (front(RULE) + &front(""), false),
            (front(RULE) + &front(RULE), true),
            (front("") + "frontend g\n" + RULE + " default_backend c\n", false),
            (front(RULE) + "frontend g\n default_backend c\n", true),
            (format!("{}backend b\n{RULE}", front("")), true),
            (format!("listen b\n bind :80\n{RULE}"), true),
            (format!("defaults\n{RULE}{}", front("") + &front("")), true),
            (format!("defaults d\n{RULE}defaults\n{}", front("").replace("f\n", "f from d\n")), true),
            (format!("defaults d\n{RULE}defaults\n{}", front("")), false),
        ] {
            assert_eq!(refuses(&read(&text)), refused, "{text}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn the_rule_that_keeps_cookies_is_found() {
        for (text, keeps) in [
            ("backend b\n http-after-response del-header set-cookie if { status 503 }\n", true),
            ("defaults\n http-after-response del-header Set-Cookie\nbackend b\n", true),
            ("defaults\n http-after-response del-header X\nbackend b\n", false),
        ] {
            let mut proxies = read(text).proxies.into_iter();
            assert_eq!(proxies.any(|proxy| proxy.settings.keeps_cookies), keeps, "{text}");
        }
    }
}
