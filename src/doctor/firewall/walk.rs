//! What becomes of one packet in a firewall: the way through its chains, where a rule may
//! apply, may not, or can't be told. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The first packet of a check, as INPUT sees it. What is not known is None, and a rule that
/// asks for it may apply or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The status port, where the check meets a closed gate; the app's, by an open one.
    pub port: u16,
    /// This host's address.
    pub to: Option<IpAddr>,
    /// HAProxy's.
    pub from: Option<IpAddr>,
    /// The interface it comes in by.
    pub interface: Option<String>,
}

impl Packet {
    /// IPv4, where that is not known.
    pub fn is_v6(&self) -> bool {
        self.to
            .or(self.from)
            .is_some_and(|address| address.is_ipv6())
    }
}

/// Whether a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applies {
    No,
    Maybe,
    Yes,
}

impl From<bool> for Applies {
    fn from(applies: bool) -> Applies {
        if applies { Applies::Yes } else { Applies::No }
    }
}

impl Applies {
    /// The same for a rule that says `!`.
    pub fn negated(self) -> Applies {
        match self {
            Applies::No => Applies::Yes,
            Applies::Maybe => Applies::Maybe,
            Applies::Yes => Applies::No,
        }
    }
}

/// What a rule does to the packets it applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    /// With an answer, so that HAProxy sees it at once.
    Refuse,
    /// Without one.
    Drop,
    Jump(String),
    Goto(String),
    Return,
    /// Counts, logs, marks: the next rule decides.
    GoOn,
    /// In a nat table: to another port or host.
    Lead,
    /// Somebody else decides, as with NFQUEUE.
    Unknown,
}

/// One rule, judged for one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub applies: Applies,
    pub verdict: Verdict,
    /// The rule, for the eye.
    pub text: String,
}

/// A chain that the kernel calls for what comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub chain: String,
    pub policy: Verdict,
    /// How the policy reads.
    pub text: String,
}

/// Chains by name.
pub type Chains = BTreeMap<String, Vec<Step>>;

/// How it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It comes through, or is refused with an answer.
    Seen,
    /// It is dropped, by this rule or policy.
    Dropped(String),
    /// It may be dropped, by this rule or policy; an earlier one may apply or not.
    Unsure(String),
}

/// As deep as the kernel lets chains jump.
pub const DEEPEST: usize = 16;

#[derive(Default)]
struct Ends<'a> {
    /// Chains that were walked: a second time brings nothing new. Whether it may come out.
    walked: BTreeMap<&'a str, bool>,
    /// By what it comes through, or may: accepted, or handed to somebody else.
    passed: Vec<String>,
    refused: bool,
    dropped: Vec<String>,
}

/// A packet that `base` may drop surely comes through, as `led` does: all that may drop it may
/// drop that one, too, and whatever has let that one through may let it through.
pub fn follows(led: (&Chains, &Base), (chains, base): (&Chains, &Base)) -> bool {
    let of = |texts: Vec<String>| texts.into_iter().collect::<BTreeSet<String>>();
    let (led, here) = (Ends::of(led.0, led.1), Ends::of(chains, base));
    of(here.dropped).is_subset(&of(led.dropped)) && of(led.passed).is_subset(&of(here.passed))
}

/// What becomes of the packet in one base chain; None: it goes on to the next one.
pub fn fate(chains: &Chains, base: &Base) -> Option<Fate> {
    let ends = Ends::of(chains, base);
    let passes = !ends.passed.is_empty();
    match (ends.dropped.into_iter().next(), ends.refused, passes) {
        (Some(by), false, false) => Some(Fate::Dropped(by)),
        (Some(by), ..) => Some(Fate::Unsure(by)),
        (None, true, false) => Some(Fate::Seen),
        (None, ..) => None,
    }
}

impl<'a> Ends<'a> {
    fn of(chains: &'a Chains, base: &'a Base) -> Ends<'a> {
        let mut ends = Ends::default();
        if ends.follow(chains, &base.chain, 0) {
            ends.note(&base.policy, &base.text);
        }
        ends
    }

    fn note(&mut self, verdict: &Verdict, text: &str) {
        match verdict {
            Verdict::Refuse => self.refused = true,
            Verdict::Drop => self.dropped.push(text.to_owned()),
            _ => self.passed.push(text.to_owned()),
        }
    }

    /// Whether the packet may come out at the chain's end.
    fn follow(&mut self, chains: &'a Chains, chain: &'a str, depth: usize) -> bool {
        if let Some(comes_out) = self.walked.get(chain) {
            return *comes_out;
        }
        if depth > DEEPEST {
            let text = format!("chain {chain}, too deep to follow");
            self.note(&Verdict::Unknown, &text);
            self.note(&Verdict::Drop, &text);
            return true;
        }
        // A loop, which the kernel does not allow, ends.
        self.walked.insert(chain, true);
        let comes_out = self.walk(chains, chain, depth);
        self.walked.insert(chain, comes_out);
        comes_out
    }

    fn walk(&mut self, chains: &'a Chains, chain: &'a str, depth: usize) -> bool {
        let mut comes_out = false;
        let steps = chains.get(chain).into_iter().flatten();
        for step in steps.filter(|step| step.applies != Applies::No) {
            let surely = step.applies == Applies::Yes;
            let goes_on = match &step.verdict {
                Verdict::GoOn => true,
                Verdict::Jump(to) => self.follow(chains, to, depth + 1),
                Verdict::Goto(to) => {
                    comes_out |= self.follow(chains, to, depth + 1);
                    false
                }
                Verdict::Return => {
                    comes_out = true;
                    false
                }
                verdict => {
                    self.note(verdict, &step.text);
                    false
                }
            };
            if surely && !goes_on {
                return comes_out;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(applies: Applies, verdict: Verdict) -> Step {
        let text = format!("{verdict:?}");
        Step {
            applies,
            verdict,
            text,
        }
    }

    fn ends(chains: &[(&str, Vec<Step>)], policy: Verdict) -> Option<Fate> {
        let chains = chains
            .iter()
            .map(|(name, steps)| ((*name).to_owned(), steps.clone()));
        let base = Base {
            chain: "INPUT".into(),
            policy,
            text: "policy".into(),
        };
        fate(&chains.collect(), &base)
    }

    #[test]
    fn the_first_rule_that_surely_applies_decides() {
        use Applies::*;
        let dropped = |by: &str| Some(Fate::Dropped(by.to_owned()));
        let unsure = |by: &str| Some(Fate::Unsure(by.to_owned()));
        for (steps, fate) in [
            (vec![], dropped("policy")),
            (vec![step(No, Verdict::Accept)], dropped("policy")),
            (vec![step(Yes, Verdict::Accept)], None),
            (vec![step(Yes, Verdict::Refuse)], Some(Fate::Seen)),
            (vec![step(Maybe, Verdict::Accept)], unsure("policy")),
            (vec![step(Maybe, Verdict::Drop)], dropped("Drop")),
            (
                vec![step(Yes, Verdict::GoOn), step(Yes, Verdict::Drop)],
                dropped("Drop"),
            ),
            (vec![step(Yes, Verdict::Unknown)], None),
        ] {
            assert_eq!(
                ends(&[("INPUT", steps.clone())], Verdict::Drop),
                fate,
                "{steps:?}"
            );
        }
        assert_eq!(ends(&[("INPUT", vec![])], Verdict::Accept), None);
    }

    #[test]
    fn a_jump_comes_back_and_a_goto_ends_its_chain() {
        use Applies::Yes;
        let jump = || step(Yes, Verdict::Jump("X".into()));
        let goto = || step(Yes, Verdict::Goto("X".into()));
        let back = ("X", vec![step(Yes, Verdict::Return)]);
        let accepts = ("X", vec![step(Yes, Verdict::Accept)]);
        let refuse = || step(Yes, Verdict::Refuse);
        let after = |first: Step, x: &(&'static str, Vec<Step>)| {
            ends(
                &[("INPUT", vec![first, refuse()]), x.clone()],
                Verdict::Drop,
            )
        };
        assert_eq!(after(jump(), &back), Some(Fate::Seen));
        assert_eq!(after(goto(), &back), Some(Fate::Dropped("policy".into())));
        assert_eq!(after(jump(), &accepts), None);
        let itself = [("INPUT", vec![step(Yes, Verdict::Jump("INPUT".into()))])];
        assert_eq!(ends(&itself, Verdict::Accept), None, "a loop ends");
    }

    /// Of ten jumps each, so many below each other.
    fn nested(levels: usize, last: Verdict) -> Chains {
        let name = |level: usize| match level {
            0 => "INPUT".to_owned(),
            level => format!("level-{level}"),
        };
        let mut chains = Chains::new();
        for level in 0..levels {
            let jump = step(Applies::Yes, Verdict::Jump(name(level + 1)));
            chains.insert(name(level), vec![jump; 10]);
        }
        chains.insert(name(levels), vec![step(Applies::Maybe, last)]);
        chains
    }

    #[test]
    fn a_chain_is_walked_once_and_not_deeper_than_the_kernel_lets() {
        let base = Base {
            chain: "INPUT".into(),
            policy: Verdict::Accept,
            text: "policy".into(),
        };
        let unsure = |by: &str| Some(Fate::Unsure(by.to_owned()));
        assert_eq!(fate(&nested(16, Verdict::Drop), &base), unsure("Drop"));
        let deep = unsure("chain level-17, too deep to follow");
        assert_eq!(fate(&nested(17, Verdict::Drop), &base), deep);
        assert_eq!(fate(&nested(16, Verdict::Return), &base), None);
    }
}
