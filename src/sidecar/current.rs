//! Follows the current target of an app: the sidecar keeps the gates of that one open.

use super::reconciler::Reconciler;
use super::rotation;
use super::rules::Rules;
use crate::config::AppSettings;
use crate::host::{TargetLook, ThisHost, look_at_target};
use crate::operation::{By, Current, current};
use crate::signals::StopSignal;
use crate::state::target::{self, Intent};
use futures_util::future::join_all;

impl Reconciler {
    /// Sees the app at its current target from now on.
    ///
    /// # Errors
    ///
    /// It is not known: why, and what to run.
    pub(super) async fn follow(&mut self) -> Result<(), String> {
        if !self.app.has_targets() || self.needs_no_look()? {
            return Ok(());
        }
        self.follows = false;
        let Some(found) = current(&self.settings, &self.app).await? else {
            return Ok(());
        };
        if self.app.target.as_ref() != Some(&found.target) {
            self.see(&found.target).await?;
        }
        let app = self.app.label();
        tracing::info!(app = %self.app.name, "{app} is current{}", because(&found));
        self.follows = true;
        Ok(())
    }

    /// Whether the app is seen at the recorded target. Without a record it stays at the target that
    /// it is seen at, while the gates of that one are open.
    fn needs_no_look(&mut self) -> Result<bool, String> {
        let record = target::find(&self.settings.agent.hold_dir, &self.app.name);
        let record = record.map_err(|error| error.to_string())?;
        let is_same = match &record {
            Some(record) => Some(&record.current) == self.app.target.as_ref(),
            None => self.open,
        };
        self.record = record;
        Ok(self.follows && is_same)
    }

    /// Sees the app at this target: other gates, and other lines of the balancers.
    async fn see(&mut self, target: &str) -> Result<(), String> {
        let Some(app) = self.app.at(target) else {
            return Err(format!("internal error: no target {target}"));
        };
        let host = ThisHost::new(&self.settings, &app, StopSignal::default()).await;
        let mut host = host.map_err(|error| error.to_string())?;
        host.share(&self.reservation);
        self.rules = Rules::new(&host);
        (self.rotation, self.looking) = rotation::watch(&self.settings, &app);
        (self.app, self.host, self.open) = (app, host, false);
        (self.retry, self.failure) = (None, None);
        self.checks.anew();
        Ok(())
    }

    /// Records the current target once its gates are open, if it was found without a record. After a
    /// reboot no gate shows it any more.
    pub(super) fn record_current(&mut self) {
        let (Some(current), None) = (&self.app.target, &self.record) else {
            return;
        };
        let hold_dir = &self.settings.agent.hold_dir;
        let (app, intent) = (&self.app.name, Intent::now(current));
        let Ok(_lock) = self.lock() else {
            return;
        };
        let recorded = match (self.open, target::find(hold_dir, app)) {
            (true, Ok(None)) => target::set(hold_dir, app, &intent),
            _ => return,
        };
        match recorded {
            Ok(()) => self.record = Some(intent),
            Err(error) => {
                let why = format!("{current} can't be recorded as the current target: {error}");
                self.in_the_way(why);
            }
        }
    }

    /// What it means that the app is not healthy.
    pub(super) async fn unhealthy(&self, why: String) -> String {
        let others = self.app.instances().into_iter();
        let others: Vec<AppSettings> = others
            .filter(|other| other.target != self.app.target)
            .collect();
        let looks = join_all(others.iter().map(look_at_target)).await;
        let healthy = looks.iter().filter(|look| look.is_well());
        let healthy: Vec<&str> = healthy
            .map(|look: &TargetLook| look.name.as_str())
            .collect();
        let current = self.app.target.as_deref();
        unhealthy((&self.app.name, current), self.open, &why, &healthy)
    }
}

fn because(found: &Current) -> &'static str {
    match found.by {
        By::Operator | By::Record => "",
        By::Alone => ": it has no other target",
        By::Gates => ": its gates are open",
        By::Health => ": it is the only target that runs and is healthy",
    }
}

/// `open`: the gates of the app are open, and its health decides about those of idle targets.
fn unhealthy(
    (app, current): (&str, Option<&str>),
    open: bool,
    why: &str,
    healthy: &[&str],
) -> String {
    match (current, healthy) {
        (None, _) => format!("closed until the app is healthy: {why}"),
        (Some(current), healthy) if open => {
            let other = healthy
                .first()
                .map(|other| format!("; `agent open {app} --to {other}` makes {other} current"));
            format!(
                "gates of idle targets are open, and {current}, the current target, is not healthy: \
                 {why}; they stay open until it is healthy{}",
                other.unwrap_or_default()
            )
        }
        (Some(current), []) => format!("closed until {current} is healthy: {why}"),
        (Some(current), [other, ..]) => format!(
            "{current} is not healthy: {why}; {} healthy: `agent open {app} --to {other}` makes \
             {} current",
            are(healthy),
            if healthy.len() == 1 { "it" } else { other }
        ),
    }
}

/// `green is`, or `green and red are`
fn are(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sick_current_target_is_named_with_a_healthy_one() {
        for (current, open, healthy, says) in [
            (None, false, &[][..], "closed until the app is healthy: 503"),
            (
                Some("blue"),
                false,
                &[],
                "closed until blue is healthy: 503",
            ),
            (
                Some("blue"),
                false,
                &["green"],
                "blue is not healthy: 503; green is healthy: `agent open web --to green` makes it \
                 current",
            ),
            (
                Some("blue"),
                false,
                &["green", "red"],
                "blue is not healthy: 503; green and red are healthy: `agent open web --to green` \
                 makes green current",
            ),
            (
                Some("blue"),
                true,
                &["green"],
                "gates of idle targets are open, and blue, the current target, is not healthy: \
                 503; they stay open until it is healthy; `agent open web --to green` makes green \
                 current",
            ),
            (
                Some("blue"),
                true,
                &[],
                "gates of idle targets are open, and blue, the current target, is not healthy: \
                 503; they stay open until it is healthy",
            ),
        ] {
            assert_eq!(unhealthy(("web", current), open, "503", healthy), says);
        }
    }
}
