//! The command line: its arguments, its output and its exit codes.

mod arguments;
mod attached;
mod completions;
mod configured;
mod declaring;
mod descriptors;
mod dispatch;
mod doctor;
mod examples;
mod exits;
mod haproxy_config;
mod history;
mod history_text;
mod logs;
mod maintaining;
mod maintenance;
mod named;
mod operate;
mod options;
mod page;
mod print;
mod probe;
mod progress;
mod readonly;
mod report;
mod runtime;
mod screen;
mod selection;
mod sidecar;
mod status;
mod switch;
mod switching;
mod uninstall;
mod without;

pub use arguments::{Cli, SECOND, command, named};
pub use completions::completions;
