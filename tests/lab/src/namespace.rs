//! One network namespace. All addresses are in namespaces, so runs at the same time never collide.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};

/// For a connection, and for its answers.
const LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Namespace {
    pub name: String,
}

impl Namespace {
    pub fn create(name: String) -> Namespace {
        run(Command::new("ip").args(["netns", "add", &name]));
        let namespace = Namespace { name };
        namespace.ip("link set lo up");
        namespace
    }

    /// Runs lines of `ip` commands inside. Panics if one fails.
    pub fn ip(&self, lines: &str) {
        let mut ip = Command::new("ip");
        ip.args(["-n", &self.name, "-batch", "-"]);
        let mut child = ip.stdin(Stdio::piped()).spawn().expect("ip");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(lines.as_bytes()).expect("ip reads");
        drop(stdin);
        let status = child.wait().expect("ip ends");
        assert!(status.success(), "ip -n {}: {status}\n{lines}", self.name);
    }

    /// A command that will run inside. It is the child itself, without a shell in between. It dies
    /// with the thread that started it, even if no destructor runs.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        command_in(&self.path(), program)
    }

    /// Runs a command to its end, and returns its stdout. Panics if it fails.
    pub fn run(&self, program: &str, args: &[&str]) -> String {
        run(self.command(program).args(args))
    }

    pub fn path(&self) -> PathBuf {
        Path::new("/run/netns").join(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        delete(&self.name);
    }
}

/// The same in a network with a known path.
pub fn command_in(network: &Path, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "nsenter"]);
    command.arg(format!("--net={}", network.display()));
    command.arg("--").arg(program.as_ref());
    command
}

/// Deletes a namespace by name. A missing one is fine.
pub fn delete(name: &str) {
    let mut ip = Command::new("ip");
    ip.args(["netns", "del", name]).stderr(Stdio::null());
    ip.status().ok();
}

/// A connection from inside.
pub fn connect(network: &Path, to: SocketAddr) -> io::Result<TcpStream> {
    inside(network, || {
        let stream = TcpStream::connect_timeout(&to, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(stream)
    })?
}

/// Runs it inside, on a thread that enters and then ends. Its children are inside, too.
pub fn inside<T: Send>(network: &Path, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let network = File::open(network)?;
    thread::scope(|scope| {
        let entering = scope.spawn(|| {
            setns(network, CloneFlags::CLONE_NEWNET)?;
            Ok(work())
        });
        entering.join().expect("no panic")
    })
}

/// The names of all namespaces on this machine.
pub fn all() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/run/netns") else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.collect()
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the command starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let status = output.status;
    assert!(status.success(), "{command:?}: {status}\n{stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
