//! What the balancers show of an app. A task of its own asks them: a balancer that hangs must not
//! delay the repair of flushed rules.

use crate::config::{AppSettings, Settings};
use crate::haproxy::{Balancer, BalancerObservation, ServerLine};
use crate::host::{balancers, observe};
use crate::restart::Ask;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The time between two looks: while every line is UP, and while one is not.
const PACE: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(1)];

/// What the balancers showed at the last look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rotation {
    /// The balancers, with the lines of this host that were found on them.
    pub balancers: Vec<Balancer>,
    /// One entry for each balancer; empty before the first look.
    pub observed: Vec<BalancerObservation>,
}

/// Looks again and again, until the returned set is dropped.
pub(crate) fn watch(
    settings: &Settings,
    app: &AppSettings,
) -> (watch::Receiver<Rotation>, JoinSet<()>) {
    let (sender, receiver) = watch::channel(Rotation::default());
    let mut looking = JoinSet::new();
    looking.spawn(look(settings.clone(), app.clone(), sender));
    (receiver, looking)
}

async fn look(settings: Settings, app: AppSettings, sender: watch::Sender<Rotation>) {
    let mut asked = balancers(&settings, &app);
    loop {
        let looks = asked.iter_mut().map(|one| observe(one, Ask::Lines));
        let observed = join_all(looks).await;
        let quiet = usize::from(!observed.iter().all(BalancerObservation::all_up));
        let strangers = asked.iter().any(|balancer| balancer.own().is_empty());
        log_changes(&app.name, &sender.borrow().observed, &observed);
        let balancers = asked.clone();
        let rotation = Rotation {
            balancers,
            observed,
        };
        if sender.send(rotation).is_err() {
            return;
        }
        tokio::time::sleep(PACE[quiet]).await;
        // After a boot this host may get its addresses later than the sidecar starts.
        if strangers {
            asked = self::balancers(&settings, &app);
        }
    }
}

/// Logs each balancer whose lines changed their status since the last look, or that began or
/// stopped to answer.
fn log_changes(app: &str, before: &[BalancerObservation], now: &[BalancerObservation]) {
    for (at, balancer) in now.iter().enumerate() {
        let name = &balancer.name;
        let shown_now = shown(balancer);
        let same = |one: &BalancerObservation| shown(one) == shown_now;
        if !before.get(at).is_some_and(same) {
            tracing::info!(%app, balancer = %name, "{app}: {name}: {shown_now}");
        }
    }
}

/// "srvs/web1 UP, srvs/bkp1 UP"
fn shown(balancer: &BalancerObservation) -> String {
    match &balancer.answer {
        Err(why) => why.to_string(),
        Ok(answer) => {
            let line = |line: &ServerLine| format!("{} {}", line.name, line.status);
            let lines: Vec<String> = answer.lines.iter().map(line).collect();
            lines.join(", ")
        }
    }
}
