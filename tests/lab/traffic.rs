//! `lab-traffic` run in a namespace: steady load, or one request in flight.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::built;
use super::load::record::Summary;
use super::namespace::Namespace;
use super::process::Process;

/// Requests a second: enough above the 500 that are promised, so that a pause of the
/// machine does not fail a test.
pub const RATE: f64 = 600.0;
const PROMISED: f64 = 500.0;

pub struct Traffic(Process);

/// A single request that is under way.
pub struct InFlight(Process);

#[derive(Debug, Deserialize)]
pub struct Answer {
    /// 0 where there was none, and the body says why.
    pub status: u16,
    pub body: String,
    pub ended_at: f64,
}

impl Traffic {
    /// Failed requests so far: each is told as it happens.
    pub fn failed(&self) -> usize {
        self.0.err.all().len()
    }

    pub fn start(namespace: &Namespace, to: &str, path: &str, rate: f64) -> Traffic {
        let mut command = namespace.command(built::lab_traffic());
        command.args(["--to", to, "--path", path]);
        command.args(["load", "--rate", &rate.to_string()]);
        Traffic(Process::spawn("lab-traffic", &mut command))
    }

    /// Lets the users finish, and gives what they met.
    pub fn stop(mut self) -> Summary {
        self.0.stop();
        parse(&self.0)
    }
}

impl InFlight {
    /// A GET of a user, with the cookie if he has one.
    pub fn send(namespace: &Namespace, to: &str, path: &str, cookie: Option<&str>) -> InFlight {
        let mut command = namespace.command(built::lab_traffic());
        command.args(["--to", to, "--path", path, "get"]);
        if let Some(cookie) = cookie {
            command.args(["--cookie", cookie]);
        }
        InFlight(Process::spawn("one request", &mut command))
    }

    pub fn answer(mut self) -> Answer {
        self.0.wait();
        parse(&self.0)
    }
}

impl Summary {
    /// Nobody noticed: no failed request, and there really was somebody to notice.
    pub fn assert_unnoticed(&self) {
        assert_unnoticed(std::slice::from_ref(self));
    }
}

/// The same of users of more than one balancer.
pub fn assert_unnoticed(met: &[Summary]) {
    assert_unnoticed_at(PROMISED, met);
}

/// The same where fewer are asked for: at least so many requests a second.
pub fn assert_unnoticed_at(least: f64, met: &[Summary]) {
    for one in met {
        assert_eq!(one.failed, 0, "failed requests: {:#?}", one.failures);
    }
    let rate: f64 = met.iter().map(|one| one.rate).sum();
    assert!(rate >= least, "only {rate:.0} requests/s");
}

fn parse<T: DeserializeOwned>(process: &Process) -> T {
    let (text, err) = (process.out.text(), process.err.text());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{err}"))
}
