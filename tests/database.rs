//! A database moves under an app on three hosts: a real PostgreSQL and its replica, HAProxy, and users
//! who read and write meanwhile. It fails without root.

use std::time::Instant;

use lab::database::{Met, NEW, Shop};

/// The most seconds without writes before and after the move, and how long the move itself may take: two
/// rounds of restarts, and the steps around them. A busy machine is slower.
const AROUND: f64 = 3.0;
const MOVE: f64 = 45.0;

/// Reads never fail, refused writes get 503 with Retry-After for some seconds, and no committed write is
/// lost.
#[test]
fn a_database_moves_and_no_write_is_lost() {
    let shop = Shop::open("database");
    let users = shop.users();
    users.wait_for_writes(20);
    let begun = Instant::now();
    shop.move_database(say);
    let moved = begun.elapsed().as_secs_f64();
    users.wait_for_writes(20);
    let met = users.stop();
    print(&met);
    assert_eq!(met.failed_reads, [""; 0]);
    assert_eq!(met.failed_writes, [""; 0]);
    assert_eq!(shop.lost(&met, &shop.new), [0; 0]);
    assert!(met.refused > 0, "no write met HAProxy's rule");
    let without = met.seconds_without_writes();
    let said = format!("{without:.1} s without writes, the move took {moved:.1} s");
    assert!(without < moved + AROUND && moved < MOVE, "{said}");
    let later = shop.lost(&met, &shop.old);
    assert!(later.len() >= 20, "the old database has {later:?}");
    let by = met.served_by.values().collect::<Vec<_>>();
    assert_eq!(by, [NEW; 3], "{:?}", met.served_by);
}

/// The account notices what the same move loses without read-only.
#[test]
fn without_read_only_writes_are_lost() {
    let shop = Shop::open("lossy");
    let users = shop.users();
    users.wait_for_writes(20);
    shop.move_while_users_write(say);
    users.wait_for_writes(20);
    let met = users.stop();
    print(&met);
    assert!(!shop.lost(&met, &shop.new).is_empty());
}

fn say(step: &str, seconds: f64) {
    println!("{seconds:>6.2} s  {step}");
}

fn print(met: &Met) {
    println!(
        "{} reads, the slowest {:.2} s; {} writes, {} refused by HAProxy and {} by the app, {:.1} s \
         without writes",
        met.reads,
        met.slowest_read.as_secs_f64(),
        met.committed.len(),
        met.refused,
        met.refused_by_app,
        met.seconds_without_writes()
    );
}
