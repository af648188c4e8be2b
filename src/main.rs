//! `agent`: parse, run, exit code.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    haproxy_gate::cli::Cli::parse().run()
}
