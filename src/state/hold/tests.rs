//! A hold on the disk.

use super::*;
use crate::clock::{boot, since_1970};
use crate::restart::Verb;
use crate::state::StateFile;
use crate::state::invocation::Invocation;
use std::path::Path;
use std::time::Duration;

fn hold(owner: Option<&str>, lasts: Option<u64>) -> Hold {
    Hold {
        invocation: Invocation::new(Verb::Close, "web"),
        user: None,
        operation: None,
        owner: owner.map(str::to_owned),
        reason: Some("disk swap".to_owned()),
        until: lasts
            .map(Duration::from_secs)
            .map(Until::after)
            .map(Box::new),
        boot: boot(),
        also: None,
        failed: None,
        before: None,
    }
}

fn failure(failed: Failed, why: &str) -> Failure {
    Failure::new(
        Invocation::new(Verb::Restart, "web"),
        None,
        failed,
        why.to_owned(),
    )
}

fn described(directory: &Path) -> String {
    now(directory, "web").unwrap().describe()
}

#[test]
fn a_hold_lasts_until_it_is_lifted_and_a_torn_one_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let directory = &directory.path().join("new");
    assert_eq!(now(directory, "web"), None);
    set(directory, &hold(None, None)).unwrap();
    let text = described(directory);
    assert!(text.starts_with("`agent close web`, since 2"), "{text}");
    assert!(text.ends_with("Z: disk swap"), "{text}");
    assert_eq!(now(directory, "api"), None);
    std::fs::write(StateFile::Hold.path(directory, "web"), "{").unwrap();
    assert_eq!(now(directory, "web"), Some(Held::Unknown));
    lift(directory, "web").unwrap();
    lift(directory, "web").unwrap();
    assert_eq!(now(directory, "web"), None);
}

#[test]
fn one_with_a_time_ends_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    set(directory, &hold(None, Some(1000))).unwrap();
    assert!(
        described(directory).contains(", until 2"),
        "{}",
        described(directory)
    );
    set(directory, &hold(None, Some(0))).unwrap();
    assert_eq!(now(directory, "web"), None);
    assert!(find(directory, "web").unwrap().is_over());
    // After a reboot the wall clock counts.
    let rebooted = |at| {
        let mut held = hold(None, Some(1000));
        let until = held.until.as_mut().unwrap();
        (until.boot, until.at) = ("another".to_owned(), at);
        set(directory, &held).unwrap();
        find(directory, "web").unwrap().is_over()
    };
    assert!(rebooted(since_1970().as_secs() - 1));
    assert!(!rebooted(since_1970().as_secs() + 100));
}

#[test]
fn a_unit_takes_nothing_from_the_operator() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    set(directory, &hold(None, None)).unwrap();
    set(directory, &hold(Some("web.service"), None)).unwrap();
    assert!(!now(directory, "web").unwrap().is_of("web.service"));
    set(directory, &hold(None, Some(0))).unwrap();
    set(directory, &hold(Some("web.service"), None)).unwrap();
    assert!(now(directory, "web").unwrap().is_of("web.service"));
    assert!(described(directory).contains(", for web.service"));
    let before = Hold {
        boot: "another".to_owned(),
        ..hold(Some("web.service"), None)
    };
    set(directory, &before).unwrap();
    assert_eq!(now(directory, "web"), None, "a unit's ends with its boot");
    set(directory, &hold(None, None)).unwrap();
    assert!(!now(directory, "web").unwrap().is_of("web.service"));
    std::fs::write(StateFile::Hold.path(directory, "web"), "{").unwrap();
    set(directory, &hold(Some("web.service"), None)).unwrap();
    assert_eq!(now(directory, "web"), Some(Held::Unknown));
}

/// Half an upgrade is marked, and after it the file is as it was.
#[test]
fn an_upgrade_gives_back_the_hold_of_before() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let upgrade = || {
        let before = during_upgrade(
            directory,
            failure(Failed::UpgradeCutShort, "its upgrade runs"),
        )
        .unwrap();
        (before, find(directory, "web").unwrap())
    };
    let (before, during) = upgrade();
    assert!(before.is_none() && !during.is_asked_for() && !during.is_of_a_failed_restart());
    as_before(directory, "web", before.as_ref()).unwrap();
    assert_eq!(find(directory, "web"), None);

    let failed = Hold {
        failed: Some(Failed::Restart),
        invocation: Invocation::new(Verb::Restart, "web"),
        ..hold(None, None)
    };
    for there in [hold(None, None), hold(None, Some(1000)), failed] {
        set(directory, &there).unwrap();
        let (before, during) = upgrade();
        assert!(
            during.describe().ends_with("its upgrade runs"),
            "{during:?}"
        );
        as_before(directory, "web", before.as_ref()).unwrap();
        assert_eq!(find(directory, "web"), Some(Held::By(there)));
    }

    // It holds, and no process could write it again.
    std::fs::write(StateFile::Hold.path(directory, "web"), "{").unwrap();
    let (before, during) = upgrade();
    assert_eq!(during, Held::Unknown);
    as_before(directory, "web", before.as_ref()).unwrap();
    assert_eq!(find(directory, "web"), Some(Held::Unknown));
}

/// A crash or the sidecar may come at any moment: without a hold the gates would open.
#[test]
fn an_operators_hold_is_there_at_every_moment() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let there = hold(None, None);
    set(directory, &there).unwrap();
    let is_over = AtomicBool::new(false);
    let missed = std::thread::scope(|scope| {
        let looks = scope.spawn(|| {
            let mut missed = 0;
            while !is_over.load(Ordering::Relaxed) {
                missed += usize::from(!StateFile::Hold.path(directory, "web").exists());
            }
            missed
        });
        for _ in 0..100 {
            as_before(directory, "web", Some(&Held::By(there.clone()))).unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        looks.join().unwrap()
    });
    assert_eq!(missed, 0);
}

#[test]
fn a_hold_of_the_agents_own_says_what_failed() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let until = |why: &str, failed| {
        until_opened(directory, failure(failed, why)).unwrap();
        let held = now(directory, "web").unwrap();
        (held.is_asked_for(), held.is_of_a_failed_restart())
    };
    assert_eq!(until("the restart failed", Failed::Restart), (false, true));
    assert_eq!(until("the upgrade failed", Failed::Upgrade), (false, false));
    // An operator's hold with a later failure.
    lift(directory, "web").unwrap();
    set(directory, &hold(None, None)).unwrap();
    assert_eq!(until("the restart failed", Failed::Restart), (true, false));
    settled(directory, "web").unwrap();
    assert_eq!(
        find(directory, "web").unwrap().report(false).failed,
        None,
        "what failed is over"
    );
    lift(directory, "web").unwrap();
    // An older agent, which did not write `failed`, has held them after a failed restart, too.
    until("the restart failed", Failed::Restart);
    let older = serde_json::json!(find(directory, "web").map(|held| match held {
        Held::By(hold) => Hold {
            failed: None,
            ..hold
        },
        Held::Unknown => unreachable!(),
    }));
    std::fs::write(StateFile::Hold.path(directory, "web"), older.to_string()).unwrap();
    assert!(now(directory, "web").unwrap().is_of_a_failed_restart());
}

/// After a downgrade, too: an agent that can't read a hold replaces it.
#[test]
fn an_older_agent_reads_what_failed_and_this_one_a_later_agents() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Older {
        Restart,
        Upgrade,
    }
    #[derive(serde::Deserialize)]
    struct OlderHold {
        #[serde(default)]
        failed: Option<Older>,
    }
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let file = StateFile::Hold.path(directory, "web");
    for (failed, older) in [
        (None, None),
        (Some(Failed::Restart), Some(Older::Restart)),
        (Some(Failed::Upgrade), Some(Older::Upgrade)),
        (Some(Failed::UpgradeCutShort), Some(Older::Upgrade)),
    ] {
        let there = Hold {
            failed,
            ..hold(None, None)
        };
        set(directory, &there).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let read: OlderHold = serde_json::from_str(&text).unwrap();
        assert_eq!(read.failed, older, "{text}");
        assert_eq!(find(directory, "web"), Some(Held::By(there)), "{text}");
    }
    let later = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, later.replace("upgrade", "certificate")).unwrap();
    match find(directory, "web") {
        Some(Held::By(hold)) => assert_eq!(hold.failed, Some(Failed::UpgradeCutShort)),
        other => panic!("{other:?}"),
    }
}
