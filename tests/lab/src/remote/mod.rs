//! A real host for its operator: he reaches it by ssh alone. It has its own files, processes and
//! hostname, the agent in PATH, and its configuration and state in their default places.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use toml::{Table, Value};

use super::app_dir::AppDir;
use super::process::Process;
use super::settings::Settings;
use super::site::Host;
use super::targets::Target;
use super::{built, wait_for};

mod agent;
mod held;
mod service;
mod ssh;

use service::Service;

/// For forty hosts that start at the same time, also on a busy machine.
const UP: Duration = Duration::from_secs(120);

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Only keys, and none of Debian's actions at a login.
const SSHD: &str = "\
HostKey /etc/ssh/host_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
MaxStartups 100
# The default costs each side 0.2 s of this machine.
KexAlgorithms curve25519-sha256
Subsystem sftp internal-sftp
";

#[derive(Debug)]
pub struct Remote {
    pub number: usize,
    /// Its app, or the first target of it.
    pub app: AppDir,
    pub(super) targets: Vec<Target>,
    network: PathBuf,
    sshd_log: PathBuf,
    /// Its namespaces belong to this process, and everything in them ends with it.
    init: Process,
}

impl Remote {
    /// Starts the host with these settings, for the operator with this key.
    pub fn start(host: &Host, settings: &Settings, cold: Duration, key: &str) -> Remote {
        Remote::with(host, Vec::new(), settings, cold, key)
    }

    /// The same for an app with these targets, of which the first one runs. The child dies with the
    /// calling thread.
    pub(super) fn with(
        host: &Host,
        targets: Vec<Target>,
        settings: &Settings,
        cold: Duration,
        key: &str,
    ) -> Remote {
        let first = targets.first();
        let folder = first.map_or_else(|| host.name(), |target| target.name.to_owned());
        let app = AppDir::create(host.dir.join(folder));
        let files = host.dir.join("files");
        write_files(&files, host);
        let services = match targets.is_empty() {
            true => vec![Service::of_app(host, &app)],
            false => targets.iter().map(Service::of_target).collect(),
        };
        for service in services {
            let path = format!("etc/default/{}", service.file);
            put(&files, &path, &service.text(cold));
        }
        put(&files, "etc/ssh/authorized_keys", key);
        fs::create_dir_all(files.join("etc/haproxy-gate")).expect("a folder");
        settings.write(&files.join("etc/haproxy-gate"));
        let mut init = host.namespace.command("setpriv");
        // unshare itself ignores the milder signal.
        init.args(["--pdeathsig", "KILL", "unshare"]);
        init.args(["--mount", "--pid", "--uts", "--fork", "--kill-child"]);
        let script = host.dir.join("up.sh");
        fs::write(&script, include_str!("up.sh")).expect("a script");
        init.args(["--", "sh"]).arg(script);
        init.env_clear().env("PATH", PATH).env("HOME", "/root");
        init.env("dir", &host.dir).env("name", host.name());
        init.env("programs", built::target())
            .env("agent", built::agent());
        init.env("target", first.map_or("", |target| target.name));
        Remote {
            number: host.number,
            app,
            targets,
            network: host.namespace.path(),
            sshd_log: host.dir.join("sshd.log"),
            init: Process::spawn(&host.name(), &mut init),
        }
    }

    /// Waits until sshd and the app have been started.
    pub fn wait_until_up(&mut self) {
        let what = format!("host {} to come up", self.number);
        wait_for(&what, UP, || {
            let runs = self.init.is_running();
            assert!(
                runs,
                "it left:\n{}{}",
                self.init.out.text(),
                self.init.err.text()
            );
            self.init.out.last("ready", 0.0)
        });
    }

    /// A file of the host, by its path there without the first slash.
    pub fn file(&self, path: &str) -> PathBuf {
        Path::new(&self.proc("root")).join(path)
    }

    /// Stops the app, as on a host whose app is down.
    pub fn stop_app(&self) {
        self.sh("web stop");
    }

    /// Runs a shell line on the host without ssh, and returns its stdout. Panics if it fails.
    pub fn sh(&self, line: &str) -> String {
        let output = self.command("sh").args(["-c", line]).output();
        let output = output.expect("nsenter runs");
        let [out, err] =
            [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        assert!(
            output.status.success(),
            "`{line}`: {}\n{out}{err}",
            output.status
        );
        out
    }

    /// A program on the host without ssh. It ends with the thread that started it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "nsenter"]);
        command.arg(format!("--net={}", self.network.display()));
        command.arg(format!("--mount={}", self.proc("ns/mnt")));
        command.arg(format!("--uts={}", self.proc("ns/uts")));
        command.arg(format!("--pid={}", self.proc("ns/pid_for_children")));
        // Another process than nsenter, which stays outside the pid namespace.
        command.args(["--", "setpriv", "--pdeathsig", "TERM", program]);
        command.env_clear().env("PATH", PATH).env("HOME", "/root");
        command
    }

    /// The log of its sshd.
    pub fn sshd_log(&self) -> String {
        fs::read_to_string(&self.sshd_log).unwrap_or_default()
    }

    fn proc(&self, path: &str) -> String {
        format!("/proc/{}/{path}", self.init.pid())
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if self.init.is_running() {
            self.init.kill_group();
        }
    }
}

/// The agent restarts the app as a service, so it also starts an app that is down.
pub fn restart() -> Value {
    let mut restart = Table::new();
    let command = ["/usr/local/sbin/web", "restart"].map(Value::from);
    restart.insert("command".into(), Value::Array(command.into()));
    restart.into()
}

fn write_files(files: &Path, host: &Host) {
    put(files, "etc/ssh/sshd_config", SSHD);
    keygen(&files.join("etc/ssh/host_key"), &host.name());
    put(files, "etc/hostname", &format!("{}\n", host.name()));
    put(files, "usr/local/sbin/web", include_str!("web.sh"));
    let script = files.join("usr/local/sbin/web");
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).expect("a script");
}

fn put(files: &Path, path: &str, text: &str) {
    let path = files.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// A key pair without a passphrase: `path` and `path.pub`.
pub fn keygen(path: &Path, comment: &str) {
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"]);
    let status = keygen.arg(path).status().expect("ssh-keygen runs");
    assert!(status.success(), "ssh-keygen: {status}");
}
