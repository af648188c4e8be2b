//! Before anything is touched: every reason to refuse, and what to tell of the rest.

use super::{LineSeen, Verb};
use crate::haproxy::{Others, Role, Status};
use std::fmt;

/// What the preflight looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Everything that is wrong with the rules or the ports, with the mend.
    pub gates: Vec<String>,
    /// The main gate is closed, and HAProxy has had the time to notice.
    pub main_closed: bool,
    /// Why the app's restart could not work (missing unit, no such program).
    pub restart: Result<(), String>,
    /// Whether the app answers now.
    pub health: Result<(), String>,
    /// Every configured balancer, by name.
    pub balancers: Vec<(String, Result<BalancerFacts, String>)>,
}

/// One balancer that answered and has our lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerFacts {
    /// Our lines and whether HAProxy's configuration calls them `backup`.
    pub lines: Vec<(LineSeen, bool)>,
    /// How each backend would do without us.
    pub others: Vec<Others>,
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// HAProxy, the rules or the app: each reason with its mend.
    Preflight(Vec<String>),
    /// Too few other servers would be left.
    TooFewServers(Vec<String>),
}

/// Decides whether the operation may begin. Ok: what the operator should know.
pub fn preflight(verb: Verb, facts: &Facts, min_available: usize) -> Result<Vec<String>, Refusal> {
    // Nothing may keep a host that goes down from closing.
    if verb == Verb::Stop {
        return Ok(notices(verb, facts));
    }
    let mut reasons = facts.gates.clone();
    if let (Verb::Restart, Err(why)) = (verb, &facts.restart) {
        reasons.push(why.clone());
    }
    // Who mends what a crash left opens the gates as soon as the app is well, whatever
    // HAProxy shows by then.
    if verb != Verb::Recover {
        reasons.extend(unusable_balancers(verb, facts));
        reasons.extend(seen(facts).flat_map(|(name, facts)| wrong_lines(name, facts)));
    }
    if closes(verb) && facts.main_closed {
        reasons.extend(seen(facts).flat_map(|(name, facts)| up_behind_a_closed_gate(name, facts)));
    }
    if !reasons.is_empty() {
        return Err(Refusal::Preflight(reasons));
    }
    let few = too_few(facts, min_available, |others| others.usable);
    let going = too_few(facts, min_available, Others::staying);
    match verb {
        Verb::Restart | Verb::Close if !few.is_empty() => Err(Refusal::TooFewServers(few)),
        // They may be back, or give way, before it is our turn.
        Verb::Restart | Verb::Close => Ok([notices(verb, facts), going].concat()),
        _ => Ok(notices(verb, facts)),
    }
}

/// Opening is safe with a balancer out of sight, and may be what mends it; a host that no
/// balancer knows of is a mistake in any case.
fn unusable_balancers(verb: Verb, facts: &Facts) -> Vec<String> {
    let failed = |(name, seen): &(String, Result<BalancerFacts, String>)| {
        seen.as_ref().err().map(|why| format!("{name}: {why}"))
    };
    match verb {
        Verb::Open if seen(facts).next().is_some() => Vec::new(),
        _ => facts.balancers.iter().filter_map(failed).collect(),
    }
}

/// The balancers that answered and have our lines.
fn seen(facts: &Facts) -> impl Iterator<Item = (&str, &BalancerFacts)> {
    let balancers = facts.balancers.iter();
    balancers.filter_map(|(name, seen)| Some((name.as_str(), seen.as_ref().ok()?)))
}

/// No balancer shows how many others there are.
pub fn floor_unseen(facts: &Facts) -> Option<Refusal> {
    let unseen = |(name, seen): &(String, Result<BalancerFacts, String>)| {
        let why = seen.as_ref().err()?;
        Some(format!("{name}: {why}"))
    };
    let unseen: Option<Vec<String>> = facts.balancers.iter().map(unseen).collect();
    let unseen = unseen.filter(|unseen| !unseen.is_empty())?;
    let what = "no balancer shows whether enough others are left";
    Some(Refusal::Preflight(vec![format!(
        "{what}: {}",
        unseen.join(", ")
    )]))
}

/// A main line marked backup, a twin that isn't, or a line without checks: the gate would
/// not do what it is closed for.
fn wrong_lines(name: &str, facts: &BalancerFacts) -> Vec<String> {
    let wrong = |(line, backup): &(LineSeen, bool)| {
        let what = match (line.role, backup) {
            _ if line.status == Status::NoCheck => "is not checked: add `check` to it",
            (Role::Main, true) => {
                "checks the status port, but is marked `backup`: take `backup` away"
            }
            (Role::Twin | Role::ClassicTwin, false) => {
                "is not marked `backup`: new users reach it whatever the gate says: add `backup`, or let it \
                 check the status port"
            }
            _ => return None,
        };
        Some(format!("{name} {} {what}", line.name))
    };
    facts.lines.iter().filter_map(wrong).collect()
}

/// Something that we can't see answers the checks: closing the gate would do nothing.
fn up_behind_a_closed_gate(name: &str, facts: &BalancerFacts) -> Vec<String> {
    let main = facts
        .lines
        .iter()
        .map(|(line, _)| line)
        .filter(|line| line.role == Role::Main && line.proven);
    let what = "is UP although the gate is closed: something else answers its status port (a native nft rule, \
                a proxy); if the gate was closed this moment, try again";
    main.map(|line| format!("{name} {} {what}", line.name))
        .collect()
}

/// The backends that have users on this host now: the ones it takes something away from.
pub fn serving(facts: &Facts) -> Vec<String> {
    let mut serving = Vec::new();
    for (name, facts) in seen(facts) {
        let ours = facts.others.iter().filter(|others| others.own_usable);
        serving.extend(ours.map(|others| others.of(name)));
    }
    serving
}

/// A host that is out of rotation already takes nothing away from a backend.
fn too_few(facts: &Facts, min_available: usize, count: impl Fn(&Others) -> usize) -> Vec<String> {
    let mut few = Vec::new();
    for (name, facts) in seen(facts) {
        let others = facts.others.iter();
        let broken = others.filter(|others| others.own_usable && count(others) < min_available);
        few.extend(broken.map(|others| others.told(name, min_available)));
    }
    few
}

fn notices(verb: Verb, facts: &Facts) -> Vec<String> {
    let mut notices = Vec::new();
    if let (Verb::Restart | Verb::Close, Err(why)) = (verb, &facts.health) {
        notices.push(format!("the app does not answer as `health` asks: {why}"));
    }
    for (name, seen) in &facts.balancers {
        match seen {
            Err(why) => notices.push(format!("{name}: {why}")),
            Ok(seen) => {
                notices.extend(
                    seen.lines
                        .iter()
                        .filter_map(|(line, _)| notice(verb, name, line)),
                );
            }
        }
    }
    notices
}

fn closes(verb: Verb) -> bool {
    matches!(verb, Verb::Restart | Verb::Close | Verb::Stop)
}

fn notice(verb: Verb, name: &str, line: &LineSeen) -> Option<String> {
    let what = match (&line.status, line.role) {
        (status, _) if status.is_held() => {
            format!("is {status}: respected, its UP is not waited for")
        }
        (status, Role::Main) if closes(verb) && status.is_out() => {
            format!("is {status} already")
        }
        (_, Role::ClassicTwin) if closes(verb) => {
            "checks the app itself (classic layout): sticky users stay on it until the app stops"
                .to_owned()
        }
        _ => return None,
    };
    Some(format!("{name} {} {what}", line.name))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Preflight(reasons) | Refusal::TooFewServers(reasons) => {
                f.write_str(&reasons.join("; "))
            }
        }
    }
}
