//! Servers of the FleetLock protocol: one that answers as airlock, and others.

use lab::agent::Agent;
use lab::fleet::Fleet;
use lab::namespace;
use lab::settings::Settings;
use lab::site::BALANCER;
use lab::watch::Watch;
use nix::sys::signal::Signal;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

const PORT: u16 = 3333;

/// One slot, and what the server answers while it is full.
struct Server {
    owner: Option<String>,
    full: (u16, &'static str),
    /// It can't be asked to take the lock back.
    is_broken: bool,
    /// The requests that were wrong.
    wrong: Vec<String>,
}

type Shared = Arc<Mutex<Server>>;

const AIRLOCK: (u16, &str) = (
    500,
    r#"{"kind":"failed_lock","value":"semaphore currently full, all slots are locked already"}"#,
);

/// Serves in that network until the test ends.
fn serve(network: &Path) -> Shared {
    let server = Arc::new(Mutex::new(Server {
        owner: None,
        full: AIRLOCK,
        is_broken: false,
        wrong: Vec::new(),
    }));
    let listen = || TcpListener::bind((BALANCER, PORT)).expect("a free port");
    let listener = namespace::inside(network, listen).expect("a network");
    let shared = server.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            answer(stream, &shared);
        }
    });
    server
}

fn answer(mut stream: TcpStream, server: &Shared) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
    // An operation that ends may close its connection before it asks.
    if head.is_empty() {
        return;
    }
    let lower = head.to_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length
        .and_then(|length| length.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok();
    let (status, text) = server.lock().expect("no panic").judge(&head, &lower, &body);
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{text}"
    )
    .ok();
}

impl Server {
    fn judge(&mut self, head: &str, lower: &str, body: &[u8]) -> (u16, &'static str) {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let params = &body["client_params"];
        let is_right = params["group"] == "web" && lower.contains("fleet-lock-protocol: true");
        let id = params["id"].as_str().unwrap_or_default().to_owned();
        if !is_right || id.is_empty() {
            self.wrong.push(format!("{head}{body}"));
            return (400, r#"{"kind":"bad_request","value":""}"#);
        }
        let is_free = self.owner.as_ref().is_none_or(|owner| *owner == id);
        match head.split(' ').nth(1) {
            Some("/v1/pre-reboot") if is_free => {
                self.owner = Some(id);
                (200, "")
            }
            Some("/v1/pre-reboot") => self.full,
            Some("/v1/steady-state") if self.is_broken => (503, ""),
            Some("/v1/steady-state") => {
                self.owner.take_if(|owner| *owner == id);
                (200, "")
            }
            _ => (404, ""),
        }
    }
}

fn agent<'a>(fleet: &'a Fleet, number: usize, turn: &str) -> Agent<'a> {
    fleet.agent(number, |settings: Settings| {
        settings
            .set("lock.fleetlock", format!("http://{BALANCER}:{PORT}/"))
            .set("lock.group", "web")
            .set("lock.host", format!("web{number}"))
            .set("app.web.timeouts.turn", turn)
    })
}

/// Four at once: each waits for the one before it. What a killed agent has left is given back by its
/// `recover`, and by an operator. While others have the lock, each server's answer means "wait".
#[test]
fn only_200_means_that_a_host_may_go() {
    let fleet = Fleet::of_hosts("lock_fleet", 4);
    let server = serve(&fleet.site.balancer.path());
    let owner = || server.lock().unwrap().owner.clone();
    let (boots, traffic) = (fleet.boots(), fleet.traffic());
    let watch = Watch::start([&fleet.haproxy]);
    let agents = [1, 2, 3, 4].map(|number| agent(&fleet, number, "1m"));
    let running = agents.map(|agent| agent.start("restart", "web"));
    for one in running {
        one.wait().expect_exit(0);
    }
    watch.stop().assert_at_most(1);
    let once: Vec<usize> = boots.iter().map(|boots| boots + 1).collect();
    assert_eq!((fleet.boots(), owner()), (once, None));
    full(&fleet, &server);
    given_back(&fleet, &server);
    left_over(&fleet, &server);
    traffic.stop().assert_unnoticed();
    assert_eq!(server.lock().unwrap().wrong, Vec::<String>::new());
    no_server_answers(&fleet);
}

fn full(fleet: &Fleet, server: &Shared) {
    server.lock().unwrap().owner = Some("other/web".to_owned());
    for full in [
        AIRLOCK,
        (423, ""),
        (409, r#"{"kind":"locked"}"#),
        (202, "wait"),
    ] {
        server.lock().unwrap().full = full;
        let says = format!("the server answers {}", full.0);
        let ended = agent(fleet, 1, "300ms")
            .run("restart", "web")
            .expect(12, &says);
        assert_eq!(ended.report().outcome, "lock_full");
    }
    // A proxy without its server, and a website: no other host is waited for.
    for page in [(503, "<html>"), (200, "<!DOCTYPE html>")] {
        server.lock().unwrap().full = page;
        let says = format!("it answers {} with a web page", page.0);
        let ended = agent(fleet, 1, "300ms")
            .run("restart", "web")
            .expect(11, &says);
        assert_eq!(ended.report().outcome, "lock_away");
    }
    let release = [
        "lock",
        "release",
        "other/web",
        "--force",
        "--reason",
        "it is dead",
    ];
    agent(fleet, 1, "1s").words(&release).expect_exit(0);
    assert_eq!(server.lock().unwrap().owner, None);
}

fn given_back(fleet: &Fleet, server: &Shared) {
    let owner = || server.lock().unwrap().owner.clone();
    let slow = fleet.slow_request(2, 5000);
    let killed = agent(fleet, 2, "1m").start("restart", "web");
    fleet.host(2).wait_for_phase("drain");
    killed.interrupt(Signal::SIGKILL);
    killed.wait();
    assert_eq!(owner().as_deref(), Some("web2/web"));
    agent(fleet, 2, "1m").run("recover", "web").expect_exit(0);
    assert_eq!(owner(), None);
    assert_eq!(slow.answer().status, 200);
}

/// The server is away as an operation ends: nothing is to recover, but the lock is given back.
fn left_over(fleet: &Fleet, server: &Shared) {
    let owner = || server.lock().unwrap().owner.clone();
    server.lock().unwrap().is_broken = true;
    let report = agent(fleet, 3, "1m")
        .run("restart", "web")
        .expect_exit(0)
        .report();
    let notices = report.notices.join("\n");
    assert!(
        notices.contains("agent lock release web3/web --force --reason "),
        "{notices}"
    );
    assert_eq!(owner().as_deref(), Some("web3/web"));
    server.lock().unwrap().is_broken = false;
    agent(fleet, 3, "1m").run("recover", "web").expect_exit(0);
    assert_eq!(owner(), None);
}

/// No server listens at that port.
fn no_server_answers(fleet: &Fleet) {
    let settings = |settings: Settings| {
        settings
            .set("lock.fleetlock", format!("http://{BALANCER}:3334/"))
            .set("app.web.timeouts.turn", "500ms")
    };
    let ended = fleet.agent(1, settings).run("restart", "web");
    let report = ended.expect(11, "the lock server is away: ").report();
    assert_eq!(report.outcome, "lock_away");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
}
