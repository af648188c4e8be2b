//! The two targets of a switch on this host, and what a switch does to their gates.
//! What a switch records is in `two_recorded`.

use super::parking::parkings;
use super::{Asking, Snapshot, ThisHost};
use crate::app::Change;
use crate::config::{AppSettings, Settings};
use crate::gate::{Destination, Gate, GateError};
use crate::restart::PerGate;
use crate::restart::switch::Part;
use crate::signals::StopSignal;
use crate::state::hold::Hold;
use crate::state::target;

/// The two targets of a switch.
pub struct TwoHosts {
    /// The target that served when the switch began.
    pub(crate) old: ThisHost,
    /// The target that is to serve.
    pub(crate) new: ThisHost,
    /// The command that prepares the new one.
    pub(crate) prepare: Option<Change>,
    /// This switch starts the new one, and does not find it ready.
    pub(crate) starts: bool,
    /// The hold of a maintenance: what `on` asks for, or what `off` has found. None: both are targets.
    pub(crate) maintenance: Option<Hold>,
    pub(super) settings: Settings,
    /// The last action had to move a gate.
    pub(super) moved: bool,
    /// The target that the last action concerned.
    pub(super) acting: Part,
}

/// The wanted positions of one target's gates. None: that gate stays.
type Gates = PerGate<Option<bool>>;

const OPEN: Gates = gates(true, true);
const CLOSED: Gates = gates(false, false);
const AS_IT_IS: Gates = PerGate {
    main: None,
    twin: None,
};

const fn gates(main: bool, twin: bool) -> Gates {
    PerGate {
        main: Some(main),
        twin: Some(Some(twin)),
    }
}

impl TwoHosts {
    /// Looks up what a switch between these two views of the app needs, and changes nothing.
    ///
    /// # Errors
    ///
    /// There is no iptables on this host.
    pub async fn new(
        settings: &Settings,
        (old, new): (&AppSettings, &AppSettings),
        stop: StopSignal,
    ) -> Result<TwoHosts, GateError> {
        let old = ThisHost::new(settings, old, stop.clone()).await?;
        let mut new = ThisHost::new(settings, new, stop).await?;
        new.started = old.started;
        let gates_of_old = old.gates.iter().cloned().collect();
        Ok(TwoHosts {
            old: ThisHost {
                kept_open: new.gates.iter().cloned().collect(),
                ..old
            },
            new: ThisHost {
                kept_open: gates_of_old,
                ..new
            },
            prepare: None,
            starts: false,
            maintenance: None,
            settings: settings.clone(),
            moved: false,
            acting: Part::Old,
        })
    }

    /// One of them.
    pub(crate) fn at(&mut self, part: Part) -> &mut ThisHost {
        match part {
            Part::Old => &mut self.old,
            Part::New => &mut self.new,
        }
    }

    /// Its name.
    pub(crate) fn name(&self, part: Part) -> &str {
        let host = match part {
            Part::Old => &self.old,
            Part::New => &self.new,
        };
        host.app.target.as_deref().unwrap_or_default()
    }

    /// One look at everything about each of the two.
    pub(crate) async fn snapshots(&mut self) -> [Snapshot; 2] {
        let old = self.old.snapshot(Asking::Anew).await;
        let new = self.new.snapshot_beside(&old, Asking::Anew).await;
        [old, new]
    }

    /// Waits until all that an earlier operation ran, started or stopped is done.
    pub(crate) async fn settle(&self) -> Result<(), String> {
        self.old.settle().await?;
        self.old.settle_run().await?;
        self.new.settle_run().await
    }

    pub(super) async fn unpark(&mut self) -> Result<(), String> {
        if self.page() == Some(Part::New) && self.is_in_maintenance() {
            return Ok(());
        }
        self.park(Part::Old, Some(Part::New)).await
    }

    pub(super) async fn join(&mut self) -> Result<(), String> {
        self.unpark().await?;
        match self.page() {
            Some(Part::New) => {
                self.record_maintenance(true)?;
                self.set(AS_IT_IS, OPEN).await
            }
            _ => self.set(OPEN, OPEN).await,
        }
    }

    /// `twin`: the old twin keeps its users.
    pub(super) async fn leave(&mut self, twin: bool) -> Result<(), String> {
        self.record(Part::New)?;
        self.try_to_move_marker(Part::New).await;
        self.set(gates(false, twin), OPEN).await
    }

    pub(super) async fn take_back(&mut self) -> Result<(), String> {
        self.record(Part::Old)?;
        self.unpark().await?;
        self.set(OPEN, AS_IT_IS).await?;
        self.try_to_move_marker(Part::Old).await;
        Ok(())
    }

    pub(super) async fn withdraw(&mut self) -> Result<(), String> {
        self.record(Part::Old)?;
        self.unpark().await?;
        self.set(OPEN, CLOSED).await
    }

    /// This target does not serve any more.
    pub(super) async fn park_idle(&mut self, idle: Part) -> Result<(), String> {
        if idle == Part::New && self.page() == Some(idle) && self.is_in_maintenance() {
            return Ok(());
        }
        self.serve_without(idle).await?;
        self.park(idle.other(), None).await
    }

    /// Neither serves: a hold wants no users here.
    pub(crate) async fn close_both(&mut self) -> Result<(), String> {
        self.set(CLOSED, CLOSED).await?;
        self.park_at_rest().await
    }

    /// The gates of this target are closed, and those of the other one are open.
    pub(crate) async fn serve_without(&mut self, idle: Part) -> Result<(), String> {
        match idle {
            // A second `on` moves no user, and the gates of an app that failed stay closed.
            Part::New if self.page() == Some(idle) => match self.is_in_maintenance() {
                true => Ok(()),
                false => self.set(AS_IT_IS, CLOSED).await,
            },
            Part::Old => self.set(CLOSED, OPEN).await,
            Part::New => self.set(OPEN, CLOSED).await,
        }
    }

    /// At rest, whatever the switch has done: the idle targets are parked on the current one.
    pub(crate) async fn park_at_rest(&mut self) -> Result<(), String> {
        if let Some(page) = self.page() {
            let current = if self.is_in_maintenance() {
                page
            } else {
                page.other()
            };
            return self.park(current, None).await;
        }
        let record = target::find(&self.old.hold_dir, &self.old.app.name);
        let record = record.map_err(|error| error.to_string())?;
        let current = match record {
            Some(record) if record.current == self.name(Part::New) => Part::New,
            _ => Part::Old,
        };
        self.park(current, None).await
    }

    /// Opens before it closes, so that never both targets are closed.
    async fn set(&mut self, old: Gates, new: Gates) -> Result<(), String> {
        let of_both = self.old.gates.iter().zip(old);
        let of_both = of_both.chain(self.new.gates.iter().zip(new));
        let wanted = of_both.filter_map(|(gate, open)| Some((gate.clone(), open?)));
        let (open, closed): (Vec<_>, Vec<_>) = wanted.partition(|(_, open)| *open);
        let all = [open, closed].concat();
        let all: Vec<(&Gate, bool)> = all.iter().map(|(gate, open)| (gate, *open)).collect();
        let set = self.old.ensure_all(&all).await;
        self.moved |= set == Ok(true);
        set.map(drop).map_err(|error| error.to_string())
    }

    /// Parks all idle targets but this one on the current one, at the place where it serves by now.
    async fn park(&mut self, current: Part, unparked: Option<Part>) -> Result<(), String> {
        let serving = self.at(current).app.clone();
        let unparked: Vec<&str> = unparked.iter().map(|part| self.name(*part)).collect();
        let place = Destination::Port(serving.ports.port);
        let here = (self.name(current), place);
        let mut wanted = parkings(&self.settings, &serving, here, &unparked);
        if wanted.park_any() {
            let place = self.old.place(&serving).await;
            wanted = wanted.on(place.map_err(|error| error.to_string())?);
        }
        let parked = self.old.park(&wanted).await;
        parked.map(drop).map_err(|error| error.to_string())
    }
}
