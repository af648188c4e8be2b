//! A nat table as far as the agent's calls need one: lines of `iptables -S`, changed by `-N`, `-A`,
//! `-I` and `-D` as the kernel does. It has its own reader, so that it does not repeat a fault of
//! the agent's.

use haproxy_gate::gate::{Gate, PARK_CHAIN};

/// The lines, in the kernel's order.
#[derive(Clone)]
pub struct Table(Vec<String>);

impl Table {
    /// The lines of a listing.
    pub fn new(listing: &str) -> Table {
        let lines = listing.lines().map(|line| line.trim().to_owned());
        Table(lines.collect())
    }

    /// As `iptables -S` would print it.
    pub fn listing(&self) -> String {
        self.0.join("\n")
    }

    /// Applies one call; panics where iptables would refuse it.
    pub fn call(&mut self, call: &str) {
        let (action, rest) = call.split_once(' ').expect("an action");
        let chain = rest.split(' ').next().expect("a chain");
        match action {
            "-N" => {
                assert!(!self.has(chain), "{call}: it is there already");
                self.0.push(call.to_owned());
            }
            "-A" => {
                assert!(self.has(chain), "{call}: no such chain");
                self.0.push(call.to_owned());
            }
            "-I" => self.insert(chain, call),
            "-D" => {
                let rule = format!("-A {rest}");
                let at = self.0.iter().position(|line| *line == rule);
                self.0
                    .remove(at.unwrap_or_else(|| panic!("{call}: no such rule")));
            }
            _ => panic!("{call}: not a call that the agent has any use for"),
        }
    }

    /// All lines except those about our chain for parked ports.
    pub fn not_parked(&self) -> Vec<&String> {
        let is_about = |line: &&String| words(line).iter().any(|word| word == PARK_CHAIN);
        self.0.iter().filter(|line| !is_about(line)).collect()
    }

    fn has(&self, chain: &str) -> bool {
        let named = |line: &String| {
            let words: Vec<&str> = line.split(' ').collect();
            matches!(words[0], "-P" | "-N") && words.get(1) == Some(&chain)
        };
        self.0.iter().any(named)
    }

    fn insert(&mut self, chain: &str, call: &str) {
        let spec = call.strip_prefix(&format!("-I {chain} 1 "));
        let rule = format!("-A {chain} {}", spec.expect("ahead of all others"));
        let own = format!("-A {chain} ");
        let at = self.0.iter().position(|line| line.starts_with(&own));
        self.0.insert(at.unwrap_or(self.0.len()), rule);
    }

    /// All lines except the agent's: the rules of its chain with the comment of this gate, or of any
    /// gate on its port, the jumps, and the rule that keeps tracking on.
    pub fn others(&self, gate: &Gate) -> Vec<&String> {
        let others = |line: &&String| {
            let words = words(line);
            let (chain, rule) = (words.get(1), words.get(2..).unwrap_or_default());
            let keeps = |pair: &[String]| pair == ["--comment", "haproxy-gate:keep-tracking"];
            let ours = is_of(rule, gate) || rule.windows(2).any(keeps);
            match chain.map(String::as_str) {
                Some("HAPROXY-GATE") => words[0] != "-N" && !ours,
                _ => rule.join(" ") != "-m addrtype --dst-type LOCAL -j HAPROXY-GATE",
            }
        };
        self.0.iter().filter(others).collect()
    }
}

/// Whether a rule of our chain is this gate's, or one of any gate that is in its place.
pub fn is_of(rule: &[String], gate: &Gate) -> bool {
    let port = gate.status_port.to_string();
    let range = format!("{port}:{port}");
    let is_here = rule.windows(2).any(|pair| {
        let names = ["--dport", "--dports"].contains(&&*pair[0]);
        names && (pair[1] == port || pair[1] == range)
    });
    let comments = rule.windows(2).filter(|pair| pair[0] == "--comment");
    let mut comments = comments.map(|pair| &pair[1]);
    comments.any(|comment| {
        let mut roles = [":main", ":backup"].iter();
        let is_a_gates =
            comment.starts_with("haproxy-gate:") && roles.any(|role| comment.ends_with(role));
        // The fuzzed gates have no target, so each target is one of an earlier configuration.
        let own = format!("haproxy-gate:{}:", gate.app);
        let role = comment
            .strip_prefix(&own)
            .map(|rest| rest.rsplit(':').next());
        let is_named = role.flatten() == gate.comment().rsplit(':').next();
        is_named || (is_here && is_a_gates)
    })
}

/// The words of a line as iptables-save writes them: quoted where necessary, with a backslash
/// before `"`, `'` and itself.
pub fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
        match c {
            _ if escaped => {
                words.last_mut().expect("one").push(c);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("one").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
