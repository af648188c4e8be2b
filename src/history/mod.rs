//! What was done on this host, by whom and why: one line of JSON for each operation that has
//! ended, in files that never grow beyond [`MOST`].
//!
//! Nothing rests on it. No operation waits for the history before the gates stand and its locks
//! are free, nor then for long ([`PATIENCE`]), or fails because of it: what can't be written is
//! a warning. What was watched on the way ([`Samples`]) costs HAProxy no
//! question, and [`page`] draws it.

mod beside;
mod detection;
mod entry;
mod id;
pub mod page;
mod read;
mod samples;
mod store;
mod watched;
mod who;

pub use beside::{Line, PATIENCE, write};
pub use detection::Detection;
pub use entry::{CUT_SHORT, Entry, PhaseEntry};
pub use id::{is_id, new as new_id};
pub use read::{Read, one, read};
pub use samples::{BalancerSamples, LineSamples, Samples, Stretch};
pub use store::{LARGEST, MOST, OLD, append, has, path};
pub use watched::{Watched, Watching};
pub use who::{Caller, Who};

use serde::{Deserialize, Serialize};

/// Which operation it is, who has asked for it, and why: what is known of it when it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Its id; empty: one of an agent that gave none.
    pub id: String,
    /// Who.
    pub who: Caller,
    /// In the operator's words.
    pub reason: Option<String>,
}

impl Asked {
    /// By whoever runs this process.
    pub fn by_caller(owner: Option<&str>, reason: Option<&str>) -> Asked {
        Asked::by(Caller::of_this_process(owner), reason)
    }

    /// By the sidecar itself.
    pub fn by_sidecar() -> Asked {
        Asked::by(Caller::sidecar(), None)
    }

    fn by(who: Caller, reason: Option<&str>) -> Asked {
        Asked {
            id: new_id(),
            who,
            reason: reason.map(str::to_owned),
        }
    }
}
