//! A real PostgreSQL server in the namespace of a host, as the user postgres, with its data in the
//! folder of that host: the first one, or one that replicates from another.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::User;

use crate::process::Process;
use crate::site::Host;
use crate::wait_for;

/// For a start, a replica that catches up, and writes that end.
pub const LIMIT: Duration = Duration::from_secs(30);

/// The hosts of the lab may connect without a password. Nothing else reaches their network.
const HOSTS_MAY: &str =
    "host all all 10.77.0.0/24 trust\nhost replication all 10.77.0.0/24 trust\n";

#[derive(Debug)]
pub struct Postgres {
    process: Process,
    /// Its socket, and its data: a base backup would copy a socket's lock among the data.
    folder: PathBuf,
    pub address: String,
}

impl Postgres {
    /// A new server with the empty database `shop` of the user `shop`.
    pub fn primary(host: &Host, name: &str) -> Postgres {
        let folder = folder(host);
        let data = folder.join("data");
        let mut initdb = program(host, "initdb");
        initdb.args([
            "--auth=trust",
            "--no-sync",
            "--no-locale",
            "--encoding=UTF8",
        ]);
        run(initdb.arg("--wal-segsize=1").arg("-D").arg(&data));
        let rules = data.join("pg_hba.conf");
        let all = fs::read_to_string(&rules).expect("pg_hba.conf") + HOSTS_MAY;
        fs::write(&rules, all).expect("pg_hba.conf");
        let server = Postgres::start(host, name, folder);
        server.admin("postgres", "CREATE ROLE shop LOGIN");
        server.admin("postgres", "CREATE DATABASE shop OWNER shop");
        server
    }

    /// A replica of it: a base backup, then streaming.
    pub fn replica(&self, host: &Host, name: &str) -> Postgres {
        let folder = folder(host);
        let mut backup = program(host, "pg_basebackup");
        backup.args(["--host", &self.address, "--username=postgres", "--no-sync"]);
        backup.args(["--checkpoint=fast", "--write-recovery-conf", "-D"]);
        run(backup.arg(folder.join("data")));
        Postgres::start(host, name, folder)
    }

    fn start(host: &Host, name: &str, folder: PathBuf) -> Postgres {
        let mut command = program(host, "postgres");
        command.arg("-D").arg(folder.join("data"));
        let sockets = format!("unix_socket_directories={}", folder.display());
        let name = format!("cluster_name={name}");
        for setting in ["listen_addresses=*", "fsync=off", &sockets, &name] {
            command.args(["-c", setting]);
        }
        let mut server = Postgres {
            process: Process::spawn("postgres", &mut command),
            folder,
            address: host.address(),
        };
        wait_for("PostgreSQL", LIMIT, || {
            assert!(server.process.is_running(), "PostgreSQL left");
            server.ask("postgres", "SELECT 1").ok()
        });
        server
    }

    /// Runs one statement as the administrator of the database `shop`, and returns its rows.
    pub fn sql(&self, statement: &str) -> String {
        self.admin("shop", statement)
    }

    fn admin(&self, database: &str, statement: &str) -> String {
        let answer = self.ask(database, statement);
        answer.unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    fn ask(&self, database: &str, statement: &str) -> Result<String, String> {
        let mut psql = Command::new(binary("psql"));
        psql.args([
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-d",
            database,
        ]);
        psql.arg("-h").arg(&self.folder).args(["-c", statement]);
        let output = psql.output().expect("psql runs");
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGTERM alone would wait until each client has left.
        if self.process.is_running() {
            self.process.signal(Signal::SIGINT);
        }
    }
}

/// A folder of the user postgres.
fn folder(host: &Host) -> PathBuf {
    let path = host.dir.join("postgres");
    let user = User::from_name("postgres").ok().flatten();
    let user = user.expect("the user postgres: install postgresql");
    DirBuilder::new()
        .mode(0o700)
        .create(&path)
        .expect("a folder");
    let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
    chown(&path, Some(uid), Some(gid)).expect("a folder of postgres");
    path
}

/// A program of PostgreSQL as the user postgres. A change of the user takes back that a process dies
/// with its parent, so setpriv sets that again: an immediate shutdown.
fn program(host: &Host, name: &str) -> Command {
    let mut command = host.namespace.command("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    command.args(["--pdeathsig", "QUIT"]).arg(binary(name));
    command.current_dir("/");
    command
}

/// Debian has them in a folder of each version. Its commands in /usr/bin choose one by its clusters.
fn binary(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    let found = folders
        .map(|folder| folder.join(name))
        .filter(|path| path.exists());
    let newest = found.max_by_key(|path| version(path));
    newest.unwrap_or_else(|| panic!("no {name} in /usr/lib/postgresql: install postgresql"))
}

fn version(path: &Path) -> Option<u32> {
    path.ancestors().nth(2)?.file_name()?.to_str()?.parse().ok()
}

fn run(command: &mut Command) {
    let output = command.output().expect("the command starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}",
        output.status
    );
}
