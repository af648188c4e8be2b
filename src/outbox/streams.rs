//! The outboxes of stdout, stderr and the journal. Each starts with its first line.

use super::{Next, Outbox};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// journald's own socket: <https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>.
const JOURNAL: &str = "/run/systemd/journal/socket";

/// The streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// journald.
    Journal,
}

type Bytes = Outbox<Vec<u8>>;

/// None if no thread could be started: lines are then written directly.
static OUTBOXES: [OnceLock<Option<Bytes>>; 3] = [const { OnceLock::new() }; 3];

/// Formats the report of dropped lines for a stream.
static DROPPED: OnceLock<Dropped> = OnceLock::new();

/// The report for this stream and this number of dropped lines.
type Dropped = fn(Stream, usize) -> Vec<u8>;

/// Sets the format in which the log reports dropped lines.
pub fn say_dropped(how: Dropped) {
    let _ = DROPPED.set(how);
}

/// Whether journald runs on this host.
pub fn has_journal() -> bool {
    // journald ignores an empty record.
    let sent = UnixDatagram::unbound().and_then(|socket| {
        socket.set_nonblocking(true)?;
        socket.send_to(&[], JOURNAL)
    });
    match sent {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

/// Queues bytes for a stream. Never waits. Bytes that `must` be written may use extra room.
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

/// Waits until all streams are written, at most this long in total.
pub fn flush(most: Duration) {
    let until = Instant::now() + most;
    for outbox in begun() {
        outbox.flush(until);
    }
}

/// The number of lines that were dropped because their reader was too slow.
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

/// The target of the bytes. The library's locked handles are not used: a thread that waits for a
/// reader would keep the lock.
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
            // Another process has made the shared stream non-blocking.
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
