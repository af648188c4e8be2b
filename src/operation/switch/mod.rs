//! Apps with several targets: which one is current, and an operation seen at it.
//!
//! | file | its step |
//! | --- | --- |
//! | `chosen` | decides which target is current |
//! | `current` | reads the record, and looks at the targets if there is none |
//! | `run` | a switch, from its two targets to its outcome |
//! | `pair`, `to` | its two targets |
//! | `first` | recovers a switch that was cut short before the next one |
//! | `left` | what it leaves at its end: the record, and parked ports |
//! | `begin`, `looks`, `rest`, `room` | the preflight of a switch |
//! | `page` | the app and its page, for maintenance |
//! | `plan` | the plan of a dry run |
//! | `at_target` | exchanges the app of an operation for its current target, and records it |
//! | `idle` | closes the gates that other targets have open, and parks those targets |
//! | `if_current` | ends an operation that a unit asks for while its own target is idle |

mod at_target;
mod back_to_hold;
mod begin;
mod chosen;
mod current;
mod first;
mod idle;
mod if_current;
mod left;
mod looks;
mod page;
mod pair;
mod plan;
mod rest;
mod room;
mod run;
mod to;

pub use chosen::{By, Current};
pub use current::{current, seen_at_current};
