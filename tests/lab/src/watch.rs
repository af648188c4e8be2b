//! Both HAProxies' view of the main lines, from their answers all the time and from their logs:
//! which hosts are out at which moment. It uses nothing from the agents.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::haproxy::Haproxy;
use super::now;
use super::observation::{Moment, Observation, Track};
use super::process::Lines;
use super::stats;

/// The pause between two looks at one HAProxy. A host is out for many times as long.
const LOOK: Duration = Duration::from_millis(20);

pub struct Watch {
    over: Arc<AtomicBool>,
    watching: Vec<JoinHandle<Track>>,
}

impl Watch {
    /// Has looked at each HAProxy once when it returns.
    pub fn start<'a>(haproxies: impl IntoIterator<Item = &'a Haproxy>) -> Watch {
        let over = Arc::new(AtomicBool::new(false));
        let watching = haproxies.into_iter().map(|haproxy| {
            // The changes come from its warnings: HAProxy drops lines of its log that it cannot
            // write at once.
            let (socket, log) = (haproxy.socket.clone(), haproxy.process.err.clone());
            let first = look(&socket).expect("HAProxy answers");
            let over = over.clone();
            thread::spawn(move || follow(&socket, &log, &over, first))
        });
        Watch {
            watching: watching.collect(),
            over,
        }
    }

    pub fn stop(mut self) -> Observation {
        self.over.store(true, Ordering::Relaxed);
        let tracks = self
            .watching
            .drain(..)
            .map(|one| one.join().expect("a watch"));
        Observation::new(tracks.collect())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn follow(socket: &Path, log: &Lines, over: &AtomicBool, first: Moment) -> Track {
    let mut track = Track::new(first);
    loop {
        thread::sleep(LOOK);
        // Read before the look, so the watch has seen the state at its stop.
        let last = over.load(Ordering::Relaxed);
        if let Some(moment) = look(socket) {
            track.add(moment);
        }
        if last {
            break;
        }
    }
    track.hear(&log.all());
    track
}

/// One answer of HAProxy. None: there was no answer, as in a reload.
fn look(socket: &Path) -> Option<Moment> {
    let asked = now();
    let answer = stats::try_ask(socket, "show stat srvs 4 -1", Duration::from_secs(2)).ok()?;
    let mut rows = answer.strip_prefix("# ")?.lines();
    let columns: Vec<_> = rows.next()?.split(',').collect();
    let column = |name| columns.iter().position(|column| *column == name);
    // These columns come before those that may contain a comma.
    let [name, status, backup, throttle] = ["svname", "status", "bck", "throttle"].map(column);
    let (name, status, backup, throttle) = (name?, status?, backup?, throttle?);
    let mut moment = Moment::asked(asked, now());
    for row in rows.filter(|row| !row.is_empty()) {
        let row: Vec<_> = row.splitn(throttle + 2, ',').collect();
        if *row.get(backup)? == "0" {
            moment.add(row.get(name)?, row.get(status)?, row.get(throttle)?);
        }
    }
    Some(moment)
}
