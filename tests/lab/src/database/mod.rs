//! The shop: three hosts with a small app on one PostgreSQL, behind HAProxy, and a second PostgreSQL
//! that replicates from the first. HAProxy refuses writes while a marker of the hosts is open.

mod moving;
mod postgres;
mod users;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::agent::{Agent, Running};
use crate::daemon::{Daemon, argv};
use crate::fleet::NUMBERS;
use crate::haproxy::Haproxy;
use crate::project;
use crate::reference::Reference;
use crate::settings::Settings;
use crate::site::{BALANCER, Host, Site};
pub use postgres::Postgres;
pub use users::{Met, Users};

/// The names of the two servers.
pub const OLD: &str = "old";
pub const NEW: &str = "new";

// Processes before the site, and users of the databases before these: Rust drops fields in this order.
pub struct Shop {
    pub haproxy: Haproxy,
    pub apps: Vec<Daemon>,
    pub new: Postgres,
    pub old: Postgres,
    pub site: Site,
}

impl Shop {
    /// Three apps on the old database, with open gates, and the replica.
    pub fn open(test: &str) -> Shop {
        let site = Site::create(test, NUMBERS.len() + 2);
        let [hosts @ .., one, two] = site.hosts.as_slice() else {
            unreachable!("five hosts")
        };
        let old = Postgres::primary(one, OLD);
        old.sql("CREATE TABLE notes (number bigint PRIMARY KEY)");
        old.sql("ALTER TABLE notes OWNER TO shop");
        let new = old.replica(two, NEW);
        let start = |host| start_app(host, &old);
        let apps: Vec<Daemon> = hosts.iter().map(start).collect();
        let config = config(&site, &apps[0].restart);
        let haproxy = Haproxy::start(&site.balancer, &site.dir, &config);
        let shop = Shop {
            haproxy,
            apps,
            new,
            old,
            site,
        };
        shop.on_all_hosts(&["open", "web"]);
        shop.haproxy.wait_until("the app is UP", |lines| {
            let mut app = lines.iter().filter(|line| line.get("pxname") == "srvs");
            app.all(|line| line.status() == "UP")
        });
        shop
    }

    pub fn users(&self) -> Users {
        let to = format!("{BALANCER}:80").parse().expect("an address");
        Users::start(&self.site.balancer, to)
    }

    pub fn on_all_hosts(&self, words: &[&str]) {
        self.on_hosts(&NUMBERS, words);
    }

    /// `agent WORDS` on these hosts at the same time. Each must exit 0.
    pub fn on_hosts(&self, numbers: &[usize], words: &[&str]) {
        let start = |number: &usize| self.agent(*number).start_words(words);
        let running: Vec<Running> = numbers.iter().map(start).collect();
        for one in running {
            one.wait().expect_exit(0);
        }
    }

    pub fn agent(&self, number: usize) -> Agent<'_> {
        let host = &self.site.hosts[number - 1];
        Agent::new(host, &settings(host, &self.apps[number - 1].restart))
    }

    /// The numbers whose writes were answered with 200, and which this database does not have.
    pub fn lost(&self, met: &Met, database: &Postgres) -> Vec<u64> {
        let rows = database.sql("SELECT number FROM notes");
        let rows: BTreeSet<u64> = rows
            .lines()
            .map(|row| row.parse().expect("a number"))
            .collect();
        let committed = met.committed.iter().map(|(_, number)| *number);
        committed.filter(|number| !rows.contains(number)).collect()
    }
}

fn start_app(host: &Host, database: &Postgres) -> Daemon {
    let folder = app_folder(host);
    fs::create_dir_all(&folder).expect("a folder for the app");
    point(&folder, database);
    let program = project().join("tests/lab/src/database/app.py");
    let (program, name, dir) = (
        program.display().to_string(),
        host.name(),
        folder.display().to_string(),
    );
    let start = argv(&["/usr/bin/python3", "-B", &program, &name, &dir]);
    let app = Daemon::start(&host.namespace, &name, start, restart(&folder));
    crate::wait_for("the app", postgres::LIMIT, || {
        folder.join("up").exists().then_some(())
    });
    app
}

fn app_folder(host: &Host) -> PathBuf {
    host.dir.join("app")
}

/// The app uses this database after its next start.
fn point(folder: &Path, database: &Postgres) {
    fs::write(folder.join("database"), &database.address).expect("an address");
}

/// In place, until the app listens again.
fn restart(folder: &Path) -> Value {
    let [pid, up] = ["pid", "up"].map(|file| folder.join(file).display().to_string());
    let line =
        format!("rm {up} && kill -USR2 $(cat {pid}) && until [ -e {up} ]; do sleep 0.02; done");
    let mut restart = Table::new();
    restart.insert("command".into(), argv(&["sh", "-c", &line]).into());
    restart.into()
}

/// The configuration that the agent prints, with the marker and the rule that refuses writes.
fn config(site: &Site, restart: &Value) -> Reference {
    let host = &site.hosts[0];
    let agent = Agent::new(host, &settings(host, restart));
    let lines = NUMBERS.map(|number| {
        let address = site.hosts[number - 1].address();
        format!("web{number}={address},cookie=w{number},twin=bkp{number}")
    });
    let mut words = vec!["haproxy-config", "web", "--whole", "--readonly"];
    for line in &lines {
        words.extend(["--host", line]);
    }
    let printed = agent.words(&words).expect_exit(0).out;
    Reference::printed(printed, &site.dir)
}

fn settings(host: &Host, restart: &Value) -> Settings {
    Settings::two_stage(&host.dir.join("state"), restart.clone())
        .set("app.web.readonly.status_port", 2010)
        .set("app.web.timeouts.turn", "2m")
        .haproxy("tcp://10.77.0.1:9999")
}
