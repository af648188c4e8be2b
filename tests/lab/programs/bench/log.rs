//! HAProxy's log on a UDP socket of the bench: each line has the kernel's receive time, which a
//! busy reader does not delay.

use std::io::IoSliceMut;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use lab::namespace::{self, Namespace};
use lab::process::Line;
use lab::reference::Reference;

const ADDRESS: &str = "127.0.0.1:514";

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Line>>>);

/// Logs every request and every change of a server there. The lab's own log keeps the changes.
pub fn with_log(reference: Reference) -> Reference {
    reference.with("\n    option dontlog-normal", "").with(
        "log stdout format raw daemon",
        &format!("log stdout format raw daemon notice\n    log {ADDRESS} local0"),
    )
}

impl Log {
    /// Listens in HAProxy's network from its return until this process ends.
    pub fn hear(network: &Namespace) -> Log {
        let socket = namespace::inside(&network.path(), || UdpSocket::bind(ADDRESS));
        let socket = socket.expect("a namespace").expect("a socket");
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true).expect("a socket option");
        let log = Log::default();
        let heard = log.clone();
        thread::spawn(move || {
            loop {
                let line = receive(&socket);
                heard.0.lock().expect("no thread panics here").push(line);
            }
        });
        log
    }

    /// All lines since this moment, in Unix seconds. Forgets the older ones.
    pub fn since(&self, from: f64) -> Vec<Line> {
        let mut lines = self.0.lock().expect("no thread panics here");
        lines.retain(|line| line.at >= from);
        lines.clone()
    }
}

fn receive(socket: &UdpSocket) -> Line {
    let (mut text, mut space) = ([0; 8192], cmsg_space!(TimeSpec));
    let mut parts = [IoSliceMut::new(&mut text)];
    let message = recvmsg::<()>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut space),
        MsgFlags::empty(),
    );
    let message = message.expect("a log line");
    let at = message
        .cmsgs()
        .expect("the whole message")
        .find_map(|message| match message {
            ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at).as_secs_f64()),
            _ => None,
        });
    let (at, length) = (at.expect("its time"), message.bytes);
    Line {
        at,
        text: String::from_utf8_lossy(&text[..length]).into_owned(),
    }
}
