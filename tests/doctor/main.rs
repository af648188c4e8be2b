//! `agent doctor` on real set-ups. Each test breaks one thing and expects the point, then fixes it
//! and expects ok.

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
