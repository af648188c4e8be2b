//! What the balancers show of an app, asked beside its keeping: one that hangs must not keep
//! flushed rules from being mended.

use crate::config::{AppSettings, Settings};
use crate::haproxy::Balancer;
use crate::host::{balancers, seen};
use crate::restart::{Ask, BalancerSeen, LineSeen};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Between two looks while every line is UP, and while one is not.
const PACE: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(1)];

/// What the balancers showed at the last look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rotation {
    /// With our lines as they were found.
    pub balancers: Vec<Balancer>,
    /// One each; none before the first look.
    pub seen: Vec<BalancerSeen>,
}

/// Looks again and again, for as long as the set lives.
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
        let looks = asked.iter_mut().map(|one| seen(one, Ask::Lines));
        let seen = join_all(looks).await;
        let quiet = usize::from(!seen.iter().all(BalancerSeen::all_up));
        let strangers = asked.iter().any(|balancer| balancer.own().is_empty());
        tell_changes(&app.name, &sender.borrow().seen, &seen);
        let balancers = asked.clone();
        if sender.send(Rotation { balancers, seen }).is_err() {
            return;
        }
        tokio::time::sleep(PACE[quiet]).await;
        // After a boot this host's addresses may come later than we do.
        if strangers {
            asked = self::balancers(&settings, &app);
        }
    }
}

/// Each line whose status has changed since the last look, and each balancer that came into
/// sight or went out of it.
fn tell_changes(app: &str, before: &[BalancerSeen], now: &[BalancerSeen]) {
    for (at, balancer) in now.iter().enumerate() {
        let name = &balancer.name;
        let told = shown(balancer);
        let same = |one: &BalancerSeen| shown(one) == told;
        if !before.get(at).is_some_and(same) {
            tracing::info!(%app, balancer = %name, "{app}: {name}: {told}");
        }
    }
}

/// "srvs/web1 UP, srvs/bkp1 UP"
fn shown(balancer: &BalancerSeen) -> String {
    match &balancer.lines {
        Err(why) => why.clone(),
        Ok(lines) => {
            let line = |line: &LineSeen| format!("{} {}", line.name, line.status);
            let lines: Vec<String> = lines.iter().map(line).collect();
            lines.join(", ")
        }
    }
}
