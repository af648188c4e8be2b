//! A database moves under three hosts: HAProxy refuses writes meanwhile, and the users read on. Then the
//! same without that: the replica is promoted while users write.

use std::time::Instant;

use lab::database::{Met, Shop};

struct Row {
    how: &'static str,
    met: Met,
    /// Committed, and not in the new database.
    lost: usize,
}

/// Returns whether no read failed, and no write failed or was lost.
pub fn show() -> bool {
    println!("Three hosts with an app on one PostgreSQL, a replica, one HAProxy, and users.");
    println!("\nThe database moves to the replica, with `agent readonly`.\n");
    let read_only = row("agent readonly", |shop| shop.move_database(say));
    println!("\nThe same without read-only: the replica is promoted, then the apps restart.\n");
    let by_hand = row("by hand", |shop| shop.move_while_users_write(say));
    let met = &read_only.met;
    let well = met.failed_reads.is_empty() && met.failed_writes.is_empty() && read_only.lost == 0;
    for failure in met.failed_reads.iter().chain(&met.failed_writes) {
        println!("failed: {failure}");
    }
    print(&[read_only, by_hand]);
    well
}

fn row(how: &'static str, act: impl FnOnce(&Shop)) -> Row {
    let shop = Shop::open("demo");
    let users = shop.users();
    users.wait_for_writes(50);
    let began = Instant::now();
    act(&shop);
    say("in all", began.elapsed().as_secs_f64());
    users.wait_for_writes(50);
    let met = users.stop();
    let lost = shop.lost(&met, &shop.new).len();
    Row { how, met, lost }
}

fn say(step: &str, seconds: f64) {
    println!("{seconds:>6.1} s  {step}");
}

fn print(rows: &[Row]) {
    println!("\nWhat the users met\n");
    println!(
        "{:<16}{:>8}{:>8}{:>9}{:>9}{:>8}{:>6}{:>16}",
        "", "reads", "failed", "writes", "refused", "failed", "lost", "without writes"
    );
    for Row { how, met, lost } in rows {
        let (read, unread) = (met.reads, met.failed_reads.len());
        let (written, unwritten) = (met.committed.len(), met.failed_writes.len());
        let refused = met.refused + met.refused_by_app;
        let without = format!("{:.1} s", met.seconds_without_writes());
        println!(
            "{how:<16}{read:>8}{unread:>8}{written:>9}{refused:>9}{unwritten:>8}{lost:>6}{without:>16}"
        );
    }
    let by_app = rows[0].met.refused_by_app;
    println!(
        "\nwrites: answered with 200. refused: with 503 and Retry-After; {by_app} of them passed HAProxy\n\
         during its reload, and met the frozen database. lost: not in the new database."
    );
}
