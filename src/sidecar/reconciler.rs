//! Keeps the gates of one app as they should be: look, decide on the next action, act. A round
//! begins when the kernel or a balancer has news, and at least every second.

use super::checks::Checks;
use super::marker::Marker;
use super::next_action::{Gates, NextAction, Observation, next_action};
use super::publisher::StatusPublisher;
use super::records::Records;
use super::retry::Retry;
use super::rotation::{self, Rotation};
use super::rules::Rules;
use crate::config::{AppSettings, Settings};
use crate::gate::{GateError, Reservation};
use crate::haproxy::BalancerObservation;
use crate::host::ThisHost;
use crate::restart::Host;
use crate::restart::Verb;
use crate::restart::switch::Part;
use crate::signals::StopSignal;
use crate::state::directory;
use crate::state::lock::{Lock, describe};
use crate::state::target::Intent;
use nix::sys::signal::Signal;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The time between two rounds if there is nothing to do.
pub(super) const REST: Duration = Duration::from_secs(1);

/// The time between two rounds while another process has the lock.
pub(super) const BUSY: Duration = Duration::from_millis(250);

/// One app and its observed state.
pub(crate) struct Reconciler {
    pub(super) settings: Settings,
    pub(super) host: ThisHost,
    /// The app as configured, seen at its current target.
    pub(super) app: AppSettings,
    /// The app is seen at its current target. False: that one is not known yet.
    pub(super) follows: bool,
    /// The record of its current target.
    pub(super) record: Option<Intent>,
    /// What the files of the app showed in this round, if it changed nothing.
    pub(super) at_rest: Option<Records>,
    pub(super) publisher: StatusPublisher,
    pub(super) rules: Rules,
    /// The gates were open, and no operation has closed them since.
    pub(super) open: bool,
    pub(super) rotation: watch::Receiver<Rotation>,
    pub(super) looking: JoinSet<()>,
    pub(super) checks: Checks,
    /// The problem that was last logged.
    pub(super) trouble: Option<String>,
    pub(super) retry: Option<Retry>,
    /// The same for what concerns idle targets: it never delays the gates of the current one.
    pub(super) retry_idle: Option<Retry>,
    pub(super) marker: Marker,
    /// Why the last operation failed, until one succeeds.
    pub(super) failure: Option<String>,
    /// Why status ports are not reserved, one entry for each.
    pub(super) unreserved: Vec<String>,
    /// The reserved status ports, shared by all apps.
    pub(super) reservation: Reservation,
    /// Ends the waits of a switch as the sidecar ends.
    pub(super) stop: StopSignal,
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
            follows: false,
            record: None,
            at_rest: None,
            publisher: publisher.clone(),
            open: false,
            rotation,
            looking,
            checks: Checks::default(),
            trouble: None,
            retry: None,
            retry_idle: None,
            marker: Marker::default(),
            failure: None,
            unreserved: Vec::new(),
            reservation: reservation.clone(),
            stop: StopSignal::default(),
        })
    }

    /// Reconciles until `quit` is set. It finishes an operation under way first. A switch waits for
    /// nothing more then.
    pub(crate) async fn keep(&mut self, mut quit: watch::Receiver<bool>) {
        while !*quit.borrow() {
            self.stop = StopSignal::default();
            let (stop, mut ends) = (self.stop.clone(), quit.clone());
            let pace = {
                let mut round = pin!(self.round());
                tokio::select! {
                    pace = &mut round => pace,
                    _ = ends.changed() => {
                        stop.ask(Signal::SIGTERM as i32);
                        round.await
                    }
                }
            };
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
        let records = self.read_records();
        let cut_switch = records.is_of_a_cut_switch();
        // The journal of a switch has its targets.
        let followed = self.follow().await;
        if let Err(why) = followed.or_else(|why| cut_switch.then_some(()).ok_or(why)) {
            self.in_the_way(why);
            return REST;
        }
        if let Err(error) = self.rules.look(&self.host).await {
            self.in_the_way(error.to_string());
            return REST;
        }
        if let Some(soon) = self.keep_marker().await {
            return soon;
        }
        let mut observation = Observation {
            gates: self.rules.gates(),
            held: records.held.is_some(),
            unfinished: records.is_unfinished(),
            cut_switch,
            healthy: false,
            sick: false,
            up: self.is_up(),
            idle: self.idle(&records),
            maintenance: self.maintenance(&records),
        };
        self.open |= observation.gates == Gates::Open && !observation.unfinished;
        if next_action(observation) == NextAction::Rest {
            self.rest(observation.gates, records);
            return REST;
        }
        let lock = directory::app_lock(self.state_dir(), &self.app.name);
        if let Some(owner) = Lock::owner(&lock) {
            self.stand_back(&describe(owner.as_ref()), records.unfinished.ok().flatten());
            return BUSY;
        }
        if next_action(observation) == NextAction::Ask {
            observation.healthy = self.ask().await;
            observation.sick = self.checks.last() == Some(false);
        }
        match next_action(observation) {
            NextAction::Rest => REST,
            NextAction::Ask => self.checks.pace(self.app.health.pace()),
            NextAction::Recover => self.operate(Verb::Recover).await,
            NextAction::Close => self.operate(Verb::Stop).await,
            NextAction::RecoverSwitch => self.recover_switch().await,
            NextAction::CloseIdle => self.close_idle().await,
            NextAction::Park => self.park_idle().await,
            NextAction::Finish => self.finish_switch().await,
            NextAction::KeepMaintenance => self.keep_maintenance().await,
            NextAction::EndMaintenance => self.end_maintenance().await,
        }
    }

    fn rest(&mut self, gates: Gates, records: Records) {
        (self.checks, self.retry, self.retry_idle) = (Checks::default(), None, None);
        self.out_of_the_way();
        self.open = gates == Gates::Open;
        self.record_current();
        let line = match &records.held {
            Some(held) => format!("closed by {}", held.describe()),
            None => self.in_rotation(),
        };
        self.publisher.line(&self.app.name, line);
        self.at_rest = Some(records);
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
                let why = self.unhealthy(why).await;
                self.in_the_way(why);
            }
        }
        let times = if self.open { 1 } else { self.app.health.times };
        self.checks.has(times)
    }

    /// Every balancer shows all lines of the app UP.
    fn is_up(&self) -> bool {
        let observed = &self.rotation.borrow().observed;
        !observed.is_empty() && observed.iter().all(BalancerObservation::all_up)
    }

    pub(super) fn read_records(&self) -> Records {
        Records::read(self.state_dir(), self.hold_dir(), &self.app.name)
    }

    pub(super) fn state_dir(&self) -> &std::path::Path {
        &self.settings.agent.state_dir
    }

    pub(super) fn hold_dir(&self) -> &std::path::Path {
        &self.settings.agent.hold_dir
    }
}
