//! Finds the twin of each main line.

use super::line::{Line, NONE};
use std::collections::{HashMap, HashSet, VecDeque};

/// A main line with its twin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub main: &'a Line,
    pub twin: &'a Line,
}

/// The lines of an app in one backend, in their order.
#[derive(Debug, Default)]
pub(super) struct Matched<'a> {
    pub pairs: Vec<Pair<'a>>,
    /// The main lines without a twin.
    pub mains: Vec<&'a Line>,
    /// The twins without a main line.
    pub twins: Vec<&'a Line>,
}

/// The traits by which a line is another's twin.
type Key<'a> = Option<(Option<&'a str>, Option<&'a str>)>;

/// It matches by address and cookie, then by address, then by cookie, then in order.
pub(super) fn matched(lines: &[Line]) -> Matched<'_> {
    let keys: [fn(&Line) -> Key<'_>; 4] = [
        |line| Some((line.host.as_deref(), cookie(line))),
        |line| Some((line.host.as_deref(), None)),
        |line| Some((None, Some(cookie(line)?))),
        |_| Some((None, None)),
    ];
    let mut matched = Matched::default();
    (matched.mains, matched.twins) = lines.iter().partition(|line| line.is_main);
    for key in keys {
        // A map, because comparing thousands of servers with each other would be slow.
        let mut by_key: HashMap<_, VecDeque<&Line>> = HashMap::new();
        for twin in &matched.twins {
            if let Some(key) = key(twin) {
                by_key.entry(key).or_default().push_back(twin);
            }
        }
        let mut taken = HashSet::new();
        matched.mains.retain(|main| {
            let same = key(main).and_then(|key| by_key.get_mut(&key)?.pop_front());
            taken.extend(same.map(std::ptr::from_ref));
            matched.pairs.extend(same.map(|twin| Pair { main, twin }));
            same.is_none()
        });
        matched
            .twins
            .retain(|twin| !taken.contains(&std::ptr::from_ref(*twin)));
    }
    matched.pairs.sort_by_key(|pair| pair.main.at);
    matched
}

fn cookie(line: &Line) -> Option<&str> {
    line.cookie.as_deref().filter(|cookie| *cookie != NONE)
}
