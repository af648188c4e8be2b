//! Which rules of the nat tables lead a packet to another port or host: by the way from the
//! chain that the kernel calls, rule by rule. Pure.

use super::walk::{Applies, Chains, DEEPEST, Verdict};
use std::collections::BTreeMap;

/// The rules that lead the packet elsewhere, and whether they surely do.
pub fn leads(chains: &Chains, base: &str) -> BTreeMap<String, Applies> {
    let mut walk = Walk {
        chains,
        reached: BTreeMap::new(),
        leads: BTreeMap::new(),
    };
    walk.visit(base, Applies::Yes, 0);
    walk.leads
}

struct Walk<'a> {
    chains: &'a Chains,
    /// How surely the packet comes to a chain, and out of it again: each is walked once for
    /// `Maybe` and once for `Yes` at most.
    reached: BTreeMap<&'a str, (Applies, Applies)>,
    leads: BTreeMap<String, Applies>,
}

impl<'a> Walk<'a> {
    /// Whether the packet, once it is in the chain, comes out at its end.
    fn visit(&mut self, chain: &'a str, reach: Applies, depth: usize) -> Applies {
        if let Some((before, out)) = self.reached.get(chain)
            && *before >= reach
        {
            return *out;
        }
        if depth > DEEPEST {
            return Applies::Maybe;
        }
        self.reached.insert(chain, (reach, Applies::Maybe));
        let (mut here, mut out) = (Applies::Yes, Applies::No);
        for step in self.chains.get(chain).into_iter().flatten() {
            let at = here.min(step.applies);
            if at == Applies::No {
                continue;
            }
            let goes_on = match &step.verdict {
                Verdict::GoOn => Applies::Yes,
                Verdict::Jump(to) => self.visit(to, at.min(reach), depth + 1),
                Verdict::Goto(to) => {
                    out = out.max(at.min(self.visit(to, at.min(reach), depth + 1)));
                    Applies::No
                }
                Verdict::Return => {
                    out = out.max(at);
                    Applies::No
                }
                Verdict::Lead => {
                    let known = self.leads.entry(step.text.clone()).or_insert(Applies::No);
                    *known = (*known).max(at.min(reach));
                    Applies::No
                }
                Verdict::Unknown => Applies::Maybe,
                Verdict::Accept | Verdict::Refuse | Verdict::Drop => Applies::No,
            };
            here = match (step.applies, goes_on) {
                (_, Applies::Yes) => here,
                (Applies::Yes, goes_on) => here.min(goes_on),
                (_, _) => here.min(Applies::Maybe),
            };
        }
        out = out.max(here);
        self.reached.insert(chain, (reach, out));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::walk::Step;
    use super::*;
    use Applies::{Maybe, Yes};

    fn step(applies: Applies, verdict: Verdict) -> Step {
        let text = format!("{verdict:?}");
        Step {
            applies,
            verdict,
            text,
        }
    }

    fn led(before: Vec<Step>, sub: Vec<Step>) -> Option<Applies> {
        let mut pre = before;
        pre.push(step(Yes, Verdict::Lead));
        let lost = vec![step(Yes, Verdict::Lead)];
        let chains = [("pre", pre), ("sub", sub), ("lost", lost)];
        let chains = chains.map(|(name, steps)| (name.to_owned(), steps));
        leads(&chains.into(), "pre").get("Lead").copied()
    }

    #[test]
    fn a_rule_leads_as_surely_as_it_is_reached() {
        let jump = |applies| step(applies, Verdict::Jump("sub".into()));
        let back = || vec![step(Yes, Verdict::Return)];
        let accepts = |applies| vec![step(applies, Verdict::Accept)];
        assert_eq!(led(vec![], vec![]), Some(Yes));
        assert_eq!(led(accepts(Yes), vec![]), None);
        assert_eq!(led(accepts(Maybe), vec![]), Some(Maybe));
        assert_eq!(led(accepts(Applies::No), vec![]), Some(Yes));
        assert_eq!(led(vec![jump(Yes)], back()), Some(Yes));
        assert_eq!(led(vec![jump(Yes)], accepts(Yes)), None);
        assert_eq!(led(vec![jump(Yes)], accepts(Maybe)), Some(Maybe));
        assert_eq!(led(vec![jump(Maybe)], accepts(Yes)), Some(Maybe));
        let goto = step(Yes, Verdict::Goto("sub".into()));
        assert_eq!(led(vec![goto], back()), None);
    }

    #[test]
    fn a_chain_counts_by_its_surest_way() {
        let to = |applies| step(applies, Verdict::Jump("sub".into()));
        let sub = vec![step(Yes, Verdict::Lead)];
        let both = led(vec![to(Maybe), to(Yes)], sub.clone());
        assert_eq!(both, Some(Maybe), "the first may have led it already");
        assert_eq!(led(vec![to(Yes)], sub), Some(Yes));
        let round = vec![step(Maybe, Verdict::Jump("pre".into()))];
        assert_eq!(led(vec![to(Yes)], round), Some(Maybe), "a loop ends");
    }
}
