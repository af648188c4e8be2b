//! What is told of the sidecar's apps: to systemd (STATUS, the watchdog) and to metrics.

use super::systemd::Systemd;
use crate::metrics::AppView;
use sd_notify::NotifyState;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// An app whose keeping has not come round for so long, beside the time that its health may
/// take, is stuck; then the watchdog is not told that all is well. The longest wait of a
/// round is for iptables and its lock.
const STUCK: Duration = Duration::from_secs(30);

/// While the host is taken out systemd is asked for this much more time, again and again.
const MORE_TIME: Duration = Duration::from_secs(30);

/// systemd is told of news this often at most.
const NEWS: Duration = Duration::from_millis(200);

/// systemd is given so long to hear the last words.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// One for all apps.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    apps: Rc<RefCell<Apps>>,
    systemd: Rc<Systemd>,
}

#[derive(Debug)]
struct Apps {
    /// What each app's line says.
    lines: BTreeMap<String, String>,
    /// When each is stuck.
    alive: BTreeMap<String, Instant>,
    views: BTreeMap<String, AppView>,
    published: watch::Sender<Vec<AppView>>,
    /// What systemd was told last, and when.
    told: (String, Option<Instant>),
    /// Before all that, while something is in the way.
    trouble: Option<String>,
}

impl Board {
    /// An empty one.
    pub(crate) fn new() -> Board {
        let (published, _) = watch::channel(Vec::new());
        let apps = Rc::new(RefCell::new(Apps {
            lines: BTreeMap::new(),
            alive: BTreeMap::new(),
            views: BTreeMap::new(),
            published,
            told: (String::new(), None),
            trouble: None,
        }));
        let systemd = Rc::new(Systemd::new());
        Board { apps, systemd }
    }

    /// What metrics show.
    pub(crate) fn views(&self) -> watch::Receiver<Vec<AppView>> {
        self.apps.borrow().published.subscribe()
    }

    /// Tells systemd something of all of them.
    pub(crate) fn notify(&self, state: &[NotifyState<'_>]) {
        self.systemd.tell(state);
    }

    /// Forgets all apps.
    pub(crate) fn clear(&self) {
        let mut apps = self.apps.borrow_mut();
        apps.lines.clear();
        apps.alive.clear();
        apps.views.clear();
    }

    /// What an app's line says from now on.
    pub(crate) fn line(&self, app: &str, text: impl Into<String>) {
        let mut apps = self.apps.borrow_mut();
        apps.lines.insert(app.to_owned(), text.into());
    }

    /// The app was looked after; the next time its health may take so long.
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

    /// What is in the way of all of them: a configuration that was not taken.
    pub(crate) fn trouble(&self, trouble: Option<String>) {
        self.apps.borrow_mut().trouble = trouble;
    }

    /// Tells systemd what has changed; soon, if it was told of something a moment ago.
    pub(crate) fn tell(&self) {
        let mut apps = self.apps.borrow_mut();
        let text = apps.text();
        let (told, at) = &apps.told;
        if text != *told && at.is_none_or(|at| at.elapsed() >= NEWS) {
            self.systemd.tell(&[NotifyState::Status(&text)]);
            apps.told = (text, Some(Instant::now()));
        }
    }

    /// Tells systemd that we live, if we do, and what was not told yet.
    pub(crate) fn beat(&self) {
        let stuck = |at: &Instant| Instant::now() > *at;
        if !self.apps.borrow().alive.values().any(stuck) {
            self.systemd.tell(&[NotifyState::Watchdog]);
        }
        self.tell();
    }

    /// systemd listens.
    pub(crate) fn has_systemd(&self) -> bool {
        self.systemd.is_there()
    }

    /// How it ended; systemd keeps it.
    pub(crate) fn last_words(&self, text: &str) {
        self.systemd.tell(&[NotifyState::Status(text)]);
        self.systemd.flush(LAST_WORDS);
    }

    /// The same while the host is taken out, which may take its time.
    pub(crate) fn tell_leaving(&self) {
        let micros = u32::try_from(MORE_TIME.as_micros()).unwrap_or(u32::MAX);
        self.systemd.tell(&[
            NotifyState::ExtendTimeoutUsec(micros),
            NotifyState::Watchdog,
        ]);
        self.tell();
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
