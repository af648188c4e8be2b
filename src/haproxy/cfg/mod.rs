//! HAProxy's own configuration file, as far as a restart depends on it: the sections with what they
//! inherit from `defaults`, their servers, the rules and intervals of their checks, and which lines
//! are ours. Pure; it judges nothing.

pub(crate) mod address;
pub(crate) mod asked;
pub(crate) mod checks;
pub(crate) mod environment;
pub(crate) mod file;
pub(crate) mod front;
pub(crate) mod ours;
pub(crate) mod rhythm;
pub(crate) mod rules;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod time;
pub(crate) mod transport;
pub(crate) mod words;
