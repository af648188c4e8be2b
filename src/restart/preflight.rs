//! The checks before anything is touched: every reason to refuse, and notices.

use super::against::{self, Against, unseen_balancers};
use super::{Reason, Refusal, Verb};
use crate::haproxy::{
    Answer, BackendCapacity, BalancerObservation, Floor, NoAnswer, Role, ServerLine, Status,
};

/// The facts that the preflight judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The app's name.
    pub app: String,
    /// It is the page of the app: its line is a backup line.
    pub is_page: bool,
    /// Everything that is wrong with the rules or the ports, each with its fix.
    pub trouble: Vec<String>,
    /// The main gate is closed, and HAProxy has had time to notice.
    pub main_closed: bool,
    /// Why the app's restart can't work (missing unit, no such program).
    pub restart: Result<(), String>,
    /// Whether the app answers now.
    pub health: Result<(), String>,
    /// Every configured balancer.
    pub balancers: Vec<BalancerObservation>,
}

/// Decides whether the operation may begin. Ok: notices for the operator.
pub fn preflight(verb: Verb, facts: &Facts, min_available: Floor) -> Result<Vec<String>, Refusal> {
    // A host that goes down must always be able to close.
    if verb == Verb::Stop {
        return Ok(notices(verb, facts));
    }
    let mut reasons: Vec<Reason> = facts.trouble.iter().cloned().map(Reason::Lasting).collect();
    if let (Verb::Restart, Err(why)) = (verb, &facts.restart) {
        reasons.push(Reason::Lasting(why.clone()));
    }
    // A recovery opens the gates once the app is healthy. HAProxy's view does not matter to it.
    if verb != Verb::Recover {
        reasons.extend(unusable_balancers(verb, facts));
        let wrong =
            visible(facts).flat_map(|(name, answer)| wrong_lines(name, answer, facts.is_page));
        reasons.extend(against::reasons(wrong));
    }
    if closes(verb) && facts.main_closed {
        let up = visible(facts).flat_map(|(name, answer)| up_behind_a_closed_gate(name, answer));
        reasons.extend(against::reasons(up));
    }
    if !reasons.is_empty() {
        return Err(Refusal::Preflight(reasons));
    }
    let few = too_few(facts, min_available, |capacity| capacity.usable);
    let going = too_few(facts, min_available, BackendCapacity::staying);
    let going = going.iter().map(Reason::to_string).collect();
    match verb {
        Verb::Restart | Verb::Close if !few.is_empty() => Err(Refusal::TooFewServers(few)),
        // The servers that are missing may come back or give way before our turn.
        Verb::Restart | Verb::Close => Ok([notices(verb, facts), going].concat()),
        _ => Ok(notices(verb, facts)),
    }
}

/// Opening is safe if a balancer can't be seen, and it may be the fix. A host that no balancer
/// knows is an error in any case.
fn unusable_balancers(verb: Verb, facts: &Facts) -> Vec<Reason> {
    match verb {
        Verb::Open if visible(facts).next().is_some() => Vec::new(),
        _ => unseen_balancers(&facts.balancers),
    }
}

/// The balancers that hold the operation up because they can't be reached. The operator can leave
/// them out if another one is seen, else there are none.
pub fn without_gone(verb: Verb, balancers: &[BalancerObservation]) -> Vec<&str> {
    match verb {
        Verb::Recover | Verb::Stop => Vec::new(),
        _ => gone(balancers),
    }
}

/// The balancers that can't be reached, while another one is seen, perhaps without our lines.
pub fn gone(balancers: &[BalancerObservation]) -> Vec<&str> {
    let is_gone = |why: &NoAnswer| why.out_of_reach;
    let gone = balancers
        .iter()
        .filter(|one| one.answer.as_ref().err().is_some_and(is_gone));
    let is_seen = |one: &BalancerObservation| match &one.answer {
        Ok(_) => true,
        Err(why) => why.lacks_lines,
    };
    match balancers.iter().any(is_seen) {
        true => gone.map(|one| one.name.as_str()).collect(),
        false => Vec::new(),
    }
}

/// The balancers that answered and have our lines.
fn visible(facts: &Facts) -> impl Iterator<Item = (&str, &Answer)> {
    let balancers = facts.balancers.iter();
    balancers.filter_map(|one| Some((one.name.as_str(), one.answer.as_ref().ok()?)))
}

/// A backend can never lose a host: no turn comes.
pub fn no_turn_comes(facts: &Facts, min_available: Floor) -> bool {
    visible(facts).any(|(_, answer)| {
        let mut served = answer.backends.iter().filter(|one| answer.serves(one));
        served.any(|one| one.never_spares(min_available))
    })
}

/// No balancer shows the capacity of our backends.
pub fn floor_unseen(facts: &Facts) -> Option<Refusal> {
    if facts.balancers.is_empty() || visible(facts).next().is_some() {
        return None;
    }
    let begin = "no balancer shows whether enough other servers are left: ";
    let unseen = unseen_balancers(&facts.balancers).into_iter();
    let unseen = unseen.map(|reason| reason.beginning(begin));
    Some(Refusal::Preflight(unseen.collect()))
}

/// A main line marked `backup`, a twin that isn't, or a line without checks. The gate would have no
/// effect.
fn wrong_lines(name: &str, answer: &Answer, is_page: bool) -> Vec<Against> {
    let wrong = |line: &ServerLine| {
        let what = match (line.role, line.backup) {
            _ if line.status == Status::NoCheck => "is not checked: add `check` to it",
            (Role::Main, true) if is_page => return None,
            (Role::Main, false) if is_page => {
                "is the page, but not marked `backup`, so users would meet it beside the app: add \
                 `backup`"
            }
            (Role::Main, true) => "checks the status port, but is marked `backup`: remove `backup`",
            (Role::Twin | Role::ClassicTwin, false) => {
                "is not marked `backup`, so new users reach it even if the gate is closed: add \
                 `backup`, or let it check the status port"
            }
            _ => return None,
        };
        Some(of_line(name, line, what, false))
    };
    answer.lines.iter().filter_map(wrong).collect()
}

/// Something else answers the checks, so closing the gate would do nothing. Or HAProxy has not
/// checked the line since its reload: with `fall 1` it is shown fully UP until then.
fn up_behind_a_closed_gate(name: &str, answer: &Answer) -> Vec<Against> {
    let lines = answer.lines.iter();
    let main = lines.filter(|line| line.role == Role::Main && line.is_fully_up());
    let what = "is UP although the gate is closed: something else answers its status port (a \
        native nft rule, a proxy); if the gate was closed a moment ago, try again";
    main.map(|line| of_line(name, line, what, true)).collect()
}

fn of_line(balancer: &str, line: &ServerLine, what: &str, may_pass: bool) -> Against {
    Against {
        balancer: balancer.to_owned(),
        what: format!(" {} {what}", line.name),
        may_pass,
    }
}

/// The backends that send users to this host, or may do so from the next check on. They lose a
/// server when the host goes.
pub fn serving(facts: &Facts) -> Vec<String> {
    let mut serving = Vec::new();
    for (name, answer) in visible(facts) {
        let backends = answer.backends.iter();
        let ours = backends.filter(|capacity| answer.serves(capacity));
        serving.extend(ours.map(|capacity| capacity.of(name)));
    }
    serving
}

/// The other servers that have claimed to go next, on any balancer.
pub fn claimed(facts: &Facts) -> Vec<String> {
    let backends = visible(facts).flat_map(|(_, answer)| &answer.backends);
    backends
        .flat_map(|capacity| capacity.claimed.clone())
        .collect()
}

impl Answer {
    /// One of our lines in this backend carries users, or may do so from the next check on.
    fn serves(&self, capacity: &BackendCapacity) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| line.backend() == capacity.backend && line.serves())
    }
}

/// A backend loses nothing if this host is out of rotation already. If enough servers are not out
/// but not proven since a reload, their first checks decide.
fn too_few(
    facts: &Facts,
    min_available: Floor,
    count: impl Fn(&BackendCapacity) -> usize,
) -> Vec<Reason> {
    let mut few = Vec::new();
    for (name, answer) in visible(facts) {
        let backends = answer.backends.iter();
        let broken = backends.filter(|capacity| {
            answer.serves(capacity) && count(capacity) < capacity.floor(min_available)
        });
        few.extend(broken.map(|capacity| {
            let shortage = capacity.shortage_now(name, min_available);
            match capacity.not_out() < capacity.floor(min_available) {
                true => Reason::Lasting(shortage),
                false => Reason::Passing(shortage),
            }
        }));
    }
    few
}

fn notices(verb: Verb, facts: &Facts) -> Vec<String> {
    let mut notices = Vec::new();
    if let (Verb::Restart | Verb::Close, Err(why)) = (verb, &facts.health) {
        notices.push(format!("the app is not healthy: {why}"));
    }
    let unseen = unseen_balancers(&facts.balancers);
    notices.extend(unseen.iter().map(Reason::to_string));
    for balancer in &facts.balancers {
        let lines = balancer.lines().iter();
        notices.extend(lines.filter_map(|line| notice(verb, &balancer.name, line)));
    }
    notices
}

fn closes(verb: Verb) -> bool {
    matches!(verb, Verb::Restart | Verb::Close | Verb::Stop)
}

fn notice(verb: Verb, name: &str, line: &ServerLine) -> Option<String> {
    let what = match (&line.status, line.role) {
        (status, _) if line.is_held() => {
            format!("is {status}: held out in HAProxy, so the agent does not wait for UP")
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
