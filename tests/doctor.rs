//! `agent doctor` on real set-ups, each broken in one way, and mended again: the point fires,
//! and is ok afterwards.

mod lab;

#[path = "doctor/app.rs"]
mod app;
#[path = "doctor/balancers.rs"]
mod balancers;
#[path = "doctor/cfg.rs"]
mod cfg;
#[path = "doctor/firewall.rs"]
mod firewall;
#[path = "doctor/host.rs"]
mod host;
#[path = "doctor/left.rs"]
mod left;
#[path = "doctor/lines.rs"]
mod lines;
#[path = "doctor/rhythm.rs"]
mod rhythm;
#[path = "doctor/rules.rs"]
mod rules;
#[path = "doctor/setup.rs"]
mod setup;
#[path = "doctor/sound.rs"]
mod sound;
#[path = "doctor/speaks.rs"]
mod speaks;
