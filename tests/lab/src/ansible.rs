//! Ansible with an operator's files: an inventory, and the collection of `scripts/ansible`.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::operator::Operator;
use super::project;
use super::remote::Remote;

/// A version of ansible-core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Core {
    /// 2.14, the package of Debian 12.
    Oldest,
    /// That of most tests.
    Usual,
    /// With the Python and the ssh of Debian 13.
    Newest,
}

impl Core {
    /// The programs of `scripts/collection env`. A missing one is a failure with its fix: no test
    /// passes by skipping.
    pub fn programs(self) -> PathBuf {
        let words: &[&str] = match self {
            Core::Oldest => &["find", "oldest"],
            Core::Usual => &["find"],
            Core::Newest => &["find", "newest"],
        };
        let script = project().join("scripts/collection");
        let found = Command::new(script).args(words).output();
        let found = found.expect("scripts/collection runs");
        let said = String::from_utf8_lossy(&found.stderr);
        assert!(found.status.success(), "{said}");
        let path = String::from_utf8_lossy(&found.stdout);
        Path::new(path.trim()).join("bin")
    }
}

/// Starts a module of the collection by its name, with its options in JSON.
const ALONE: &str = "\
import importlib, json, sys
from ansible.module_utils.testing import patch_module_args
name = 'ansible_collections.haproxy_gate.agent.plugins.modules.' + sys.argv[1]
with patch_module_args(json.loads(sys.argv[2])):
    importlib.import_module(name).main()
";

/// An operator's Ansible, beside the operator's keys.
#[derive(Debug)]
pub struct Ansible<'a> {
    operator: &'a Operator,
    /// Its working directory.
    pub dir: PathBuf,
    programs: PathBuf,
}

impl<'a> Ansible<'a> {
    /// Creates it with these hosts, each a line of the inventory, and variables for all of them.
    pub fn create(
        operator: &'a Operator,
        name: &str,
        hosts: impl IntoIterator<Item = String>,
        variables: &str,
    ) -> Ansible<'a> {
        let dir = operator.dir.join(name);
        let collections = dir.join("collections/ansible_collections/haproxy_gate");
        fs::create_dir_all(&collections).expect("a folder for collections");
        let sources = project().join("scripts/ansible");
        symlink(sources, collections.join("agent")).expect("a link");
        let mut inventory = "[web]\n".to_owned();
        for host in hosts {
            writeln!(inventory, "{host}").expect("a string");
        }
        write!(
            inventory,
            "[all:vars]\nansible_python_interpreter=/usr/bin/python3\n\
             ansible_ssh_common_args=\"-F {}\"\n{variables}\n",
            operator.ssh_config().display()
        )
        .expect("a string");
        fs::write(dir.join("inventory"), inventory).expect("an inventory");
        Ansible {
            operator,
            dir,
            programs: Core::Usual.programs(),
        }
    }

    /// The same with another version.
    pub fn with_core(self, core: Core) -> Ansible<'a> {
        Ansible {
            programs: core.programs(),
            ..self
        }
    }

    /// `ansible-playbook PLAYBOOK WORDS`, from the collection or a file.
    pub fn playbook(&self, playbook: &str, words: &[&str]) -> Command {
        let mut command = self.command("ansible-playbook");
        command.arg(playbook).args(words);
        command
    }

    /// One module on one host.
    pub fn module(&self, module: &str, host: &str, arguments: &str, words: &[&str]) -> Command {
        let mut command = self.command("ansible");
        command.args(["-m", module, "-a", arguments]);
        command.args(words).arg(host);
        command
    }

    /// One module with these options on this host, without Ansible and ssh: by the Python of the operator,
    /// and from the files of the collection. Not with [`Core::Oldest`], which has no `testing`.
    pub fn module_alone(&self, remote: &Remote, module: &str, options: &Value) -> Command {
        let python = self.programs.join("python");
        let mut command = remote.command(&python.display().to_string());
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("PYTHONPATH", self.dir.join("collections"));
        command.args(["-c", ALONE, module]).arg(options.to_string());
        command
    }

    fn command(&self, program: &str) -> Command {
        // A watch of HAProxy must not wait for eight Pythons.
        let mut command = self.operator.command("nice");
        command.args(["-n", "10"]).arg(self.programs.join(program));
        command.env_clear().current_dir(&self.dir);
        let path = format!("{}:/usr/bin:/bin", self.programs.display());
        command.env("PATH", path).env("HOME", &self.dir);
        command.env("PWD", &self.dir).env("LC_ALL", "C.UTF-8");
        command.env("ANSIBLE_NOCOLOR", "1");
        // Operators with many hosts set this: one connection for a task, and not five.
        command.env("ANSIBLE_PIPELINING", "1");
        // Its ssh gives up a host after this time, and it is nice beside other tests.
        command.env("ANSIBLE_TIMEOUT", "60");
        // The collection of the checkout.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("ANSIBLE_COLLECTIONS_PATH", self.dir.join("collections"));
        // Its connections end soon after the test.
        command.env(
            "ANSIBLE_SSH_ARGS",
            "-o ControlMaster=auto -o ControlPersist=3s",
        );
        command.args(["-i", "inventory", "--forks", "8"]);
        command
    }

    /// Writes a file beside the inventory.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.join(name), text).expect("a file");
    }

    /// The hosts that a roll has not done. None: there is no such file.
    pub fn left(&self) -> Option<Vec<String>> {
        let text = fs::read_to_string(self.dir.join("rolling_restart.retry")).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }
}
