//! What balancers show of two targets of one app, as one observation each.

use super::{Answer, BalancerObservation};

/// The lines of both. `other` is a look at the same balancers, in the same order; empty: none was
/// taken. A balancer that does not show both lines is unseen.
pub fn both(
    balancers: &[BalancerObservation],
    other: &[BalancerObservation],
) -> Vec<BalancerObservation> {
    let mut all = balancers.to_vec();
    for (one, other) in all.iter_mut().zip(other) {
        one.reloaded |= other.reloaded;
        match (&mut one.answer, &other.answer) {
            (Ok(answer), Ok(more)) => add(answer, more),
            (Ok(_), Err(why)) => one.answer = Err(why.clone()),
            (Err(_), _) => {}
        }
    }
    all
}

/// In the order of their names, whichever target was asked first.
fn add(answer: &mut Answer, more: &Answer) {
    answer.lines.extend(more.lines.iter().cloned());
    answer.lines.sort_by(|one, other| one.name.cmp(&other.name));
}
