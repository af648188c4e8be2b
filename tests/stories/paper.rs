//! What the hosts on paper have in common: their clock, the text of their story, their death, and the
//! lines that HAProxy shows.

use haproxy_gate::haproxy::{Mode, NoAnswer, Role, ServerLine, Status};
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// One look.
pub const TICK: Duration = Duration::from_millis(100);

/// The panic in place of SIGKILL.
pub const KILLED: &str = "killed";

/// What happened, in order. The host and the narrator write into it.
#[derive(Clone, Default)]
pub struct Trace {
    lines: Rc<RefCell<Vec<String>>>,
    phase: Rc<Cell<&'static str>>,
}

impl Trace {
    /// The host did something, or something happened to it.
    pub fn happens(&self, now: u32, what: &str) {
        self.says(TICK * now, &format!("   {what}"));
    }

    pub fn says(&self, at: Duration, what: &str) {
        let at = at.as_secs_f64();
        self.lines.borrow_mut().push(format!("{at:6.1}s {what}"));
    }

    pub fn enters(&self, phase: &'static str) {
        self.phase.set(phase);
    }

    /// The phase that the operation is in.
    pub fn phase(&self) -> &'static str {
        self.phase.get()
    }

    /// The text so far. The next one begins empty.
    pub fn take(&self) -> String {
        self.lines.take().join("\n")
    }
}

/// Where the process is killed.
#[derive(Debug, Clone, Default)]
pub struct Death {
    /// At this look.
    pub look: Option<u32>,
    /// At this action (the first is 1): before the action, or after it.
    pub acting: Option<(u32, bool)>,
    /// In this action, between two steps of it: before the journal has the first one, or after.
    pub within: Option<(u32, bool)>,
    /// The actions so far.
    pub actions: u32,
}

impl Death {
    pub fn at_look(look: u32) -> Death {
        Death {
            look: Some(look),
            ..Death::default()
        }
    }

    pub fn acting(at: u32, after: bool) -> Death {
        Death {
            acting: Some((at, after)),
            ..Death::default()
        }
    }

    pub fn within(at: u32, recorded: bool) -> Death {
        Death {
            within: Some((at, recorded)),
            ..Death::default()
        }
    }

    /// At each look, and before and after each action, of a story of this length.
    pub fn anywhere(looks: u32, actions: u32) -> Vec<Death> {
        let at_looks = (1..looks).map(Death::at_look);
        let at_actions =
            (1..=actions).flat_map(|at| [false, true].map(|after| Death::acting(at, after)));
        at_looks.chain(at_actions).collect()
    }

    pub fn begins_action(&mut self) {
        self.actions += 1;
        dies_if(self.acting == Some((self.actions, false)));
    }

    pub fn ends_action(&self) {
        dies_if(self.acting == Some((self.actions, true)));
    }

    pub fn between_steps(&self, recorded: bool) {
        dies_if(self.within == Some((self.actions, recorded)));
    }

    pub fn looks(&self, now: u32) {
        dies_if(self.look.is_some_and(|at| now >= at));
    }
}

fn dies_if(dies: bool) {
    if dies {
        std::panic::resume_unwind(Box::new(KILLED));
    }
}

/// A line as HAProxy shows it.
pub fn line(name: &str, role: Role, is_up: bool, in_flight: u64) -> ServerLine {
    ServerLine {
        name: name.to_owned(),
        role,
        backup: role != Role::Main,
        status: Status::parse(if is_up { "UP" } else { "DOWN" }).unwrap(),
        out: !is_up,
        check: None,
        proven: is_up,
        in_flight,
        mode: Mode::Http,
        sessions: 0,
        connections: Some(0),
    }
}

/// A balancer that can't be reached.
pub fn no_answer() -> NoAnswer {
    NoAnswer {
        why: "no complete answer within 2s".to_owned(),
        fix: None,
        may_pass: false,
        out_of_reach: true,
        lacks_lines: false,
        checks: None,
    }
}

/// A directory for journals, in memory: each phase is written and synced.
pub fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let directory = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    directory.unwrap()
}
