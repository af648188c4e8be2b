//! The kernel's notifications about changed rules, on a real kernel.

use super::*;
use haproxy_gate::gate::RuleWatch;
use lab::harm::HARM;
use nix::time::ClockId;
use std::pin::pin;
use tokio::time::timeout;

/// Longer than the pause between two notifications.
const A_WHILE: Duration = Duration::from_millis(500);

/// From one notification to the next, at least.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits until nothing has changed for a while. Returns the number of wake-ups and the last mark.
async fn settled(watch: &mut RuleWatch) -> (usize, Option<haproxy_gate::gate::Mark>) {
    let (mut wakes, mut mark) = (0, None);
    while timeout(A_WHILE, watch.changed()).await.is_ok() {
        wakes += 1;
        mark = watch.mark();
    }
    (wakes, mark)
}

/// Runs a shell line beside the runtime. Returns when it ended.
async fn run(line: String) -> Instant {
    let done = tokio::task::spawn_blocking(move || {
        sh(&line);
        Instant::now()
    });
    done.await.unwrap()
}

/// A shell line that makes so many transactions, with one program.
fn burst(changes: usize) -> String {
    let one = "*nat\n-A X -p tcp -m tcp --dport 99 -j RETURN\nCOMMIT\n";
    std::fs::write("/run/burst", one.repeat(changes)).unwrap();
    "iptables-nft-restore --noflush < /run/burst".to_owned()
}

#[test]
fn a_change_by_another_program_is_noticed_at_once() {
    if !inside("changes::a_change_by_another_program_is_noticed_at_once") {
        return;
    }
    let (firewall, main) = (firewall(Variant::Nft), gate(Role::Main, 2000));
    block_on(async {
        let mut watch = firewall.watch().unwrap();
        let mut all = Vec::new();
        for program in ["iptables-nft", "ip6tables-nft"] {
            for (what, command) in HARM {
                firewall.ensure(&[(&main, true)]).await.unwrap();
                settled(&mut watch).await;
                let before = watch.mark();
                let harm = run(command.replace("{}", program));
                let noticed = async {
                    let noticed = timeout(Duration::from_secs(10), watch.changed()).await;
                    noticed.unwrap_or_else(|_| panic!("{program}: not noticed: {what}"));
                    Instant::now()
                };
                let (done, noticed) = tokio::join!(harm, noticed);
                all.push(noticed.saturating_duration_since(done));
                settled(&mut watch).await;
                assert!(before.is_some() && watch.mark() != before, "{what}");
            }
        }
        // One that comes late may be the machine. Most of them are the watch.
        all.sort();
        let median = all[all.len() / 2];
        assert!(median < Duration::from_millis(100), "{all:?}");
    });
}

#[test]
fn looks_and_other_tables_are_no_change() {
    if !inside("changes::looks_and_other_tables_are_no_change") {
        return;
    }
    let (firewall, main) = (firewall(Variant::Nft), gate(Role::Main, 2000));
    block_on(async {
        let mut watch = firewall.watch().unwrap();
        let nothing_yet = watch.mark();
        // The first listing: the table does not exist yet, and listing does not create it.
        firewall.look().await.unwrap();
        sh("iptables-nft -t nat -S; ip6tables-nft -t nat -S; iptables-nft -t nat -L -n");
        assert_eq!(settled(&mut watch).await.0, 0);
        assert!(nothing_yet.is_some() && watch.mark() == nothing_yet);

        assert!(firewall.ensure(&[(&main, true)]).await.unwrap());
        assert!(
            settled(&mut watch).await.0 > 0,
            "our own changes are changes"
        );
        let open = watch.mark();
        assert_ne!(open, nothing_yet);

        for _ in 0..10 {
            assert!(!firewall.ensure(&[(&main, true)]).await.unwrap());
            firewall.look().await.unwrap();
        }
        sh("iptables-nft-save; ip6tables-nft -t nat -S; iptables-nft -L -n -v");
        sh("iptables-legacy -t nat -N OTHERS; iptables-legacy -t nat -F");
        sh("ip link add one type veth peer name other; ip link set one up; ip link del one");
        sh("unshare --net sh -c 'for i in 1 2 3; do iptables-nft -t nat -N X$i; done'");
        assert_eq!(settled(&mut watch).await.0, 0);
        assert_eq!(watch.mark(), open);

        sh("iptables-nft -t nat -N OTHERS");
        assert_eq!(settled(&mut watch).await.0, 1);
        assert_ne!(watch.mark(), open);
    });
}

#[test]
fn a_burst_is_few_wake_ups_and_its_end_is_noticed() {
    if !inside("changes::a_burst_is_few_wake_ups_and_its_end_is_noticed") {
        return;
    }
    sh("iptables-nft -t nat -N X");
    block_on(async {
        let mut watch = RuleWatch::new(Variant::Nft).unwrap();
        // Without a waiting task the burst is one wake-up.
        run(burst(200)).await;
        let (wakes, seen) = settled(&mut watch).await;
        assert_eq!(wakes, 1);
        assert!(seen.is_some() && seen == watch.mark());
        // With a waiting task there are few wake-ups, and the last one comes after the last change.
        let slowly = "for i in $(seq 200); do iptables-nft -t nat -A X -j RETURN; done";
        let before = Instant::now();
        let (mut wakes, mut seen) = (0, None);
        let mut running = pin!(run(slowly.to_owned()));
        let done = loop {
            tokio::select! {
                done = &mut running => break done,
                _ = watch.changed() => (wakes, seen) = (wakes + 1, watch.mark()),
            }
        };
        let (more, last) = settled(&mut watch).await;
        let (wakes, seen) = (wakes + more, last.or(seen));
        let most = (done - before).as_millis() / 200 + 2;
        assert!(
            (2..=most).contains(&(wakes as u128)),
            "{wakes} in {:?}",
            done - before
        );
        assert_eq!(seen, watch.mark());
        assert_eq!(
            sh("iptables-nft -t nat -S X").lines().count(),
            1 + 200 + 200
        );
    });
}

#[test]
fn an_overflow_of_the_kernels_queue_is_a_change() {
    if !inside("changes::an_overflow_of_the_kernels_queue_is_a_change") {
        return;
    }
    sh("iptables-nft -t nat -N X");
    block_on(async {
        let mut watch = RuleWatch::new(Variant::Nft).unwrap();
        run(burst(2000)).await;
        let dropped = |line: &str| line.split_whitespace().nth(8)?.parse::<u64>().ok();
        let table = std::fs::read_to_string("/proc/net/netlink").unwrap();
        let dropped: u64 = table.lines().filter_map(dropped).sum();
        assert!(dropped > 0, "the kernel kept all of it: {table}");
        assert_eq!(settled(&mut watch).await.0, 1);
        // The watch goes on after that.
        run("iptables-nft -t nat -F X".to_owned()).await;
        assert_eq!(settled(&mut watch).await.0, 1);
    });
}

/// The sidecar also waits for other events, and drops this wait each time.
#[test]
fn a_dropped_wait_loses_no_change() {
    if !inside("changes::a_dropped_wait_loses_no_change") {
        return;
    }
    sh("iptables-nft -t nat -N X");
    block_on(async {
        let mut watch = RuleWatch::new(Variant::Nft).unwrap();
        sh("iptables-nft -t nat -A X -j RETURN");
        let first = Instant::now();
        timeout(A_WHILE, watch.changed()).await.unwrap();
        // The watch reads this change but does not report it yet: the pause since the last one is too
        // short.
        sh("iptables-nft -t nat -A X -j RETURN");
        let mut reports = 0;
        while reports == 0 && first.elapsed() < PAUSE * 3 / 4 {
            let waited = timeout(Duration::from_millis(10), watch.changed()).await;
            reports += usize::from(waited.is_ok());
        }
        let early = reports > 0 && first.elapsed() < PAUSE;
        assert!(!early, "reported without a pause");
        assert_eq!(reports + settled(&mut watch).await.0, 1);
    });
}

#[test]
fn legacy_rules_have_no_notification_and_no_mark() {
    if !inside("changes::legacy_rules_have_no_notification_and_no_mark") {
        return;
    }
    let (firewall, main) = (firewall(Variant::Legacy), gate(Role::Main, 2000));
    block_on(async {
        let mut watch = firewall.watch().unwrap();
        assert!(firewall.ensure(&[(&main, true)]).await.unwrap());
        sh("iptables-nft -t nat -N X");
        assert_eq!(settled(&mut watch).await, (0, None));
        assert_eq!(watch.mark(), None);
    });
}

#[test]
fn the_error_names_the_missing_capability() {
    const RESTRICTED: &str = "HAPROXY_GATE_TEST_RESTRICTED";
    if std::env::var_os(RESTRICTED).is_some() {
        let error = block_on(async { RuleWatch::new(Variant::Nft).err() });
        let text = error.expect("an error").to_string();
        assert!(text.ends_with(": CAP_NET_ADMIN is needed"), "{text}");
        block_on(async { RuleWatch::new(Variant::Legacy).map(drop) }).unwrap();
        return;
    }
    let output = Command::new("setpriv")
        .args(["--bounding-set=-net_admin", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["changes::the_error_names_the_missing_capability", "--exact"])
        .env(RESTRICTED, "1")
        .output()
        .expect("setpriv (util-linux) runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

/// A mark saves the sidecar a fork of iptables. Measured without optimization: 6 to 8 us.
#[test]
fn a_mark_costs_some_microseconds() {
    if !inside("changes::a_mark_costs_some_microseconds") {
        return;
    }
    sh("iptables-nft -t nat -N X");
    block_on(async {
        let mut watch = RuleWatch::new(Variant::Nft).unwrap();
        // CPU time of this thread, independent of other work on the machine.
        let clock = ClockId::CLOCK_THREAD_CPUTIME_ID;
        let used = || clock.now().map(Duration::from).unwrap();
        let before = used();
        let first = watch.mark();
        for _ in 1..1000 {
            assert!(first.is_some() && watch.mark() == first);
        }
        let each = (used() - before) / 1000;
        println!("one mark: {each:?}");
        assert!(each < Duration::from_micros(200), "one mark: {each:?}");
    });
}
