//! `agent doctor` on real set-ups, each broken in one way, and fixed again: the point fires,
//! and is ok afterwards.

mod app;
mod balancers;
mod cfg;
mod closed;
mod host;
mod left;
mod lines;
mod rules;
mod setup;
mod sound;
mod speaks;
