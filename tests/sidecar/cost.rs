//! The cost of a sidecar, and that a host has only one.

use std::fs;
use std::time::Duration;

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

use lab::built;
use lab::fleet::Fleet;
use lab::reference::QUICK;
use lab::settings::Settings;
use lab::sidecar::Sidecar;

/// Two of its longest pauses between two looks at HAProxy.
const SPAN: Duration = Duration::from_secs(10);

/// 0.1 % of a core.
const MOST: Duration = Duration::from_millis(10);

#[test]
fn a_host_has_one_sidecar() {
    let fleet = Fleet::closed("sc_one", |reference| reference);
    let agent = || fleet.agent(1, |settings| settings);
    let sidecar = Sidecar::start(fleet.host(1), agent());
    let second = agent().words(&["run"]);
    let second = second.expect_exit(10);
    assert!(
        second
            .err
            .contains("the sidecar runs already: `agent run`, pid "),
        "{}",
        second.err
    );
    let status = agent().words(&["status", "--json"]).json();
    let owner = &status["sidecar"];
    assert_eq!(owner["pid"], sidecar.pid(), "{owner}");
    assert_eq!(owner["command"], "agent run", "{owner}");
    assert!(owner["since_unix_seconds"].is_u64(), "{owner}");
    let checked = agent().words(&["run", "--dry-run"]).expect_exit(0);
    assert!(
        checked.out.contains("web: would keep open: "),
        "{}",
        checked.out
    );
}

/// At rest, with one app and two balancers: 0.1 % of a core, 3 MiB of its own and 16 MiB with the pages
/// of the program and its libraries that the kernel has mapped, for the release build. How many the
/// kernel maps at once depends on its page cache. The sidecar looks at HAProxy every 5 s, and at everything else more often.
#[test]
fn a_sidecar_at_rest_costs_next_to_nothing() {
    let fleet = Fleet::quick("sc_cost", |reference| reference);
    let _second = fleet.second_balancer(QUICK);
    let both = |settings: Settings| settings.haproxy("tcp://10.77.0.1:9998");
    let program = built::released_agent();
    let agent = fleet.agent(1, both).installed_at(&program);
    let mut sidecar = Sidecar::start(fleet.host(1), agent);
    sidecar.wait_for_notification("web: open, UP on 2 of 2 balancers");
    std::thread::sleep(Duration::from_secs(2));
    let span = || {
        let before = used(sidecar.pid());
        std::thread::sleep(SPAN);
        used(sidecar.pid()) - before
    };
    let mut used = span();
    if used > MOST {
        // The caches of a busy machine belong to others for a while.
        println!("{used:?} of {SPAN:?} at first");
        used = span();
    }
    let memory = kilobytes(sidecar.pid(), "VmHWM:");
    let own = kilobytes(sidecar.pid(), "RssAnon:");
    println!("at rest: {used:?} of {SPAN:?}, at most {memory} kB of memory, {own} kB its own");
    assert!(used <= MOST, "{used:?}");
    assert!(own < 3 * 1024, "{own} kB");
    assert!(memory < 16 * 1024, "{memory} kB");
}

/// A line of its status. `VmHWM:` is the peak of all that is in memory.
fn kilobytes(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The CPU time of the process, to the nanosecond, and of its children, to the tick of 10 ms.
fn used(pid: u32) -> Duration {
    let process = Pid::from_raw(pid.cast_signed());
    let clock = clock_getcpuclockid(process).expect("the clock of a process");
    let own = Duration::from(clock.now().expect("its time"));
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit(") ").next().unwrap().split(' ');
    let children = fields.skip(13).take(2);
    let ticks: u64 = children.map(|field| field.parse::<u64>().unwrap()).sum();
    own + Duration::from_millis(10 * ticks)
}
