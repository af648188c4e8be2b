//! The agent's report: the one JSON object of `--json`.

use serde::Deserialize;

/// Seconds by which the times of two reports may differ: each reads two clocks, one after the other, and a
/// pause between them moves all its phases.
pub const CLOCKS: f64 = 0.1;

#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    pub outcome: String,
    pub exit: i32,
    pub message: String,
    /// Unix seconds.
    pub started_at: f64,
    pub seconds: f64,
    #[serde(default)]
    pub phases: Vec<Phase>,
    #[serde(default)]
    pub notices: Vec<String>,
    #[serde(default)]
    pub gates: Vec<Gate>,
    #[serde(default)]
    pub balancers: Vec<Balancer>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Gate {
    pub position: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Balancer {
    #[serde(default)]
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    pub name: String,
    pub status: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Phase {
    pub phase: String,
    /// Seconds since the report's `started_at`.
    pub start: f64,
    pub seconds: f64,
}

impl Report {
    /// When a phase began, in Unix seconds.
    pub fn began(&self, phase: &str) -> f64 {
        self.started_at + self.phase(phase).start
    }

    /// The end of a phase, in Unix seconds.
    pub fn ended(&self, phase: &str) -> f64 {
        self.began(phase) + self.phase(phase).seconds
    }

    /// It had the lock only after the last phase of the other one, within what their clocks may differ by.
    pub fn had_the_lock_after(&self, other: &Report) -> bool {
        let last = other.phases.last().expect("a phase");
        self.ended("lock") >= other.ended(&last.phase) - CLOCKS
    }

    /// The operation used the limits of `Settings::hurried`, not the agent's defaults of half a
    /// minute or more.
    pub fn assert_hurried(&self) {
        assert!(self.seconds < 15.0, "{self:?}");
    }

    fn phase(&self, phase: &str) -> &Phase {
        let found = self.phases.iter().find(|one| one.phase == phase);
        found.unwrap_or_else(|| panic!("no phase {phase} in {self:?}"))
    }
}

impl Balancer {
    /// HAProxy's status of a line, named BACKEND/SERVER.
    pub fn line(&self, name: &str) -> &str {
        let found = self.lines.iter().find(|line| line.name == name);
        &found
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
            .status
    }
}
