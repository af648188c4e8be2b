//! The journal of an operation on an app. The agent writes each phase to it before it acts on it.

use crate::restart::{PerGate, Phase, UnfinishedOperation, Version};
use crate::state::StateFile;
use crate::state::caller::Origin;
use crate::state::invocation::Invocation;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// One app's journal.
#[derive(Debug)]
pub struct Journal {
    state_dir: PathBuf,
    entry: Entry,
}

/// What the journal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The operation.
    #[serde(flatten)]
    pub invocation: Invocation,
    /// The phase it was about to act on.
    pub phase: Phase,
    /// Whether each of the app's gates was open before the operation.
    pub found_open: PerGate<bool>,
    /// The app's instance before its restart. After a crash it shows whether the restart
    /// happened.
    pub instance: Option<String>,
    /// It will restart the app, or finishes another operation's restart.
    #[serde(default)]
    pub restarting: bool,
    /// It finishes a restart that may have happened or not.
    #[serde(default)]
    pub unsure: bool,
    /// The gates are held closed, and it will leave them closed.
    #[serde(default)]
    pub stays_closed: bool,
    /// The version of the app that it will bring up.
    #[serde(default)]
    pub version: Version,
    /// The caller and the reason, for the history of an operation that was cut short.
    #[serde(default)]
    pub origin: Origin,
    /// It was not cut short. It has ended, and left this because it could not set its rules.
    #[serde(default)]
    pub ended: bool,
}

/// An operation that was killed, as the next one found it.
#[derive(Debug, Clone)]
pub struct CutShort {
    /// Its journal.
    pub left: Entry,
    /// From its begin to what it wrote last, in seconds.
    pub lasted: f64,
    /// The command that found it.
    pub found: String,
}

impl Entry {
    /// The text for an operation that died, or that gave up its rules.
    pub fn cut_short(&self) -> String {
        let Invocation { pid, verb, .. } = self.invocation;
        let (verb, phase) = (verb.word(), self.phase.name());
        let how = match self.ended {
            true => "gave up setting the rules",
            false => "was cut short",
        };
        format!("an earlier {verb} (pid {pid}) {how} in phase {phase}")
    }

    /// For the core. `restarted`: whether the app has been restarted since. None: unknown.
    pub fn unfinished(&self, restarted: Option<bool>) -> UnfinishedOperation {
        UnfinishedOperation {
            verb: self.invocation.verb,
            phase: self.phase.clone(),
            restarting: self.restarting,
            restarted,
            unsure: self.unsure,
            version: self.version.clone(),
        }
    }

    /// It may have closed gates, and had not touched the app.
    fn was_closing(&self, restarted: Option<bool>) -> bool {
        let same = self.version == Version::Same;
        let untouched = self.phase == Phase::Restart && restarted == Some(false) && same;
        self.phase.is_before_restart() || untouched
    }
}

impl Journal {
    /// What an earlier operation on this app left unfinished, by dying or on purpose. None:
    /// nothing. Err: it can't be read, so only the kernel and HAProxy show the state.
    pub fn unfinished(state_dir: &Path, app: &str) -> Result<Option<Entry>, String> {
        let path = StateFile::Journal.path(state_dir, app);
        let unreadable =
            |why: io::Error| format!("the journal {} can't be read: {why}", path.display());
        StateFile::Journal.read(state_dir, app).map_err(unreadable)
    }

    /// Begins the journal of an operation, before it acts on its first phase.
    pub fn begin(state_dir: &Path, entry: Entry) -> io::Result<Journal> {
        let journal = Journal {
            state_dir: state_dir.to_owned(),
            entry,
        };
        journal.write()?;
        Ok(journal)
    }

    /// A journal without a file, for a first phase that could not be recorded.
    pub fn unwritten(state_dir: &Path, entry: Entry) -> Journal {
        Journal {
            state_dir: state_dir.to_owned(),
            entry,
        }
    }

    /// Records that a phase is about to be acted on.
    pub fn enter(&mut self, phase: &Phase, instance: Option<String>) -> io::Result<()> {
        self.entry.phase = phase.clone();
        let after = self.entry.version.at(phase);
        let before = std::mem::replace(&mut self.entry.version, after);
        // An upgrade may restart the app, too. The instance after the upgrade shows whether the
        // operation's own restart has happened.
        if matches!(phase, Phase::Upgrade | Phase::Rollback(_)) {
            self.entry.instance = None;
        }
        self.entry.instance = instance.or_else(|| self.entry.instance.take());
        let written = self.write();
        if written.is_err() {
            // The caller does not act on a phase that is not recorded.
            self.entry.version = before;
        }
        written
    }

    /// The operation that it records.
    pub fn invocation(&self) -> &Invocation {
        &self.entry.invocation
    }

    /// The version of the app that will come up.
    pub fn version(&self) -> &Version {
        &self.entry.version
    }

    /// Removes the journal of an unfinished operation.
    pub fn forget(state_dir: &Path, app: &str) -> io::Result<()> {
        StateFile::Journal.remove(state_dir, app)
    }

    /// The operation has ended, and has reported how it left the host.
    pub fn end(self) -> io::Result<()> {
        Journal::forget(&self.state_dir, &self.entry.invocation.app)
    }

    /// The operation has ended, but the next one still needs what it found.
    pub fn leave(mut self) -> io::Result<()> {
        self.entry.ended = true;
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        let app = &self.entry.invocation.app;
        StateFile::Journal.write(&self.state_dir, app, &self.entry)
    }
}

/// The gates that were open before the first change. An operation that was cut short before it
/// touched the app found them otherwise than they are `now`. Once the app was touched, its health
/// is unknown, and the kernel's state counts.
pub fn found_open(
    now: PerGate<bool>,
    left: Option<&Entry>,
    restarted: Option<bool>,
) -> PerGate<bool> {
    let closing = left.filter(|entry| entry.was_closing(restarted));
    let before = closing.map(|entry| entry.found_open).unwrap_or_default();
    PerGate {
        main: now.main || before.main,
        twin: now.twin.map(|open| open || before.twin == Some(true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restart::Verb;

    fn both(main: bool, twin: bool) -> PerGate<bool> {
        PerGate {
            main,
            twin: Some(twin),
        }
    }

    fn entry(phase: Phase) -> Entry {
        let invocation = Invocation::new(Verb::Restart, "web");
        Entry {
            invocation,
            phase,
            found_open: both(true, false),
            instance: None,
            restarting: true,
            unsure: false,
            stays_closed: false,
            version: Version::Same,
            origin: Origin::default(),
            ended: false,
        }
    }

    #[test]
    fn putting_back_means_how_it_was_before_the_one_that_died() {
        let put_back = |phase, restarted| {
            let died = Entry {
                found_open: both(true, true),
                ..entry(phase)
            };
            found_open(both(false, false), Some(&died), restarted)
        };
        assert_eq!(put_back(Phase::Drain { zeros: 0 }, None), both(true, true));
        assert_eq!(put_back(Phase::Close, None), both(true, true));
        assert_eq!(put_back(Phase::Restart, Some(false)), both(true, true));
        assert_eq!(put_back(Phase::Restart, None), both(false, false));
        assert_eq!(put_back(Phase::Upgrade, None), both(false, false));
        assert_eq!(put_back(Phase::Restart, Some(true)), both(false, false));
        assert_eq!(put_back(Phase::Open, None), both(false, false));
        assert_eq!(
            found_open(both(false, false), None, None),
            both(false, false)
        );
        assert_eq!(found_open(both(true, false), None, None), both(true, false));
    }

    /// Older agents did not write this, and ignore it.
    #[test]
    fn who_has_ended_and_left_it_was_not_cut_short() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::begin(directory.path(), entry(Phase::Open)).unwrap();
        let left = || Journal::unfinished(directory.path(), "web");
        let pid = std::process::id();
        let text = format!("an earlier restart (pid {pid}) was cut short in phase open");
        assert_eq!(left().unwrap().unwrap().cut_short(), text);
        journal.leave().unwrap();
        let ended = left().unwrap().unwrap();
        let text =
            format!("an earlier restart (pid {pid}) gave up setting the rules in phase open");
        assert_eq!(ended.cut_short(), text);
        assert_eq!(ended.unfinished(None), entry(Phase::Open).unfinished(None));
        let mut older = serde_json::to_value(&ended).unwrap();
        older.as_object_mut().unwrap().remove("ended");
        let older: Entry = serde_json::from_value(older).unwrap();
        assert_eq!(
            older,
            Entry {
                ended: false,
                ..ended
            }
        );
    }

    #[test]
    fn the_journal_is_there_until_the_end_and_a_torn_one_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = Journal::begin(directory.path(), entry(Phase::Close)).unwrap();
        journal
            .enter(&Phase::Restart, Some("pid 7 since 9".to_owned()))
            .unwrap();
        journal.enter(&Phase::Healthy { streak: 0 }, None).unwrap();
        let left = Journal::unfinished(directory.path(), "web");
        let left = left.unwrap().unwrap();
        assert_eq!(
            (left.phase, left.found_open),
            (Phase::Healthy { streak: 0 }, both(true, false))
        );
        assert_eq!(left.instance.as_deref(), Some("pid 7 since 9"));
        assert_eq!(left.version, Version::Same);
        journal.enter(&Phase::Upgrade, None).unwrap();
        journal.enter(&Phase::Restart, None).unwrap();
        let left = Journal::unfinished(directory.path(), "web");
        let left = left.unwrap().unwrap();
        assert_eq!((left.version, left.instance), (Version::New, None));
        journal.end().unwrap();
        assert_eq!(Journal::unfinished(directory.path(), "web"), Ok(None));
        std::fs::write(directory.path().join("web.json"), "{\"pid\": 1").unwrap();
        let torn = Journal::unfinished(directory.path(), "web").unwrap_err();
        assert!(torn.contains("web.json"), "{torn}");
    }
}
