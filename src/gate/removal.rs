//! Removes everything of ours for good, from every nat table that the kernel has. A gate that
//! closes removes only its rule.

use super::firewall::{LEGACY, NFT, default_variant, list_if_there};
use super::{CHAIN, GateError, Iptables, Listing};

/// The calls that remove every rule of ours from the listed table, in order: each jump to our
/// chain, then the chain with all its rules. None: nothing is ours.
pub fn removal(listing: &Listing) -> Vec<String> {
    let jumps = listing.rules().filter(|rule| rule.jumps_to(CHAIN));
    let mut calls: Vec<String> = jumps
        .map(|rule| format!("-D {} {}", rule.chain, rule.spec))
        .collect();
    if listing.has_chain(CHAIN) {
        calls.extend([format!("-F {CHAIN}"), format!("-X {CHAIN}")]);
    }
    calls
}

/// The rules of ours on this host, in both variants and both families.
#[derive(Debug, Clone)]
pub struct Removal {
    tables: Vec<(Iptables, Vec<String>)>,
    unseen: Option<GateError>,
}

impl Removal {
    /// Looks. Leaves out a program that is not installed, if another is, and a table that the
    /// kernel does not have.
    pub async fn look() -> Removal {
        let mut removal = Removal {
            tables: Vec::new(),
            unseen: None,
        };
        for iptables in NFT.into_iter().chain(LEGACY) {
            match list_if_there(&iptables).await {
                Ok(Some(listing)) => removal.tables.push((iptables, self::removal(&listing))),
                Ok(None) => {}
                Err(error) => removal.unseen = removal.unseen.or(Some(error)),
            }
        }
        if removal.tables.is_empty() && removal.unseen.is_none() {
            // There is nothing, or no program to look with.
            removal.unseen = default_variant().await.err();
        }
        removal
    }

    /// Why a table could not be read: the first error, if there are more.
    pub fn unseen(&self) -> Option<&GateError> {
        self.unseen.as_ref()
    }

    /// The programs whose tables it has read.
    pub fn programs(&self) -> Vec<&'static str> {
        let program = |(iptables, _): &(Iptables, _)| iptables.program;
        self.tables.iter().map(program).collect()
    }

    /// The calls, each with its program. Empty: nothing is ours.
    pub fn calls(&self) -> Vec<String> {
        let calls = |(iptables, calls): &(Iptables, Vec<String>)| {
            let program = iptables.program;
            let line = move |call: &String| format!("{program} -t nat {call}");
            calls.iter().map(line).collect::<Vec<_>>()
        };
        self.tables.iter().flat_map(calls).collect()
    }

    /// Makes the calls, and looks again. Ok means that nothing of ours is left. An error in one
    /// table does not stop the others.
    ///
    /// # Errors
    ///
    /// The first error, or an unseen table. What could be removed is removed, and the caller may
    /// try again.
    pub async fn carry_out(&self) -> Result<(), GateError> {
        let mut ended = self.unseen.clone().map_or(Ok(()), Err);
        for (iptables, calls) in self.tables.iter().filter(|(_, calls)| !calls.is_empty()) {
            let cleared = clear(iptables, calls).await;
            ended = ended.and(cleared);
        }
        ended
    }
}

async fn clear(iptables: &Iptables, calls: &[String]) -> Result<(), GateError> {
    for call in calls {
        iptables.call(call).await?;
    }
    let left = removal(&iptables.list().await?);
    match left.is_empty() {
        true => Ok(()),
        false => Err(GateError::NotAsWanted {
            program: iptables.program.to_owned(),
            left: left.join("; "),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAINS: &str = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n";

    fn of(rules: &str) -> Vec<String> {
        removal(&Listing::parse(&format!("{CHAINS}{rules}")).unwrap())
    }

    #[test]
    fn nothing_of_ours_needs_no_call() {
        assert!(of("").is_empty());
        assert!(of("-N HAPROXY-GATE-2\n-A OUTPUT -j HAPROXY-GATE-2\n").is_empty());
        let named = "-A OUTPUT -m comment --comment HAPROXY-GATE -j RETURN\n";
        assert!(of(named).is_empty());
        let text = "-A OUTPUT -m comment --comment \"-j HAPROXY-GATE\"\n";
        assert!(of(text).is_empty(), "a comment is no jump");
    }

    #[test]
    fn every_jump_goes_before_the_chain() {
        let calls = of("-N HAPROXY-GATE\n-N X\n\
            -A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
            -A PREROUTING -p tcp -j X\n\
            -A OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
            -A OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE\n\
            -A X -p tcp -m comment --comment \"by: hand\" -g HAPROXY-GATE\n\
            -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000\n");
        let jump = "-m addrtype --dst-type LOCAL -j HAPROXY-GATE";
        assert_eq!(
            calls,
            [
                format!("-D PREROUTING {jump}"),
                format!("-D OUTPUT {jump}"),
                format!("-D OUTPUT {jump}"),
                "-D X -p tcp -m comment --comment \"by: hand\" -g HAPROXY-GATE".to_owned(),
                "-F HAPROXY-GATE".to_owned(),
                "-X HAPROXY-GATE".to_owned(),
            ]
        );
    }

    #[test]
    fn a_chain_without_jumps_goes_too() {
        assert_eq!(
            of("-N HAPROXY-GATE\n"),
            ["-F HAPROXY-GATE", "-X HAPROXY-GATE"]
        );
    }
}
