//! `lab-app`: an app behind HAProxy. It is cold for a while after each boot, and stops gracefully
//! on SIGTERM. On SIGUSR2 it stops gracefully and starts again in place, with the same pid and a
//! new boot id, as Puma and others do. On SIGUSR1 it starts again at once: requests in flight are
//! cut, as by SIGKILL.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clap::Parser;
use signal_hook::consts::{SIGTERM, SIGUSR1, SIGUSR2};

use crate::now;

mod faults;
mod serve;
mod stream;
mod waits;

#[derive(Debug, Parser)]
struct Arguments {
    /// The host's name, which is in each answer
    #[arg(long)]
    name: String,
    #[arg(long)]
    listen: Vec<SocketAddr>,
    /// Milliseconds from a boot to listening; the file `cold-ms` overrides it at any moment
    #[arg(long, default_value_t = 0)]
    cold_ms: u64,
    /// The folder for pidfile, journal and flags
    #[arg(long)]
    dir: PathBuf,
}

/// One boot of the app.
#[derive(Debug)]
pub struct Boot {
    name: String,
    id: String,
    /// The file `version` as of the boot: an upgrade changes it.
    version: String,
    dir: PathBuf,
    was_healthy: AtomicBool,
    /// Requests of users so far.
    asked: AtomicU64,
}

/// Runs it. It is in the library, because an example of the root package is not optimized.
///
/// # Errors
///
/// It can't listen, or can't start again.
#[tokio::main(flavor = "current_thread")]
pub async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut signals = signal_hook_tokio::Signals::new([SIGTERM, SIGUSR1, SIGUSR2])?;
    let boot = Boot::begin(&arguments)?;
    boot.refuse_to_start()?;
    tokio::spawn(boot.end_with_the_folder());
    let signal = tokio::select! {
        signal = serve::next(&mut signals) => signal,
        () = boot.warm_up(arguments.cold_ms) => {
            serve::until_asked_to_stop(boot, &arguments.listen, &mut signals).await?
        }
    };
    match signal {
        SIGUSR1 | SIGUSR2 => Err(start_again()),
        _ => Ok(()),
    }
}

/// Replaces the program of this process. Returns only on failure.
fn start_again() -> io::Error {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    Command::new(program).args(arguments).exec()
}

impl Boot {
    fn begin(arguments: &Arguments) -> io::Result<&'static Boot> {
        let id = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
        let boot = Box::leak(Box::new(Boot {
            name: arguments.name.clone(),
            id: id.trim().to_owned(),
            version: fs::read_to_string(arguments.dir.join("version"))
                .map_or_else(|_| "1".to_owned(), |text| text.trim().to_owned()),
            dir: arguments.dir.clone(),
            was_healthy: AtomicBool::new(false),
            asked: AtomicU64::new(0),
        }));
        fs::write(boot.dir.join("pid"), std::process::id().to_string())?;
        boot.note("boot");
        Ok(boot)
    }

    /// The target and the version that serve: in each answer, of whatever kind.
    fn served_by(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    fn note_healthy(&self) {
        if !self.was_healthy.swap(true, Ordering::Relaxed) {
            self.note("healthy");
        }
    }

    /// One line `TIME WORD BOOT` in the journal.
    fn note(&self, word: &str) {
        let at = now();
        let line = format!("{at:.6} {word} {}\n", self.id);
        let mut append = OpenOptions::new();
        let journal = append.create(true).append(true);
        let file = journal.open(self.dir.join("journal"));
        if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
            eprintln!("journal: {error}");
        }
    }
}
