//! `lab-traffic` run in a namespace: steady load, or one request in flight.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::built;
use super::load::record::Summary;
use super::namespace::Namespace;
use super::process::Process;

/// Requests a second. Four tests at a time on two cores have no CPU for more.
pub const RATE: f64 = 300.0;

/// The rate in the README. It is enough above the promised 500 that a pause of the machine does not
/// fail a test.
pub const FULL: f64 = 600.0;

pub struct Traffic(Process);

/// A single request in flight.
pub struct InFlight(Process);

#[derive(Debug, Deserialize)]
pub struct Answer {
    /// 0 if there was none, and the body has the reason.
    pub status: u16,
    pub body: String,
    pub ended_at: f64,
}

impl Traffic {
    /// Failed requests so far. The program prints each as it happens.
    pub fn failed(&self) -> usize {
        self.0.err.all().len()
    }

    pub fn start(namespace: &Namespace, to: &str, path: &str, rate: f64) -> Traffic {
        let mut command = namespace.command(built::lab_traffic());
        command.args(["--to", to, "--path", path]);
        command.args(["load", "--rate", &rate.to_string()]);
        Traffic(Process::spawn("lab-traffic", &mut command))
    }

    /// Lets the users finish, and returns their results.
    pub fn stop(mut self) -> Summary {
        self.0.stop();
        parse(&self.0)
    }
}

impl InFlight {
    /// A user's GET, with the cookie if he has one.
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

/// The same for users of more than one balancer.
pub fn assert_unnoticed(met: &[Summary]) {
    met.iter().for_each(Summary::assert_unnoticed);
}

fn parse<T: DeserializeOwned>(process: &Process) -> T {
    let (text, err) = (process.out.text(), process.err.text());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{err}"))
}
