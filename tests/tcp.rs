//! Ring 3: the kernel's TCP table, with real connections in a separate network.

use haproxy_gate::tcp::{Connection, TcpError, connections};
use lab::own_network::inside;
use lab::wait_for;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PORT: u16 = 1000;

fn listed(port: u16) -> Result<Vec<Connection>, TcpError> {
    lab::block_on(connections(port))
}

/// Returns the only connection.
fn only() -> Connection {
    let listed = listed(PORT).unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    listed[0].clone()
}

/// Returns the only connection, once nothing waits on it. The kernel acknowledges the last bytes a
/// moment late.
fn until_nothing_waits() -> Connection {
    wait_for("an answer", Duration::from_secs(10), || {
        let only = only();
        only.waits.is_none().then_some(only)
    })
}

/// Connects to an app that listens on `listen`. Returns both ends.
fn connected(listen: &str, to: &str) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((listen, PORT)).unwrap();
    let peer = TcpStream::connect((to, PORT)).unwrap();
    let (app, _) = listener.accept().unwrap();
    for end in [&peer, &app] {
        end.set_nodelay(true).unwrap();
    }
    (peer, app)
}

fn say(from: &mut TcpStream, to: &mut TcpStream, text: &str) {
    from.write_all(text.as_bytes()).unwrap();
    let mut heard = vec![0; text.len()];
    to.read_exact(&mut heard).unwrap();
}

#[test]
fn a_request_waits_until_it_is_answered() {
    if !inside("a_request_waits_until_it_is_answered") {
        return;
    }
    let (mut peer, mut app) = connected("127.0.0.1", "127.0.0.1");
    let idle = until_nothing_waits();
    assert_eq!(idle.peer, peer.local_addr().unwrap());
    assert_eq!(idle.local, app.local_addr().unwrap());
    for round in 0..3 {
        let asked = Instant::now();
        say(&mut peer, &mut app, "request");
        sleep(Duration::from_millis(50));
        let waits = only().waits.unwrap();
        // The kernel counts in milliseconds.
        let about_50 = Duration::from_millis(40)..asked.elapsed() + Duration::from_millis(10);
        assert!(about_50.contains(&waits), "{round}: {waits:?}");
        say(&mut app, &mut peer, "answer");
        until_nothing_waits();
        // The kernel's times have ticks of up to 10 ms: a request in the tick of the answer before it looks
        // answered.
        sleep(Duration::from_millis(30));
    }
    drop(peer);
    // Half closed, and answered.
    until_nothing_waits();
    // HAProxy counts the connection until it has read that the app closed it.
    let (mut peer, app) = connected("127.0.0.1", "127.0.0.1");
    app.shutdown(Shutdown::Write).unwrap();
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    let of_peer = |one: &Connection| one.peer == peer.local_addr().unwrap();
    assert!(listed(PORT).unwrap().iter().any(of_peer));
}

#[test]
fn an_unread_answer_still_waits() {
    if !inside("an_unread_answer_still_waits") {
        return;
    }
    let (mut peer, mut app) = connected("127.0.0.1", "127.0.0.1");
    say(&mut peer, &mut app, "request");
    app.set_nonblocking(true).unwrap();
    let mut written = 0;
    while let Ok(bytes) = app.write(&[0; 65536]) {
        written += bytes;
    }
    sleep(Duration::from_millis(50));
    assert!(only().waits.is_some(), "{:?}", only());
    peer.read_exact(&mut vec![0; written]).unwrap();
    until_nothing_waits();
}

#[test]
fn both_families_and_this_port_alone_are_listed() {
    if !inside("both_families_and_this_port_alone_are_listed") {
        return;
    }
    assert_eq!(listed(PORT), Ok(Vec::new()));
    let (mut peer, mut app) = connected("::", "127.0.0.1");
    let other = TcpListener::bind("127.0.0.1:1001").unwrap();
    let _other = TcpStream::connect("127.0.0.1:1001").unwrap();
    say(&mut peer, &mut app, "request");
    sleep(Duration::from_millis(20));
    let mapped = only();
    assert!(mapped.waits.is_some());
    assert_eq!(mapped.peer, peer.local_addr().unwrap());
    assert_eq!(mapped.local.to_string(), "127.0.0.1:1000");
    drop((peer, app, other));
    let (peer, _app) = connected("::1", "::1");
    let seen = listed(PORT).unwrap();
    let peers: Vec<_> = seen.iter().map(|connection| connection.peer).collect();
    assert_eq!(peers, [peer.local_addr().unwrap()]);
}

/// A busy host: 5,000 connections to the app, 4,000 to another port.
#[test]
fn a_long_table_is_listed_whole_within_a_second() {
    if !inside("a_long_table_is_listed_whole_within_a_second") {
        return;
    }
    lab::own_network::sh("sysctl -qw net.ipv4.ip_local_port_range='10000 60000'");
    let limit = format!("prlimit --pid {} --nofile=19000:", std::process::id());
    lab::own_network::sh(&limit);
    let mut held = Vec::new();
    for (port, count) in [(PORT, 5000), (1001, 4000)] {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        for _ in 0..count {
            held.push(TcpStream::connect(("127.0.0.1", port)).unwrap());
            held.push(listener.accept().unwrap().0);
        }
    }
    let times = [(); 3].map(|()| {
        let before = Instant::now();
        assert_eq!(listed(PORT).unwrap().len(), 5000);
        before.elapsed()
    });
    println!("5,000 of 9,000 connections: {times:?}");
    // A slow one may be the machine.
    let best = times.into_iter().min();
    assert!(best < Some(Duration::from_secs(1)), "{times:?}");
    let before = Instant::now();
    assert_eq!(listed(7), Ok(Vec::new()));
    println!("none of 9,000 connections: {:?}", before.elapsed());
}
