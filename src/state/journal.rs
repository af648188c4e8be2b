//! The journal of where an operation on an app is, written before a phase is acted on.

use crate::restart::{PerGate, Phase, UnfinishedOperation, Version};
use crate::state::StateFile;
use crate::state::caller::Asked;
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
    /// Whose operation it is.
    #[serde(flatten)]
    pub holder: Invocation,
    /// The phase it was about to act on.
    pub phase: Phase,
    /// Whether each of the app's gates stood open before the operation.
    pub found_open: PerGate<bool>,
    /// The app's instance before its restart; after a crash it tells whether that happened.
    pub instance: Option<String>,
    /// It is to restart the app, or finishes a restart that another one had begun.
    #[serde(default)]
    pub restarting: bool,
    /// It finishes a restart, and nobody can tell whether that had happened.
    #[serde(default)]
    pub unsure: bool,
    /// The gates are held closed, and it is to leave them so.
    #[serde(default)]
    pub stays_closed: bool,
    /// Which version of the app it is to bring up.
    #[serde(default)]
    pub version: Version,
    /// Who has asked for it, and why: for the history, where it is cut short.
    #[serde(default)]
    pub asked: Asked,
    /// It was not cut short: it has ended, and left this because its rules could not be set.
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
    /// What to tell of an operation that died, or has ended so.
    pub fn cut_short(&self) -> String {
        let Invocation { pid, verb, .. } = self.holder;
        let (verb, phase) = (verb.word(), self.phase.name());
        let how = match self.ended {
            true => "gave up setting the rules",
            false => "was cut short",
        };
        format!("an earlier {verb} (pid {pid}) {how} in phase {phase}")
    }

    /// For the core. `restarted`: whether the app has been since; None: nobody can tell.
    pub fn left_behind(&self, restarted: Option<bool>) -> UnfinishedOperation {
        UnfinishedOperation {
            verb: self.holder.verb,
            phase: self.phase.clone(),
            restarting: self.restarting,
            restarted,
            unsure: self.unsure,
            version: self.version.clone(),
        }
    }

    /// It had closed gates, perhaps, and not touched the app.
    fn was_closing(&self, restarted: Option<bool>) -> bool {
        let same = self.version == Version::Same;
        let untouched = self.phase == Phase::Restart && restarted == Some(false) && same;
        self.phase.is_before_restart() || untouched
    }
}

impl Journal {
    /// What an earlier operation on this app left behind, by dying or on purpose; None: nothing.
    /// Err: it can't be read, so the kernel and HAProxy have to be believed without it.
    pub fn left_behind(state_dir: &Path, app: &str) -> Result<Option<Entry>, String> {
        let path = StateFile::Journal.path(state_dir, app);
        let told = |why: io::Error| format!("the journal {} can't be read: {why}", path.display());
        StateFile::Journal.read(state_dir, app).map_err(told)
    }

    /// Begins the journal of an operation, before its first phase is acted on.
    pub fn begin(state_dir: &Path, entry: Entry) -> io::Result<Journal> {
        let journal = Journal {
            state_dir: state_dir.to_owned(),
            entry,
        };
        journal.write()?;
        Ok(journal)
    }

    /// One that nobody can read, where the first phase could not be recorded.
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
        // An upgrade may restart the app, too: whether its own restart has happened is told
        // by what runs after it.
        if matches!(phase, Phase::Upgrade | Phase::Rollback(_)) {
            self.entry.instance = None;
        }
        self.entry.instance = instance.or_else(|| self.entry.instance.take());
        let written = self.write();
        if written.is_err() {
            // What is not recorded is not done.
            self.entry.version = before;
        }
        written
    }

    /// Which version of the app is to come up.
    pub fn version(&self) -> &Version {
        &self.entry.version
    }

    /// Removes what was left behind.
    pub fn forget(state_dir: &Path, app: &str) -> io::Result<()> {
        StateFile::Journal.remove(state_dir, app)
    }

    /// The operation has ended, and said how it left the host.
    pub fn end(self) -> io::Result<()> {
        Journal::forget(&self.state_dir, &self.entry.holder.app)
    }

    /// The same, and what it has found is still needed.
    pub fn leave(mut self) -> io::Result<()> {
        self.entry.ended = true;
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        let app = &self.entry.holder.app;
        StateFile::Journal.write(&self.state_dir, app, &self.entry)
    }
}

/// Which gates stood open before anybody touched them. An operation that was cut short
/// before the app was touched had found them otherwise than they are `now`; after that the
/// kernel is believed, since nobody knows whether the app is well.
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
        let holder = Invocation::new(Verb::Restart, "web");
        Entry {
            holder,
            phase,
            found_open: both(true, false),
            instance: None,
            restarting: true,
            unsure: false,
            stays_closed: false,
            version: Version::Same,
            asked: Asked::default(),
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

    /// The agents before this one did not write so, and read over it.
    #[test]
    fn who_has_ended_and_left_it_was_not_cut_short() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::begin(directory.path(), entry(Phase::Open)).unwrap();
        let left = || Journal::left_behind(directory.path(), "web");
        let pid = std::process::id();
        let told = format!("an earlier restart (pid {pid}) was cut short in phase open");
        assert_eq!(left().unwrap().unwrap().cut_short(), told);
        journal.leave().unwrap();
        let ended = left().unwrap().unwrap();
        let told =
            format!("an earlier restart (pid {pid}) gave up setting the rules in phase open");
        assert_eq!(ended.cut_short(), told);
        assert_eq!(
            ended.left_behind(None),
            entry(Phase::Open).left_behind(None)
        );
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
    fn the_journal_is_there_until_the_end_and_torn_ones_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = Journal::begin(directory.path(), entry(Phase::Close)).unwrap();
        journal
            .enter(&Phase::Restart, Some("pid 7 since 9".to_owned()))
            .unwrap();
        journal.enter(&Phase::Healthy { streak: 0 }, None).unwrap();
        let left = Journal::left_behind(directory.path(), "web");
        let left = left.unwrap().unwrap();
        assert_eq!(
            (left.phase, left.found_open),
            (Phase::Healthy { streak: 0 }, both(true, false))
        );
        assert_eq!(left.instance.as_deref(), Some("pid 7 since 9"));
        assert_eq!(left.version, Version::Same);
        journal.enter(&Phase::Upgrade, None).unwrap();
        journal.enter(&Phase::Restart, None).unwrap();
        let left = Journal::left_behind(directory.path(), "web");
        let left = left.unwrap().unwrap();
        assert_eq!((left.version, left.instance), (Version::New, None));
        journal.end().unwrap();
        assert_eq!(Journal::left_behind(directory.path(), "web"), Ok(None));
        std::fs::write(directory.path().join("web.json"), "{\"pid\": 1").unwrap();
        let torn = Journal::left_behind(directory.path(), "web").unwrap_err();
        assert!(torn.contains("web.json"), "{torn}");
    }
}
