//! HAProxy's log on a UDP socket. Each line has the kernel's receive time, which a busy reader does not
//! delay. HAProxy drops a line for a pipe while another of its threads writes there; here it never
//! waits.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use super::namespace;
use super::process::Line;

/// Between two looks whether a test still wants the lines.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Debug, Clone)]
pub struct Heard {
    lines: Arc<Mutex<Vec<Line>>>,
    /// What `log` in a configuration names.
    pub at: SocketAddr,
}

impl Heard {
    /// Listens in this network from its return on. Port 0: any free one.
    pub fn listen(network: &Path, port: u16) -> Heard {
        let bind = || UdpSocket::bind(("127.0.0.1", port));
        let socket = namespace::inside(network, bind).expect("a namespace");
        let socket = socket.expect("a socket");
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true).expect("a socket option");
        socket.set_read_timeout(Some(LOOK)).expect("a limit");
        let at = socket.local_addr().expect("an address");
        let lines = Arc::default();
        let wanted = Arc::downgrade(&lines);
        thread::spawn(move || hear(&socket, &wanted));
        Heard { lines, at }
    }

    /// All lines since this moment, in Unix seconds. Forgets the older ones.
    pub fn since(&self, from: f64) -> Vec<Line> {
        let mut lines = self.lines.lock().expect("no thread panics here");
        lines.retain(|line| line.at >= from);
        lines.clone()
    }

    /// The last line since `from` that contains `part`.
    pub fn last(&self, part: &str, from: f64) -> Option<Line> {
        let lines = self.lines.lock().expect("no thread panics here");
        let mut lines = lines.iter().rev();
        let found = lines.find(|line| line.at >= from && line.text.contains(part));
        found.cloned()
    }
}

/// Until no test wants the lines.
fn hear(socket: &UdpSocket, wanted: &Weak<Mutex<Vec<Line>>>) {
    loop {
        let line = receive(socket);
        let Some(lines) = wanted.upgrade() else {
            return;
        };
        let mut lines = lines.lock().expect("no thread panics here");
        lines.extend(line);
    }
}

/// None: there is none yet.
fn receive(socket: &UdpSocket) -> Option<Line> {
    let (mut text, mut space) = ([0; 8192], cmsg_space!(TimeSpec));
    let (at, length) = {
        let mut parts = [IoSliceMut::new(&mut text)];
        let (socket, flags) = (socket.as_raw_fd(), MsgFlags::empty());
        let message = recvmsg::<()>(socket, &mut parts, Some(&mut space), flags).ok()?;
        let mut notes = message.cmsgs().expect("the whole message");
        let at = notes.find_map(|note| match note {
            ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at).as_secs_f64()),
            _ => None,
        });
        (at.expect("its time"), message.bytes)
    };
    Some(Line {
        at,
        text: String::from_utf8_lossy(&text[..length]).into_owned(),
    })
}
