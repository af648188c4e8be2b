//! What a switch is: its targets, what it does, and why it goes back.

use serde::{Deserialize, Serialize};

/// One of the two targets of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The target that served when the switch began. An app without targets is this one.
    Old,
    /// The target that is to serve.
    New,
}

impl Part {
    /// The other one.
    pub fn other(self) -> Part {
        match self {
            Part::Old => Part::New,
            Part::New => Part::Old,
        }
    }
}

/// What a switch does with the new target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Starts it.
    #[default]
    Start,
    /// It runs already: `--back`.
    Back,
    /// It serves already, and the old one only has to end: `--finish`.
    Finish,
}

/// What one switch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Switching {
    /// What it does with the new target.
    pub how: How,
    /// A command prepares the new target first.
    #[serde(default)]
    pub prepares: bool,
    /// A command verifies the new target.
    #[serde(default)]
    pub verifies: bool,
    /// One of the two is the page of the app: maintenance.
    #[serde(default)]
    pub with_page: bool,
    /// The old one is the page: maintenance ends. Once the app is UP it ends, whatever HAProxy shows of
    /// the page.
    #[serde(default)]
    pub from_page: bool,
    /// The old target was closed on purpose when the switch began: no way back opens it.
    #[serde(default)]
    pub was_closed: bool,
    /// The old target stays running at the end, with closed gates.
    #[serde(default)]
    pub keeps: bool,
    /// The new target ran already as the switch began: it was warm, or an operator had started it.
    /// A start stops it first, and the journal has false from then on.
    #[serde(default)]
    pub ran_before: bool,
}

/// Why a switch goes back to the old target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyBack {
    /// The new target was not started, not healthy, not verified, or not UP: why. It never served
    /// alone.
    NotPlaced(String),
    /// The new target is sick under users: why, with the figures.
    Sick(String),
    /// HAProxy did not show the old target's lines DOWN in time: what it showed.
    NotOut(Vec<String>),
    /// The rules could not be set.
    GateFailed(String),
    /// The journal can't be written.
    Unrecorded(String),
    /// SIGHUP, SIGINT or SIGTERM, by its number.
    Interrupted(i32),
    /// An earlier switch was interrupted.
    CutShort,
    /// One of these, and no record or result shows that this switch has stopped what ran before. The
    /// new target may still be that one, and is not stopped.
    Unstarted(Box<WhyBack>),
}

impl WhyBack {
    /// This switch has started the new target, if it starts one.
    pub(super) fn has_started(&self) -> bool {
        !matches!(self, WhyBack::Unstarted(_))
    }
}
