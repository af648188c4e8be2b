//! The readers of this process: its stdout, its stderr and the journal. Each has an outbox,
//! which begins with the first line for it.

use super::{Next, Outbox};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// journald's own socket: <https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>.
const JOURNAL: &str = "/run/systemd/journal/socket";

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// The reader of stdout.
    Out,
    /// The reader of stderr.
    Err,
    /// journald.
    Journal,
}

type Bytes = Outbox<Vec<u8>>;

/// None: no thread could be had, and lines are written as they come.
static OUTBOXES: [OnceLock<Option<Bytes>>; 3] = [const { OnceLock::new() }; 3];

/// How a reader is told of lines that were dropped.
static DROPPED: OnceLock<Dropped> = OnceLock::new();

/// Says it.
type Dropped = fn(Stream, usize) -> Vec<u8>;

/// From now on dropped lines of the log are told of in its own form.
pub fn say_dropped(how: Dropped) {
    let _ = DROPPED.set(how);
}

/// There is a journald on this host.
pub fn has_journal() -> bool {
    // An empty record: journald leaves it out.
    let sent = UnixDatagram::unbound().and_then(|socket| {
        socket.set_nonblocking(true)?;
        socket.send_to(&[], JOURNAL)
    });
    match sent {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

/// Bytes for a reader. Never waits. What `must` come out has room where other lines have none.
pub fn put(stream: Stream, bytes: Vec<u8>, must: bool) {
    let outbox = OUTBOXES[stream as usize].get_or_init(|| start(stream));
    match outbox {
        Some(outbox) => {
            let count = bytes.len();
            outbox.put(bytes, count, must);
        }
        None => {
            let _ = Sink::of(stream).and_then(|sink| sink.write(&bytes));
        }
    }
}

/// Waits for the readers, but no longer than that in all.
pub fn flush(most: Duration) {
    let until = Instant::now() + most;
    for outbox in begun() {
        outbox.flush(until);
    }
}

/// Lines that were dropped so far, as their reader was too slow.
pub fn dropped() -> u64 {
    begun().map(Outbox::dropped).sum()
}

fn begun() -> impl Iterator<Item = &'static Bytes> {
    OUTBOXES.iter().filter_map(|outbox| outbox.get()?.as_ref())
}

fn start(stream: Stream) -> Option<Bytes> {
    let sink = Sink::of(stream).ok()?;
    let name = ["stdout", "stderr", "journal"][stream as usize];
    Outbox::start(name, move |next: &Next<Vec<u8>>| {
        match (next, DROPPED.get()) {
            (Next::Item(bytes), _) => sink.write(bytes),
            (Next::Dropped(count), Some(how)) => sink.write(&how(stream, *count)),
            (Next::Dropped(_), None) => Ok(()),
        }
    })
    .ok()
}

/// Where the bytes go. Not the library's handles: these have locks, and a thread that waits
/// for a reader would keep one.
enum Sink {
    Out(io::Stdout),
    Err(io::Stderr),
    Journal(UnixDatagram),
}

impl Sink {
    fn of(stream: Stream) -> io::Result<Sink> {
        Ok(match stream {
            Stream::Out => Sink::Out(io::stdout()),
            Stream::Err => Sink::Err(io::stderr()),
            Stream::Journal => Sink::Journal(UnixDatagram::unbound()?),
        })
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Sink::Out(stream) => write_all(stream, bytes),
            Sink::Err(stream) => write_all(stream, bytes),
            Sink::Journal(socket) => socket.send_to(bytes, JOURNAL).map(|_| ()),
        }
    }
}

fn write_all(stream: &impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(stream, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(nix::Error::EINTR) => {}
            // Another process has made it so, for all who have it.
            Err(nix::Error::EAGAIN) => wait_for_room(stream)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn wait_for_room(stream: &impl AsFd) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    poll(&mut [PollFd::new(stream, PollFlags::OUT)], None)?;
    Ok(())
}
