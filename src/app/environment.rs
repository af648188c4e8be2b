//! What each command of an app gets in its environment: the app, its target, its port, the phase.

/// The target that a command works for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Environment<'a> {
    /// `AGENT_APP`: the app's name.
    pub app: &'a str,
    /// `AGENT_TARGET`; None: the app has no targets, and the variable is not set.
    pub target: Option<&'a str>,
    /// `AGENT_PORT`: the port on which the target serves users.
    pub port: u16,
    /// `AGENT_PHASE`: why the command runs. None: the variable is not set.
    pub phase: Option<&'a str>,
}

impl<'a> Environment<'a> {
    /// The same in a phase: `upgrade`, `prepare`, `start`.
    pub fn in_phase(self, phase: &'a str) -> Self {
        let phase = Some(phase);
        Self { phase, ..self }
    }

    /// Each variable with its value. None: it is removed, because the agent itself may be run by
    /// a command of another app.
    pub(super) fn variables(&self) -> [(&'static str, Option<String>); 4] {
        [
            ("AGENT_APP", Some(self.app.to_owned())),
            ("AGENT_TARGET", self.target.map(str::to_owned)),
            ("AGENT_PORT", Some(self.port.to_string())),
            ("AGENT_PHASE", self.phase.map(str::to_owned)),
        ]
    }
}
