//! The journal of an operation that died.

use haproxy_gate::restart::{GatesFound, NoStart, PerGate, Phase, Verb, Version, start};
use haproxy_gate::state::journal::{Entry, found_open};

/// Takes the bytes for a journal's file.
pub fn check(data: &[u8]) {
    let Some(entry) = parse(data) else {
        return;
    };
    let written = serde_json::to_vec(&entry).expect("an entry can be written");
    assert_eq!(parse(&written).as_ref(), Some(&entry));
    super::assert_printable(&entry.cut_short());
    check_torn(data, &entry);
    check_torn(&written, &entry);
    for restarted in [None, Some(false), Some(true)] {
        for (main, twin) in [(false, Some(false)), (true, Some(false)), (false, None)] {
            let now = PerGate { main, twin };
            check_found_open(now, &entry, restarted);
        }
        check_start(&entry, restarted);
    }
}

fn parse(data: &[u8]) -> Option<Entry> {
    serde_json::from_slice(data).ok()
}

/// Half a journal is no journal: a crash during the write leaves nothing wrong.
fn check_torn(whole: &[u8], entry: &Entry) {
    for at in (0..whole.len()).step_by(whole.len() / 100 + 1) {
        if let Some(read) = parse(&whole[..at]) {
            assert_eq!(read, *entry, "torn at {at}");
        }
    }
}

/// There are as many gates as before, and open gates stay open. Once the operation has touched the
/// app, the journal opens nothing.
fn check_found_open(now: PerGate<bool>, entry: &Entry, restarted: Option<bool>) {
    let open = found_open(now, Some(entry), restarted);
    assert_eq!(open.twin.is_some(), now.twin.is_some());
    let same = entry.version == Version::Same;
    let touched = entry.phase == Phase::Restart && !(restarted == Some(false) && same);
    let closing = entry.phase == Phase::Restart || entry.phase.is_before_restart();
    let before = entry.found_open;
    let twin = now
        .twin
        .zip(open.twin)
        .map(|(now, open)| (now, open, before.twin == Some(true)));
    let main = (now.main, open.main, before.main);
    for (at, (now, open, before)) in std::iter::once(main).chain(twin).enumerate() {
        let was = closing && !touched && before;
        assert!(open || !now, "gate {at}");
        assert!(!open || now || was, "gate {at}");
    }
}

const VERBS: [Verb; 5] = [
    Verb::Restart,
    Verb::Close,
    Verb::Open,
    Verb::Recover,
    Verb::Stop,
];

/// For any journal: a recovery never takes the host out, and nothing begins by touching the app.
fn check_start(entry: &Entry, restarted: Option<bool>) {
    let left = entry.unfinished(restarted);
    for found in [
        GatesFound::Open,
        GatesFound::Held,
        GatesFound::ClosedUnexpectedly,
    ] {
        for asked in VERBS {
            let start = match start(asked, Some(&left), found) {
                Ok(start) => start,
                // An interrupted close has reached its goal.
                Err(NoStart::Nothing(_)) => {
                    assert_eq!((asked, found), (Verb::Recover, GatesFound::Held));
                    continue;
                }
                // Only a recovery continues a switch.
                Err(NoStart::CutSwitch(_)) => {
                    assert!(left.switch.is_some() && asked != Verb::Recover);
                    continue;
                }
                // Nothing opens the gates of a half upgraded app.
                Err(NoStart::Unfinished(_)) => {
                    assert_eq!(asked, Verb::Recover);
                    continue;
                }
            };
            assert!(!start.phase.touches_app());
            // A recovery does not roll back the upgrade of another operation.
            assert_ne!(start.version, Version::New);
            let closes = start.phase.closes();
            let may_close = matches!(asked, Verb::Restart | Verb::Close | Verb::Stop);
            assert!(!closes || may_close);
        }
    }
}
