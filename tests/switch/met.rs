//! What users and HAProxy met while something happened: the answers, HAProxy's own trouble counters,
//! and how many hosts it could use.

use std::thread::sleep;
use std::time::Duration;

use lab::load::record::Summary;
use lab::targets::{Capacity, Cookie, Farm, Looks};
use lab::traffic::Traffic;

/// The slowest request may take so much longer than in quiet: less than the second after which HAProxy
/// tries a connection again. It counts those, too ([`Met::trouble`]). The promise is 0.1 s, which
/// `scripts/soak` asserts, one test at a time: here other work shares two cores.
const BEYOND_MS: f64 = 800.0;

/// The environment variable with another limit, in ms.
const BEYOND: &str = "HAPROXY_GATE_TEST_BEYOND_MS";

/// Users before and after: some effects come late.
const AROUND: Duration = Duration::from_secs(1);

pub struct Meeting<'a> {
    farm: &'a Farm,
    traffic: Traffic,
    capacity: Capacity,
    /// The counters at the begin, or 0 after a reload.
    trouble: u64,
    /// What the workers before this one counted.
    past: u64,
    reloaded: bool,
}

#[derive(Debug)]
pub struct Met {
    pub users: Summary,
    pub looks: Looks,
    /// econ + eresp + wretr + wredis of all lines.
    pub trouble: u64,
    /// A leaving worker closes its users' idle connections.
    reloaded: bool,
    /// With a cookie a target, users get another cookie.
    cookies_stay: bool,
}

/// Users alone, for comparison.
pub fn quiet(farm: &Farm) -> Summary {
    let traffic = farm.traffic();
    sleep(Duration::from_secs(2));
    let met = traffic.stop();
    println!("in quiet: slowest {:.0} ms", met.slowest_ms);
    met
}

impl<'a> Meeting<'a> {
    pub fn begin(farm: &'a Farm) -> Meeting<'a> {
        Meeting::of(farm, farm.traffic())
    }

    /// At the promised rate.
    pub fn at_full_rate(farm: &'a Farm) -> Meeting<'a> {
        Meeting::of(farm, farm.full_traffic())
    }

    fn of(farm: &'a Farm, traffic: Traffic) -> Meeting<'a> {
        let trouble = farm.haproxy.trouble();
        sleep(AROUND);
        let capacity = farm.capacity();
        Meeting {
            farm,
            traffic,
            capacity,
            trouble,
            past: 0,
            reloaded: false,
        }
    }

    /// HAProxy starts its counters anew with each worker.
    pub fn reload(&mut self) {
        self.past += self.farm.haproxy.trouble() - self.trouble;
        self.farm.haproxy.reload();
        self.trouble = 0;
        self.reloaded = true;
    }

    pub fn end(self) -> Met {
        sleep(AROUND);
        let looks = self.capacity.stop();
        let users = self.traffic.stop();
        Met {
            users,
            looks,
            trouble: self.past + self.farm.haproxy.trouble() - self.trouble,
            reloaded: self.reloaded,
            cookies_stay: self.farm.lines.cookie == Cookie::PerHost,
        }
    }
}

impl Met {
    pub fn print(&self, what: &str) {
        let Met { users, looks, .. } = self;
        println!(
            "{what}: {} requests at {:.0}/s, {} failed, {} reconnected, {} moved, trouble {}, slowest \
             {:.0} ms, {} of {} hosts at {} looks, {:.0} ms apart at most",
            users.requests,
            users.rate,
            users.failed,
            users.reconnected,
            users.moved,
            self.trouble,
            users.slowest_ms,
            looks.fewest,
            looks.first,
            looks.count,
            looks.longest_pause * 1000.0
        );
    }

    /// No user and no counter noticed, and no capacity was missing. Only a test that runs alone can
    /// judge the slowest request, too.
    pub fn assert_unnoticed(&self) {
        self.users.assert_unnoticed();
        if !self.reloaded {
            assert_eq!(self.users.reconnected, 0, "connections closed on users");
            self.looks.assert_never_logged_fewer();
        }
        assert_eq!(
            self.trouble, 0,
            "HAProxy's errors, retries and redispatches"
        );
        if self.cookies_stay {
            assert_eq!(self.users.moved, 0, "cookies: {:?}", self.users.moves);
        }
        self.looks.assert_never_fewer();
    }

    /// There were as many users as wanted, within a tenth.
    pub fn assert_rate(&self) {
        let Summary { rate, asked, .. } = self.users;
        assert!(rate > 0.9 * asked, "{rate:.0} of {asked} requests/s");
    }

    /// No request took much longer than in quiet.
    pub fn assert_no_stall(&self, quiet: &Summary) {
        let beyond = std::env::var(BEYOND).map_or(BEYOND_MS, |ms| ms.parse().expect(BEYOND));
        let (slowest, limit) = (self.users.slowest_ms, quiet.slowest_ms + beyond);
        assert!(slowest < limit, "a stall: {:?}", self.users.slowest);
    }

    /// From this moment on (Unix seconds) only this version answers on its host.
    pub fn assert_only_since(&self, at: f64, version: &str) {
        let served = &self.users.served;
        assert!(served.contains_key(version), "no {version} in {served:?}");
        let (host, _) = version.split_once('/').expect("HOST/TARGET");
        let others = served.iter().filter(|(other, _)| {
            let (of, _) = other.split_once('/').expect("HOST/TARGET");
            of == host && *other != version
        });
        for (other, answers) in others {
            let late = answers.last_asked - at;
            assert!(
                late < 0.0,
                "{other} answered a request of {late:.3} s later"
            );
        }
    }
}
