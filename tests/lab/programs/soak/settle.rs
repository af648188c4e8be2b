//! What must hold after each round, and how the soak goes on if it does not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::round::Round;
use lab::fleet::NUMBERS;
use lab::stats;
use lab::traffic::Answer;

/// HAProxy's checks take less than a second.
const TO_BE_UP: Duration = Duration::from_secs(10);

impl Round<'_> {
    pub fn settle(&mut self) {
        self.check_request();
        self.check_host();
        self.check_boots();
        self.run("status", &[0]);
    }

    fn check_request(&mut self) {
        let Some(request) = self.request.take() else {
            return;
        };
        let answer = request.answer();
        if answer.status != 200 {
            self.account.unanswered += 1;
            let what = format!("the slow request: {} {}", answer.status, answer.body);
            self.account.violated(&what);
        }
        if self.was_restarted_over(&answer) {
            self.violated("an app restarted during the slow request");
        }
    }

    /// The answer names the app and its boot.
    fn was_restarted_over(&self, answer: &Answer) -> bool {
        let boot = answer.body.split_whitespace().nth(1).unwrap_or_default();
        let stopped = self.fleet.apps.iter().find_map(|app| app.stopped(boot));
        stopped.is_some_and(|at| at < answer.ended_at)
    }

    fn check_host(&mut self) {
        let down = self.not_up();
        let host = self.host();
        let closed = [2000, 3000]
            .into_iter()
            .filter(|port| !host.gate_is_open(*port));
        let mut wrong: Vec<String> = closed
            .map(|port| format!("gate {port} is closed"))
            .collect();
        wrong.extend(down);
        for left in ["web.json", "web.closed", "web.command"] {
            if host.dir.join("state").join(left).exists() {
                wrong.push(format!("{left} is still there"));
            }
        }
        wrong.iter().for_each(|what| self.account.violated(what));
    }

    /// Lines that do not come UP.
    fn not_up(&self) -> Vec<String> {
        let asked = Instant::now();
        loop {
            let servers = self.fleet.haproxy.servers();
            let down = servers.iter().filter(|line| line.status() != "UP");
            let down: Vec<String> = down
                .map(|line| format!("{} is {}", line.get("svname"), line.status()))
                .collect();
            if down.is_empty() || asked.elapsed() > TO_BE_UP {
                return down;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn check_boots(&mut self) {
        for (index, boots) in self.fleet.boots().into_iter().enumerate() {
            let (times, expected) = (boots - self.boots_before[index], self.boots[index].clone());
            if !expected.contains(&times) {
                let number = index + 1;
                let what =
                    format!("the app of web{number} was restarted {times} times, not {expected:?}");
                self.account.violated(&what);
            }
        }
        if self.reported_boot && self.fleet.boots() == self.boots_before {
            self.violated("an agent reported a restart that did not happen");
        }
    }

    /// Repairs the hosts after a violated check. True: the next round can begin.
    pub fn repair(&mut self) -> bool {
        let repaired = catch_unwind(AssertUnwindSafe(|| {
            for number in NUMBERS {
                self.fleet.app(number).set_sick(false);
                self.set_lines(number, "state ready");
                self.set_line(&format!("web{number}"), "agent up");
                self.start_on(number, "open").end();
            }
            self.hear_again();
            self.fleet.haproxy.wait_until_all_up();
        }));
        repaired.is_ok()
    }

    /// An operator sets both lines of a host.
    pub fn set_lines(&self, number: usize, words: &str) {
        for line in ["web", "bkp"] {
            self.set_line(&format!("{line}{number}"), words);
        }
    }

    pub fn set_line(&self, line: &str, words: &str) {
        let command = format!("set server srvs/{line} {words}");
        let answer = stats::ask(&self.fleet.haproxy.socket, &command);
        assert_eq!(answer.trim(), "", "{command}");
    }
}
