//! The traffic: users of all kinds at a steady total rate, and an honest account of what
//! they met. A program of its own (`lab-traffic`), so that it can live in a namespace.

pub mod client;
pub mod record;
pub mod users;
