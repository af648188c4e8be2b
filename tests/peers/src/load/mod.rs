//! The traffic: users of all kinds at a steady total rate, and an honest account of their results.
//! It is a separate program (`lab-traffic`), because it runs in a namespace.

pub mod client;
pub mod program;
pub mod record;
pub mod users;
