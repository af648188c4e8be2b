//! HAProxy's own configuration file, as far as a restart depends on it: the sections with what they
//! inherit from `defaults`, their servers, and the rules of their checks. Pure; it judges nothing.

pub(crate) mod file;
pub(crate) mod rules;
pub(crate) mod server;
pub(crate) mod time;
pub(crate) mod transport;
pub(crate) mod words;
