//! A hold on the disk.

use super::*;

fn hold(owner: Option<&str>, lasts: Option<u64>) -> Hold {
    Hold {
        holder: Holder::new(Verb::Close, "web"),
        owner: owner.map(str::to_owned),
        reason: Some("disk swap".to_owned()),
        until: lasts.map(Duration::from_secs).map(Until::after),
        boot: boot(),
        also: None,
    }
}

fn told(directory: &Path) -> String {
    now(directory, "web").unwrap().told()
}

#[test]
fn a_hold_lasts_until_it_is_lifted_and_a_torn_one_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let directory = &directory.path().join("new");
    assert_eq!(now(directory, "web"), None);
    set(directory, &hold(None, None)).unwrap();
    let told = told(directory);
    assert!(told.starts_with("`agent close web`, pid"), "{told}");
    assert!(told.ends_with("Z: disk swap"), "{told}");
    assert_eq!(now(directory, "api"), None);
    std::fs::write(Kept::Hold.path(directory, "web"), "{").unwrap();
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
    assert!(told(directory).contains(", until 2"), "{}", told(directory));
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
    assert!(told(directory).contains(", for web.service"));
    let before = Hold {
        boot: "another".to_owned(),
        ..hold(Some("web.service"), None)
    };
    set(directory, &before).unwrap();
    assert_eq!(now(directory, "web"), None, "a unit's ends with its boot");
    set(directory, &hold(None, None)).unwrap();
    assert!(!now(directory, "web").unwrap().is_of("web.service"));
    std::fs::write(Kept::Hold.path(directory, "web"), "{").unwrap();
    set(directory, &hold(Some("web.service"), None)).unwrap();
    assert_eq!(now(directory, "web"), Some(Held::Unknown));
}
