//! A journal on the disk, and what the next operation makes of it.

use super::*;
use crate::restart::switch::{How, SwitchPhase, Switching};
use crate::restart::{PerGate, Phase, Verb, Version};
use crate::state::caller::Origin;
use crate::state::hold::{Hold, Until};
use crate::state::invocation::Invocation;
use std::time::Duration;

fn both(main: bool, twin: bool) -> PerGate<bool> {
    PerGate {
        main,
        twin: Some(twin),
    }
}

fn entry(phase: Phase) -> Entry {
    let invocation = Invocation::new(Verb::Restart, "web");
    Entry {
        invocation,
        phase,
        found_open: both(true, false),
        instance: None,
        restarting: true,
        unsure: false,
        stays_closed: false,
        version: Version::Same,
        switch: None,
        origin: Origin::default(),
        without_balancers: Vec::new(),
        ended: false,
    }
}

#[test]
fn putting_back_means_how_it_was_before_the_one_that_died() {
    let put_back = |phase, restarted| {
        let died = Entry {
            found_open: both(true, true),
            ..entry(phase)
        };
        found_open(both(false, false), Some(&died), restarted)
    };
    assert_eq!(put_back(Phase::Drain { zeros: 0 }, None), both(true, true));
    assert_eq!(put_back(Phase::Close, None), both(true, true));
    assert_eq!(put_back(Phase::Restart, Some(false)), both(true, true));
    assert_eq!(put_back(Phase::Restart, None), both(false, false));
    assert_eq!(put_back(Phase::Upgrade, None), both(false, false));
    assert_eq!(put_back(Phase::Restart, Some(true)), both(false, false));
    assert_eq!(put_back(Phase::Open, None), both(false, false));
    assert_eq!(
        found_open(both(false, false), None, None),
        both(false, false)
    );
    assert_eq!(found_open(both(true, false), None, None), both(true, false));
}

/// Older agents did not write this, and ignore it.
#[test]
fn who_has_ended_and_left_it_was_not_cut_short() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::begin(directory.path(), entry(Phase::Open)).unwrap();
    let left = || Journal::unfinished(directory.path(), "web");
    let pid = std::process::id();
    let text = format!("an earlier restart (pid {pid}) was cut short in phase open");
    assert_eq!(left().unwrap().unwrap().cut_short(), text);
    journal.leave().unwrap();
    let ended = left().unwrap().unwrap();
    let text = format!("an earlier restart (pid {pid}) gave up setting the rules in phase open");
    assert_eq!(ended.cut_short(), text);
    // A later agent names its operation instead of a process that is gone.
    let named = Entry {
        origin: Origin {
            id: "1ng3gtr3xfn".to_owned(),
            ..Origin::by_sidecar()
        },
        ..ended.clone()
    };
    let text = named.cut_short();
    assert!(
        text.starts_with("an earlier restart (1ng3gtr3xfn, by sidecar) gave"),
        "{text}"
    );
    assert_eq!(ended.unfinished(None), entry(Phase::Open).unfinished(None));
    let mut older = serde_json::to_value(&ended).unwrap();
    older.as_object_mut().unwrap().remove("ended");
    let older: Entry = serde_json::from_value(older).unwrap();
    assert_eq!(
        older,
        Entry {
            ended: false,
            ..ended
        }
    );
}

/// The targets of a switch outlive its process, and older journals have none.
#[test]
fn a_switch_names_its_targets() {
    let switch = Targets {
        from: "blue".to_owned(),
        to: "green".to_owned(),
        switching: Switching {
            how: How::Back,
            keeps: true,
            ..Switching::default()
        },
        keep_s: 600,
        ready_until_unix_s: Some(1_795_248_600),
        hold: None,
    };
    let phase = Phase::Switch(SwitchPhase::Drain { zeros: 1 });
    let died = Entry {
        switch: Some(switch),
        ..entry(phase.clone())
    };
    let text = serde_json::to_value(&died).unwrap();
    assert_eq!(text["switch"]["how"], "back");
    let read: Entry = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(read, died);
    let how = read.unfinished(None).switch.map(|switching| switching.how);
    assert_eq!(how, Some(How::Back));
    let mut older = text;
    older.as_object_mut().unwrap().remove("switch");
    let older: Entry = serde_json::from_value(older).unwrap();
    assert_eq!(older, entry(phase));
}

/// Its `off` removes the hold that a recovery restores. Older journals have none.
#[test]
fn a_maintenance_keeps_its_hold() {
    let hold = Hold {
        invocation: Invocation::new(Verb::MaintenanceOn, "web"),
        user: Some("alice".into()),
        operation: None,
        owner: None,
        reason: Some("the database moves".to_owned()),
        until: Some(Box::new(Until::after(Duration::from_hours(2)))),
        boot: "b".to_owned(),
        also: None,
        failed: None,
        before: None,
    };
    let off = Targets {
        from: "page".to_owned(),
        to: String::new(),
        switching: Switching::default(),
        keep_s: 0,
        ready_until_unix_s: None,
        hold: Some(Box::new(hold)),
    };
    let mut text = serde_json::to_value(&off).unwrap();
    let read: Targets = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(read, off);
    text.as_object_mut().unwrap().remove("hold");
    let older: Targets = serde_json::from_value(text).unwrap();
    assert_eq!(older.hold, None);
}

#[test]
fn the_journal_is_there_until_the_end_and_a_torn_one_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let mut journal = Journal::begin(directory.path(), entry(Phase::Close)).unwrap();
    journal
        .enter(&Phase::Restart, Some("pid 7 since 9".to_owned()))
        .unwrap();
    journal.enter(&Phase::Healthy { streak: 0 }, None).unwrap();
    let left = Journal::unfinished(directory.path(), "web");
    let left = left.unwrap().unwrap();
    assert_eq!(
        (left.phase, left.found_open),
        (Phase::Healthy { streak: 0 }, both(true, false))
    );
    assert_eq!(left.instance.as_deref(), Some("pid 7 since 9"));
    assert_eq!(left.version, Version::Same);
    journal.enter(&Phase::Upgrade, None).unwrap();
    journal.enter(&Phase::Restart, None).unwrap();
    let left = Journal::unfinished(directory.path(), "web");
    let left = left.unwrap().unwrap();
    assert_eq!((left.version, left.instance), (Version::New, None));
    journal.end().unwrap();
    assert_eq!(Journal::unfinished(directory.path(), "web"), Ok(None));
    std::fs::write(directory.path().join("web.json"), "{\"pid\": 1").unwrap();
    let torn = Journal::unfinished(directory.path(), "web").unwrap_err();
    assert!(torn.contains("web.json"), "{torn}");
}
