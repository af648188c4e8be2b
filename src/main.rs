//! `agent`: parse, run, exit code.

use haproxy_gate::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    Cli::from_arguments().map_or_else(|code| code, Cli::run)
}
