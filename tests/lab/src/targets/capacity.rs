//! How many hosts HAProxy can use, from a look every 20 ms. A host counts once, whichever of its
//! targets is UP.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::haproxy::Haproxy;
use crate::{now, stats};

const LOOK: Duration = Duration::from_millis(20);

/// So late a look may be on a busy machine, in seconds: shorter than a switch's wait for a line.
const LONG: f64 = 0.5;

/// A connection during a reload may get no answer.
const SOON: Duration = Duration::from_millis(500);

pub struct Capacity {
    over: Arc<AtomicBool>,
    looking: JoinHandle<Looks>,
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
}

impl Capacity {
    /// Has looked once when it returns.
    pub fn start(haproxy: &Haproxy) -> Capacity {
        let over = Arc::new(AtomicBool::new(false));
        let socket = haproxy.socket.clone();
        let first = usable(&socket).expect("HAProxy answers");
        let looks = Looks {
            count: 1,
            first,
            fewest: first,
            fewest_at: now(),
            longest_pause: 0.0,
        };
        let stop = over.clone();
        let looking = thread::spawn(move || looks.follow(&socket, &stop));
        Capacity { over, looking }
    }

    pub fn stop(self) -> Looks {
        self.over.store(true, Ordering::Relaxed);
        self.looking.join().expect("the looks")
    }
}

impl Looks {
    fn follow(mut self, socket: &Path, over: &AtomicBool) -> Looks {
        let mut before = Instant::now();
        while !over.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
            let Some(usable) = usable(socket) else {
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

    /// The looks came all the time. Without a reload HAProxy answers each of them.
    pub fn assert_close(&self) {
        assert!(self.longest_pause < LONG, "too few looks: {self:?}");
    }

    /// At no look HAProxy had fewer usable hosts than at the first one.
    pub fn assert_never_fewer(&self) {
        assert!(self.count > 10, "too few looks: {self:?}");
        assert!(self.fewest >= self.first, "fewer usable hosts: {self:?}");
    }
}

/// The hosts with a main line that takes new users. None: there was no answer, as in a reload.
fn usable(socket: &Path) -> Option<usize> {
    let answer = stats::try_ask(socket, "show stat srvs 4 -1", SOON).ok()?;
    let lines = stats::try_parse(&answer)?;
    let mains = lines.iter().filter(|line| line.get("bck") == "0");
    // `UP 1/2` has users, too.
    let used = mains.filter(|line| line.status().starts_with("UP"));
    let hosts: BTreeSet<_> = used.map(|line| host(line.get("svname"))).collect();
    Some(hosts.len())
}

/// `web1` of `web1-green`.
fn host(line: &str) -> &str {
    line.split('-').next().unwrap_or(line)
}
