//! Apps with several targets: which one is current, and an operation seen at it.
//!
//! | file | its step |
//! | --- | --- |
//! | `chosen` | decides which target is current |
//! | `current` | reads the record, and looks at the targets if there is none |
//! | `at_target` | exchanges the app of an operation for its current target, and records it |

mod at_target;
mod chosen;
mod current;

pub use chosen::{By, Current};
pub use current::{current, seen_at_current};
