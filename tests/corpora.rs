//! Gives every kept fuzzing input to the property that found it. `scripts/fuzz` searches for more.

#[path = "fuzz/properties/mod.rs"]
mod properties;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGETS: [&str; 7] = [
    "stat", "servers", "iptables", "config", "journal", "health", "cfg",
];

/// Runs all inputs of a target, and names those that break a property.
fn all(target: &str, check: fn(&[u8])) {
    let inputs = inputs(&packed(target));
    let mut broken = Vec::new();
    for (name, data) in &inputs {
        if catch_unwind(AssertUnwindSafe(|| check(data))).is_err() {
            broken.push(name);
        }
    }
    assert!(inputs.len() > 3, "{target} has a corpus");
    assert!(broken.is_empty(), "{broken:#?}");
}

fn packed(target: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    folder.join(target).with_extension("txt")
}

/// The inputs of a packed corpus, by name; `tests/fuzz/corpus.py` says how they are written.
fn inputs(file: &Path) -> Vec<(String, Vec<u8>)> {
    let mut inputs: Vec<(String, Vec<u8>)> = Vec::new();
    for line in fs::read_to_string(file).expect("it is there").lines() {
        match line.strip_prefix("== ") {
            Some(name) => inputs.push((name.to_owned(), Vec::new())),
            None => unescape(line, &mut inputs.last_mut().expect("a name first").1),
        }
    }
    inputs
}

fn unescape(line: &str, data: &mut Vec<u8>) {
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        data.push(match byte {
            b'\\' => match rest.next().expect("an escape goes on") {
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                b'x' => rest.by_ref().take(2).fold(0, |byte, digit| {
                    let digit = char::from(digit).to_digit(16).expect("a digit");
                    byte * 16 + u8::try_from(digit).expect("below 16")
                }),
                other => panic!("no such escape: {:?}", char::from(other)),
            },
            byte => byte,
        });
    }
}

/// `scripts/fuzz` unpacks for libFuzzer exactly the inputs that these tests read, and packs them
/// back unchanged.
#[test]
fn the_fuzzer_reads_the_same_inputs() {
    let dir = tempfile::tempdir().unwrap();
    for target in TARGETS {
        let (folder, again) = (dir.path().join(target), dir.path().join("again"));
        corpus("unpack", &packed(target), &folder);
        let unpacked = fs::read_dir(&folder).unwrap().map(|one| one.unwrap());
        let mut unpacked: Vec<(String, Vec<u8>)> = unpacked
            .map(|one| {
                let name = one.file_name().into_string().unwrap();
                (name, fs::read(one.path()).unwrap())
            })
            .collect();
        unpacked.sort();
        assert!(unpacked == inputs(&packed(target)), "{target}");
        corpus("pack", &folder, &again);
        assert!(
            fs::read(&again).unwrap() == fs::read(packed(target)).unwrap(),
            "{target}"
        );
    }
}

fn corpus(action: &str, from: &Path, to: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus.py");
    let mut python = Command::new("python3");
    python.arg("-B").arg(script).arg(action).arg(from).arg(to);
    assert!(python.status().expect("python3 runs").success());
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
