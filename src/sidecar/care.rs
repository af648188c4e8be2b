//! One app in the sidecar's care: look, ask what is owed, do it; again when the kernel or a
//! balancer has news, and every second anyway.

use super::board::Board;
use super::duty::{Duty, Gates, Seen, duty};
use super::rotation::{self, Rotation};
use crate::config::{AppSettings, Settings};
use crate::gate::{GateError, Mark, Position, Reservation, RuleWatch};
use crate::host::ThisHost;
use crate::restart::Host;
use crate::restart::{PerGate, Verb};
use crate::signals::StopSignal;
use crate::state::directory;
use crate::state::hold::{self, Held};
use crate::state::journal::{Entry, Journal};
use crate::state::lock::{Lock, describe};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Between two rounds at rest.
const REST: Duration = Duration::from_secs(1);

/// Between two rounds while somebody else is at it.
pub(super) const BUSY: Duration = Duration::from_millis(250);

/// Where the kernel does not say that rules have changed, they are listed this often.
const LISTED: Duration = Duration::from_secs(2);

/// An app that is not healthy is asked quickly at first; after long, this often.
const PATIENT: Duration = Duration::from_secs(1);

/// One app, and what is known of it.
pub(crate) struct Care {
    pub(super) settings: Settings,
    pub(super) host: ThisHost,
    /// As it is configured.
    pub(super) app: AppSettings,
    pub(super) board: Board,
    rules: RuleWatch,
    /// The rules as they were listed, and when that was.
    pub(super) listed: Option<(Option<Mark>, Instant)>,
    pub(super) positions: Option<PerGate<Position>>,
    /// The gates were open, and nobody's operation has closed them since.
    pub(super) open: bool,
    pub(super) rotation: watch::Receiver<Rotation>,
    _looking: JoinSet<()>,
    /// Healthy answers in a row, and since when it is asked.
    pub(super) healthy: u32,
    asked: Option<Instant>,
    /// What is in the way, and when to try again.
    trouble: Option<String>,
    pub(super) retry: Option<(Instant, Duration)>,
    /// Why the last operation failed, until one does not.
    pub(super) failure: Option<String>,
    /// Why status ports are not reserved, each.
    pub(super) unreserved: Vec<String>,
}

impl Care {
    /// Takes the app into care; changes nothing.
    ///
    /// # Errors
    ///
    /// There is no iptables to ask.
    pub(crate) async fn new(
        settings: &Settings,
        app: &AppSettings,
        (board, reservation): (&Board, &Reservation),
    ) -> Result<Care, GateError> {
        let mut host = ThisHost::new(settings, app, StopSignal::default()).await?;
        host.share(reservation);
        let rules = host.firewall.watch().unwrap_or_else(|error| {
            tracing::warn!(app = %app.name, %error, "the rules are looked at every 2 s");
            RuleWatch::blind()
        });
        let (rotation, looking) = rotation::watch(settings, app);
        Ok(Care {
            settings: settings.clone(),
            host,
            app: app.clone(),
            board: board.clone(),
            rules,
            listed: None,
            positions: None,
            open: false,
            rotation,
            _looking: looking,
            healthy: 0,
            asked: None,
            trouble: None,
            retry: None,
            failure: None,
            unreserved: Vec::new(),
        })
    }

    /// Looks after it until it is asked to leave off; an operation is not cut short.
    pub(crate) async fn keep(&mut self, mut quit: watch::Receiver<bool>) {
        while !*quit.borrow() {
            let pace = self.round().await;
            self.show();
            self.board.tell();
            tokio::select! {
                () = self.rules.changed() => {}
                Ok(()) = self.rotation.changed() => {}
                () = tokio::time::sleep(pace) => {}
                _ = quit.changed() => {}
            }
        }
    }

    /// One look, and what is owed. Returns how long to wait.
    async fn round(&mut self) -> Duration {
        self.reserve();
        if let Err(error) = self.look().await {
            self.positions = None;
            self.in_the_way(error.to_string());
            return REST;
        }
        let held = hold::now(self.hold_dir(), &self.app.name);
        let left = Journal::unfinished(self.state_dir(), &self.app.name);
        let mut seen = Seen {
            gates: gates(self.positions.as_ref()),
            held: held.is_some(),
            left: !matches!(left, Ok(None)),
            healthy: false,
        };
        if duty(seen) == Duty::Rest {
            self.rest(seen.gates, held);
            return REST;
        }
        let lock = directory::app_lock(self.state_dir(), &self.app.name);
        if let Some(who) = Lock::owner(&lock) {
            self.stand_back(&describe(who.as_ref()), left.ok().flatten());
            return BUSY;
        }
        if duty(seen) == Duty::Ask {
            seen.healthy = self.ask().await;
        }
        match duty(seen) {
            Duty::Rest => REST,
            Duty::Ask => self.pace(),
            Duty::Recover => self.operate(Verb::Recover).await,
            Duty::Close => self.operate(Verb::Stop).await,
        }
    }

    /// Lists the rules, where they may have changed.
    async fn look(&mut self) -> Result<(), GateError> {
        let mark = self.rules.mark();
        let known = match self.listed {
            Some((Some(before), _)) => mark == Some(before),
            Some((None, at)) => at.elapsed() < LISTED,
            None => false,
        };
        if !known {
            self.listed = None;
            self.positions = Some(self.host.firewall.positions(&self.host.gates).await?);
            self.listed = Some((mark, Instant::now()));
        }
        Ok(())
    }

    fn rest(&mut self, gates: Gates, held: Option<Held>) {
        (self.healthy, self.asked, self.retry) = (0, None, None);
        self.out_of_the_way();
        self.open = gates == Gates::Open;
        let line = match held {
            Some(held) => format!("closed by {}", held.describe()),
            None => self.in_rotation(),
        };
        self.board.line(&self.app.name, line);
    }

    /// "open, UP on 2 of 2 balancers"
    fn in_rotation(&self) -> String {
        let rotation = self.rotation.borrow();
        let up = rotation.seen.iter().filter(|one| one.all_up());
        let (up, all) = (up.count(), rotation.seen.len());
        let plural = if all == 1 { "" } else { "s" };
        let mut line = format!("open, UP on {up} of {all} balancer{plural}");
        for why in &self.unreserved {
            line += &format!(", {why}");
        }
        line
    }

    /// An operation is under way: what it does to the gates is its own affair.
    pub(super) fn stand_back(&mut self, who: &str, entry: Option<Entry>) {
        (self.open, self.healthy, self.asked) = (false, 0, None);
        let phase = entry.map(|entry| format!(", phase {}", entry.phase.name()));
        let line = format!("left to {who}{}", phase.unwrap_or_default());
        self.board.line(&self.app.name, line);
    }

    /// Whether the app has answered as often in a row as asked. Where only the rules are gone
    /// once is enough: it was healthy a moment ago, by HAProxy's own checks.
    async fn ask(&mut self) -> bool {
        self.asked.get_or_insert_with(Instant::now);
        self.host.look_again(&self.rotation.borrow().balancers);
        match self.host.health().await {
            Ok(()) => self.healthy += 1,
            Err(why) => {
                self.healthy = 0;
                self.in_the_way(format!("closed until the app is healthy: {why}"));
            }
        }
        self.healthy >= if self.open { 1 } else { self.app.health.times }
    }

    /// Whether it was healthy when it was asked last; None: there is no need to ask it.
    pub(super) fn answered(&self) -> Option<bool> {
        self.asked.map(|_| self.healthy > 0)
    }

    /// Longer the longer the app is not well.
    fn pace(&self) -> Duration {
        let long = self
            .asked
            .map_or(Duration::ZERO, |since| since.elapsed() / 60);
        self.app.health.pace().max(long.min(PATIENT))
    }

    /// Told once, not at every try.
    pub(super) fn in_the_way(&mut self, why: String) {
        let app = &self.app.name;
        self.board.line(app, why.clone());
        if self.trouble.as_ref() != Some(&why) {
            tracing::warn!(%app, "{app}: {why}");
            self.trouble = Some(why);
        }
    }

    fn out_of_the_way(&mut self) {
        if self.trouble.take().is_some() {
            let app = &self.app.name;
            tracing::info!(%app, "{app}: all is well again");
        }
    }

    pub(super) fn state_dir(&self) -> &std::path::Path {
        &self.settings.agent.state_dir
    }

    pub(super) fn hold_dir(&self) -> &std::path::Path {
        &self.settings.agent.hold_dir
    }
}

fn gates(positions: Option<&PerGate<Position>>) -> Gates {
    let all = |wanted: Position| {
        let mut all = positions.into_iter().flat_map(PerGate::iter);
        all.all(|one| *one == wanted)
    };
    match (all(Position::Open), all(Position::Closed)) {
        (true, _) => Gates::Open,
        (_, true) => Gates::Closed,
        _ => Gates::Broken,
    }
}
