//! A database moves under an app on three hosts: a real PostgreSQL and its replica, HAProxy, and users
//! who read and write meanwhile. It fails without root.

use lab::database::{NEW, Shop};

/// Reads never fail, refused writes get 503 with Retry-After, and no committed write is lost.
#[test]
fn a_database_moves_and_no_write_is_lost() {
    let shop = Shop::open("database");
    let users = shop.users();
    users.wait_for_writes(20);
    shop.move_database(|step, seconds| println!("{seconds:>6.2} s  {step}"));
    users.wait_for_writes(20);
    let met = users.stop();
    let (committed, gap) = (met.committed.len(), met.seconds_without_writes());
    let (refused, by_app) = (met.refused, met.refused_by_app);
    println!(
        "{} reads, {committed} writes, {refused} refused by HAProxy and {by_app} by the app, \
         {gap:.1} s without writes",
        met.reads
    );
    assert_eq!(met.failed_reads, [""; 0]);
    assert_eq!(met.failed_writes, [""; 0]);
    assert_eq!(
        shop.lost(&met, &shop.new),
        [0; 0],
        "of {committed} committed writes"
    );
    assert!(refused > 0 && met.reads > 10 * refused.min(10), "{met:?}");
    // The old database has none of the later writes.
    assert!(
        !shop.lost(&met, &shop.old).is_empty(),
        "the last writes are in the new one only"
    );
    let by: Vec<(&str, &str)> = met
        .served_by
        .iter()
        .map(|(host, by)| (&**host, &**by))
        .collect();
    assert_eq!(by, [("web1", NEW), ("web2", NEW), ("web3", NEW)]);
}
