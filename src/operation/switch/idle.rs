//! After an operation on the current target: closes gates that idle targets have open, and parks
//! those targets.

use crate::gate::Gate;
use crate::haproxy::BalancerObservation;
use crate::host::{ThisHost, idle_gates, open_targets};
use crate::operation::Operation;
use crate::report::Draft;
use crate::restart::switch::{Part, closes_idle};
use crate::restart::{Host, Outcome, Verb};
use crate::state::hold::{self, Held};

impl Operation<'_> {
    /// Once the gates of the current target are as expected: records it, and closes the gates that
    /// other targets have open, if [`closes_idle`] allows that. It cuts no request off, because those
    /// targets go on. Returns what the operator should know.
    pub(in crate::operation) async fn only_this_target(
        &self,
        host: &mut ThisHost,
        outcome: &Outcome,
        draft: &Draft,
    ) -> Option<String> {
        let opens = matches!(self.verb, Verb::Open | Verb::Recover);
        let is_over = matches!(outcome, Outcome::Done { .. } | Outcome::Nothing(_));
        let has_others = self.app.has_targets() || self.app.page.is_some();
        if !opens || !is_over || self.dry_run || !draft.shows_gates() {
            return None;
        }
        if self.verb == Verb::Recover && self.meets_page(self.held_now().as_ref()) {
            return self.keep_page(host).await;
        }
        let open = draft.all_open();
        if !has_others {
            // A recovery with nothing to do has not unparked it before.
            return match open {
                true => self.unpark_this_target(host).await.err(),
                false => None,
            };
        }
        let idle = match self.open_idle(host).await {
            Ok(idle) => idle,
            Err(error) => return Some(unknown(&error)),
        };
        match idle.is_empty() {
            true if open => self.park_beside(host).await,
            true => None,
            false => self.close_beside(host, (outcome, draft), open, &idle).await,
        }
    }

    /// Users meet the page, also where another process has flushed the rules and no sidecar runs.
    async fn keep_page(&self, host: &mut ThisHost) -> Option<String> {
        match host.keep_page(self.settings, self.app).await {
            Ok(false) => None,
            Ok(true) => Some(
                "maintenance is on, and the rules were others: the agent set them again".to_owned(),
            ),
            Err(error) => Some(format!(
                "users may not meet the page, because its rules can't be set: {error}"
            )),
        }
    }

    /// The idle targets with a gate that is not closed.
    async fn open_idle(&self, host: &mut ThisHost) -> Result<Vec<String>, String> {
        let rules = host.rules.look(&host.firewall).await;
        let rules = rules.map_err(|error| error.to_string())?;
        Ok(open_targets(self.idle_gates(), &rules))
    }

    fn idle_gates(&self) -> Vec<Gate> {
        idle_gates(self.settings, self.app, self.held_now().as_ref())
    }

    fn held_now(&self) -> Option<Held> {
        hold::now(self.hold_dir(), &self.app.name)
    }

    /// An operation that has just opened the gates found the app healthy. Where there was nothing to
    /// do, the app was not asked. HAProxy must show it UP in any case: the other one may have all users.
    async fn close_beside(
        &self,
        host: &mut ThisHost,
        (outcome, draft): (&Outcome, &Draft),
        open: bool,
        idle: &[String],
    ) -> Option<String> {
        let held = self.held_now().is_some();
        let health = match outcome {
            Outcome::Nothing(_) if !held => host.health(Part::Old).await,
            _ => Ok(()),
        };
        let mut balancers = draft.balancers().iter();
        let up = balancers.all(BalancerObservation::all_up);
        if !closes_idle(held, open, up && health.is_ok()) {
            let why = match health {
                Err(why) => format!("not healthy: {why}"),
                Ok(()) if held => return Some(held_and_open(&self.app.label(), &self.app.name)),
                Ok(()) if open => "not UP on every balancer".to_owned(),
                Ok(()) => "not open".to_owned(),
            };
            let stays = stays_open((&self.app.name, &self.app.label()), idle, &why);
            return Some(match host.unpark_open(self.settings).await {
                Ok(()) => stays,
                Err(why) => format!("{stays}; their ports may still be redirected to it: {why}"),
            });
        }
        if open && let Err(error) = self.record_target() {
            return Some(error);
        }
        let closed = host.close_others(&self.idle_gates()).await;
        let parked = self.park_other_targets(host).await;
        match closed {
            Ok(false) => parked,
            Ok(true) => Some(format!(
                "{} is current, and gates of {} were open: the agent closed them",
                self.app.label(),
                idle.join(" and ")
            )),
            Err(error) => Some(unknown(&error.to_string())),
        }
    }

    async fn park_beside(&self, host: &mut ThisHost) -> Option<String> {
        match self.record_target() {
            Ok(()) => self.park_other_targets(host).await,
            Err(error) => Some(error),
        }
    }

    /// In maintenance all ports stay parked on the page.
    ///
    /// Without parking a reload of HAProxy stalls users for a moment, and no more.
    async fn park_other_targets(&self, host: &mut ThisHost) -> Option<String> {
        if self
            .held_now()
            .as_ref()
            .is_some_and(Held::may_be_of_maintenance)
        {
            return None;
        }
        let error = host.park_others(self.settings).await.err()?;
        Some(format!(
            "the ports of the other targets are not parked, so a reload of HAProxy stalls users for \
             a moment: {error}"
        ))
    }
}

fn unknown(error: &str) -> String {
    format!("gates of other targets may be open, and the agent can't close them: {error}")
}

/// A hold wants no users on either target.
fn held_and_open(label: &str, app: &str) -> String {
    format!(
        "the gates of {label} are open although they are held closed, so those of the other targets \
         were left open, too: the sidecar closes them, or `agent close {app}`"
    )
}

/// `why` the current target can't serve alone.
fn stays_open((app, current): (&str, &str), idle: &[String], why: &str) -> String {
    let (open, first) = (idle.join(" and "), idle.first().map_or("", String::as_str));
    format!(
        "{current} is current and {why}; gates of {open} are open, and the agent leaves them open, \
         because {open} may have all users: run `agent open {app} --to {first}` to make {first} \
         current, or fix {current} and run `agent recover {app}`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_that_stay_open_are_named_with_both_ways_out() {
        let idle = ["green".to_owned()];
        assert_eq!(
            stays_open(("web", "web/blue"), &idle, "not healthy: 503"),
            "web/blue is current and not healthy: 503; gates of green are open, and the agent leaves \
             them open, because green may have all users: run `agent open web --to green` to make \
             green current, or fix web/blue and run `agent recover web`"
        );
    }
}
