//! How many hosts HAProxy can use, from a look every 20 ms and from its log. A host counts once,
//! whichever of its targets is UP.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::haproxy::Haproxy;
use crate::process::{Line, Lines};
use crate::{now, stats};

const LOOK: Duration = Duration::from_millis(20);

/// A connection during a reload may get no answer.
const SOON: Duration = Duration::from_millis(500);

pub struct Capacity {
    over: Arc<AtomicBool>,
    looking: JoinHandle<Looks>,
    log: Lines,
    /// The main lines that took new users at first, and when that was.
    first: (BTreeSet<String>, f64),
}

/// The results of all looks.
#[derive(Debug)]
pub struct Looks {
    pub count: usize,
    pub first: usize,
    pub fewest: usize,
    /// Unix seconds.
    fewest_at: f64,
    /// The longest time from one look to the next one, in seconds.
    pub longest_pause: f64,
    /// The fewest by HAProxy's log, which misses no moment however busy the machine is.
    pub logged: usize,
}

impl Capacity {
    /// Has looked once when it returns.
    pub fn start(haproxy: &Haproxy) -> Capacity {
        let over = Arc::new(AtomicBool::new(false));
        let socket = haproxy.socket.clone();
        let at = now();
        let lines = used(&socket).expect("HAProxy answers");
        let first = hosts(&lines);
        let looks = Looks {
            count: 1,
            first,
            fewest: first,
            fewest_at: at,
            longest_pause: 0.0,
            logged: first,
        };
        let stop = over.clone();
        let looking = thread::spawn(move || looks.follow(&socket, &stop));
        Capacity {
            over,
            looking,
            log: haproxy.process.err.clone(),
            first: (lines, at),
        }
    }

    pub fn stop(self) -> Looks {
        self.over.store(true, Ordering::Relaxed);
        let mut looks = self.looking.join().expect("the looks");
        let (lines, from) = self.first;
        looks.logged = fewest_logged(lines, from, &self.log.all());
        looks
    }
}

impl Looks {
    fn follow(mut self, socket: &Path, over: &AtomicBool) -> Looks {
        let mut before = Instant::now();
        while !over.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
            let Some(usable) = used(socket).map(|lines| hosts(&lines)) else {
                continue;
            };
            self.longest_pause = self.longest_pause.max(before.elapsed().as_secs_f64());
            before = Instant::now();
            self.count += 1;
            if usable < self.fewest {
                (self.fewest, self.fewest_at) = (usable, now());
            }
        }
        self
    }

    /// Nor between two looks, by HAProxy's log. A reload changes lines without a word in it.
    pub fn assert_never_logged_fewer(&self) {
        assert!(self.logged >= self.first, "fewer usable hosts: {self:?}");
    }

    /// At no look HAProxy had fewer usable hosts than at the first one.
    pub fn assert_never_fewer(&self) {
        assert!(self.count > 10, "too few looks: {self:?}");
        assert!(self.fewest >= self.first, "fewer usable hosts: {self:?}");
    }
}

/// The main lines that take new users. None: there was no answer, as in a reload.
fn used(socket: &Path) -> Option<BTreeSet<String>> {
    let answer = stats::try_ask(socket, "show stat srvs 4 -1", SOON).ok()?;
    let lines = stats::try_parse(&answer)?;
    let mains = lines.iter().filter(|line| line.get("bck") == "0");
    // `UP 1/2` has users, too.
    let used = mains.filter(|line| line.status().starts_with("UP"));
    Some(used.map(|line| line.get("svname").to_owned()).collect())
}

fn hosts(lines: &BTreeSet<String>) -> usize {
    let hosts: BTreeSet<_> = lines.iter().map(|line| host(line)).collect();
    hosts.len()
}

/// The fewest usable hosts since a time, by the changes of the main lines in HAProxy's log.
fn fewest_logged(mut used: BTreeSet<String>, from: f64, log: &[Line]) -> usize {
    let mut fewest = hosts(&used);
    for line in log.iter().filter(|line| line.at >= from) {
        // A twin is a `Backup Server`.
        let change = line.text.split_once(": Server srvs/");
        let change = change.and_then(|(_, change)| change.split_once(" is "));
        match change {
            Some((name, status)) if status.starts_with("DOWN") => drop(used.remove(name)),
            Some((name, status)) if status.starts_with("UP") => drop(used.insert(name.to_owned())),
            _ => continue,
        }
        fewest = fewest.min(hosts(&used));
    }
    fewest
}

/// `web1` of `web1-green`.
fn host(line: &str) -> &str {
    line.split('-').next().unwrap_or(line)
}
