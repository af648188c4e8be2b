//! The lab: a balancer and hosts in network namespaces, with the real HAProxy, the real
//! iptables, real apps and steady traffic. Used by the integration tests, the demo, the
//! soak and the bench.
//! It needs root and the programs of `scripts/lib/parts`; without them it panics.

pub mod agent;
pub mod agent_check;
pub mod ansible;
pub mod apache;
pub mod app;
pub mod app_dir;
pub mod built;
pub mod cpu;
pub mod daemon;
pub mod database;
pub mod debian_root;
pub mod estate;
pub mod etcd;
pub mod firewall;
pub mod fleet;
pub mod front;
pub mod grab;
pub mod haproxy;
pub mod harm;
pub mod heard;
pub mod held;
pub mod journal;
pub mod keeper;
pub mod kinds;
pub mod machine;
pub mod mixed;
pub mod monitor;
pub mod namespace;
pub mod nginx;
pub mod observation;
pub mod one_machine;
pub mod operator;
pub mod own_network;
pub mod paged;
pub mod peak;
pub mod process;
pub mod reference;
pub mod release;
pub mod reload;
pub mod remote;
pub mod report;
pub mod settings;
pub mod sidecar;
pub mod signals;
pub mod site;
pub mod stats;
pub mod stats_proxy;
pub mod targets;
pub mod terminal;
pub mod traffic;
pub mod underway;
pub mod unread;
pub mod watch;

pub use peers::{complain, load, now};

use std::path::Path;
use std::time::{Duration, Instant};

/// The project's root, with its scripts and its configurations.
pub fn project() -> &'static Path {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("the lab is in tests/lab of the project")
}

/// Polls every few milliseconds until `seen` returns a value. Panics with `what` if it never does.
pub fn wait_for<T>(what: &str, limit: Duration, mut seen: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = seen() {
            return answer;
        }
        assert!(started.elapsed() < limit, "waited {limit:?} for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs the future to its end, on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(future)
}
