//! The count of the other servers, by tables of what HAProxy shows.

use super::super::find::tests::PORTS;
use super::super::{BackendCapacity, Floor, Found, Mode, ServerStat, ServerState, Status, find};

mod pages;
mod targets;

fn server(name: &str, last: u8, port: u16, check_port: u16) -> ServerState {
    ServerState {
        backend_id: 3,
        backend: "a".into(),
        server_id: 1,
        server: name.into(),
        address: Some([10, 0, 0, last].into()),
        port,
        check_port,
        check_address: None,
        fqdn: None,
    }
}

fn stat(server: &str, backup: bool, status: &str) -> ServerStat {
    ServerStat {
        backend: "a".into(),
        server: server.into(),
        server_id: 1,
        status: Status::parse(status).unwrap(),
        in_flight: 0,
        mode: Mode::Http,
        sessions: 0,
        connections: Some(0),
        weight: 1,
        backup,
        proven: false,
        check: None,
        failed_to_the_end: false,
        lasts: None,
    }
}

fn found() -> Found {
    let servers = vec![
        server("web1", 11, 1000, 2000),
        server("bkp1", 11, 1000, 3000),
        server("web2", 12, 1000, 2000),
        server("bkp2", 12, 1000, 3000),
        server("web3", 13, 1000, 2000),
        server("bkp3", 13, 1000, 3000),
        server("spare", 98, 1000, 2000),
        server("sorry", 99, 80, 0),
    ];
    let own = find(&servers, PORTS, |s| s.server.ends_with('1')).unwrap();
    Found {
        own,
        servers,
        ..Found::default()
    }
}

/// The usable servers and the claims, if `web2`, `bkp2`, `web3` and `bkp3` show this.
fn counted(shown: [&str; 4]) -> (usize, usize) {
    let mut stats = vec![stat("web1", false, "UP"), stat("bkp1", true, "UP")];
    let lines = [
        ("web2", false),
        ("bkp2", true),
        ("web3", false),
        ("bkp3", true),
    ];
    let others = lines.iter().zip(shown);
    stats.extend(others.map(|((name, backup), status)| stat(name, *backup, status)));
    let capacity = BackendCapacity::count("a", &found(), &stats);
    (capacity.usable, capacity.claimed.len())
}

#[test]
fn servers_are_counted_by_address_and_a_twin_does_not_replace_its_main() {
    assert_eq!(counted(["UP", "UP", "UP", "UP"]), (2, 0));
    assert_eq!(counted(["UP", "UP", "DOWN", "UP"]), (1, 0));
    assert_eq!(counted(["UP 1/2", "UP", "DOWN", "UP"]), (0, 0));
    assert_eq!(counted(["MAINT", "UP", "DRAIN", "UP"]), (0, 0));
}

#[test]
fn a_server_that_the_next_check_may_turn_down_is_named_and_not_counted() {
    let mut stats = vec![stat("web2", false, "UP 1/2"), stat("web3", false, "UP")];
    let capacity = BackendCapacity::count("a", &found(), &stats);
    assert_eq!((capacity.usable, capacity.not_out()), (1, 2));
    let text = "lb backend a has 1 other usable servers (not counted while it shows `UP n/m`: web2), \
                min_available is 2";
    assert_eq!(capacity.shortage("lb", Floor::Servers(2)), text);
    stats[0].status = stats[0].status.clone().with_weight(0);
    assert_eq!(BackendCapacity::count("a", &found(), &stats).not_out(), 1);
}

/// `spare` is one of the four servers of this backend: no other line is beside it.
#[test]
fn a_share_is_one_of_all_servers_and_the_lack_names_who_is_out() {
    let mut stats = vec![
        stat("web2", false, "DOWN"),
        stat("bkp2", true, "UP"),
        stat("web3", false, "MAINT"),
        stat("spare", true, "no check"),
        stat("sorry", true, "no check"),
    ];
    stats[0].lasts = Some(72);
    let capacity = BackendCapacity::count("a", &found(), &stats);
    assert_eq!((capacity.usable, capacity.servers), (1, 4));
    let (share, lack) = (
        Floor::Percent(51),
        "lb backend a has 1 other usable servers (out: web2 is DOWN",
    );
    assert_eq!(
        capacity.shortage("lb", share),
        format!("{lack}, web3 is MAINT), min_available is 51%: 3 of 4 hosts")
    );
    assert_eq!(
        capacity.shortage_now("lb", Floor::Servers(2)),
        format!("{lack} for 72 s, web3 is MAINT), min_available is 2")
    );
}

/// A host whose name can't be resolved is a server that is out. A slot of a server-template
/// without a name is none, nor is one whose name another slot has.
#[test]
fn a_line_without_an_address_counts_by_its_name() {
    let lack = |lines: &[(&str, bool, Option<&str>)]| {
        let mut found = found();
        found.servers[2].fqdn = Some("web2.example".into());
        let mut stats = vec![stat("web2", false, "UP"), stat("bkp2", true, "UP")];
        for (name, backup, fqdn) in lines {
            found.servers.push(ServerState {
                address: None,
                fqdn: fqdn.map(str::to_owned),
                ..server(name, 0, 1000, 2000)
            });
            stats.push(stat(name, *backup, "MAINT (resolution)"));
        }
        BackendCapacity::count("a", &found, &stats).shortage("lb", Floor::Percent(100))
    };
    let host = |name| {
        [
            (name, false, Some("web4.example")),
            ("bkp4", true, Some("web4.example")),
        ]
    };
    let text = |out: &str, hosts: &str| {
        format!("lb backend a has 1 other usable servers{out}, min_available is 100%: {hosts}")
    };
    let ever = ", so no host of this backend can ever go out with this share";
    let now = ", so no host of this backend can go out with this share until more hosts are in it";
    let out = " (out: web4 is MAINT (resolution))";
    assert_eq!(lack(&[]), text("", &format!("2 of 2 hosts{ever}")));
    assert_eq!(
        lack(&host("web4")),
        text(out, &format!("3 of 3 hosts{ever}"))
    );
    let twice = [
        host("web4").as_slice(),
        &[("slot5", false, Some("web4.example"))],
    ]
    .concat();
    assert_eq!(lack(&twice), text(out, &format!("3 of 3 hosts{now}")));
    let slots = [
        ("slot1", false, None),
        ("web9", false, Some("web2.example")),
    ];
    for slot in slots {
        assert_eq!(lack(&[slot]), text("", &format!("2 of 2 hosts{now}")));
        let both = [host("web4").as_slice(), &[slot]].concat();
        assert_eq!(lack(&both), text(out, &format!("3 of 3 hosts{now}")));
    }
}

#[test]
fn our_own_lines_may_have_no_address() {
    let mut found = found();
    for line in &mut found.servers {
        line.address = None;
    }
    assert_eq!(BackendCapacity::count("a", &found, &[]).servers, 1);
}

/// The last real host stays: what the page server sends is no answer of the app.
#[test]
fn a_page_server_is_no_host_and_a_slot_in_maint_is_none_either() {
    let mut found = found();
    for (name, last) in [("t1", 0), ("t2", 14)] {
        found.servers.push(server(name, last, 1000, 2000));
    }
    let unspecified = found.servers.iter_mut().find(|one| one.server == "t1");
    unspecified.unwrap().address = Some([0, 0, 0, 0].into());
    for (lines, usable, servers, has_free_slots) in [
        (
            vec![stat("web2", false, "DOWN"), stat("sorry", true, "UP")],
            0,
            2,
            false,
        ),
        (vec![stat("sorry", true, "no check")], 0, 1, false),
        (
            vec![stat("spare", true, "UP"), stat("sorry", true, "UP")],
            1,
            2,
            false,
        ),
        // As a main line it is one of the hosts that HAProxy sends users to.
        (vec![stat("sorry", false, "UP")], 1, 2, false),
        (
            vec![stat("web2", false, "UP"), stat("t1", false, "MAINT")],
            1,
            2,
            true,
        ),
        (
            vec![stat("web2", false, "UP"), stat("t2", false, "MAINT")],
            1,
            3,
            false,
        ),
        (vec![stat("t1", false, "UP")], 1, 2, false),
    ] {
        let capacity = BackendCapacity::count("a", &found, &lines);
        let counted = (capacity.usable, capacity.servers, capacity.has_free_slots);
        assert_eq!(counted, (usable, servers, has_free_slots), "{lines:?}");
    }
}

#[test]
fn a_server_whose_twin_can_not_be_read_may_have_claimed() {
    let unreadable = |name: &str, backup| ServerStat {
        status: Status::Unreadable("status \"HALF\"".into()),
        ..stat(name, backup, "UP")
    };
    for backup in [true, false] {
        let stats = [stat("web2", false, "UP"), unreadable("bkp2", backup)];
        let capacity = BackendCapacity::count("a", &found(), &stats);
        assert_eq!((capacity.usable, capacity.staying()), (1, 0), "{backup}");
    }
    let stats = [unreadable("web2", false), stat("bkp2", true, "UP")];
    assert_eq!(BackendCapacity::count("a", &found(), &stats).usable, 0);
}

#[test]
fn a_share_that_leaves_no_host_says_so() {
    let stats = [stat("web2", false, "UP"), stat("web3", false, "UP")];
    let capacity = BackendCapacity::count("a", &found(), &stats);
    let ever = "so no host of this backend can ever go out with this share";
    let lack = |floor| capacity.shortage("lb", floor);
    assert!(lack(Floor::Percent(67)).ends_with(&format!("67%: 3 of 3 hosts, {ever}")));
    assert!(lack(Floor::Percent(66)).ends_with("66%: 2 of 3 hosts"));
}

#[test]
fn a_server_whose_twin_alone_is_down_has_claimed_to_go_next() {
    assert_eq!(counted(["UP", "DOWN", "UP", "UP"]), (2, 1));
    assert_eq!(counted(["UP", "DOWN 1/2", "UP", "UP 1/2"]), (2, 2));
    assert_eq!(counted(["DOWN", "DOWN", "UP", "UP"]), (1, 0));
    // An operator's MAINT on the twin is no claim of its host.
    assert_eq!(counted(["UP", "MAINT", "UP", "DRAIN"]), (2, 0));
}

#[test]
fn hosts_that_claim_together_give_way_to_the_lowest_address() {
    let lines = [
        ("web1", "UP"),
        ("bkp1", "UP"),
        ("web2", "UP"),
        ("bkp2", "DOWN"),
        ("web3", "UP"),
        ("bkp3", "DOWN"),
    ];
    let stats = lines.map(|(name, status)| stat(name, name.starts_with("bkp"), status));
    let after = |ours: char| {
        let Found { servers, .. } = found();
        let own = find(&servers, PORTS, |s| s.server.ends_with(ours)).unwrap();
        BackendCapacity::count(
            "a",
            &Found {
                own,
                servers,
                ..Found::default()
            },
            &stats,
        )
    };
    assert_eq!(after('1').claimed_after_us, ["web2", "web3"]);
    assert_eq!(after('2').claimed_after_us, ["web3"]);
    let last = after('3');
    assert!(last.claimed_after_us.is_empty(), "{last:?}");
    assert_eq!(after('1').staying(), 0);
    assert_eq!(after('1').staying_in_turn(&[]), 2);
    assert_eq!(after('1').staying_in_turn(&["web3".to_owned()]), 1);
}

#[test]
fn a_backup_of_its_own_address_counts_and_a_line_without_weight_does_not() {
    let mut stats = vec![stat("web2", false, "UP"), stat("spare", true, "no check")];
    assert_eq!(BackendCapacity::count("a", &found(), &stats).usable, 2);
    stats[0].status = Status::Up.with_weight(0);
    assert_eq!(BackendCapacity::count("a", &found(), &stats).usable, 1);
    stats[1].weight = 0;
    let none = BackendCapacity::count("a", &found(), &stats);
    assert_eq!(
        (none.usable, none.unproven.len(), none.out.len()),
        (0, 0, 2)
    );
}
