use super::*;
use crate::gate::{Taken, taken};
use socket2::{Domain, Socket, Type};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};

/// A port that was free a moment ago, below the range from which the kernel gives others.
fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = 10_000 + (std::process::id() % 20_000) as u16;
    let mut ports = std::iter::repeat_with(|| own + NEXT.fetch_add(1, Ordering::Relaxed));
    let is_free = |port: &u16| TcpListener::bind(("0.0.0.0", *port)).is_ok();
    ports.find(is_free).unwrap()
}

fn errno(result: io::Result<()>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}

const IN_USE: Option<i32> = Some(nix::libc::EADDRINUSE);

#[test]
fn no_other_process_can_bind_a_reserved_port_and_connecting_is_refused() {
    let (port, reservation) = (free(), Reservation::default());
    reservation.take(port, true).unwrap();
    reservation.take(port, true).unwrap();
    for address in ["0.0.0.0", "127.0.0.1", "::", "::1", "::ffff:127.0.0.1"] {
        let address: SocketAddr = (address.parse::<std::net::IpAddr>().unwrap(), port).into();
        for (reuse, reuse_port) in [(false, false), (true, false), (true, true)] {
            let other = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
            other.set_reuse_address(reuse).unwrap();
            other.set_reuse_port(reuse_port).unwrap();
            let bound = other.bind(&address.into());
            assert_eq!(errno(bound), IN_USE, "{address} {reuse} {reuse_port}");
        }
    }
    for address in ["127.0.0.1", "::1"] {
        let refused = TcpStream::connect((address, port)).unwrap_err();
        assert_eq!(
            refused.kind(),
            io::ErrorKind::ConnectionRefused,
            "{address}"
        );
    }
    reservation.keep(&[]);
    TcpListener::bind(("127.0.0.1", port)).unwrap();
}

#[test]
fn without_ipv6_its_ports_are_left_alone() {
    let (port, reservation) = (free(), Reservation::default());
    reservation.take(port, false).unwrap();
    let other = Socket::new(Domain::IPV6, Type::STREAM, None).unwrap();
    other.set_only_v6(true).unwrap();
    let address: SocketAddr = (Ipv6Addr::UNSPECIFIED, port).into();
    other.bind(&address.into()).unwrap();
}

#[test]
fn the_kinds_of_port_owners_are_kept_apart() {
    let directory = tempfile::tempdir().unwrap();
    let who = |port, error: &io::Error| taken(port, error, directory.path());
    let port = free();
    let mine = Reservation::default();

    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let error = mine.take(port, true).unwrap_err();
    assert_eq!(who(port, &error), Taken::Listening);
    // A connection that it accepted has the port, too, and outlives it.
    let caller = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (taken_by, _) = listener.accept().unwrap();
    drop(listener);
    let error = mine.take(port, true).unwrap_err();
    let Taken::Passing(connections) = who(port, &error) else {
        panic!("{:?}", who(port, &error));
    };
    let peer = caller.local_addr().unwrap().to_string();
    assert!(connections[0].ends_with(&peer), "{connections:?}");
    // This side closes first: it is in TIME_WAIT.
    drop(taken_by);
    drop(caller);
    let error = mine.take(port, true).unwrap_err();
    let Taken::Passing(connections) = who(port, &error) else {
        panic!("{:?}", who(port, &error));
    };
    assert!(connections[0].contains("TIME_WAIT"), "{connections:?}");

    let denied = io::Error::from_raw_os_error(nix::libc::EACCES);
    assert!(matches!(who(port, &denied), Taken::Denied(_)));
}

/// It could listen beside its own connection if both had SO_REUSEADDR.
#[test]
fn a_connection_that_another_user_has_made_from_the_port_is_a_threat() {
    let directory = tempfile::tempdir().unwrap();
    let to = TcpListener::bind("127.0.0.1:0").unwrap();
    let script = "use Socket; my ($from, $to) = @ARGV; $( = $) = '65534 65534'; $< = $> = 65534; \
        for my $wants (1, 0) { socket(my $s, AF_INET, SOCK_STREAM, 0); \
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1); push @kept, $s; \
        bind($s, pack_sockaddr_in($from, inet_aton($wants ? '127.0.0.1' : '0.0.0.0'))) or die $!; \
        connect($s, pack_sockaddr_in($to, inet_aton('127.0.0.1'))) or die $! if $wants } \
        $| = 1; print qq(bound\n); <STDIN>";
    let port = free();
    let to = to.local_addr().unwrap().port();
    let mut child = std::process::Command::new("perl")
        .args(["-e", script, &port.to_string(), &to.to_string()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut out = io::BufReader::new(child.stdout.take().unwrap());
    io::BufRead::read_line(&mut out, &mut said).unwrap();
    assert_eq!(said, "bound\n");
    let error = Reservation::default().take(port, true).unwrap_err();
    let who = taken(port, &error, directory.path());
    let threats = who.threat(port).join("\n");
    let connection = format!("a connection of perl (pid {})", child.id());
    assert!(threats.contains(&connection), "{who:?}");
    drop(child.stdin.take());
    child.wait().unwrap();
}

/// The child is another process; a thread would be this one.
#[test]
fn an_agents_reservation_differs_from_a_port_that_another_process_has_bound() {
    let directory = tempfile::tempdir().unwrap();
    let (port, mine) = (free(), Reservation::default());
    let bind = "import socket, sys; s = socket.socket(); s.bind(('0.0.0.0', int(sys.argv[1]))); \
                print('bound', flush=True); sys.stdin.read()";
    let mut child = std::process::Command::new("python3")
        .args(["-c", bind, &port.to_string()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut out = io::BufReader::new(child.stdout.take().unwrap());
    io::BufRead::read_line(&mut out, &mut said).unwrap();
    let error = mine.take(port, true).unwrap_err();
    let Taken::Bound(who) = taken(port, &error, directory.path()) else {
        panic!("{:?}", taken(port, &error, directory.path()));
    };
    assert_eq!(who.len(), 1, "{who:?}");
    let shows = tcp_shows_bound(port);
    assert_eq!(
        who[0].contains(&format!("(pid {})", child.id())),
        shows,
        "{who:?}"
    );
    assert!(!Taken::Bound(who).threat(port).is_empty());

    // The same, by an agent.
    let agent = Owner {
        pid: child.id(),
        ..Owner::new("agent run")
    };
    let lock = Lock::take(&directory::port_lock(directory.path(), port), &agent).unwrap();
    let reserved = taken(port, &error, directory.path());
    let Taken::Reserved(who) = &reserved else {
        panic!("{reserved:?}");
    };
    assert!(who.contains("`agent run`"), "{who}");
    assert!(reserved.threat(port).is_empty() && reserved.unreserved(port).is_none());
    drop((lock, child.stdin.take()));
    child.wait().unwrap();
}

/// Linux 6.8 and newer.
fn tcp_shows_bound(port: u16) -> bool {
    !crate::tcp::held(port).unwrap().bound.is_empty()
}

#[test]
fn a_reservation_is_handed_over_with_no_moment_between() {
    let (port, old) = (free(), Reservation::default());
    old.take(port, true).unwrap();
    let handed = old.hand_over().unwrap();
    drop(old);
    let in_between = TcpListener::bind(("127.0.0.1", port));
    assert_eq!(errno(in_between.map(drop)), IN_USE);
    let new = Reservation::default();
    new.receive(std::os::fd::AsFd::as_fd(&handed));
    drop(handed);
    new.take(port, true).unwrap();
    let after = TcpListener::bind(("127.0.0.1", port));
    assert_eq!(errno(after.map(drop)), IN_USE);
    new.keep(&[]);
    TcpListener::bind(("127.0.0.1", port)).unwrap();
}
