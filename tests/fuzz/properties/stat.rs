//! The answer to `show stat`.

use super::{answer, assert_printable};
use haproxy_gate::haproxy::{BackendCapacity, Found, ServerStat, Status, answers};

/// Takes the bytes for HAProxy's whole answer to one `show stat`.
pub fn check(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    let command = ServerStat::command(3, None);
    check_backend(text, &command);
    let parse = |answers: &[String]| ServerStat::parse(&answers[0], &command);
    let Some(stats) = answer::parse_whole(text, std::slice::from_ref(&command), parse) else {
        return;
    };
    // No row is lost, neither in the quotes of another one nor because it is strange.
    assert_eq!(stats.len() + 1, lines(text));
    stats.iter().for_each(check_row);
    check_others(stats);
}

/// The lines with something in them. A line end between quotes is part of a text.
fn lines(text: &str) -> usize {
    let (mut quoted, mut lines, mut empty) = (false, 0, true);
    for byte in text.bytes() {
        quoted ^= byte == b'"';
        let ends = byte == b'\n' && !quoted;
        lines += usize::from(ends && !empty);
        empty = ends;
    }
    lines + usize::from(!empty)
}

/// A neighbour that can't be read costs no other row, and takes no users.
fn check_backend(text: &str, command: &str) {
    let whole = std::slice::from_ref(&command.to_owned()).to_vec();
    let Ok(answers) = answers(text, &whole) else {
        return;
    };
    let Ok(stats) = ServerStat::parse_backend(&answers[0], command) else {
        return;
    };
    assert_eq!(stats.len() + 1, lines(&answers[0]));
    for stat in &stats {
        assert_printable(&format!("{} {} {}", stat.backend, stat.server, stat.status));
    }
    if let Ok(strict) = ServerStat::parse(&answers[0], command) {
        assert_eq!(stats, strict);
    }
    check_others(stats);
}

fn check_row(stat: &ServerStat) {
    assert_printable(&format!("{} {} {}", stat.backend, stat.server, stat.status));
    let again = Status::parse(stat.status.word()).map(|status| status.with_weight(stat.weight));
    assert_eq!(again.as_ref(), Some(&stat.status));
    assert!(!stat.proven || stat.status.word() == "UP", "{stat:?}");
    assert!(
        !(stat.status.is_out() && stat.status.is_usable()),
        "{stat:?}"
    );
    // A later sum over all lines must fit.
    assert!(stat.in_flight <= u64::from(u32::MAX) * 2, "{stat:?}");
}

/// There are never more usable servers than lines, and none if no line is UP.
fn check_others(stats: Vec<ServerStat>) {
    let found = Found::default();
    for backend in stats.iter().map(|stat| &stat.backend) {
        let usable = |stat: &&ServerStat| stat.backend == *backend && stat.status.is_usable();
        let most = stats.iter().filter(usable).count();
        let capacity = BackendCapacity::count(backend, &found, &stats);
        assert!(capacity.usable <= most, "{backend}");
        assert!(capacity.claimed.len() <= capacity.usable, "{backend}");
        assert!(capacity.not_out() <= most, "{backend}");
    }
}
