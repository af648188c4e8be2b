//! What balancers show against an operation: each once, with the balancers that show it.

use super::Reason;
use crate::haproxy::BalancerObservation;

/// What one balancer shows.
pub(super) struct Against {
    pub(super) balancer: String,
    /// The rest of the sentence, with what separates it from the name.
    pub(super) what: String,
    pub(super) may_pass: bool,
}

impl Against {
    /// Why it does not show our lines. None: it does.
    pub(super) fn unseen(balancer: &BalancerObservation) -> Option<Against> {
        let why = balancer.answer.as_ref().err()?;
        Some(Against {
            balancer: balancer.name.clone(),
            what: format!(": {why}"),
            may_pass: why.may_pass,
        })
    }
}

/// One reason for all balancers that show the same.
pub(super) fn reasons(against: impl IntoIterator<Item = Against>) -> Vec<Reason> {
    let mut all: Vec<(Vec<String>, Against)> = Vec::new();
    for one in against {
        let is_same = |other: &Against| other.what == one.what && other.may_pass == one.may_pass;
        match all.iter_mut().find(|(_, other)| is_same(other)) {
            Some((names, _)) => names.push(one.balancer),
            None => all.push((vec![one.balancer.clone()], one)),
        }
    }
    let reason = |(names, one): (Vec<String>, Against)| {
        let what = format!("{}{}", names.join(" and "), one.what);
        match one.may_pass {
            true => Reason::Passing(what),
            false => Reason::Lasting(what),
        }
    };
    all.into_iter().map(reason).collect()
}

/// The balancers that do not show our lines, each reason once.
pub fn unseen_balancers(balancers: &[BalancerObservation]) -> Vec<Reason> {
    reasons(balancers.iter().filter_map(Against::unseen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_of_several_balancers_is_one_reason() {
        let one = |balancer: &str, what: &str, may_pass| Against {
            balancer: balancer.to_owned(),
            what: what.to_owned(),
            may_pass,
        };
        let said = reasons([
            one("lb1", ": refused", true),
            one("lb2", ": denied", false),
            one("lb3", ": refused", true),
            one("lb4", ": refused", false),
        ]);
        let wanted = [
            Reason::Passing("lb1 and lb3: refused".to_owned()),
            Reason::Lasting("lb2: denied".to_owned()),
            Reason::Lasting("lb4: refused".to_owned()),
        ];
        assert_eq!(said, wanted);
    }
}
