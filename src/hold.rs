//! What an operator asked to stay: `agent close` leaves a mark beside the closed gates, so
//! that nobody takes them for ones that a crash or a flush has closed.

use crate::lock::Holder;
use atomic_write_file::AtomicWriteFile;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Marks the app's gates as closed by `holder`.
pub fn set(state_dir: &Path, holder: &Holder) -> io::Result<()> {
    let mut file = AtomicWriteFile::open(path(state_dir, &holder.app))?;
    serde_json::to_writer(&mut file, holder)?;
    file.commit()
}

/// Who closed the app's gates and wants them so, in words; None: nobody. A mark that can't
/// be read is one all the same.
pub fn who(state_dir: &Path, app: &str) -> Option<String> {
    match fs::read(path(state_dir, app)) {
        Ok(text) => Some(match serde_json::from_slice::<Holder>(&text) {
            Ok(holder) => holder.told(),
            Err(_) => "somebody".to_owned(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(_) => Some("somebody".to_owned()),
    }
}

/// The gates are open again.
pub fn lift(state_dir: &Path, app: &str) -> io::Result<()> {
    match fs::remove_file(path(state_dir, app)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn path(state_dir: &Path, app: &str) -> PathBuf {
    state_dir.join(format!("{app}.closed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restart::Verb;

    #[test]
    fn a_hold_lasts_until_it_is_lifted_and_a_torn_one_is_one() {
        let directory = tempfile::tempdir().unwrap();
        let state_dir = directory.path();
        assert_eq!(who(state_dir, "web"), None);
        set(state_dir, &Holder::new(Verb::Close, "web")).unwrap();
        let told = who(state_dir, "web").unwrap();
        assert!(told.contains("`agent close web`, pid"), "{told}");
        assert_eq!(who(state_dir, "api"), None);
        fs::write(path(state_dir, "web"), "{").unwrap();
        assert_eq!(who(state_dir, "web").as_deref(), Some("somebody"));
        lift(state_dir, "web").unwrap();
        lift(state_dir, "web").unwrap();
        assert_eq!(who(state_dir, "web"), None);
    }
}
