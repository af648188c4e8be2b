//! Finds the twin of each main line, and prints the line of a twin, to paste below all main lines.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The key by which a line is another's twin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits<'a, H> {
    /// The host of its address.
    pub host: H,
    pub cookie: Option<&'a str>,
}

/// Each main line with its twin, and the twins without a main line, both in their order. It matches
/// by address and cookie, then by address, then by cookie, then in order.
pub(crate) fn pairs<'a, T: Copy, H: Copy + Eq + Hash>(
    mains: &[T],
    twins: &[T],
    of: impl Fn(T) -> Traits<'a, H>,
) -> (Vec<(T, Option<T>)>, Vec<T>) {
    type Key<'a, H> = Option<(Option<H>, Option<&'a str>)>;
    let keys: [fn(Traits<'a, H>) -> Key<'a, H>; 4] = [
        |of| Some((Some(of.host), of.cookie)),
        |of| Some((Some(of.host), None)),
        |of| Some((None, Some(of.cookie?))),
        |_| Some((None, None)),
    ];
    let mut left: Vec<(usize, T)> = twins.iter().copied().enumerate().collect();
    let mut pairs: Vec<_> = mains.iter().map(|main| (*main, None)).collect();
    for key in keys {
        // A map, because comparing thousands of servers with each other would be slow.
        let mut by_key: HashMap<_, VecDeque<(usize, T)>> = HashMap::new();
        let mut keyless = Vec::new();
        for twin in left {
            match key(of(twin.1)) {
                Some(key) => by_key.entry(key).or_default().push_back(twin),
                None => keyless.push(twin),
            }
        }
        for (main, twin) in pairs.iter_mut().filter(|(_, twin)| twin.is_none()) {
            let same = key(of(*main)).and_then(|key| by_key.get_mut(&key));
            *twin = same.and_then(VecDeque::pop_front).map(|(_, twin)| twin);
        }
        left = by_key.into_values().flatten().chain(keyless).collect();
        left.sort_by_key(|(at, _)| *at);
    }
    (pairs, left.into_iter().map(|(_, twin)| twin).collect())
}

/// The line of a twin. `at` and the cookie are those of the main line.
pub(crate) fn line(name: &str, at: &str, cookie: Option<&str>, own_port: Option<u16>) -> String {
    let cookie = cookie.map(|cookie| format!(" cookie {cookie}"));
    let port = own_port.map(|port| format!(" port {port}"));
    let (cookie, port) = (cookie.unwrap_or_default(), port.unwrap_or_default());
    format!("server {name} {at}{cookie} check{port} backup")
}

/// The name for a missing twin.
pub(crate) fn name(main: &str) -> String {
    format!("{main}-twin")
}
