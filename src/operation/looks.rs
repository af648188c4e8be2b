//! The looks that an operation begins with: one, or several where what speaks against it may
//! pass by itself, as it does while HAProxy is reloaded.

use super::Operation;
use super::begin::{Left, untouched};
use crate::host::ThisHost;
use crate::host::{Asking, Snapshot};
use crate::report::Report;
use crate::restart::Host;
use crate::restart::{Facts, Outcome, Refusal, Stand, Start};
use std::time::{Duration, Instant};

/// How long what may pass is given to do so.
const PATIENCE: Duration = Duration::from_secs(1);

/// From one look to the next: each asks for everything.
const PAUSE: Duration = Duration::from_millis(100);

/// What the last look has shown, and what follows from it.
pub(super) struct Begin {
    pub snapshot: Snapshot,
    pub facts: Facts,
    pub stand: Stand,
    pub start: Start,
    /// There are too few others now, and this host's turn is waited for.
    pub few: bool,
}

impl Operation<'_> {
    /// Looks until nothing speaks against the operation. Err: something does that stays.
    pub(super) async fn look(
        &self,
        host: &mut ThisHost,
        report: &mut Report,
        (left, held): (&Left, bool),
    ) -> Result<Begin, Outcome> {
        let mut first: Option<(Instant, Refusal)> = None;
        loop {
            let snapshot = host.snapshot(self.asking()).await;
            report.snapshot(host.elapsed(), &snapshot);
            let refusal = match self.judge(snapshot, (left, held), (host, report)).await {
                Ok(begin) => {
                    let passed =
                        |(_, refusal)| format!("looked again, and this had passed: {refusal}");
                    report.notices.extend(first.map(passed));
                    return Ok(begin);
                }
                Err(Outcome::Refused(refusal)) if refusal.may_pass() => refusal,
                Err(outcome) => return Err(outcome),
            };
            let (since, _) = first.get_or_insert_with(|| (Instant::now(), refusal.clone()));
            if since.elapsed() + PAUSE > PATIENCE {
                return Err(Outcome::Refused(refusal));
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                signal = host.stopped() => return Err(untouched(signal)),
            }
        }
    }

    fn asking(&self) -> Asking {
        match self.hasty {
            true => Asking::Nobody,
            false => Asking::Anew,
        }
    }
}
