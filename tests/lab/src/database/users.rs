//! Users of the shop: some read, some write numbers. They keep account of each answer, and repeat
//! nothing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use futures_util::future::{LocalBoxFuture, join_all};
use tokio::time::sleep;

use crate::load::client::{Answer, Broken, Connection};
use crate::namespace::{self, Namespace};
use crate::{block_on, now, wait_for};

const READERS: usize = 6;
const WRITERS: u64 = 3;
/// From one request of a user to the next.
const PAUSE: Duration = Duration::from_millis(40);

pub struct Users {
    shared: Arc<Shared>,
    thread: JoinHandle<Met>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    committed: AtomicUsize,
}

/// What they met.
#[derive(Debug, Default)]
pub struct Met {
    pub reads: usize,
    pub failed_reads: Vec<String>,
    pub slowest_read: Duration,
    /// The numbers whose writes were answered with 200, with the times.
    pub committed: Vec<(f64, u64)>,
    /// Writes that were refused with 503 and Retry-After: by HAProxy, and by the app, because its
    /// database is read-only.
    pub refused: usize,
    pub refused_by_app: usize,
    /// All other writes.
    pub failed_writes: Vec<String>,
    /// The host and the database of the last read from each host.
    pub served_by: BTreeMap<String, String>,
}

impl Users {
    pub fn start(namespace: &Namespace, to: SocketAddr) -> Users {
        let shared = Arc::<Shared>::default();
        let (network, here) = (namespace.path(), shared.clone());
        let thread = thread::spawn(move || {
            let users = || block_on(all(to, &here));
            namespace::inside(&network, users).expect("the namespace")
        });
        Users { shared, thread }
    }

    /// Waits for so many more writes.
    pub fn wait_for_writes(&self, count: usize) {
        let committed = || self.shared.committed.load(Ordering::Relaxed);
        let enough = committed() + count;
        wait_for("committed writes", Duration::from_secs(20), || {
            (committed() >= enough).then_some(())
        });
    }

    pub fn stop(self) -> Met {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("no user panics")
    }
}

impl Met {
    /// The longest time from one committed write to the next.
    pub fn seconds_without_writes(&self) -> f64 {
        let mut times: Vec<f64> = self.committed.iter().map(|(at, _)| *at).collect();
        times.sort_by(f64::total_cmp);
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.fold(0.0, f64::max)
    }

    fn read(&mut self, answer: Result<Answer, Broken>, took: Duration) {
        self.reads += 1;
        self.slowest_read = self.slowest_read.max(took);
        match answer {
            Ok(answer) if answer.status == 200 => {
                let by = answer.served_by.unwrap_or_default();
                let (host, database) = by.split_once(' ').unwrap_or((&by, ""));
                self.served_by.insert(host.to_owned(), database.to_owned());
            }
            other => self.failed_reads.push(described(other)),
        }
    }

    fn wrote(&mut self, number: u64, answer: Result<Answer, Broken>) {
        match answer {
            Ok(answer) if answer.status == 200 => self.committed.push((now(), number)),
            Ok(answer) if answer.status == 503 && answer.retry_after.is_some() => {
                match answer.served_by {
                    Some(_) => self.refused_by_app += 1,
                    None => self.refused += 1,
                }
            }
            other => self.failed_writes.push(described(other)),
        }
    }
}

async fn all(to: SocketAddr, shared: &Shared) -> Met {
    let (met, next) = (RefCell::new(Met::default()), Cell::new(0));
    let mut users: Vec<LocalBoxFuture<()>> = Vec::new();
    for _ in 0..READERS {
        users.push(Box::pin(reader(to, shared, &met)));
    }
    for _ in 0..WRITERS {
        users.push(Box::pin(writer(to, shared, &met, &next)));
    }
    join_all(users).await;
    met.into_inner()
}

async fn reader(to: SocketAddr, shared: &Shared, met: &RefCell<Met>) {
    while !shared.stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let answer = once(to, "GET", "/").await;
        met.borrow_mut().read(answer, asked.elapsed());
        sleep(PAUSE).await;
    }
}

async fn writer(to: SocketAddr, shared: &Shared, met: &RefCell<Met>, next: &Cell<u64>) {
    while !shared.stop.load(Ordering::Relaxed) {
        let number = next.replace(next.get() + 1);
        let answer = once(to, "POST", &format!("/write/{number}")).await;
        met.borrow_mut().wrote(number, answer);
        let committed = met.borrow().committed.len();
        shared.committed.store(committed, Ordering::Relaxed);
        sleep(PAUSE).await;
    }
}

/// A request on a connection of its own, so that an idle one that closes is no failure.
async fn once(to: SocketAddr, method: &str, path: &str) -> Result<Answer, Broken> {
    let mut connection = Connection::open(to).await?;
    let close = "Connection: close\r\n";
    match method {
        "POST" => connection.post(path, close, 1, Duration::ZERO).await,
        _ => connection.get(path, close).await,
    }
}

fn described(answer: Result<Answer, Broken>) -> String {
    let at = now();
    match answer {
        Ok(answer) => {
            let by = answer.served_by.as_deref().unwrap_or("HAProxy");
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            format!("{at:.3} {by}: {} {}", answer.status, body.trim())
        }
        Err(broken) => format!("{at:.3} {}", broken.why),
    }
}
