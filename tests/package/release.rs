//! The steps of a release that need no network: the version check, and the workflow that calls them.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A checkout whose changelog begins with this heading.
fn checkout(heading: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in [
        "Cargo.toml",
        "scripts/ansible/galaxy.yml",
        "scripts/lib/parts",
        "scripts/release",
    ] {
        let to = folder.path().join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(Path::new(ROOT).join(file), to).unwrap();
    }
    let text = format!("# Changelog\n\n{heading}\n\n- It can more.\n\n## 0.0.1\n\n- It is.\n");
    fs::write(folder.path().join("CHANGELOG.md"), text).unwrap();
    folder
}

/// Runs it in the checkout. Returns its output, and whether it succeeded.
fn release(folder: &TempDir, words: &[&str]) -> (String, bool) {
    let mut command = Command::new(folder.path().join("scripts/release"));
    let ran = command.args(words).output().unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    (
        String::from_utf8_lossy(&said).into_owned(),
        ran.status.success(),
    )
}

#[test]
fn a_tag_is_the_version_of_every_file() {
    let tag = format!("v{VERSION}");
    for heading in [
        format!("## {VERSION} - 2026-12-01"),
        format!("## [{VERSION}] - 2026-12-01"),
        format!("## {VERSION}"),
    ] {
        let folder = checkout(&heading);
        assert_eq!(release(&folder, &["check", &tag]), (String::new(), true));
        let notes = release(&folder, &["notes", &tag]);
        assert_eq!(notes.0, "- It can more.\n\n");
    }
    for (heading, tag, wrong) in [
        (
            "## Unreleased",
            tag.as_str(),
            "first section of CHANGELOG.md has 'Unreleased'",
        ),
        (
            "## 9.9.9",
            tag.as_str(),
            "first section of CHANGELOG.md has '9.9.9'",
        ),
        ("## 9.9.9", "v9.9.9", "Cargo.toml has"),
        ("## 9.9.9", "9.9.9", "must begin with v"),
    ] {
        let (said, good) = release(&checkout(heading), &["check", tag]);
        assert!(!good && said.contains(wrong), "{heading} {tag}: {said}");
    }
}

#[test]
fn the_workflow_calls_scripts_that_exist() {
    let workflow = read(".github/workflows/release.yml");
    let words = workflow.split_whitespace();
    let scripts: Vec<&str> = words
        .filter(|word| word.starts_with("scripts/") || word.starts_with(".ci/"))
        .collect();
    assert!(scripts.len() > 4, "{scripts:?}");
    for script in scripts {
        assert!(Path::new(ROOT).join(script).is_file(), "{script}");
    }
    // Rust's version there is the oldest that builds.
    let oldest = format!("--default-toolchain {}", env!("CARGO_PKG_RUST_VERSION"));
    assert!(workflow.contains(&oldest), "{oldest}");
}
