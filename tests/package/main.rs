//! The package of `scripts/package`: its contents, its scripts in a real Debian 12, and its units
//! on a real systemd. It fails without root, `scripts/debian-root bookworm iptables` and the
//! package.

mod contents;
mod double;
mod goes_down;
mod life;
mod machine;
mod order;
mod page;
mod release;
mod sandbox;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The newest package. A package older than its sources would prove nothing.
fn deb() -> PathBuf {
    let deb = newest(|name| name.starts_with("haproxy-gate_") && name.ends_with(".deb"));
    let made = changed(&deb);
    for folder in ["systemd", "scripts/debian", "haproxy"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for source in fs::read_dir(folder).unwrap().flatten() {
            let is_new = changed(&source.path()) > made;
            assert!(
                !is_new,
                "{source:?} is newer than {deb:?}: run scripts/package first"
            );
        }
    }
    deb
}

fn changed(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

fn newest(is_it: impl Fn(&str) -> bool) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/debian");
    let files = fs::read_dir(&folder).into_iter().flatten().flatten();
    let files = files.filter(|file| is_it(&file.file_name().to_string_lossy()));
    let newest = files.max_by_key(|file| changed(&file.path()));
    let Some(newest) = newest else {
        panic!(
            "it is not in {}: run scripts/package first",
            folder.display()
        );
    };
    newest.path()
}

/// Runs the command, which must succeed. Returns its stdout.
fn output(command: &mut Command) -> String {
    let ran = command.output();
    let ran = ran.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let err = String::from_utf8_lossy(&ran.stderr);
    assert!(
        ran.status.success(),
        "{command:?}: {}\n{said}\n{err}",
        ran.status
    );
    said
}
