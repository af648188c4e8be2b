//! A host's `agent.toml`, set key by key.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

#[derive(Debug, Clone)]
pub struct Settings(Table);

impl Settings {
    pub fn empty() -> Settings {
        Settings(Table::new())
    }

    /// One app `web` on port 1000 in the two-stage layout, without a balancer yet.
    pub fn two_stage(state_dir: &Path, restart: impl Into<Value>) -> Settings {
        Settings::classic(state_dir, restart).set("app.web.backup_status_port", 3000)
    }

    pub fn classic(state_dir: &Path, restart: impl Into<Value>) -> Settings {
        let state_dir = state_dir.display().to_string();
        Settings::app(restart).set("agent.state_dir", state_dir)
    }

    /// The same with the agent's default state directory.
    pub fn app(restart: impl Into<Value>) -> Settings {
        Settings::empty()
            .set("app.web.port", 1000)
            .set("app.web.status_port", 2000)
            .set("app.web.health.http", "/healthz")
            .set("app.web.restart", restart)
    }

    /// Sets the key at a dotted path.
    pub fn set(mut self, path: &str, value: impl Into<Value>) -> Settings {
        let (table, key) = self.place(path);
        table.insert(key.to_owned(), value.into());
        self
    }

    /// The command `sh -c LINE` at this path takes so many seconds more, so that a test can act in the
    /// middle of its phase. A phase of a few milliseconds may pass between two looks at the journal.
    pub fn slowly(mut self, path: &str, seconds: f64) -> Settings {
        let (table, key) = self.place(path);
        let argv = table.get_mut(key).and_then(Value::as_array_mut);
        let line = argv.and_then(|argv| argv.last_mut()).expect("a command");
        *line = format!("sleep {seconds}; {}", line.as_str().expect("a line")).into();
        self
    }

    /// Removes the key.
    pub fn unset(mut self, path: &str) -> Settings {
        let (table, key) = self.place(path);
        table.remove(key);
        self
    }

    fn place<'a>(&mut self, path: &'a str) -> (&mut Table, &'a str) {
        let (tables, key) = path.rsplit_once('.').expect("a dotted path");
        let mut table = &mut self.0;
        for name in tables.split('.') {
            let entry = table.entry(name);
            let inner = entry.or_insert_with(|| Table::new().into());
            table = inner.as_table_mut().expect("a table");
        }
        (table, key)
    }

    /// Limits that run out within a test.
    pub fn hurried(self) -> Settings {
        self.set("app.web.timeouts.out_of_rotation", "2s")
            .set("app.web.timeouts.drain", "700ms")
            .set("app.web.timeouts.in_rotation", "500ms")
    }

    /// Adds a balancer, by the path of its socket or as `tcp://ADDRESS`.
    pub fn haproxy(self, socket: &str) -> Settings {
        self.haproxy_within(socket, "2s")
    }

    /// The same with another limit for one question.
    pub fn haproxy_within(self, socket: &str, timeout: &str) -> Settings {
        let mut balancer = Table::new();
        balancer.insert("socket".into(), socket.into());
        balancer.insert("timeout".into(), timeout.into());
        self.balancer(balancer)
    }

    /// Adds a balancer that serves one app only.
    pub fn haproxy_of(self, app: &str, socket: &str, timeout: &str) -> Settings {
        let mut balancer = Table::new();
        balancer.insert("app".into(), app.into());
        balancer.insert("socket".into(), socket.into());
        balancer.insert("timeout".into(), timeout.into());
        self.balancer(balancer)
    }

    fn balancer(mut self, balancer: Table) -> Settings {
        let balancers = self.0.entry("haproxy");
        let balancers = balancers.or_insert_with(|| Value::Array(Vec::new()));
        let list = balancers.as_array_mut().expect("a list");
        list.push(balancer.into());
        self
    }

    /// Sets the master CLI of every balancer so far.
    pub fn master(mut self, socket: &Path) -> Settings {
        let socket = socket.display().to_string();
        let balancers = self.0["haproxy"].as_array_mut().expect("a list");
        for balancer in balancers {
            let balancer = balancer.as_table_mut().expect("a table");
            balancer.insert("master".into(), socket.clone().into());
        }
        self
    }

    pub fn text(&self) -> String {
        toml::to_string(&self.0).expect("a configuration")
    }

    pub fn write(&self, dir: &Path) -> PathBuf {
        let (path, new) = (dir.join("agent.toml"), dir.join("agent.toml.new"));
        let text = self.text();
        // In one step: another agent of the host may be reading the file.
        fs::write(&new, text).expect("agent.toml.new");
        fs::rename(&new, &path).expect("agent.toml");
        path
    }
}
