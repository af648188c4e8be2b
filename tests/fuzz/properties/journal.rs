//! The journal that an operation leaves behind by dying.

use haproxy_gate::journal::{Entry, found_open};

/// Takes the bytes for a journal's file.
pub fn check(data: &[u8]) {
    let Some(entry) = Entry::parse(data) else {
        return;
    };
    let written = serde_json::to_vec(&entry).expect("an entry can be written");
    assert_eq!(Entry::parse(&written).as_ref(), Some(&entry));
    super::assert_printable(&entry.cut_short());
    check_torn(data, &entry);
    check_torn(&written, &entry);
    for now in [&[false, false][..], &[true, false], &[false; 3], &[]] {
        check_found_open(now, &entry);
    }
}

/// Half a journal is none: a crash while it was written tells nothing wrong.
fn check_torn(whole: &[u8], entry: &Entry) {
    for at in (0..whole.len()).step_by(whole.len() / 100 + 1) {
        if let Some(read) = Entry::parse(&whole[..at]) {
            assert_eq!(read, *entry, "torn at {at}");
        }
    }
}

/// As many gates as there are, what is open stays open, and once the app was touched nothing
/// is opened on the journal's word.
fn check_found_open(now: &[bool], entry: &Entry) {
    let open = found_open(now.to_vec(), Some(entry.clone()));
    assert_eq!(open.len(), now.len());
    for (at, (open, now)) in open.into_iter().zip(now).enumerate() {
        let was = entry.phase.is_before_restart() && entry.found_open.get(at) == Some(&true);
        assert!(open || !now, "gate {at}");
        assert!(!open || *now || was, "gate {at}");
    }
}
