//! Writes the manual pages and the shell completions for the package into a folder.

#[path = "config_page.rs"]
mod config_page;

use clap_complete::Shell;
use clap_mangen::Man;
use haproxy_gate::cli;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.expect("usage: package-docs FOLDER");
    fs::create_dir_all(&folder)?;
    pages(&folder)?;
    let version = env!("CARGO_PKG_VERSION");
    fs::write(folder.join("agent.toml.5"), config_page::page(version))?;
    // The second name of the program.
    fs::write(
        folder.join("haproxy-gate.fish"),
        "complete -c haproxy-gate -w agent\n",
    )?;
    std::os::unix::fs::symlink("agent", folder.join("haproxy-gate"))?;
    for (shell, file) in SHELLS {
        fs::write(folder.join(file), cli::completions(shell))?;
    }
    Ok(())
}

/// The file name that each shell looks for.
const SHELLS: [(Shell, &str); 3] = [
    (Shell::Bash, "agent.bash"),
    (Shell::Zsh, "_agent"),
    (Shell::Fish, "agent.fish"),
];

/// agent(8), the same as haproxy-gate(8), and one page for each verb.
fn pages(folder: &Path) -> io::Result<()> {
    let mut command = cli::command().disable_help_subcommand(true);
    command.build();
    for verb in command.get_subcommands() {
        // `agent maintenance on` has a page of its own, with the examples of `agent maintenance`.
        let examples = verb.get_after_help().map(ToString::to_string);
        let below = verb.get_subcommands().cloned();
        let below = below.map(|below| below.after_help(examples.clone().unwrap_or_default()));
        for verb in below.chain([verb.clone()]) {
            let mut page = page(verb, "EXAMPLES", folder)?;
            let all = "\\fBagent\\fR(8): all verbs, exit codes; \\fBagent.toml\\fR(5)";
            writeln!(page, ".SH \"SEE ALSO\"\n{all}")?;
        }
    }
    let verbs = command.get_subcommands();
    let verbs =
        verbs.map(|verb| format!(".BR agent\\-{} (8),\n", verb.get_name().replace('-', "\\-")));
    let verbs: String = verbs.collect();
    let second = cli::named(cli::command().disable_help_subcommand(true), cli::SECOND);
    for (command, other) in [(command, "haproxy\\-gate"), (second, "agent")] {
        let mut page = page(command, "EXAMPLES AND EXIT CODES", folder)?;
        writeln!(page, ".SH FILES\n{FILES}")?;
        writeln!(
            page,
            ".SH \"SEE ALSO\"\n.BR {other} \"(8), the same program,\"\n{verbs}.BR agent.toml (5)"
        )?;
    }
    Ok(())
}

/// Writes the page, and returns the open file to append more.
fn page(command: clap::Command, after: &str, folder: &Path) -> io::Result<fs::File> {
    let text = command.get_after_help().map(ToString::to_string);
    // Kept as it is, because the renderer would join its lines into one paragraph.
    let text = text
        .unwrap_or_default()
        .replace('\\', "\\e")
        .replace('-', "\\-");
    let command = command.after_help(None::<&str>);
    let page = Man::new(command).section("8").manual("haproxy-gate");
    let page = page.source(concat!("haproxy-gate ", env!("CARGO_PKG_VERSION")));
    let path = page.generate_to(folder)?;
    let mut page = fs::OpenOptions::new().append(true).open(path)?;
    writeln!(page, ".SH \"{after}\"\n.nf\n{}\n.fi", text.trim_end())?;
    Ok(page)
}

const FILES: &str = "\
.TP
/etc/haproxy\\-gate/agent.toml
The configuration: agent.toml(5). agent.toml.example beside it has every key.
.TP
/run/haproxy\\-gate
Lock and journal.
.TP
/var/lib/haproxy\\-gate
The holds that keep gates closed, also over a reboot, and the history.";
