//! The package of `scripts/package`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The newest package. A package older than the sources would prove nothing.
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

/// All files in this folder and below, with the time of their last change.
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

/// A version after all others.
pub const NEWER: &str = "999.0-1";

/// The same package with a newer version, made in this folder.
pub fn newer(folder: &Path) -> PathBuf {
    changed(folder, |_| {})
}

/// A package whose program refuses the configuration.
pub fn that_refuses(folder: &Path) -> PathBuf {
    changed(folder, |files| {
        let refuses = "#!/bin/sh\necho 'error: no such key' >&2\nexit 2\n";
        fs::write(files.join("usr/sbin/agent"), refuses).expect("a program");
    })
}

fn changed(folder: &Path, change: impl FnOnce(&Path)) -> PathBuf {
    let (files, deb) = (folder.join("newer"), folder.join("newer.deb"));
    dpkg_deb(&["--raw-extract"], &built(), &files);
    let control = files.join("DEBIAN/control");
    let text = fs::read_to_string(&control).expect("a control file");
    let lines = text.lines().map(|line| match line {
        version if version.starts_with("Version: ") => format!("Version: {NEWER}\n"),
        other => format!("{other}\n"),
    });
    fs::write(&control, lines.collect::<String>()).expect("a control file");
    change(&files);
    // Fast compression is enough: the package stays on this machine.
    dpkg_deb(&["--root-owner-group", "-Znone", "--build"], &files, &deb);
    deb
}

fn dpkg_deb(arguments: &[&str], from: &Path, to: &Path) {
    let mut command = Command::new("dpkg-deb");
    let ran = command.args(arguments).arg(from).arg(to).output();
    let ran = ran.expect("dpkg-deb");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "dpkg-deb: {said}");
}
