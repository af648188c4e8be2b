//! What an operator asked to stay: `agent close` leaves a mark beside the closed gates, so
//! that nobody takes them for ones that a crash or a flush has closed.

use crate::lock::Holder;
use crate::state::Kept;
use std::io;
use std::path::Path;

/// Marks the app's gates as closed by `holder`.
pub fn set(state_dir: &Path, holder: &Holder) -> io::Result<()> {
    Kept::Hold.write(state_dir, &holder.app, holder)
}

/// Who closed the app's gates and wants them so, in words; None: nobody. A mark that can't
/// be read is one all the same.
pub fn who(state_dir: &Path, app: &str) -> Option<String> {
    match Kept::Hold.read::<Holder>(state_dir, app) {
        Ok(holder) => Some(holder?.told()),
        Err(_) => Some("somebody".to_owned()),
    }
}

/// The gates are open again.
pub fn lift(state_dir: &Path, app: &str) -> io::Result<()> {
    Kept::Hold.remove(state_dir, app)
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
        std::fs::write(Kept::Hold.path(state_dir, "web"), "{").unwrap();
        assert_eq!(who(state_dir, "web").as_deref(), Some("somebody"));
        lift(state_dir, "web").unwrap();
        lift(state_dir, "web").unwrap();
        assert_eq!(who(state_dir, "web"), None);
    }
}
