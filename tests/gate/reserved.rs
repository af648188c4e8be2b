//! A reserved status port: the kernel applies the redirect before it looks up the port.

use super::*;
use haproxy_gate::gate::Reservation;
use std::io::Result;

/// Whether another user can bind the port, with SO_REUSEADDR set.
fn another_user_binds(address: &str) -> bool {
    let bind = "import socket, sys; at = (sys.argv[1], 2000); \
                s = socket.socket(socket.AF_INET6 if ':' in at[0] else socket.AF_INET); \
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(at); s.listen()";
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    let ran = command
        .args(["/usr/bin/python3", "-c", bind, address])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(
        ran.status.success() || said.contains("Address already in use"),
        "{said}"
    );
    ran.status.success()
}

#[test]
fn an_open_gate_redirects_to_the_app_and_a_closed_one_refuses() {
    if !inside("reserved::an_open_gate_redirects_to_the_app_and_a_closed_one_refuses") {
        return;
    }
    let _app = [
        TcpListener::bind("0.0.0.0:1000").unwrap(),
        TcpListener::bind("[::1]:1000").unwrap(),
    ];
    let everywhere = ["0.0.0.0", "127.0.0.1", "::", "::1"];
    assert!(everywhere.iter().all(|address| another_user_binds(address)));
    let reservation = Reservation::default();
    let taken: Result<()> = reservation.take(2000, true);
    taken.unwrap();
    for (variant, name) in VARIANTS {
        let (firewall, main) = (firewall(variant), gate(Role::Main, 2000));
        for open in [true, false, true, false] {
            set(&firewall, &main, open);
            let answered = ["127.0.0.1:2000", "[::1]:2000"].map(answers);
            assert_eq!(answered, [open; 2], "{name}");
            assert!(!everywhere.iter().any(|address| another_user_binds(address)));
        }
    }
}
