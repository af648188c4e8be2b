//! What HAProxy logged, what the users met, and what machine 1 answers.

use crate::pair::Pair;
use lab::load::record::Summary;
use lab::traffic::{InFlight, Traffic};

impl Pair {
    /// When HAProxy had logged both lines of machine 1 as DOWN, or as UP.
    pub fn both_said(&self, word: &str, from: f64) -> Option<f64> {
        let main = self.haproxy.said("srvs/web1", word, from)?;
        let twin = self.haproxy.said("srvs/bkp1", word, from)?;
        Some(main.max(twin))
    }

    /// The same, once the lines of the log are there.
    pub fn wait_until_both_said(&self, word: &str, from: f64) -> f64 {
        let ours = ["srvs/web1", "srvs/bkp1"];
        let said = ours.map(|line| self.haproxy.wait_said(line, word, from));
        said[0].max(said[1])
    }

    /// HAProxy has logged no line of machine 1 as DOWN since a time in Unix seconds.
    pub fn assert_never_down(&self, from: f64) {
        for line in ["srvs/web1", "srvs/bkp1"] {
            assert_eq!(self.haproxy.said(line, "DOWN", from), None, "{line} DOWN");
        }
    }

    /// The app of machine 1 answers a direct request.
    pub fn assert_serves(&self) {
        let to = format!("{}:1000", self.host(1).address());
        let answer = InFlight::send(&self.site.balancer, &to, "/", None).answer();
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.starts_with("web1 "), "{}", answer.body);
    }

    /// No user noticed, and both machines had users. Prints what the users met.
    pub fn assert_unnoticed(&self, traffic: Traffic) -> Summary {
        let met = traffic.stop();
        println!(
            "{} requests at {:.0}/s, {} failed, slowest {:.0} ms; HAProxy's errors, retries and \
             redispatches: {}",
            met.requests,
            met.rate,
            met.failed,
            met.slowest_ms,
            self.haproxy.trouble()
        );
        let bad = self.haproxy.bad_requests();
        assert_eq!(met.failed, 0, "HAProxy says {bad:#?}");
        met.assert_unnoticed();
        for line in ["web1", "web2"] {
            let requests = self.haproxy.server(line).number("stot");
            assert!(requests > 0, "{line} had no users");
        }
        met
    }
}
