//! A server program in the foreground on a host: started, stopped, started again.

use toml::Value;

use super::namespace::Namespace;
use super::process::Process;

#[derive(Debug)]
pub struct Daemon {
    pub name: String,
    /// Its restart in the agent's settings.
    pub restart: Value,
    pub process: Process,
    argv: Vec<String>,
}

impl Daemon {
    pub fn start(namespace: &Namespace, name: &str, argv: Vec<String>, restart: Value) -> Daemon {
        Daemon {
            name: name.to_owned(),
            restart,
            process: spawn(namespace, name, &argv),
            argv,
        }
    }

    /// A restart without an agent: stop it, start it.
    pub fn stop_and_start(&mut self, namespace: &Namespace) {
        self.process.stop();
        self.process = spawn(namespace, &self.name, &self.argv);
    }
}

fn spawn(namespace: &Namespace, name: &str, argv: &[String]) -> Process {
    let mut command = namespace.command(&argv[0]);
    Process::spawn(name, command.args(&argv[1..]))
}

pub fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
