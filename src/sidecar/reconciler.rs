//! Keeps the gates of one app as they should be: look, decide on the next action, act. A round
//! begins when the kernel or a balancer has news, and at least every second.

use super::next_action::{Gates, NextAction, Observation, next_action};
use super::publisher::StatusPublisher;
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

/// The time between two rounds if there is nothing to do.
const REST: Duration = Duration::from_secs(1);

/// The time between two rounds while another process has the lock.
pub(super) const BUSY: Duration = Duration::from_millis(250);

/// The time between two lists of the rules if the kernel does not report changes.
const LISTED: Duration = Duration::from_secs(2);

/// The longest time between two health checks. An app that just became unhealthy is checked more
/// often.
const PATIENT: Duration = Duration::from_secs(1);

/// One app and its observed state.
pub(crate) struct Reconciler {
    pub(super) settings: Settings,
    pub(super) host: ThisHost,
    /// The app as configured.
    pub(super) app: AppSettings,
    pub(super) publisher: StatusPublisher,
    rules: RuleWatch,
    /// The mark of the rules at the last list, and when that was.
    pub(super) listed: Option<(Option<Mark>, Instant)>,
    pub(super) positions: Option<PerGate<Position>>,
    /// The gates were open, and no operation has closed them since.
    pub(super) open: bool,
    pub(super) rotation: watch::Receiver<Rotation>,
    _looking: JoinSet<()>,
    /// Healthy answers in a row, and when the checks began.
    pub(super) healthy: u32,
    asked: Option<Instant>,
    /// The problem that was last logged, and when to try again.
    trouble: Option<String>,
    pub(super) retry: Option<(Instant, Duration)>,
    /// Why the last operation failed, until one succeeds.
    pub(super) failure: Option<String>,
    /// Why status ports are not reserved, one entry for each.
    pub(super) unreserved: Vec<String>,
}

impl Reconciler {
    /// A reconciler for the app; changes nothing yet.
    ///
    /// # Errors
    ///
    /// There is no iptables on this host.
    pub(crate) async fn new(
        settings: &Settings,
        app: &AppSettings,
        (publisher, reservation): (&StatusPublisher, &Reservation),
    ) -> Result<Reconciler, GateError> {
        let mut host = ThisHost::new(settings, app, StopSignal::default()).await?;
        host.share(reservation);
        let rules = host.firewall.watch().unwrap_or_else(|error| {
            tracing::warn!(app = %app.name, %error, "the rules are looked at every 2 s");
            RuleWatch::blind()
        });
        let (rotation, looking) = rotation::watch(settings, app);
        Ok(Reconciler {
            settings: settings.clone(),
            host,
            app: app.clone(),
            publisher: publisher.clone(),
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

    /// Reconciles until `quit` is set. It finishes an operation under way first.
    pub(crate) async fn keep(&mut self, mut quit: watch::Receiver<bool>) {
        while !*quit.borrow() {
            let pace = self.round().await;
            self.show();
            self.publisher.publish();
            tokio::select! {
                () = self.rules.changed() => {}
                Ok(()) = self.rotation.changed() => {}
                () = tokio::time::sleep(pace) => {}
                _ = quit.changed() => {}
            }
        }
    }

    /// One look and one action. Returns how long to wait.
    async fn round(&mut self) -> Duration {
        self.reserve();
        if let Err(error) = self.look().await {
            self.positions = None;
            self.in_the_way(error.to_string());
            return REST;
        }
        let held = hold::now(self.hold_dir(), &self.app.name);
        let unfinished = Journal::unfinished(self.state_dir(), &self.app.name);
        let mut observation = Observation {
            gates: gates(self.positions.as_ref()),
            held: held.is_some(),
            unfinished: !matches!(unfinished, Ok(None)),
            healthy: false,
        };
        if next_action(observation) == NextAction::Rest {
            self.rest(observation.gates, held);
            return REST;
        }
        let lock = directory::app_lock(self.state_dir(), &self.app.name);
        if let Some(who) = Lock::owner(&lock) {
            self.stand_back(&describe(who.as_ref()), unfinished.ok().flatten());
            return BUSY;
        }
        if next_action(observation) == NextAction::Ask {
            observation.healthy = self.ask().await;
        }
        match next_action(observation) {
            NextAction::Rest => REST,
            NextAction::Ask => self.pace(),
            NextAction::Recover => self.operate(Verb::Recover).await,
            NextAction::Close => self.operate(Verb::Stop).await,
        }
    }

    /// Lists the rules if they may have changed.
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
        self.publisher.line(&self.app.name, line);
    }

    /// "open, UP on 2 of 2 balancers"
    fn in_rotation(&self) -> String {
        let rotation = self.rotation.borrow();
        let up = rotation.observed.iter().filter(|one| one.all_up());
        let (up, all) = (up.count(), rotation.observed.len());
        let plural = if all == 1 { "" } else { "s" };
        let mut line = format!("open, UP on {up} of {all} balancer{plural}");
        for why in &self.unreserved {
            line += &format!(", {why}");
        }
        line
    }

    /// Leaves the gates to an operation of another process.
    pub(super) fn stand_back(&mut self, who: &str, entry: Option<Entry>) {
        (self.open, self.healthy, self.asked) = (false, 0, None);
        let phase = entry.map(|entry| format!(", phase {}", entry.phase.name()));
        let line = format!("left to {who}{}", phase.unwrap_or_default());
        self.publisher.line(&self.app.name, line);
    }

    /// Whether the app answered often enough in a row. If only the rules are gone, once is enough:
    /// HAProxy's own checks found it healthy a moment ago.
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

    /// Whether the last health check succeeded. None if no check is needed.
    pub(super) fn answered(&self) -> Option<bool> {
        self.asked.map(|_| self.healthy > 0)
    }

    /// The time to the next health check: it grows while the app stays unhealthy.
    fn pace(&self) -> Duration {
        let long = self
            .asked
            .map_or(Duration::ZERO, |since| since.elapsed() / 60);
        self.app.health.pace().max(long.min(PATIENT))
    }

    /// Logs a new problem, and not its repetitions.
    pub(super) fn in_the_way(&mut self, why: String) {
        let app = &self.app.name;
        self.publisher.line(app, why.clone());
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
