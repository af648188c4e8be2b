//! The differences between rounds besides the fault: how the app restarts and how long it is cold,
//! settings, a slow request in flight.

use std::ops::Range;
use std::time::Duration;

use toml::{Table, Value};

use crate::round::Round;
use lab::agent::Agent;
use lab::settings::Settings;

impl<'a> Round<'a> {
    pub fn vary(&mut self) {
        self.by_command = self.one_in(4);
        self.set_cold(100..800);
        if self.one_in(3) {
            self.set("app.web.sticky", "1ms");
        }
        if self.one_in(3) {
            self.send_slow_request();
        }
    }

    /// A setting for all agents of this round.
    pub fn set(&mut self, path: &'static str, value: impl Into<Value>) {
        self.settings.push((path, value.into()));
    }

    /// The cold time of the app after its next boot.
    pub fn set_cold(&mut self, millis: Range<u64>) {
        let cold = self.millis(millis);
        self.fleet.app(self.number).set_cold(cold);
        self.takes += cold;
    }

    /// A sticky user of the host sends a slow request.
    pub fn send_slow_request(&mut self) {
        let time = self.rng.u64(2000..6000);
        self.request = Some(self.fleet.slow_request(self.number, time));
        self.takes += Duration::from_millis(time);
        self.account.slow += 1;
    }

    pub fn agent(&self, number: usize) -> Agent<'a> {
        self.fleet.agent(number, |settings| {
            let settings = match self.by_command {
                true => settings.set("app.web.restart", self.command(number)),
                false => settings,
            };
            let settings = match self.by_master {
                true => settings.master(self.fleet.haproxy.master()),
                false => settings,
            };
            let set = |settings: Settings, (path, value): &(&str, Value)| {
                settings.set(path, value.clone())
            };
            self.settings.iter().fold(settings, set)
        })
    }

    /// A slow restart command, which outlives an agent that dies.
    fn command(&self, number: usize) -> Table {
        let pidfile = self.fleet.host(number).dir.join(format!("web{number}/pid"));
        let script = format!("sleep 0.4; kill -USR2 $(cat {})", pidfile.display());
        let argv = ["sh", "-c", &script].map(Value::from).to_vec();
        Table::from_iter([("command".to_owned(), Value::Array(argv))])
    }
}
