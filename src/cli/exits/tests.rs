//! Compares the table with the code, and README with the table.

use super::super::dispatch::{USAGE, USAGE_WORD};
use super::super::lock::RELEASED;
use super::super::probe;
use super::super::selection::{FAILED, FAILED_WORD};
use super::super::uninstall::End;
use super::*;
use crate::operation::readonly;
use crate::restart::switch::How;
use crate::restart::{Outcome, Refusal, Verb};
use std::collections::BTreeSet;

/// The kinds of outcomes, as [`samples`] numbers them. A new one does not compile here: add
/// a sample, and its word to the table.
const KINDS: usize = 35;

fn kind(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Done { .. } => 0,
        Outcome::Planned => 1,
        Outcome::Locked(_) => 2,
        Outcome::Refused(Refusal::Preflight(_)) => 3,
        Outcome::Refused(Refusal::TooFewServers(_)) => 4,
        Outcome::NotOut { .. } => 5,
        Outcome::DrainRanOut { .. } => 6,
        Outcome::RestartFailed(_) | Outcome::NotHealthy(_) => 7,
        Outcome::NotBack(_) => 8,
        Outcome::GateFailed { .. } => 9,
        Outcome::Interrupted { .. } => 10,
        Outcome::Nothing(_) => 11,
        Outcome::FloorBroken { .. } => 12,
        Outcome::Unrecorded { .. } => 13,
        Outcome::Finished { .. } => 14,
        Outcome::NotHeld(_) => 15,
        Outcome::Undrained(_) => 16,
        Outcome::UpgradeFailed(_) => 17,
        Outcome::RolledBack { .. } => 18,
        Outcome::RestartedClosed => 19,
        Outcome::Skipped(_) => 20,
        Outcome::NotHealthyClosed(_) => 21,
        Outcome::RolledBackClosed(_) => 22,
        Outcome::UpWhileClosed { .. } => 23,
        Outcome::Switched { .. } => 24,
        Outcome::NotPlaced { .. } => 25,
        Outcome::SwappedBack { .. } => 26,
        Outcome::StillDraining { .. } => 27,
        Outcome::NeitherHealthy { .. } => 28,
        Outcome::Sick(_) => 29,
        Outcome::BothMayServe { .. } => 30,
        Outcome::OutsideWindow(_) => 31,
        Outcome::LockFull(_) => 32,
        Outcome::LockAway(_) => 33,
        Outcome::LockLost { .. } => 34,
    }
}

fn samples() -> Vec<Outcome> {
    let (none, text) = (Vec::new, String::new);
    let mut samples = vec![
        Outcome::Done { note: None },
        Outcome::Nothing(text()),
        Outcome::RestartedClosed,
        Outcome::Skipped(text()),
        Outcome::NotHealthyClosed(text()),
        Outcome::RolledBackClosed(text()),
        Outcome::NotHeld(text()),
        Outcome::Planned,
        Outcome::Locked(text()),
        Outcome::OutsideWindow(text()),
        Outcome::Refused(Refusal::Preflight(Vec::new())),
        Outcome::Refused(Refusal::TooFewServers(Vec::new())),
        Outcome::RestartFailed(text()),
        Outcome::NotHealthy(text()),
        Outcome::NotBack(none()),
        Outcome::Undrained(none()),
        Outcome::UpgradeFailed(text()),
        Outcome::StillDraining {
            waiting: none(),
            unwell: None,
            note: None,
        },
        Outcome::Sick(text()),
        Outcome::LockFull(none()),
        Outcome::LockAway(text()),
        Outcome::LockLost {
            why: text(),
            back: true,
        },
        Outcome::NotPlaced {
            why: text(),
            note: None,
        },
        Outcome::SwappedBack {
            why: text(),
            note: None,
        },
        Outcome::NeitherHealthy {
            why: text(),
            waiting: none(),
        },
        Outcome::BothMayServe {
            why: text(),
            unseen: none(),
            some_seen: true,
        },
        Outcome::UpWhileClosed {
            closed: false,
            lines: none(),
            causes: none(),
            note: None,
        },
    ];
    for yes in [true, false] {
        samples.extend([
            Outcome::NotOut {
                waiting: none(),
                causes: none(),
                back: yes,
            },
            Outcome::DrainRanOut {
                waiting: none(),
                back: yes,
            },
            Outcome::Finished {
                confirmed: yes,
                closed: !yes,
            },
            Outcome::FloorBroken {
                few: none(),
                back: yes,
            },
            Outcome::Unrecorded {
                why: text(),
                back: yes,
            },
            Outcome::GateFailed {
                why: text(),
                put_back: yes,
            },
        ]);
    }
    samples.extend([none(), vec![text()]].map(|waiting| Outcome::RolledBack {
        why: text(),
        waiting,
        note: None,
    }));
    let hows = [How::Start, How::Back, How::Finish];
    samples.extend(hows.map(|how| Outcome::Switched { how, note: None }));
    let interrupted = [1, 2, 15].map(|signal| Outcome::Interrupted {
        signal,
        left: text(),
    });
    samples.extend(interrupted);
    samples
}

/// A new verb does not compile here: add it.
const VERBS: [Verb; 8] = {
    match Verb::Restart {
        Verb::Restart | Verb::Close | Verb::Open | Verb::Recover | Verb::Stop => {}
        Verb::Switch | Verb::MaintenanceOn | Verb::MaintenanceOff => {}
    }
    [
        Verb::Restart,
        Verb::Close,
        Verb::Open,
        Verb::Recover,
        Verb::Stop,
        Verb::Switch,
        Verb::MaintenanceOn,
        Verb::MaintenanceOff,
    ]
};

/// A new end does not compile here: add it.
const UNINSTALLED: [End; 6] = {
    match End::Removed {
        End::Removed | End::NothingToDo | End::Planned => {}
        End::GateFailed | End::Locked | End::Refused => {}
    }
    [
        End::Removed,
        End::NothingToDo,
        End::Planned,
        End::GateFailed,
        End::Locked,
        End::Refused,
    ]
};

/// A new end does not compile here: add it.
const PROBED: [probe::End; 3] = {
    match probe::End::Probed {
        probe::End::Probed | probe::End::NotHealthy | probe::End::NotVerified => {}
    }
    [
        probe::End::Probed,
        probe::End::NotHealthy,
        probe::End::NotVerified,
    ]
};

#[test]
fn every_outcome_has_its_row_and_every_row_its_outcome() {
    let samples = samples();
    let kinds: BTreeSet<usize> = samples.iter().map(kind).collect();
    assert_eq!(kinds.len(), KINDS, "an outcome has no sample");
    let ends = |outcome: &Outcome, verb| (outcome.exit_code(), outcome.word(verb));
    let mut reached: BTreeSet<(u8, &str)> = [(USAGE, USAGE_WORD), (FAILED, FAILED_WORD)].into();
    reached.extend(
        samples
            .iter()
            .flat_map(|one| VERBS.map(|verb| ends(one, verb))),
    );
    reached.insert((0, RELEASED));
    reached.extend(UNINSTALLED.map(|end| (end.exit(), end.word())));
    reached.extend(PROBED.map(|end| (end.exit(), end.word())));
    reached.extend(
        readonly::samples()
            .iter()
            .map(|end| (end.exit(), end.word())),
    );
    let pairs = |row: &'static Row| {
        let words = row.words.iter();
        words.flat_map(|word| row.exits.iter().map(move |exit| (*exit, *word)))
    };
    let table: BTreeSet<(u8, &str)> = ROWS.iter().flat_map(pairs).collect();
    assert_eq!(table, reached);
    let codes: Vec<u8> = ROWS.iter().flat_map(|row| row.exits).copied().collect();
    assert!(
        codes.is_sorted_by(|a, b| a < b),
        "each code stands once, in order"
    );
}

#[test]
fn readme_shows_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let section = readme.split("## Exit codes\n\n").nth(1).expect("a section");
    let shown = section.split("\n\n").next().unwrap();
    let mut table =
        "| exit | `outcome` | meaning | the host is left |\n| --- | --- | --- | --- |".to_owned();
    for row in &ROWS {
        let words: Vec<String> = row.words.iter().map(|word| format!("`{word}`")).collect();
        let (codes, words) = (row.codes(", "), words.join(", "));
        table += &format!("\n| {codes} | {words} | {} | {} |", row.meaning, row.left);
    }
    assert_eq!(
        shown, table,
        "README's table is not that of src/cli/exits/mod.rs; it should be:\n{table}\n"
    );
}

#[test]
fn the_ansible_collection_says_the_same() {
    let path = "/scripts/ansible/plugins/module_utils/exits.py";
    let path = env!("CARGO_MANIFEST_DIR").to_owned() + path;
    let python = std::fs::read_to_string(path).unwrap();
    for row in &ROWS {
        let words = format!("(\"{}\", \"{}\")", row.meaning, row.left);
        let line = match row.exits {
            [exit] => format!("\n    {exit}: {words},\n"),
            _ => format!("\nSIGNALS = {words}\n"),
        };
        assert!(python.contains(&line), "not in exits.py: {line}");
    }
    let lines = python.lines().filter(|line| line.ends_with("\"),"));
    assert_eq!(lines.count() + 1, ROWS.len());
}

#[test]
fn help_fits_a_terminal() {
    for line in help().lines() {
        assert!(line.len() <= 80 && line.starts_with("  "), "{line}");
    }
    let wrapped = |row: &Row| help().contains(&format!("\n      {} (", row.left));
    assert!(ROWS.iter().all(wrapped), "{}", help());
}
