//! The operator of a fleet: a key, the hosts' keys and an ssh configuration in a folder; and the
//! network of the balancers for his programs.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::namespace::{self, Namespace};
use super::remote;
use super::site::Host;

#[derive(Debug)]
pub struct Operator {
    pub dir: PathBuf,
    network: PathBuf,
}

impl Operator {
    /// Creates one with a key, and without hosts.
    pub fn create(dir: PathBuf, network: &Namespace) -> Operator {
        fs::create_dir_all(&dir).expect("a folder for the operator");
        remote::keygen(&dir.join("id_ed25519"), "operator");
        let network = network.path();
        Operator { dir, network }
    }

    /// The key that a host accepts.
    pub fn public_key(&self) -> String {
        read(&self.dir.join("id_ed25519.pub"))
    }

    pub fn key(&self) -> PathBuf {
        self.dir.join("id_ed25519")
    }

    /// For `ssh -F`: it has the names of the hosts, and ssh's defaults for connections.
    pub fn ssh_config(&self) -> PathBuf {
        self.dir.join("ssh_config")
    }

    pub fn known_hosts(&self) -> PathBuf {
        self.dir.join("known_hosts")
    }

    /// Stores the real keys of these hosts.
    pub fn meet(&self, hosts: &[Host]) {
        let (mut config, mut known) = (String::new(), String::new());
        for host in hosts {
            let (name, address) = (host.name(), host.address());
            writeln!(config, "Host {name}\n    HostName {address}").expect("a string");
            let key = read(&host.dir.join("files/etc/ssh/host_key.pub"));
            write!(known, "{name},{address} {key}").expect("a string");
        }
        let (key, file) = (self.key(), self.known_hosts());
        let all = format!(
            "Host *\n    User root\n    IdentityFile {}\n    IdentitiesOnly yes\n    \
             UserKnownHostsFile {}\n    GlobalKnownHostsFile /dev/null\n    \
             StrictHostKeyChecking yes\n",
            key.display(),
            file.display()
        );
        fs::write(self.ssh_config(), config + &all).expect("an ssh configuration");
        fs::write(file, known).expect("known hosts");
    }

    /// Makes the key of a host unknown.
    pub fn forget_key(&self, host: &Host) {
        self.change_key(host, |_| String::new());
    }

    /// Makes a host look like another one: its stored key is this operator's own.
    pub fn mistake_key(&self, host: &Host) {
        let other = self.public_key();
        self.change_key(host, |names| format!("{names} {other}"));
    }

    fn change_key(&self, host: &Host, change: impl Fn(&str) -> String) {
        let names = format!("{},{}", host.name(), host.address());
        let known = read(&self.known_hosts());
        let lines = known.lines().map(|line| match line.split_once(' ') {
            Some((who, _)) if who == names => change(&names),
            _ => format!("{line}\n"),
        });
        let known: String = lines.collect();
        fs::write(self.known_hosts(), known).expect("known hosts");
    }

    /// A program in the network from which the operator reaches the hosts.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = namespace::command_in(&self.network, program);
        command.env_remove("SSH_AUTH_SOCK").current_dir(&self.dir);
        command
    }

    /// `ssh HOST WORDS`.
    pub fn ssh(&self, host: &Host, words: &[&str]) -> Command {
        let mut ssh = self.command("ssh");
        ssh.arg("-F").arg(self.ssh_config());
        ssh.args(["-o", "BatchMode=yes", &host.name()]).args(words);
        ssh
    }
}

fn read(path: &Path) -> String {
    let text = fs::read_to_string(path);
    text.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
