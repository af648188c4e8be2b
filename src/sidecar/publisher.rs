//! Publishes the state of the apps: to systemd (`STATUS=`, the watchdog) and to metrics.

use super::systemd::Systemd;
use crate::metrics::AppView;
use sd_notify::NotifyState;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A reconciler without a round for this long, plus the time of a health check, is stuck. The
/// watchdog then gets no sign of life. The longest wait of a round is for the lock of iptables.
const STUCK: Duration = Duration::from_secs(30);

/// Each heartbeat asks systemd for this much more time while the host is taken out.
const MORE_TIME: Duration = Duration::from_secs(30);

/// The least time between two messages to systemd.
const NEWS: Duration = Duration::from_millis(200);

/// The most time that systemd gets to read the last status.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// One publisher for all apps.
#[derive(Debug, Clone)]
pub(crate) struct StatusPublisher {
    apps: Rc<RefCell<Apps>>,
    systemd: Rc<Systemd>,
}

#[derive(Debug)]
struct Apps {
    /// The status line of each app.
    lines: BTreeMap<String, String>,
    /// When each app counts as stuck.
    alive: BTreeMap<String, Instant>,
    views: BTreeMap<String, AppView>,
    published: watch::Sender<Vec<AppView>>,
    /// The last status that systemd got, and when.
    sent: (String, Option<Instant>),
    /// A problem of all apps; it comes first in the status.
    trouble: Option<String>,
}

impl StatusPublisher {
    /// A publisher without apps.
    pub(crate) fn new() -> StatusPublisher {
        let (published, _) = watch::channel(Vec::new());
        let apps = Rc::new(RefCell::new(Apps {
            lines: BTreeMap::new(),
            alive: BTreeMap::new(),
            views: BTreeMap::new(),
            published,
            sent: (String::new(), None),
            trouble: None,
        }));
        let systemd = Rc::new(Systemd::new());
        StatusPublisher { apps, systemd }
    }

    /// The views that metrics show.
    pub(crate) fn views(&self) -> watch::Receiver<Vec<AppView>> {
        self.apps.borrow().published.subscribe()
    }

    /// Sends systemd a state of the whole sidecar.
    pub(crate) fn notify(&self, state: &[NotifyState<'_>]) {
        self.systemd.send(state);
    }

    /// Forgets all apps.
    pub(crate) fn clear(&self) {
        let mut apps = self.apps.borrow_mut();
        apps.lines.clear();
        apps.alive.clear();
        apps.views.clear();
    }

    /// Sets the status line of an app.
    pub(crate) fn line(&self, app: &str, text: impl Into<String>) {
        let mut apps = self.apps.borrow_mut();
        apps.lines.insert(app.to_owned(), text.into());
    }

    /// Publishes an app's view after a round. Its next health check may take this long.
    pub(crate) fn alive(&self, view: AppView, health: Duration) {
        let mut apps = self.apps.borrow_mut();
        apps.alive
            .insert(view.app.clone(), Instant::now() + STUCK + health);
        apps.views.insert(view.app.clone(), view);
        let views = apps.views.values().cloned().collect();
        apps.published.send_if_modified(|now: &mut Vec<AppView>| {
            let moved = *now != views;
            *now = views;
            moved
        });
    }

    /// An operation on the app may take this long, without a round in between.
    pub(crate) fn works(&self, app: &str, most: Duration) {
        let mut apps = self.apps.borrow_mut();
        let until = Instant::now() + STUCK + most;
        apps.alive.insert(app.to_owned(), until);
    }

    /// Sets or clears a problem of all apps, such as a configuration with an error.
    pub(crate) fn trouble(&self, trouble: Option<String>) {
        self.apps.borrow_mut().trouble = trouble;
    }

    /// Sends systemd a changed status, at most every [`NEWS`]; a later heartbeat sends the rest.
    pub(crate) fn publish(&self) {
        let mut apps = self.apps.borrow_mut();
        let text = apps.text();
        let (sent, at) = &apps.sent;
        if text != *sent && at.is_none_or(|at| at.elapsed() >= NEWS) {
            self.systemd.send(&[NotifyState::Status(&text)]);
            apps.sent = (text, Some(Instant::now()));
        }
    }

    /// Sends systemd a sign of life if no app is stuck, and the status if it has changed.
    pub(crate) fn beat(&self) {
        let stuck = |at: &Instant| Instant::now() > *at;
        if !self.apps.borrow().alive.values().any(stuck) {
            self.systemd.send(&[NotifyState::Watchdog]);
        }
        self.publish();
    }

    /// Whether systemd listens.
    pub(crate) fn has_systemd(&self) -> bool {
        self.systemd.is_there()
    }

    /// Sends the last status and waits for it briefly. `systemctl status` shows it afterwards.
    pub(crate) fn last_words(&self, text: &str) {
        self.systemd.send(&[NotifyState::Status(text)]);
        self.systemd.flush(LAST_WORDS);
    }

    /// The heartbeat while the host is taken out: it also asks systemd for more time.
    pub(crate) fn extend_stop(&self) {
        let micros = u32::try_from(MORE_TIME.as_micros()).unwrap_or(u32::MAX);
        self.systemd.send(&[
            NotifyState::ExtendTimeoutUsec(micros),
            NotifyState::Watchdog,
        ]);
        self.publish();
    }
}

impl Apps {
    fn text(&self) -> String {
        let lines = self.lines.iter();
        let lines = lines.map(|(app, line)| format!("{app}: {line}"));
        let all: Vec<String> = self.trouble.iter().cloned().chain(lines).collect();
        all.join("; ")
    }
}
