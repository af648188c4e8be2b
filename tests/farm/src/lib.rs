//! A farm on paper: hosts with gates and apps, the balancers that check them, and an agent on each
//! host. The search goes through every state that it can reach, in any order of steps. There is no
//! time: each step may come at any moment, so each pause may be of any length.
//!
//! The farm has no rule of the agent. It asks an [`Agent`] for each decision, and the tests answer
//! with the core of the program.

mod after;
mod agent;
mod farm;
mod host;
mod look;
mod promises;
mod search;
mod settings;
mod state;
mod step;
mod story;
mod two;
mod ways;

pub use agent::{Agent, Begun, Decided, Left};
pub use farm::Farm;
pub use host::{Effect, Host, Life, UnderWay};
pub use look::{Clock, LockSeen, Look, TwoSeen};
pub use search::Found;
pub use settings::{First, Lock, New, Settings, Twin};
pub use state::{BALANCERS, MOST_HOSTS, State};
pub use step::{Command, Step};
pub use two::Two;
