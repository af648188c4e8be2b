//! The files on real disks: many writers, torn lines, a full disk, wrong permissions.

use crate::hangs::writers;
use futures_util::future::join_all;
use haproxy_gate::history::{
    Entry, LARGEST, Line, MOST, OLD, PATIENCE, append, has, path, read, write,
};
use haproxy_gate::state::caller::Origin;
use haproxy_gate::state::operation_id::new as new_id;
use lab::own_network::{inside, sh};
use lab::wait_for;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

fn entry(app: &str) -> Entry {
    Entry {
        id: new_id(),
        app: app.to_owned(),
        verb: "restart".to_owned(),
        ..Entry::default()
    }
}

fn apps(directory: &Path) -> Vec<String> {
    let read = read(directory).unwrap();
    read.entries.into_iter().map(|entry| entry.app).collect()
}

/// Appends a line that leaves so much room for others.
fn fill(directory: &Path, room: u64) {
    let mut file = OpenOptions::new();
    let mut file = file.append(true).open(path(directory, 0)).unwrap();
    let length = LARGEST - file.metadata().unwrap().len() - room - 30;
    let text = "x".repeat(usize::try_from(length).unwrap());
    let line = format!("{{\"id\":\"f\",\"message\":\"{text}\"}}\n");
    file.write_all(line.as_bytes()).unwrap();
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let directory = &directory.path().join("new");
    append(directory, &entry("first")).unwrap();
    // The file is turned over in between.
    fill(directory, 5000);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            scope.spawn(move || {
                for number in 0..25 {
                    append(directory, &entry(&format!("{writer}.{number}"))).unwrap();
                }
            });
        }
    });
    assert!(path(directory, 1).exists() && !path(directory, 2).exists());
    let mut found = apps(directory);
    found.retain(|app| app.contains('.'));
    // The lines of each writer are in order.
    let of_the_third: Vec<_> = found.iter().filter(|app| app.starts_with("3.")).collect();
    assert_eq!(of_the_third.len(), 25);
    assert_eq!(of_the_third[24], "3.24");
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 200);
    let mode = fs::metadata(path(directory, 0)).unwrap().mode() & 0o777;
    assert_eq!(mode, 0o600, "{mode:o}: it says who logged in from where");
}

#[test]
fn the_history_is_turned_over_at_its_bound() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let first = entry("first");
    append(directory, &first).unwrap();
    assert!(has(directory, &first.id));
    let size = |number| fs::metadata(path(directory, number)).map_or(0, |found| found.len());
    for round in 0..6 {
        fill(directory, 0);
        append(directory, &entry(&format!("round {round}"))).unwrap();
        assert!((0..=OLD).all(|number| size(number) <= LARGEST));
    }
    assert_eq!(size(OLD + 1), 0, "no more old ones");
    let all: u64 = (0..=OLD).map(size).sum();
    assert!(all <= MOST && all > LARGEST * OLD as u64 / 2, "{all}");
    assert!(!has(directory, &first.id), "the oldest went");
    let left: Vec<_> = apps(directory)
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    assert_eq!(left, ["round 2", "round 3", "round 4", "round 5"]);
}

#[test]
fn a_file_on_another_disk_is_turned_over_too() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let target = elsewhere.path().join("history");
    std::os::unix::fs::symlink(&target, path(directory, 0)).unwrap();
    append(directory, &entry("first")).unwrap();
    fill(directory, 0);
    append(directory, &entry("second")).unwrap();
    assert!(fs::metadata(&target).unwrap().len() <= LARGEST);
    assert!(fs::metadata(path(directory, 0)).unwrap().len() < 1000);
    let mut apps = apps(directory);
    apps.retain(|app| !app.is_empty());
    assert_eq!(apps, ["first", "second"]);
}

#[test]
fn a_torn_line_loses_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    append(directory, &entry("first")).unwrap();
    let tear = |bytes: &[u8]| {
        let mut file = OpenOptions::new();
        let mut file = file.append(true).open(path(directory, 0)).unwrap();
        file.write_all(bytes).unwrap();
    };
    tear(b"{\"id\":\"1mj1tea0011\",\"app\":\"to");
    append(directory, &entry("second")).unwrap();
    tear(b"\xff\x00garbage\n{}\n\n[]\n");
    append(directory, &entry("third")).unwrap();
    let read = read(directory).unwrap();
    let apps: Vec<_> = read.entries.iter().map(|it| it.app.as_str()).collect();
    assert_eq!(apps, ["first", "second", "third"]);
    assert_eq!(read.torn, 4);
}

#[test]
fn a_file_that_other_users_may_write_is_neither_read_nor_written() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    append(directory, &entry("first")).unwrap();
    let before = fs::read(path(directory, 0)).unwrap();
    for place in [directory.to_owned(), path(directory, 0)] {
        let mode = |mode| fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o777);
        let refused = append(directory, &entry("second")).unwrap_err().to_string();
        assert!(refused.contains("chmod go-w"), "{refused}");
        assert!(read(directory).unwrap_err().to_string().contains("chmod"));
        mode(0o700);
    }
    assert_eq!(fs::read(path(directory, 0)).unwrap(), before);
    fs::remove_file(path(directory, 0)).unwrap();
    nix::unistd::mkfifo(&path(directory, 0), nix::sys::stat::Mode::S_IRUSR).unwrap();
    // The agent does not wait for the other end of a pipe.
    assert!(append(directory, &entry("second")).is_err());
    assert!(read(directory).is_err());
}

#[tokio::test]
async fn the_wait_for_a_held_lock_is_short() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    append(directory, &entry("first")).unwrap();
    let lock = fs::File::open(directory.join("history.jsonl~lock")).unwrap();
    lock.lock().unwrap();
    let line = |app| vec![Line::new(entry(app), &Origin::by_caller(None, None))];
    let begun = Instant::now();
    let late = write(directory, line("second")).await.unwrap_err();
    assert_eq!(late.kind(), io::ErrorKind::TimedOut, "{late}");
    assert!(
        (PATIENCE..PATIENCE * 10).contains(&begun.elapsed()),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(apps(directory), ["first"]);
    lock.unlock().unwrap();
    write(directory, line("third")).await.unwrap();
    // No operation waits for the late line, and the line is not lost.
    wait_for("the late one", Duration::from_secs(10), || {
        (apps(directory).len() == 3).then_some(())
    });
}

/// The agent keeps only so many waiting lines, because a line may be long.
#[tokio::test]
async fn a_history_that_hangs_has_few_writers() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    append(directory, &entry("first")).unwrap();
    let lock = fs::File::open(directory.join("history.jsonl~lock")).unwrap();
    lock.lock().unwrap();
    let line = || vec![Line::new(entry("late"), &Origin::by_caller(None, None))];
    let late = join_all((0..40).map(|_| write(directory, line()))).await;
    assert!(late.iter().all(Result::is_err), "{late:?}");
    // A thread has its name a moment after its begin.
    wait_for("16 writers", Duration::from_secs(10), || {
        (writers(std::process::id()) == 16).then_some(())
    });
    lock.unlock().unwrap();
    wait_for("those that were kept", Duration::from_secs(10), || {
        (apps(directory).len() == 17).then_some(())
    });
    // If the history does not hang, all lines get there, however many operations end at once.
    let written = join_all((0..40).map(|_| write(directory, line()))).await;
    assert!(written.iter().all(Result::is_ok), "{written:?}");
    assert_eq!(apps(directory).len(), 57);
}

#[test]
fn a_full_disk_leaves_no_half_line() {
    if !inside("files::a_full_disk_leaves_no_half_line") {
        return;
    }
    sh("mkdir /run/history && mount -t tmpfs -o size=16k,mode=755 none /run/history");
    let directory = Path::new("/run/history");
    append(directory, &entry("first")).unwrap();
    let before = fs::read(path(directory, 0)).unwrap();
    let large = Entry {
        message: "x".repeat(20_000),
        ..entry("large")
    };
    // The first pages of the line fit.
    append(directory, &large).unwrap_err();
    assert_eq!(fs::read(path(directory, 0)).unwrap(), before);
    append(directory, &entry("second")).unwrap();
    assert_eq!(apps(directory), ["first", "second"]);
    // If nothing fits, there is no empty file either.
    fs::remove_file(path(directory, 0)).unwrap();
    sh("cat /dev/zero >/run/history/big 2>/dev/null; true");
    append(directory, &entry("third")).unwrap_err();
    assert!(!path(directory, 0).exists());
}
