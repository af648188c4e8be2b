//! The root folders that `scripts/debian-root` makes.

use std::env;
use std::path::PathBuf;

/// The folder of a name, made by `scripts/debian-root ARGUMENTS`. A missing one is a failure with
/// its fix: no test passes by skipping.
pub fn require(folder: &str, arguments: &str) -> PathBuf {
    let root = cache().join(folder);
    assert!(
        root.is_dir(),
        "{} is not there: run `scripts/debian-root {arguments}` first",
        root.display()
    );
    root
}

/// The folder in which the script makes them.
fn cache() -> PathBuf {
    let own = env::var_os("HAPROXY_GATE_CACHE").map(PathBuf::from);
    own.unwrap_or_else(|| {
        let caches = env::var_os("XDG_CACHE_HOME").unwrap_or("/var/cache".into());
        PathBuf::from(caches).join("haproxy-gate")
    })
}
