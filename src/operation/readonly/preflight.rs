//! What must be so before the gate of a marker moves, and the plan of a dry run.

use super::Readonly;
use super::end::End;
use super::report::Draft;
use super::wait::waiting;
use crate::clock::timestamp;
use crate::config::AppSettings;
use crate::gate::Position;
use crate::haproxy::BalancerObservation;
use crate::host::{Asking, Snapshot, ThisHost};
use crate::operation::lasting::{Ends, lasting, without_sidecar};
use crate::operation::request::without;
use crate::operation::seen_at_current;
use crate::restart::{Reason, gone, unseen_balancers};
use crate::state::declared::{self, Declared};

impl Readonly<'_> {
    /// The app, seen at its marker. Without a `gate_to` and a page the current target answers the
    /// marker's check.
    pub(super) async fn marker(&self) -> Result<AppSettings, End> {
        let name = &self.app.name;
        let Some(readonly) = self.app.readonly else {
            return Err(End::refused(format!("app {name} has no marker")));
        };
        let app = match readonly.gate_to {
            Some(_) => self.app.clone(),
            None => seen_at_current(self.settings, self.app)
                .await
                .map_err(End::refused)?,
        };
        app.at_marker()
            .ok_or_else(|| End::refused(format!("internal error: no marker of {name}")))
    }

    /// The record of what is on already.
    pub(super) fn record(&self) -> Result<Option<Declared>, End> {
        let record = declared::find(self.hold_dir(), &self.app.name);
        record.map_err(End::refused)
    }

    /// One look at everything. Ok: the balancers that it did not see, by name. Err: nothing begins, and
    /// why.
    pub(super) async fn preflight(
        &self,
        host: &mut ThisHost,
        record: Option<&Declared>,
        draft: &mut Draft,
    ) -> Result<Vec<String>, End> {
        let snapshot = host.snapshot(Asking::Anew).await;
        let position = snapshot.positions().main;
        draft.gate = Some((snapshot.gates().main.clone(), position.clone()));
        draft.balancers.clone_from(&snapshot.balancers);
        draft.declared = record.cloned();
        let against = self.against(&snapshot);
        if !against.is_empty() {
            draft
                .notices
                .extend(self.advice_without(&snapshot.balancers));
            return Err(End::Refused(against));
        }
        let unseen = snapshot.balancers.iter().filter(|one| one.answer.is_err());
        let unseen: Vec<String> = unseen.map(|one| one.name.clone()).collect();
        if let Some(why) = self.is_so_already(record, &position, &draft.balancers, &unseen) {
            return Err(End::Already(why));
        }
        draft.notices.extend(self.never_ends(record));
        if self.dry_run {
            draft.plan = Some(self.plan(&snapshot, record));
            return Err(End::Planned);
        }
        Ok(unseen)
    }

    /// Nothing ends it in time: why.
    fn never_ends(&self, record: Option<&Declared>) -> Option<String> {
        let ends = self.on && self.to_record(None, record).until_unix_s().is_some();
        let notice = || without_sidecar(self.state_dir(), Ends::Readonly(&self.app.name));
        ends.then(notice).flatten()
    }

    /// What refuses it, one entry each. A balancer that can't be seen does not keep writes refused.
    fn against(&self, snapshot: &Snapshot) -> Vec<String> {
        let mut against = snapshot.trouble();
        if self.on {
            let unseen = unseen_balancers(&snapshot.balancers);
            against.extend(unseen.iter().map(Reason::to_string));
        }
        if let (true, (address, Err(why))) = (self.on, &snapshot.health) {
            let name = &self.app.name;
            against.push(format!(
                "nothing at {address} would answer the marker's check: {why}: start the page \
                 (`systemctl start haproxy-gate-page@{name}`), or set `gate_to` in \
                 [app.{name}.readonly] to a port that always answers"
            ));
        }
        against
    }

    /// The call that leaves the balancers out that can't be reached.
    fn advice_without(&self, balancers: &[BalancerObservation]) -> Option<String> {
        let gone = gone(balancers);
        let call: Vec<&str> = self.call.iter().map(String::as_str).collect();
        let advice = || {
            format!(
                "if no users come through {} any more, run:\n    {}",
                gone.join(" and "),
                without(&call, &gone)
            )
        };
        (!gone.is_empty()).then(advice)
    }

    /// None: there is something to do.
    fn is_so_already(
        &self,
        record: Option<&Declared>,
        position: &Position,
        balancers: &[BalancerObservation],
        unseen: &[String],
    ) -> Option<String> {
        let wanted = if self.on {
            Position::Open
        } else {
            Position::Closed
        };
        let changes = self.lasts.is_some() || self.reason.is_some();
        if *position != wanted
            || !waiting(self.on, balancers, unseen).is_empty()
            || (self.on && changes)
        {
            return None;
        }
        match (self.on, record) {
            (true, Some(record)) => {
                Some(format!("writes are refused already, {}", record.describe()))
            }
            (false, None) => Some("read-only is off already on this host".to_owned()),
            _ => None,
        }
    }

    fn plan(&self, snapshot: &Snapshot, record: Option<&Declared>) -> Vec<String> {
        let app = &self.app.name;
        let gate = snapshot.gates().main;
        let (does, limit, shows) = match self.on {
            true => ("open", self.app.limits.in_rotation, "UP"),
            false => ("close", self.app.limits.out_of_rotation, "DOWN"),
        };
        let limit = humantime::format_duration(limit);
        let balancers: Vec<&str> = snapshot
            .balancers
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        let calls = snapshot
            .rules
            .iter()
            .flat_map(|rules| rules.plan(gate, self.on));
        let step = format!(
            "{app}: {does} {gate}, until the marker is {shows} on {} (limit {limit})",
            balancers.join(", ")
        );
        let lasts = self.on.then(|| {
            let record = self.to_record(None, record);
            let off = format!("agent readonly off {app}");
            let lasts = lasting(record.until_unix_s(), record.reason.as_deref(), &off);
            format!("{app}: writes are refused {lasts}")
        });
        lasts
            .into_iter()
            .chain([step])
            .chain(calls.map(|call| format!("    {call}")))
            .collect()
    }

    /// The record to set: a second `on` keeps its begin, and what it does not name.
    pub(super) fn to_record(&self, user: Option<String>, before: Option<&Declared>) -> Declared {
        let new = Declared::now(user, self.reason.clone(), self.lasts);
        match before.cloned() {
            None => new,
            Some(before) => Declared {
                reason: new.reason.or(before.reason),
                until: new.until.or(before.until),
                since_unix_s: before.since_unix_s,
                user: before.user,
            },
        }
    }
}

/// When it ends by itself.
pub(super) fn until(declared: &Declared) -> Option<String> {
    declared.until_unix_s().map(timestamp)
}
