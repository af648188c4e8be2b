//! The bench measures six things: the cost of a restart besides the time of HAProxy and the app, the
//! cost of a poll for HAProxy, how quick and how dear its checks are, what users meet in a roll by the
//! agent and by other means, a switch beside other ways to a new version, and the size of the
//! program. It is one run on one machine, and prints a table and JSON.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process;

use clap::{Parser, ValueEnum};

use figures::Figures;
use lab::{built, signals};

mod ansible;
mod checks;
mod crowd;
mod figures;
mod log;
mod moments;
mod polls;
mod program;
mod restart;
mod rolls;
mod spread;
mod switch;
mod table;

/// Measures what a restart, a poll, checks, a roll and the program itself cost
#[derive(Debug, Parser)]
struct Arguments {
    /// Fewer repetitions; the rolls are of one host
    #[arg(long)]
    quick: bool,
    /// Measures only these
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Also writes the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The agent that is measured; by default the one built beside this program
    #[arg(long, value_name = "FILE")]
    agent: Option<PathBuf>,
    /// The Python environment with Ansible and its community.general; the rolls need it
    #[arg(long, value_name = "FOLDER")]
    ansible: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Restart,
    Polls,
    Checks,
    Rolls,
    Switch,
    Program,
}

fn main() {
    let arguments = Arguments::parse();
    let agent = arguments.agent.clone().unwrap_or_else(built::agent);
    let agent = fs::canonicalize(&agent)
        .unwrap_or_else(|error| panic!("--agent {}: {error}", agent.display()));
    let (quick, wants) = (arguments.quick, |part| arguments.wants(part));
    let ansible = wants(Part::Rolls).then(|| {
        let folder = arguments.ansible.as_deref();
        folder.expect("--ansible, which scripts/bench gives: the rolls need it")
    });
    // The bench finds a missing folder now, not minutes later.
    let json = arguments.json.as_deref().map(create);
    signals::clean_up_on_signals();
    let figures = Figures {
        set_up: figures::set_up(&agent),
        restart: wants(Part::Restart).then(|| restart::measure(&agent, quick)),
        polls: wants(Part::Polls).then(|| polls::measure(quick)),
        checks: wants(Part::Checks).then(|| checks::measure(quick)),
        rolls: ansible.map(|ansible| rolls::measure(&agent, ansible, quick)),
        switch: wants(Part::Switch).then(|| switch::measure(&agent, quick)),
        program: wants(Part::Program).then(|| program::measure(&agent, quick)),
    };
    table::print(&figures);
    if let Some(mut file) = json {
        let figures = serde_json::to_string_pretty(&figures).expect("figures");
        writeln!(file, "{figures}").expect("the figures are written");
    }
}

fn create(path: &Path) -> File {
    File::create(path).unwrap_or_else(|error| {
        eprintln!("--json {}: {error}", path.display());
        process::exit(2);
    })
}

impl Arguments {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}
