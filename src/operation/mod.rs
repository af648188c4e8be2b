//! One operation on one app: lock, begin, journal, drive, report. The command line and the
//! sidecar run the same code.
//!
//! | file | its step |
//! | --- | --- |
//! | `run` | the whole operation, from its [request](Operation) to its report |
//! | `lock` | the locks of the host and the app |
//! | `group_lock` | the lock of the host's group |
//! | `begin` | the preflight, in its order; how it ends: `go` |
//! | `held`, `earlier` | the hold that is there; what an earlier operation left unfinished |
//! | `looks`, `judge`, `beside` | one look at everything, and whether and where to begin |
//! | `windows` | whether the windows of the configuration let it begin now |
//! | `limits`, `plan` | within which limits; the plan of a dry run |
//! | `operate` | the journal, the [driver] with its loop, the end |
//! | `hold` | what the end means for the hold |
//! | `remember` | the line of the history |
//! | `readonly` | `agent readonly`: the gate of the marker |
//! | `switch` | apps with targets: which one is current |

mod begin;
mod beside;
mod describe;
pub mod driver;
mod earlier;
mod go;
mod group_lock;
mod held;
mod hold;
mod judge;
mod lasting;
mod limits;
mod lock;
mod looks;
mod operate;
mod plan;
pub(crate) mod readonly;
mod remember;
mod request;
mod run;
mod sidecar_settings;
mod switch;
mod windows;

pub use describe::{describe, named};
pub use plan::found;
pub(crate) use readonly::{Kept, keep_marker, recover_marker};
pub use readonly::{Readonly, ReadonlyReport};
pub use remember::Unwritten;
pub use request::{MakeProgress, OnHold, Operation, Options, Switch, Way};
pub use switch::{By, Current, current, seen_at_current};
pub(crate) use windows::shown;
