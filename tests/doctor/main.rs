//! `agent doctor` on real set-ups, each broken in one way, and mended again: the point fires,
//! and is ok afterwards.

mod app;
mod balancers;
mod cfg;
mod firewall;
mod host;
mod left;
mod lines;
mod rhythm;
mod rules;
mod setup;
mod sound;
mod speaks;
