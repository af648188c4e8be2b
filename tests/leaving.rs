//! Ring 3: a real reload with a request in flight, and what the agent sees of the leaving worker.

use haproxy_gate::haproxy::{Address, AppPorts, Balancer, Master, Socket};
use lab::fleet::Fleet;
use nix::sys::signal::Signal;
use std::path::Path;
use std::time::Duration;

const PORTS: AppPorts = AppPorts {
    port: 1000,
    status_port: 2000,
    backup_status_port: Some(3000),
    health_port: None,
};

fn socket(path: &Path) -> Socket {
    Socket {
        address: Address::Unix(path.to_owned()),
        timeout: Duration::from_secs(2),
    }
}

#[test]
fn a_request_on_a_leaving_worker_is_seen_until_its_answer() {
    let fleet = Fleet::two_stage("leaving");
    fleet.open_gates();
    let haproxy = &fleet.haproxy;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let address = fleet.host(1).address().parse().unwrap();
    let mut balancer = Balancer::new(socket(&haproxy.socket), None, PORTS, vec![address]);
    let found = runtime.block_on(balancer.find()).unwrap().unwrap();
    let own = found.own.clone();
    let old = balancer.worker().unwrap().pid;
    let master = Master {
        socket: socket(haproxy.master()),
    };
    let leaving = || runtime.block_on(master.leaving(&own));
    let request = fleet.held_request(1);
    assert_eq!(leaving(), Ok(Vec::new()), "it is the current worker's");
    haproxy.process.signal(Signal::SIGUSR2);
    // While the master restarts itself it answers no request: the result is Unseen, never
    // "nothing".
    let seen = lab::wait_for("the reload", Duration::from_secs(20), || {
        leaving().ok()?.pop()
    });
    let still = lab::wait_for("the same worker", Duration::from_secs(20), || {
        leaving().ok()
    });
    assert_eq!(still.len(), 1);
    assert_eq!(
        (seen.pid, seen.line.as_str(), seen.in_flight),
        (old, "srvs/web1", 1)
    );
    assert_eq!(request.answer().status, 200);
    // The master still lists a worker that ends, but the worker does not answer: Unseen for a
    // moment.
    lab::wait_for("none", Duration::from_secs(20), || {
        leaving().ok()?.is_empty().then_some(())
    });
}
