//! The package of `scripts/package`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The newest one. One that is older than the sources would prove nothing.
pub fn built() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let debs = files(&folder.join("target/debian"));
    let debs = debs.into_iter().filter(|(path, _)| is_ours(path));
    let newest = debs.max_by_key(|(_, changed)| *changed);
    let (deb, packed) = newest.expect("target/debian has no package: run scripts/package first");
    for sources in ["src", "systemd", "scripts/debian"] {
        for (source, changed) in files(&folder.join(sources)) {
            let (deb, source) = (deb.display(), source.display());
            assert!(
                changed <= packed,
                "{source} is newer than {deb}: run scripts/package first"
            );
        }
    }
    deb
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("haproxy-gate_") && name.ends_with(".deb")
}

/// All in this folder and below, with the time of their last change.
fn files(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata().expect("a file") {
            inside if inside.is_dir() => found.extend(files(&entry.path())),
            file => found.push((entry.path(), file.modified().expect("a time"))),
        }
    }
    found
}
