//! A reload of HAProxy at rest: until its first check it sends users to the target that does not run.

use super::*;
use lab::agent::Running;
use std::process::Command;
use std::time::Instant;

const HAPROXY: &str = "
global
  stats socket /run/lb.sock level user
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  default-server check inter 2s fall 1 rise 1
frontend www
  bind 127.0.0.1:80
  default_backend srvs
backend srvs
  option redispatch
  cookie SRV insert indirect nocache
  server blue 10.0.0.1:1000 cookie blue port 2000
  server green 10.0.0.1:1001 cookie green port 2001
";

fn states() -> String {
    sh(
        "echo show stat | socat - UNIX-CONNECT:/run/lb.sock 2>/dev/null | \
        awk -F, '$2 ~ /blue|green/ {printf \"%s %s \", $2, $18}' || true",
    )
}

const ANSWER: &str = "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nblue";

/// The answer to a user with a cookie of the time when green was current.
fn sticky_user() -> String {
    let mut stream = connect("127.0.0.1:80").unwrap();
    let mut answer = String::new();
    stream
        .write_all(b"GET / HTTP/1.0\r\nCookie: SRV=green\r\n\r\n")
        .unwrap();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_there() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{what}: {}",
            states()
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// The longest wait of 40 users right after a reload at rest.
fn longest_wait(balancer: &Namespace, haproxy: &Running) -> Duration {
    wait_for("rest", || states().trim() == "blue UP green DOWN");
    let worker = || sh(&format!("pgrep -P {} | sort -n | tail -1", haproxy.pid()));
    let before = worker();
    sh(&format!("kill -USR2 {}", haproxy.pid()));
    wait_for("a new worker", || {
        worker() != before && states().contains("green UP")
    });
    let user = |_| {
        let began = Instant::now();
        let answer = inside_of(balancer, sticky_user);
        assert!(answer.ends_with("blue"), "{answer}");
        began.elapsed()
    };
    (0..40).map(user).max().unwrap()
}

#[test]
fn a_reload_with_a_stopped_target_delays_users_only_if_it_is_not_parked() {
    if !inside(
        "parking::reload::a_reload_with_a_stopped_target_delays_users_only_if_it_is_not_parked",
    ) {
        return;
    }
    let [balancer, _container] = networks();
    serve("[::]:1000", ANSWER);
    std::fs::write("/run/haproxy.cfg", HAPROXY).unwrap();
    let net = format!("--net={}", balancer.path().display());
    let arguments = [&net, "haproxy", "-W", "-db", "-f", "/run/haproxy.cfg"];
    for (variant, name) in VARIANTS {
        let firewall = firewall(variant);
        block_on(firewall.ensure(&[(&gate(Role::Main, 2000), true)])).unwrap();
        let haproxy = Running::start("haproxy", Command::new("nsenter").args(arguments));
        let waits = |wanted: &Parkings| {
            park(&firewall, wanted);
            longest_wait(&balancer, &haproxy)
        };
        let stalled = waits(&web("blue").without("green"));
        assert!(stalled > Duration::from_millis(900), "{name}: {stalled:?}");
        for _ in 0..2 {
            let parked = waits(&web("blue"));
            // HAProxy repeats a refused connection after a second.
            assert!(parked < Duration::from_millis(900), "{name}: {parked:?}");
        }
        drop(haproxy);
        flush(name);
    }
}
