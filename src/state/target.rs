//! The intent of an app with targets: the target that is current, and the one that is ready beside
//! it. The record is beside the holds and outlives a reboot. The sidecar opens only that target's
//! gates.

use super::{StateFile, directory};
use crate::clock::since_1970;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The record of one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The target whose gates are open at rest.
    pub current: String,
    /// When it became that.
    pub since_unix_s: u64,
    /// The idle target that still runs, for the way back.
    #[serde(default)]
    pub ready: Option<String>,
    /// When that one is stopped. None: when an operator finishes the switch.
    #[serde(default)]
    pub ready_until_unix_s: Option<u64>,
    /// The ready one was started by a switch that failed, and never served for good: nothing goes back to
    /// it.
    #[serde(default)]
    pub ready_failed: bool,
}

impl Intent {
    /// This target is current from now on.
    pub fn now(current: &str) -> Intent {
        Intent {
            current: current.to_owned(),
            since_unix_s: since_1970().as_secs(),
            ready: None,
            ready_until_unix_s: None,
            ready_failed: false,
        }
    }

    /// The same with a target that stays ready for so long. None: until an operator finishes the
    /// switch.
    pub fn with_ready(self, target: &str, lasts: Option<Duration>) -> Intent {
        let now = since_1970().as_secs();
        let until = lasts.map(|lasts| now.saturating_add(lasts.as_secs()));
        self.with_ready_until(target, until)
    }

    /// The same until this second since 1970.
    pub fn with_ready_until(self, target: &str, until: Option<u64>) -> Intent {
        Intent {
            ready: Some(target.to_owned()),
            ready_until_unix_s: until,
            ready_failed: false,
            ..self
        }
    }

    /// The same with a target that a failed switch has left running.
    pub fn with_failed(self, target: &str) -> Intent {
        Intent {
            ready_failed: true,
            ..self.with_ready(target, None)
        }
    }

    /// The same without a target that is ready.
    pub fn without_ready(self) -> Intent {
        Intent {
            ready: None,
            ready_until_unix_s: None,
            ready_failed: false,
            ..self
        }
    }

    /// The idle target that runs until an operator finishes the switch.
    pub fn left_running(&self) -> Option<&str> {
        let ready = self.ready.as_deref();
        ready.filter(|_| self.ready_until_unix_s.is_none())
    }

    /// How long the idle target is still ready. Zero: its time is over. None: no target is ready, or
    /// it has no end.
    pub fn ready_for(&self) -> Option<Duration> {
        self.ready.as_ref()?;
        let left = self
            .ready_until_unix_s?
            .saturating_sub(since_1970().as_secs());
        Some(Duration::from_secs(left))
    }
}

/// Reads the record. None: no target has become current yet.
///
/// # Errors
///
/// It can't be read, others than root may write it, or it is torn, with the fix. That is never
/// "none": the sidecar would choose another target.
pub fn find(hold_dir: &Path, app: &str) -> io::Result<Option<Intent>> {
    StateFile::Target
        .read(hold_dir, app)
        .map_err(|error| io::Error::new(error.kind(), unreadable(hold_dir, app, &error)))
}

/// Writes the record, all of it or nothing, to the disk.
pub fn set(hold_dir: &Path, app: &str, intent: &Intent) -> io::Result<()> {
    directory::make_trusted("hold_dir", hold_dir)?;
    StateFile::Target.write(hold_dir, app, intent)
}

/// Removes the record. A missing one is fine.
pub fn forget(hold_dir: &Path, app: &str) -> io::Result<()> {
    StateFile::Target.remove(hold_dir, app)
}

fn unreadable(hold_dir: &Path, app: &str, error: &io::Error) -> String {
    let file = StateFile::Target.path(hold_dir, app);
    let fix = match error.kind() {
        io::ErrorKind::PermissionDenied if !nix::unistd::geteuid().is_root() => {
            "only root may read it: run it with sudo".to_owned()
        }
        _ => format!("fix or remove it, then run `agent open {app} --to TARGET`"),
    };
    format!(
        "{}: {error}: the current target of {app} is unknown; {fix}",
        file.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_record_is_found_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let directory = &directory.path().join("new");
        assert_eq!(find(directory, "web").unwrap(), None);
        let green = Intent::now("green");
        let warm = green
            .clone()
            .with_ready("blue", Some(Duration::from_secs(600)));
        let left_running = green.clone().with_ready("blue", None);
        let failed = green.clone().with_failed("blue");
        assert!(failed.ready_failed && failed.left_running() == Some("blue"));
        assert_eq!(failed.clone().with_ready("blue", None), left_running);
        assert_eq!(failed.clone().without_ready(), green);
        for intent in [&green, &warm, &left_running, &failed] {
            set(directory, "web", intent).unwrap();
            assert_eq!(find(directory, "web").unwrap().as_ref(), Some(intent));
        }
        assert_eq!(warm.clone().without_ready(), green);
        assert_eq!(find(directory, "api").unwrap(), None);
        forget(directory, "web").unwrap();
        forget(directory, "web").unwrap();
        assert_eq!(find(directory, "web").unwrap(), None);
    }

    #[test]
    fn the_time_of_a_ready_target_ends() {
        let green = Intent::now("green");
        assert_eq!(green.ready_for(), None);
        let ready_for = |lasts| {
            let lasts = Some(Duration::from_secs(lasts));
            let warm = green.clone().with_ready("blue", lasts);
            warm.ready_for().unwrap().as_secs()
        };
        let left_running = green.clone().with_ready("blue", None);
        assert_eq!(left_running.ready_for(), None);
        assert_eq!(left_running.left_running(), Some("blue"));
        let warm = green.clone().with_ready("blue", Some(Duration::ZERO));
        assert_eq!((green.left_running(), warm.left_running()), (None, None));
        assert_eq!(ready_for(0), 0);
        assert!((599..=600).contains(&ready_for(600)));
        assert!(ready_for(u64::MAX) > 600);
    }

    /// A record that can't be read is no missing one.
    #[test]
    fn a_torn_record_and_one_that_others_may_write_are_errors() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let file = StateFile::Target.path(directory, "web");
        let why = || find(directory, "web").unwrap_err().to_string();
        for torn in ["", "{", "{}", "[]", r#"{"current": 7, "since_unix_s": 1}"#] {
            fs::write(&file, torn).unwrap();
            assert!(why().contains("`agent open web --to TARGET`"), "{}", why());
        }
        set(directory, "web", &Intent::now("green")).unwrap();
        let may = fs::Permissions::from_mode(0o666);
        fs::set_permissions(&file, may).unwrap();
        assert!(why().contains("web.target"), "{}", why());
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(why().contains("remove it"), "{}", why());
    }

    #[test]
    fn no_record_is_written_into_a_directory_of_others() {
        let directory = tempfile::tempdir().unwrap();
        let may = fs::Permissions::from_mode(0o777);
        fs::set_permissions(directory.path(), may).unwrap();
        let refused = set(directory.path(), "web", &Intent::now("green")).unwrap_err();
        assert!(
            refused.to_string().contains("writable by users"),
            "{refused}"
        );
        assert!(!StateFile::Target.path(directory.path(), "web").exists());
    }
}
