//! Every input that fuzzing found worth keeping, through the properties it was found with.
//! `scripts/fuzz` searches for more.

#[path = "fuzz/properties/mod.rs"]
mod properties;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Runs all inputs of a target, and names those that break a property.
fn all(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut names = Vec::new();
    let mut broken = Vec::new();
    for entry in fs::read_dir(folder.join(target)).expect("the corpus is there") {
        let path = entry.expect("an entry").path();
        let data = fs::read(&path).expect("it can be read");
        if catch_unwind(AssertUnwindSafe(|| check(&data))).is_err() {
            broken.push(path.clone());
        }
        names.push(path);
    }
    assert!(names.len() > 3, "{target} has a corpus");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn stat() {
    all("stat", properties::stat::check);
}

#[test]
fn servers() {
    all("servers", properties::servers::check);
}

#[test]
fn iptables() {
    all("iptables", properties::iptables::check);
}

#[test]
fn config() {
    all("config", properties::config::check);
}

#[test]
fn journal() {
    all("journal", properties::journal::check);
}

#[test]
fn health() {
    all("health", properties::health::check);
}

#[test]
fn cfg() {
    all("cfg", properties::cfg::check);
}
