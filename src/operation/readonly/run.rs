//! The whole of it, from the lock to the report.

use super::Readonly;
use super::end::End;
use super::preflight::until;
use super::report::{Draft, ReadonlyReport};
use super::wait::{Waited, not_shown, set, wait};
use crate::haproxy::BalancerObservation;
use crate::host::ThisHost;
use crate::restart::switch::Part;
use crate::restart::{ActionResult, Ask, Host};
use crate::signals::StopSignal;
use crate::state::declared::{self, Declared};
use std::io;

impl Readonly<'_> {
    /// Runs it to its end, and reports how it ended.
    pub async fn run(&self, stop: StopSignal) -> ReadonlyReport {
        let mut draft = Draft::new(self);
        let end = self.to_its_end(stop, &mut draft).await;
        let end = end.unwrap_or_else(|early| early);
        let origin = draft.origin.clone();
        let report = draft.report(self, &end);
        report.write(self, &origin).await;
        report
    }

    /// Err: an end before the gate moved.
    async fn to_its_end(&self, stop: StopSignal, draft: &mut Draft) -> Result<End, End> {
        let _lock = self.lock(&stop).await?;
        let marker = self.marker().await?;
        let record = self.record()?;
        let (settings, left_out) = self
            .settings
            .without(&self.without_balancers, &self.app.name);
        let left_out = left_out.iter();
        draft.notices.extend(left_out.map(|name| {
            format!("{name} is left out (--without-balancer): it may refuse writes or not")
        }));
        let host = ThisHost::new(&settings, &marker, stop).await;
        let mut host = host.map_err(End::refused)?;
        if !self.dry_run {
            host.reserve(&self.command(), true).await;
        }
        let unseen = self.preflight(&mut host, record.as_ref(), draft).await?;
        if let Some(signal) = host.interrupted() {
            let left = "nothing was changed";
            return Err(End::Interrupted { signal, left });
        }
        let end = match self.on {
            true => self.on(&mut host, record, draft).await,
            false => self.off(&mut host, record, &unseen, draft).await,
        };
        self.look_at_gate(&mut host, draft).await;
        Ok(end)
    }

    /// The record comes first: after a crash it shows that the gate is to be open.
    async fn on(&self, host: &mut ThisHost, before: Option<Declared>, draft: &mut Draft) -> End {
        let user = draft.origin.caller.named().user;
        let declared = self.to_record(user, before.as_ref());
        if let Err(error) = declared::set(self.hold_dir(), &self.app.name, &declared) {
            return End::Unrecorded(format!(
                "nothing was changed, as it can't be recorded: {error}"
            ));
        }
        let until = until(&declared);
        draft.declared = Some(declared);
        let limit = self.app.limits.in_rotation;
        match wait(host, true, limit, &[], &mut draft.balancers).await {
            Waited::Shown => {
                let balancers = draft.balancers.len();
                End::On { balancers, until }
            }
            Waited::Late(waiting) => End::NotUp(waiting),
            Waited::GateFailed(why) => End::GateFailed(why),
            Waited::Interrupted(signal) => self.taken_back(signal, before, host, draft).await,
        }
    }

    /// It was interrupted: as it was before.
    async fn taken_back(
        &self,
        signal: i32,
        before: Option<Declared>,
        host: &mut ThisHost,
        draft: &mut Draft,
    ) -> End {
        if let Some(before) = before {
            // It was on before.
            let kept = declared::set(self.hold_dir(), &self.app.name, &before);
            draft.declared = Some(before);
            let left = "the marker's gate is open as before, and writes are refused";
            return kept.map_or_else(unrecorded, |()| End::Interrupted { signal, left });
        }
        if let ActionResult::Failed(why) = set(host, false).await {
            return End::GateFailed(why);
        }
        draft.declared = None;
        let left = "the marker's gate was closed again, and HAProxy refuses no writes soon";
        let ended = declared::end(self.hold_dir(), &self.app.name);
        ended.map_or_else(unrecorded, |()| End::Interrupted { signal, left })
    }

    /// The record goes last: until HAProxy shows DOWN, writes may be refused. A balancer that could not
    /// be `unseen` before is not waited for.
    async fn off(
        &self,
        host: &mut ThisHost,
        before: Option<Declared>,
        unseen: &[String],
        draft: &mut Draft,
    ) -> End {
        let limit = self.app.limits.out_of_rotation;
        let waited = wait(host, false, limit, unseen, &mut draft.balancers).await;
        let is_late = matches!(waited, Waited::Late(_));
        let shown = not_shown(false, &draft.balancers).is_empty();
        if matches!(waited, Waited::Shown) || (is_late && shown) {
            if let Err(error) = declared::end(self.hold_dir(), &self.app.name) {
                return unrecorded(error);
            }
            draft.declared = None;
            self.note_others(host, draft).await;
            return off(&draft.balancers);
        }
        // Without a record the gate was open by mistake, and stays closed.
        if before.is_some()
            && let ActionResult::Failed(why) = set(host, true).await
        {
            return End::GateFailed(why);
        }
        match (waited, before) {
            (Waited::Interrupted(signal), Some(_)) => {
                let left = "the marker's gate was opened again, and writes are refused";
                End::Interrupted { signal, left }
            }
            (Waited::Interrupted(signal), None) => {
                let left = "the marker's gate is closed";
                End::Interrupted { signal, left }
            }
            (Waited::GateFailed(why), _) => End::GateFailed(why),
            (Waited::Late(waiting), _) => End::NotDown(waiting),
            (Waited::Shown, _) => End::Planned,
        }
    }

    /// One marker is enough: those of other hosts may still be UP.
    async fn note_others(&self, host: &mut ThisHost, draft: &mut Draft) {
        for balancer in host.balancers(Part::Old, Ask::Capacity).await {
            let backends = balancer.backends().iter();
            draft
                .notices
                .extend(backends.filter(|it| it.usable > 0).map(|backend| {
                format!(
                    "{} still refuses writes: in backend {} the markers of {} other hosts are UP; \
                     run `agent readonly off {}` there, too",
                    balancer.name, backend.backend, backend.usable, self.app.name
                )
            }));
        }
    }

    async fn look_at_gate(&self, host: &mut ThisHost, draft: &mut Draft) {
        let positions = host.rules.positions(&host.firewall, &host.gates).await;
        if let Ok(positions) = positions {
            draft.gate = Some((host.gates.main.clone(), positions.main));
        }
    }
}

/// No balancer that is seen shows the marker any more.
fn off(balancers: &[BalancerObservation]) -> End {
    let unseen = balancers.iter().filter_map(BalancerObservation::unseen);
    let unseen: Vec<String> = unseen.collect();
    match balancers.len() - unseen.len() {
        0 => End::OffUnseen(unseen),
        balancers => End::Off { balancers, unseen },
    }
}

fn unrecorded(error: io::Error) -> End {
    End::Unrecorded(format!("the record can't be changed: {error}"))
}
