use super::*;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

/// An outbox whose reader takes an item for each `()` that is sent, and the items it got.
fn with_reader() -> (Outbox<usize>, Sender<()>, Receiver<Next<usize>>) {
    let (reads, may_read) = channel::<()>();
    let (gets, got) = channel();
    let outbox = Outbox::start("test", move |next: &Next<usize>| {
        let _ = may_read.recv();
        let _ = gets.send(next.clone());
        Ok(())
    });
    (outbox.expect("a thread"), reads, got)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(50)
}

fn in_time() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[test]
fn a_reader_that_never_reads_blocks_no_writer_and_costs_bounded_room() {
    let (outbox, reads, got) = with_reader();
    let many = 100 * ROOM;
    outbox.put(0, 100, false);
    while !outbox.shared.state().busy {
        thread::yield_now();
    }
    (1..many).for_each(|item| outbox.put(item, 100, false));
    assert!(!outbox.flush(soon()), "nothing was read");
    let dropped = outbox.dropped();
    // One more item is being delivered.
    let kept = ROOM as u64 + 1;
    assert_eq!(many as u64 - dropped, kept);

    // Once the reader reads, it gets the kept items and the number of missing ones.
    drop(reads);
    assert!(outbox.flush(in_time()));
    let got: Vec<_> = got.try_iter().collect();
    assert_eq!(got.len() as u64, kept + 1);
    assert_eq!(got[0], Next::Item(0));
    assert_eq!(got.last(), Some(&Next::Dropped(dropped as usize)));
}

#[test]
fn all_is_delivered_to_a_reader_in_order() {
    let (outbox, reads, got) = with_reader();
    (0..ROOM).for_each(|item| outbox.put(item, 1, false));
    (0..ROOM).for_each(|_| reads.send(()).unwrap());
    assert!(outbox.flush(in_time()));
    let got: Vec<_> = got.try_iter().collect();
    assert_eq!(got, (0..ROOM).map(Next::Item).collect::<Vec<_>>());
}

/// For example while journald restarts.
#[test]
fn lost_items_are_reported_once_delivery_works_again() {
    let (gets, got) = channel();
    let mut away = 3;
    let outbox = Outbox::start("test", move |next: &Next<usize>| {
        if away > 0 {
            away -= 1;
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        gets.send(next.clone()).map_err(io::Error::other)
    });
    let outbox = outbox.expect("a thread");
    for item in 0..4 {
        outbox.put(item, 1, false);
        assert!(outbox.flush(in_time()));
    }
    let got: Vec<_> = got.try_iter().collect();
    assert_eq!(got, [Next::Item(3), Next::Dropped(3)]);
}

/// For example stderr, if the program that reads it is stopped.
#[test]
fn a_full_pipe_blocks_no_writer() {
    let (mut reader, mut writer): (PipeReader, PipeWriter) = io::pipe().expect("a pipe");
    let outbox = Outbox::start("test", move |next: &Next<Vec<u8>>| match next {
        Next::Item(bytes) => writer.write_all(bytes),
        Next::Dropped(count) => writeln!(writer, "{count} dropped"),
    });
    let outbox = outbox.expect("a thread");
    let line = || [vec![b'.'; 999], vec![b'\n']].concat();
    (0..2000).for_each(|_| outbox.put(line(), 1000, false));
    assert!(!outbox.flush(soon()), "no process reads");
    let dropped = outbox.dropped();
    assert!(dropped > 1000, "{dropped}");
    let read = thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).map(|_| text)
    });
    assert!(outbox.flush(in_time()));
    drop(outbox);
    let text = read.join().expect("a reader").expect("text");
    let missing = text
        .lines()
        .filter_map(|line| line.strip_suffix(" dropped"));
    let missing: u64 = missing
        .map(|count| count.parse::<u64>().expect("a count"))
        .sum();
    assert_eq!(missing, dropped);
    let whole = text.lines().filter(|line| line.len() == 999);
    assert_eq!(whole.count() as u64, 2000 - dropped);
}
