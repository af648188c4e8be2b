//! The agent of a remote host: its configuration, and what it does.

use std::time::Duration;

use super::super::agent::Running;
use super::super::settings::Settings;
use super::super::{journal, now, wait_for};
use super::Remote;

const JOURNAL: &str = "run/haproxy-gate/web.json";

/// For a roll that begins or ends, also on a busy machine.
const BEGUN: Duration = Duration::from_secs(60);

impl Remote {
    /// Starts to open its gates, and to wait until HAProxy shows it UP.
    pub fn start_opening(&self) -> Running {
        let mut open = self.command("agent");
        open.args(["open", "web", "--json"]);
        if let Some(first) = self.targets.first() {
            open.args(["--to", first.name]);
        }
        Running::start("agent", &mut open)
    }

    /// Replaces `agent.toml`.
    pub fn configure(&self, settings: &Settings) {
        settings.write(&self.file("etc/haproxy-gate"));
    }

    /// Its agent gives up an app that is not healthy within a second. The app of such a host must be sick:
    /// on a busy machine another one may take so long to start.
    pub fn hurry(&self) {
        self.sh("printf '[app.web.timeouts]\\nhealthy = \"1s\"\\n' >>/etc/haproxy-gate/agent.toml");
    }

    /// Waits until the agent's journal has this phase of app `web` in progress, and returns the time. The
    /// phase must last (see [`Estate::held_request`](super::super::estate::Estate)).
    pub fn wait_for_phase(&self, phase: &str) -> f64 {
        let journal = self.file(JOURNAL);
        wait_for(&format!("phase {phase}"), BEGUN, || {
            (journal::phase(&journal).as_deref() == Some(phase)).then(now)
        })
    }

    /// Waits until its agents have no operation of app `web` in progress.
    pub fn wait_until_idle(&self) {
        let journal = self.file(JOURNAL);
        let what = format!("host {} to be idle", self.number);
        wait_for(&what, BEGUN, || (!journal.exists()).then_some(()));
    }

    /// The verbs of its agent's operations in order, each with its reason.
    pub fn history(&self) -> Vec<(String, Option<String>)> {
        let history: serde_json::Value = self.sh("agent history --json").parse().expect("JSON");
        let word = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let operations = history["operations"].as_array().expect("operations").iter();
        operations
            .map(|one| (word(&one["verb"]).expect("a verb"), word(&one["reason"])))
            .collect()
    }
}
