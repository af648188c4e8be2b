//! The results of a [`Watch`](super::watch::Watch): which hosts were out, how many at most, and in
//! which order.

use std::collections::BTreeSet;

use super::process::Line;

/// The numbers of hosts.
pub type Hosts = BTreeSet<usize>;

/// The main lines of one HAProxy at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// The answer, in Unix seconds.
    at: f64,
    /// Hosts without new users: DOWN, MAINT and the like.
    out: Hosts,
    /// Hosts that are not fully UP: those that are out, and those on their way.
    not_full: Hosts,
    /// The question.
    asked: f64,
    /// The question before it. A stall of the watch is no time without users.
    before: f64,
}

/// One HAProxy's moments.
#[derive(Debug)]
pub struct Track {
    /// The answers to the watch; each differs from the one before.
    changes: Vec<Moment>,
    /// The last question.
    asked: f64,
    /// The changes in its log. The log misses no short moment, but has fewer states.
    logged: Vec<Moment>,
}

/// The time that a host was out: from the first HAProxy that shows it until all show it fully UP,
/// without slow start.
#[derive(Debug, Clone)]
pub struct Span {
    pub host: usize,
    /// Unix seconds.
    pub from: f64,
    /// None: the host was still out at the end.
    pub to: Option<f64>,
    /// The last question whose answer did not show it fully UP.
    seen_until: Option<f64>,
}

#[derive(Debug)]
pub struct Observation {
    tracks: Vec<Track>,
}

impl Moment {
    /// The answer is of this time.
    pub fn at(at: f64) -> Moment {
        Moment {
            at,
            asked: at,
            before: at,
            out: Hosts::new(),
            not_full: Hosts::new(),
        }
    }

    /// The same, with the time of the question.
    pub fn asked(asked: f64, at: f64) -> Moment {
        let moment = Moment::at(at);
        Moment { asked, ..moment }
    }

    /// One main line, as `show stat` has it.
    pub fn add(&mut self, name: &str, status: &str, throttle: &str) {
        let number = name.trim_start_matches(|one: char| !one.is_ascii_digit());
        let number = number.parse().expect("the number of a host");
        if status != "UP" || !throttle.is_empty() {
            self.not_full.insert(number);
        }
        // `UP 1/2` has users, too.
        if !status.starts_with("UP") {
            self.out.insert(number);
        }
    }
}

impl Track {
    pub fn new(first: Moment) -> Track {
        Track {
            asked: first.asked,
            logged: vec![first.clone()],
            changes: vec![first],
        }
    }

    pub fn add(&mut self, moment: Moment) {
        let asked = moment.asked;
        let before = self.changes.last().expect("a first one");
        if (&before.out, &before.not_full) != (&moment.out, &moment.not_full) {
            let before = self.asked;
            self.changes.push(Moment { before, ..moment });
        }
        self.asked = asked;
    }

    /// Adds the changes in its log since the first look.
    pub fn hear(&mut self, log: &[Line]) {
        let mut moment = self.logged[0].clone();
        let from = moment.at;
        for line in log.iter().filter(|line| line.at >= from) {
            // A twin is a `Backup Server`.
            let change = line.text.split_once("Server srvs/web");
            let Some((number, status)) = change.and_then(|(_, change)| change.split_once(" is "))
            else {
                continue;
            };
            let number = number.parse().expect("the number of a host");
            if status.starts_with("DOWN") {
                moment.out.insert(number);
            } else if status.starts_with("UP") {
                moment.out.remove(&number);
            }
            moment.at = line.at;
            self.logged.push(moment.clone());
        }
    }

    fn most(&self) -> &Moment {
        let moments = self.changes.iter().chain(&self.logged);
        let most = moments.rev().max_by_key(|one| one.out.len());
        most.expect("a first one")
    }

    fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for moment in &self.changes {
            let open = spans.iter_mut().filter(|span| span.to.is_none());
            for span in open.filter(|span| !moment.not_full.contains(&span.host)) {
                span.to = Some(moment.at);
                span.seen_until = Some(moment.before);
            }
            for &host in &moment.out {
                if !spans
                    .iter()
                    .any(|span| span.host == host && span.to.is_none())
                {
                    spans.push(Span {
                        host,
                        from: moment.at,
                        to: None,
                        seen_until: None,
                    });
                }
            }
        }
        spans
    }
}

impl Observation {
    pub fn new(tracks: Vec<Track>) -> Observation {
        Observation { tracks }
    }

    /// The largest number of hosts out at the same moment, by each HAProxy.
    pub fn most(&self) -> Vec<usize> {
        let most = self.tracks.iter().map(|track| track.most().out.len());
        most.collect()
    }

    /// No HAProxy ever showed more hosts out at the same moment, neither in its answers nor in its
    /// log.
    pub fn assert_at_most(&self, hosts: usize) {
        for track in &self.tracks {
            let most = track.most();
            assert!(most.out.len() <= hosts, "more than {hosts} out: {most:?}");
        }
    }

    /// The time that each host was out, by all HAProxies together; in order.
    pub fn spans(&self) -> Vec<Span> {
        let mut all: Vec<Span> = self.tracks.iter().flat_map(Track::spans).collect();
        all.sort_by(|one, other| one.from.total_cmp(&other.from));
        let mut merged: Vec<Span> = Vec::new();
        for span in all {
            let same = merged.iter_mut().rfind(|one| one.host == span.host);
            match same.filter(|one| one.to.is_none_or(|to| span.from <= to)) {
                Some(one) => {
                    one.to = later(one.to, span.to);
                    one.seen_until = later(one.seen_until, span.seen_until);
                }
                None => merged.push(span),
            }
        }
        merged
    }

    /// The hosts that were out at some time.
    pub fn hosts(&self) -> Hosts {
        self.spans().iter().map(|span| span.host).collect()
    }

    /// Exactly these hosts were out, each once. No host of a batch was out while one of the batch before it
    /// was not fully UP again.
    pub fn assert_batches(&self, batches: &[&[usize]]) {
        let spans = self.spans();
        let mut left = spans.as_slice();
        let mut ready = f64::MIN;
        for batch in batches {
            assert!(left.len() >= batch.len(), "no {batch:?} in {spans:?}");
            let (now, rest) = left.split_at(batch.len());
            let hosts: Hosts = now.iter().map(|span| span.host).collect();
            assert_eq!(hosts, batch.iter().copied().collect(), "in {spans:?}");
            assert!(now[0].from > ready, "{batch:?} began too early: {spans:?}");
            let ended = now.iter().map(|span| span.seen_until.unwrap_or(f64::MAX));
            ready = ended.fold(ready, f64::max);
            left = rest;
        }
        assert!(left.is_empty(), "others were out, too: {left:?}");
    }
}

/// None: never.
fn later(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    Some(one?.max(other?))
}

impl Span {
    /// Seconds. None: the host was still out at the end.
    pub fn seconds(&self) -> Option<f64> {
        Some(self.to? - self.from)
    }
}
