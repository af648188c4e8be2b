//! Keeps the gates of one app as they should be: look, decide on the next action, act. A round
//! begins when the kernel or a balancer has news, and at least every second.

use super::checks::Checks;
use super::next_action::{Gates, NextAction, Observation, next_action};
use super::publisher::StatusPublisher;
use super::retry::Retry;
use super::rotation::{self, Rotation};
use super::rules::Rules;
use crate::config::{AppSettings, Settings};
use crate::gate::{GateError, Reservation};
use crate::host::ThisHost;
use crate::restart::Host;
use crate::restart::Verb;
use crate::restart::switch::Part;
use crate::signals::StopSignal;
use crate::state::directory;
use crate::state::hold::{self, Held};
use crate::state::journal::{Entry, Journal};
use crate::state::lock::{Lock, describe};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The time between two rounds if there is nothing to do.
const REST: Duration = Duration::from_secs(1);

/// The time between two rounds while another process has the lock.
pub(super) const BUSY: Duration = Duration::from_millis(250);

/// One app and its observed state.
pub(crate) struct Reconciler {
    pub(super) settings: Settings,
    pub(super) host: ThisHost,
    /// The app as configured.
    pub(super) app: AppSettings,
    pub(super) publisher: StatusPublisher,
    pub(super) rules: Rules,
    /// The gates were open, and no operation has closed them since.
    pub(super) open: bool,
    pub(super) rotation: watch::Receiver<Rotation>,
    _looking: JoinSet<()>,
    pub(super) checks: Checks,
    /// The problem that was last logged.
    trouble: Option<String>,
    pub(super) retry: Option<Retry>,
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
        publisher: &StatusPublisher,
        reservation: &Reservation,
    ) -> Result<Reconciler, GateError> {
        let mut host = ThisHost::new(settings, app, StopSignal::default()).await?;
        host.share(reservation);
        let (rotation, looking) = rotation::watch(settings, app);
        Ok(Reconciler {
            settings: settings.clone(),
            rules: Rules::new(&host),
            host,
            app: app.clone(),
            publisher: publisher.clone(),
            open: false,
            rotation,
            _looking: looking,
            checks: Checks::default(),
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
        if let Err(error) = self.rules.look(&self.host).await {
            self.in_the_way(error.to_string());
            return REST;
        }
        let held = hold::now(self.hold_dir(), &self.app.name);
        let unfinished = Journal::unfinished(self.state_dir(), &self.app.name);
        let mut observation = Observation {
            gates: self.rules.gates(),
            held: held.is_some(),
            unfinished: !matches!(unfinished, Ok(None)),
            healthy: false,
        };
        if next_action(observation) == NextAction::Rest {
            self.rest(observation.gates, held);
            return REST;
        }
        let lock = directory::app_lock(self.state_dir(), &self.app.name);
        if let Some(owner) = Lock::owner(&lock) {
            self.stand_back(&describe(owner.as_ref()), unfinished.ok().flatten());
            return BUSY;
        }
        if next_action(observation) == NextAction::Ask {
            observation.healthy = self.ask().await;
        }
        match next_action(observation) {
            NextAction::Rest => REST,
            NextAction::Ask => self.checks.pace(self.app.health.pace()),
            NextAction::Recover => self.operate(Verb::Recover).await,
            NextAction::Close => self.operate(Verb::Stop).await,
        }
    }

    fn rest(&mut self, gates: Gates, held: Option<Held>) {
        (self.checks, self.retry) = (Checks::default(), None);
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
    pub(super) fn stand_back(&mut self, owner: &str, entry: Option<Entry>) {
        (self.open, self.checks) = (false, Checks::default());
        let phase = entry.map(|entry| format!(", phase {}", entry.phase.name()));
        let line = format!("left to {owner}{}", phase.unwrap_or_default());
        self.publisher.line(&self.app.name, line);
    }

    /// Whether the app answered often enough in a row. If only the rules are gone, once is enough:
    /// HAProxy's own checks found it healthy a moment ago.
    async fn ask(&mut self) -> bool {
        self.checks.begin();
        self.host.look_again(&self.rotation.borrow().balancers);
        match self.host.health(Part::Old).await {
            Ok(()) => self.checks.healthy(),
            Err(why) => {
                self.checks.anew();
                self.in_the_way(format!("closed until the app is healthy: {why}"));
            }
        }
        let times = if self.open { 1 } else { self.app.health.times };
        self.checks.has(times)
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
            tracing::info!(%app, "{app}: the problem is over");
        }
    }

    pub(super) fn state_dir(&self) -> &std::path::Path {
        &self.settings.agent.state_dir
    }

    pub(super) fn hold_dir(&self) -> &std::path::Path {
        &self.settings.agent.hold_dir
    }
}
