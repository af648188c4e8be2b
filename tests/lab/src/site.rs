//! The site: a balancer's namespace with a bridge, any number of hosts, and a folder for configs,
//! sockets, pidfiles and state. All names contain the test and the process. Everything goes when
//! the site is dropped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use super::namespace::{self, Namespace};
use super::{journal, keeper, wait_for};

pub const BALANCER: &str = "10.77.0.1";

#[derive(Debug)]
pub struct Site {
    pub dir: PathBuf,
    pub balancer: Namespace,
    pub hosts: Vec<Host>,
}

/// One host of apps: number 1 is 10.77.0.11 and fd77::11, number 40 is 10.77.0.50 and fd77::50.
#[derive(Debug)]
pub struct Host {
    pub number: usize,
    pub namespace: Namespace,
    /// This host's own folder.
    pub dir: PathBuf,
}

impl Site {
    pub fn create(test: &str, hosts: usize) -> Site {
        assert!(nix::unistd::geteuid().is_root(), "the lab needs root");
        assert!(!test.contains('-'), "`-` separates the parts of a name");
        sweep(|pid| !Path::new("/proc").join(pid).exists());
        let base = format!("hg-{test}-{}", process::id());
        let dir = folder().join(&base);
        fs::create_dir_all(&dir).expect("a folder for the lab");
        let balancer = Namespace::create(format!("{base}-lb"));
        balancer.ip(&bridge());
        // The hosts start at once, because this mostly waits for the kernel.
        let hosts = thread::scope(|scope| {
            let connect = |number| {
                let (base, dir, balancer) = (&base, &dir, &balancer);
                scope.spawn(move || Host::connect(number, base, dir, balancer))
            };
            let connecting: Vec<_> = (1..=hosts).map(connect).collect();
            let connected = connecting
                .into_iter()
                .map(|host| host.join().expect("a host"));
            connected.collect()
        });
        Site {
            dir,
            balancer,
            hosts,
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.dir).ok();
    }
}

impl Host {
    fn connect(number: usize, base: &str, dir: &Path, balancer: &Namespace) -> Host {
        let namespace = Namespace::create(format!("{base}-host{number}"));
        let dir = dir.join(format!("host{number}"));
        fs::create_dir_all(&dir).expect("a folder for the host");
        balancer.ip(&format!(
            "link add h{number} type veth peer name eth0 netns {}\n\
             link set h{number} master br0 up\n",
            namespace.name
        ));
        // Without nodad the IPv6 address would be tentative for a second.
        namespace.ip(&format!(
            "addr add 10.77.0.{last}/24 dev eth0\n\
             addr add fd77::{last}/64 dev eth0 nodad\n\
             link set eth0 up\n",
            last = last(number)
        ));
        Host {
            number,
            namespace,
            dir,
        }
    }

    pub fn address(&self) -> String {
        format!("10.77.0.{}", last(self.number))
    }

    pub fn name(&self) -> String {
        format!("web{}", self.number)
    }

    /// The NAT rules in the kernel.
    pub fn rules(&self) -> String {
        self.namespace.run("iptables", &["-t", "nat", "-S"])
    }

    /// The phase in the agent's journal. None: there is no journal.
    pub fn journal_phase(&self) -> Option<String> {
        journal::phase(&self.journal())
    }

    pub fn gate_is_open(&self, port: u16) -> bool {
        self.rules().contains(&format!("--dport {port} "))
    }

    /// Both gates of a two-stage host.
    pub fn gates_are_open(&self) -> [bool; 2] {
        [2000, 3000].map(|port| self.gate_is_open(port))
    }

    pub fn wait_for_gate(&self, port: u16, open: bool) {
        let what = format!("gate {port} to be {}", if open { "open" } else { "closed" });
        wait_for(&what, Duration::from_secs(20), || {
            (self.gate_is_open(port) == open).then_some(())
        });
    }

    /// Waits until the agent's journal has this phase of app `web` in progress, and returns the
    /// time.
    pub fn wait_for_phase(&self, phase: &str) -> f64 {
        journal::wait_for_phase(&self.journal(), phase)
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.dir.join("state/web.json")
    }
}

/// The last part of a host's addresses, of either family.
pub fn last(number: usize) -> usize {
    10 + number
}

fn bridge() -> String {
    format!(
        "link add br0 type bridge\n\
         addr add {BALANCER}/24 dev br0\n\
         addr add fd77::1/64 dev br0 nodad\n\
         link set br0 up\n"
    )
}

/// The folder of all sites, in memory like an agent's state on a real host (/run). On a disk, the
/// fsync of each record would count as the agent's own time.
pub fn folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    }
}

/// Removes orphan sites: those of processes that are gone, or those of this process before it ends
/// without destructors.
pub fn sweep(gone: impl Fn(&str) -> bool) {
    let ours = |name: &str| {
        let mut parts = name.split('-');
        let is_pid = |part: &&str| part.parse::<u32>().is_ok();
        parts.next() == Some("hg") && parts.nth(1).filter(is_pid).is_some_and(&gone)
    };
    for name in namespace::all().iter().filter(|name| ours(name)) {
        namespace::delete(name);
    }
    // The rest of a machine that was killed with its test.
    for group in keeper::groups().iter().filter(|name| ours(name)) {
        keeper::remove_groups(group);
    }
    let folders = fs::read_dir(folder()).into_iter().flatten();
    for folder in folders.flatten() {
        if ours(&folder.file_name().to_string_lossy()) {
            fs::remove_dir_all(folder.path()).ok();
        }
    }
}
