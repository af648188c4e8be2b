//! `agent doctor` on real set-ups. Each test breaks one thing and expects the point, then fixes it
//! and expects ok.

mod app;
mod balancers;
mod cfg;
mod closed;
mod correct;
mod host;
mod lines;
mod lock;
mod page;
mod points;
mod rules;
mod setup;
mod targets;
mod tls;
mod unfinished;
