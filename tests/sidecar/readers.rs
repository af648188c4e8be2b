//! A program that reads the sidecar's output may stop reading: the sidecar goes on, and ends at
//! SIGTERM.

use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::metrics::{ADDRESS, try_scrape};
use lab::fleet::Fleet;
use lab::settings::Settings;
use lab::site::Host;
use lab::unread::{Unread, full_pipe};
use lab::wait_for;

/// More lines than all buffers hold. The sidecar counts those that it drops.
fn talk(sidecar: &Unread, host: &Host) {
    sidecar.wait_until_it_catches(Signal::SIGHUP);
    wait_for("dropped lines", Duration::from_secs(60), || {
        sidecar.signal(Signal::SIGHUP);
        thread::sleep(Duration::from_millis(10));
        let metrics = try_scrape(host)?;
        let mut lines = metrics.lines();
        let dropped = lines.find_map(|line| line.strip_prefix(DROPPED));
        let dropped: u32 = dropped.expect(DROPPED).parse().expect("a number");
        (dropped > 50).then_some(())
    });
}

const DROPPED: &str = "haproxy_gate_log_lines_dropped_total ";

fn counts(settings: Settings) -> Settings {
    settings.set("agent.metrics", ADDRESS)
}

/// After SIGTERM it ends in time, even if nothing reads its last words.
fn end(sidecar: &mut Unread) -> ExitStatus {
    sidecar.signal(Signal::SIGTERM);
    sidecar.ends(Duration::from_secs(12))
}

fn assert_repairs(host: &Host) {
    let iptables = ["-t", "nat", "-F", "HAPROXY-GATE"];
    host.namespace.run("iptables", &iptables);
    let flushed = Instant::now();
    host.wait_for_gate(2000, true);
    host.wait_for_gate(3000, true);
    // A sidecar that waits for its reader would wait without end.
    let took = flushed.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
}

/// The same for its one object on stdout.
#[test]
fn a_full_pipe_stops_neither_work_nor_end() {
    let fleet = Fleet::quick("sc_pipe", |reference| reference);
    let agent = fleet.agent(1, counts);
    let (_reader, writer) = full_pipe();
    let again = writer.try_clone().expect("a pipe");
    let mut command = agent.command(&["run", "--json", "-vv"]);
    let mut sidecar = Unread::start(&mut command, writer, again);
    talk(&sidecar, fleet.host(1));
    assert_repairs(fleet.host(1));
    assert_eq!(end(&mut sidecar).code(), Some(0));
    assert_eq!(fleet.host(1).gates_are_open(), [true; 2]);
}

/// A reader that comes back gets the lines that were kept, and the number of the others.
#[test]
fn a_reader_that_comes_back_learns_how_much_it_missed() {
    let fleet = Fleet::quick("sc_missed", |reference| reference);
    let agent = fleet.agent(1, counts);
    let (mut reader, writer) = full_pipe();
    let mut command = agent.command(&["run", "-vv"]);
    let mut sidecar = Unread::start(&mut command, Stdio::null(), writer);
    drop(command);
    talk(&sidecar, fleet.host(1));
    let reading = thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).map(|_| text)
    });
    // From now on the reader reads each line as it comes.
    assert_repairs(fleet.host(1));
    end(&mut sidecar);
    let text = reading.join().expect("a reader").expect("text");
    let missed = text.matches("log lines were dropped").count();
    // On a busy machine the reader is slow, too.
    assert!((1..=3).contains(&missed), "{text}");
    assert!(text.contains("the gates stay as they are"), "{text}");
}

/// journald hangs: a socket in its place, which nothing reads, in a mount namespace.
#[test]
fn a_journald_that_hangs_stops_neither_work_nor_end() {
    let fleet = Fleet::quick("sc_journald", |reference| reference);
    let host = fleet.host(1);
    let path = host.dir.join("journal");
    let journald = UnixDatagram::bind(&path).expect("a socket");
    let (ours, theirs) = UnixStream::pair().expect("a stream");
    let theirs = OwnedFd::from(theirs);
    let stream = fs::File::from(theirs.try_clone().expect("a stream"));
    let stream = stream.metadata().expect("its inode");
    let script = "mount --make-rprivate / && mount -t tmpfs lab /run/systemd && \
                  mkdir /run/systemd/journal && : >/run/systemd/journal/socket && \
                  mount --bind \"$0\" /run/systemd/journal/socket && exec \"$@\"";
    let agent = fleet.agent(1, counts);
    let inner = agent.command(&["run", "-vv"]);
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-euc", script]).arg(&path);
    command.arg(inner.get_program()).args(inner.get_args());
    let stream = format!("{}:{}", stream.dev(), stream.ino());
    command.env("JOURNAL_STREAM", stream);
    let mut sidecar = Unread::start(&mut command, Stdio::null(), theirs);
    drop((command, ours));
    talk(&sidecar, host);
    assert_repairs(host);
    let (ended, over) = mpsc::channel();
    let journal = thread::spawn(move || records(&journald, &over));
    // From now on the reader reads each line as it comes.
    assert_repairs(host);
    assert_eq!(end(&mut sidecar).code(), Some(0));
    ended.send(()).expect("a reader");
    let records = journal.join().expect("a reader").join("\n");
    for field in [
        "SYSLOG_IDENTIFIER\n",
        "PRIORITY\n",
        "APP\n",
        "BALANCER\n",
        "MESSAGE\n",
        "log lines were dropped",
        "the gates stay as they are",
    ] {
        assert!(records.contains(field), "{field}: {records}");
    }
}

/// The records until the sidecar has ended and nothing is left.
fn records(journald: &UnixDatagram, over: &Receiver<()>) -> Vec<String> {
    let pause = Some(Duration::from_millis(50));
    journald.set_read_timeout(pause).expect("a limit");
    let mut buffer = [0; 65536];
    let mut records = Vec::new();
    loop {
        // Known before the look, so nothing can come after an empty one.
        let ended = over.try_recv() != Err(TryRecvError::Empty);
        while let Ok(length) = journald.recv(&mut buffer) {
            records.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
        if ended {
            return records;
        }
    }
}
