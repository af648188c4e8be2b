//! A restart may take down more lines than the agent watches: other apps of the same unit, other
//! ports of the same process. Their users would notice. Pure.

use crate::haproxy::{BalancerObservation, Role, ServerLine};

/// What a restart takes down in addition to its own app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// Another app of this configuration.
    App {
        /// Its name.
        name: String,
        /// In words: `has the same unit, web.service`.
        why: String,
        /// What the balancers with lines of it show.
        balancers: Vec<BalancerObservation>,
    },
    /// A server line of this host that no app of this configuration has.
    Line {
        /// The balancer.
        balancer: String,
        /// BACKEND/SERVER.
        name: String,
        /// The port on this host that it sends users to.
        port: u16,
        /// The owner of the port, in words: `which the same process serves, web (pid 7)`.
        why: String,
        /// Its state now; Err: why it can't be seen.
        line: Result<ServerLine, String>,
    },
}

impl Beside {
    /// As `also_restarts` names it.
    pub fn name(&self) -> &str {
        match self {
            Beside::App { name, .. } | Beside::Line { name, .. } => name,
        }
    }

    /// Names it, and says why it goes down, too.
    fn description(&self) -> String {
        match self {
            Beside::App { name, why, .. } => format!("app {name} {why}"),
            Beside::Line {
                balancer,
                name,
                port,
                why,
                ..
            } => format!("{balancer} {name} sends users to port {port}, {why}"),
        }
    }

    /// What users would notice, one entry each: lines that serve or still carry something.
    fn serving(&self) -> Vec<String> {
        match self {
            Beside::Line { line: Ok(line), .. } => {
                busy(line, line.status.is_out()).into_iter().collect()
            }
            Beside::Line { line: Err(why), .. } => vec![format!("it can't be seen: {why}")],
            Beside::App { balancers, .. } => {
                let serving = balancers.iter().flat_map(|balancer| {
                    let lines = balancer.lines().iter();
                    let busy = lines.filter_map(|line| busy(line, line.out));
                    let busy = busy.map(|busy| format!("{} {busy}", balancer.name));
                    balancer.unseen().into_iter().chain(busy)
                });
                serving.collect()
            }
        }
    }

    /// What the operator can do about it.
    fn fix(&self, app: &str) -> String {
        let name = self.name();
        let meant = format!(
            "if users may notice, write also_restarts = [\"{name}\"] in \
            [app.{app}]"
        );
        match self {
            Beside::App { .. } => format!(
                "run `agent close {name}` before this restart and `agent open {name}` after it, \
                 or, {meant}"
            ),
            Beside::Line { .. } => format!(
                "give it an [app] table and `agent close` that app first, or set the line to \
                 MAINT on the balancer, or, {meant}"
            ),
        }
    }
}

/// Users lose nothing on a line that is out and carries nothing. The classic twin can't be taken
/// out, so only its load counts.
fn busy(line: &ServerLine, out: bool) -> Option<String> {
    let out = out || line.role == Role::ClassicTwin;
    let (name, status) = (&line.name, &line.status);
    match line.in_flight {
        0 if out => None,
        0 => Some(format!("{name} is {status}")),
        more => Some(format!(
            "{name} is {status} with {}",
            line.mode.in_flight(more)
        )),
    }
}

/// Why a restart is refused: it would take down more than its own app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {fix}")]
pub struct TakesDown {
    /// What else it would take down.
    pub what: String,
    /// What the operator can do about it.
    pub fix: String,
}

/// Decides for the restart of `app`; `meant` has the names of its `also_restarts`. Ok: notices for
/// the operator. Err: each reason to refuse.
pub fn taken_down(
    beside: &[Beside],
    app: &str,
    meant: &[String],
) -> Result<Vec<String>, Vec<TakesDown>> {
    let (mut notices, mut reasons) = (Vec::new(), Vec::new());
    for one in beside {
        let serving = one.serving();
        if serving.is_empty() {
            continue;
        }
        let what = format!(
            "this restart takes down more than app {app}: {} ({})",
            one.description(),
            serving.join(", ")
        );
        match meant.iter().any(|meant| meant == one.name()) {
            true => notices.push(format!("{what}, as also_restarts allows")),
            false => reasons.push(TakesDown {
                fix: one.fix(app),
                what,
            }),
        }
    }
    match reasons.is_empty() {
        true => Ok(notices),
        false => Err(reasons),
    }
}
