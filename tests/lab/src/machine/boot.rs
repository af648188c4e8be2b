//! What boots, in which network, and what it shares with this machine.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::debian_root;
use super::super::keeper::Keeper;
use super::{Debian, Disk};

pub struct Boot {
    name: String,
    group: String,
    dir: PathBuf,
    root: [&'static str; 2],
    network: PathBuf,
    deb: PathBuf,
    target: &'static str,
    binds: Vec<OsString>,
}

impl Boot {
    /// A Debian 12 with iptables, in its own network. Its control group has that name. The folder
    /// has its disk while it runs, and its console.
    pub fn new(group: &str, dir: &Path) -> Boot {
        Boot {
            name: group.to_owned(),
            group: group.to_owned(),
            dir: dir.to_owned(),
            root: ["debian-12+iptables", "bookworm iptables"],
            network: PathBuf::new(),
            deb: PathBuf::new(),
            target: "default.target",
            binds: Vec::new(),
        }
    }

    /// Sets a hostname that differs from the name of the group.
    pub fn named(self, name: &str) -> Boot {
        let name = name.to_owned();
        Boot { name, ..self }
    }

    /// Without iptables.
    pub fn bare(self) -> Boot {
        let root = ["debian-12", "bookworm"];
        Boot { root, ..self }
    }

    /// With the packages for Ansible and the role of the collection, including HAProxy.
    pub fn for_ansible(self) -> Boot {
        let root = [
            "debian-12+haproxy+iptables+openssh-server+python3+python3-apt",
            "bookworm haproxy iptables openssh-server python3 python3-apt",
        ];
        Boot { root, ..self }
    }

    /// A file of the root folder, as text.
    pub fn read(&self, path: &str) -> String {
        let path = self.require().join(path);
        let text = fs::read_to_string(&path);
        text.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn in_network(self, network: PathBuf) -> Boot {
        Boot { network, ..self }
    }

    /// Installs this package before the boot.
    pub fn with(self, deb: &Path) -> Boot {
        let deb = deb.to_owned();
        Boot { deb, ..self }
    }

    /// Boots to this unit, and no further.
    pub fn up_to(self, target: &'static str) -> Boot {
        Boot { target, ..self }
    }

    /// Shares a folder of this machine.
    pub fn bind(self, folder: &Path, inside: &str) -> Boot {
        self.bound("--bind=", folder, inside)
    }

    /// Shares a folder of this machine, read-only.
    pub fn bind_ro(self, path: &Path, inside: &str) -> Boot {
        self.bound("--bind-ro=", path, inside)
    }

    fn bound(mut self, option: &str, path: &Path, inside: &str) -> Boot {
        let mut bind = OsString::from(option);
        bind.push(path);
        bind.push(":");
        bind.push(inside);
        self.binds.push(bind);
        self
    }

    /// Begins to boot from this disk.
    pub fn start(self, disk: &Disk) -> Debian {
        let root = self.require();
        disk.write(&self.dir.join("disk"));
        let console = self.dir.join("console");
        let log = File::create(&console).expect("a console");
        let mut command = Command::new("sh");
        command.args(["-c", include_str!("boot.sh"), "sh"]);
        command.args(&self.binds);
        command
            .env("name", &self.name)
            .env("group", &self.group)
            .env("dir", &self.dir)
            .env("root", root)
            .env("network", &self.network)
            .env("deb", &self.deb)
            .env("target", self.target);
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a copy")).stderr(log);
        Debian {
            keeper: Keeper::start(&self.group, command),
            name: self.name,
            group: self.group,
            console,
        }
    }

    /// A missing root folder is a failure with its fix: no test passes by skipping.
    fn require(&self) -> PathBuf {
        let is_root = nix::unistd::geteuid().is_root();
        assert!(is_root, "this boots a machine: run it as root");
        let [folder, arguments] = self.root;
        let root = debian_root::require(folder, arguments);
        let mut nspawn = Command::new("systemd-nspawn");
        let there = nspawn.arg("--version").stdout(Stdio::null()).status();
        assert!(
            there.is_ok(),
            "systemd-nspawn is not there: run scripts/debian-root first"
        );
        root
    }
}
