//! The lock of a group, in a real etcd and in a server of the FleetLock protocol: hosts that begin at
//! once go one after the other, whatever dies in between. It fails without root.

mod away;
mod fleetlock;
mod killed;
mod lost;
mod switches;
mod together;

use lab::agent::Agent;
use lab::etcd::Etcd;
use lab::fleet::Fleet;
use lab::settings::Settings;
use toml::Value;

/// A lease that is over soon. A machine that pauses for two seconds still renews it in time.
const BRIEF: &str = "4s";

/// The settings of a host with the lock in etcd.
fn locked(settings: Settings, etcd: &Etcd, number: usize) -> Settings {
    let members: Vec<Value> = etcd.endpoints().into_iter().map(Value::from).collect();
    settings
        .set("lock.etcd", members)
        .set("lock.group", "web")
        .set("lock.ttl", "20s")
        .set("lock.host", format!("web{number}"))
        .set("app.web.timeouts.turn", "2m")
}

fn agent<'a>(fleet: &'a Fleet, etcd: &Etcd, number: usize) -> Agent<'a> {
    fleet.agent(number, |settings| locked(settings, etcd, number))
}

/// The same with a lease that is over soon.
fn brief<'a>(fleet: &'a Fleet, etcd: &Etcd, number: usize) -> Agent<'a> {
    fleet.agent(number, |settings| {
        locked(settings, etcd, number).set("lock.ttl", BRIEF)
    })
}

/// The ids of `agent lock status --json` that have the lock, and those that wait.
fn status(agent: &Agent<'_>) -> [Vec<String>; 2] {
    let seen = agent
        .words(&["lock", "status", "--json"])
        .expect_exit(0)
        .json();
    ["holders", "waiting"].map(|key| {
        let places = seen[key].as_array().expect("a list").iter();
        places
            .map(|one| one["id"].as_str().expect("an id").to_owned())
            .collect()
    })
}
