//! What an operator has between two batches: an approval, hooks, a window; over an Ansible inventory.
//! These are parts of one roll, and [`whole`](super::whole) has its begin and its end.

use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::operators::waits_for_the_lock;
use super::{Rolled, Rolling};
use lab::agent::Running;
use lab::ansible::{Ansible, Core};
use lab::estate::Estate;
use lab::site::Host;
use lab::targets::{BLUE, GREEN};

/// The longest window of the test: a user gives up a request after half a minute.
const LONGEST: Duration = Duration::from_secs(20);

/// A roll by an operator with an inventory.
pub(super) struct Desk<'a> {
    estate: &'a Estate,
    inventory: PathBuf,
    /// An approval is written here.
    go: PathBuf,
    /// The hooks write here.
    events: PathBuf,
}

impl Desk<'_> {
    /// ssh knows only the addresses of the hosts: their names are Ansible's.
    pub(super) fn of(estate: &Estate) -> Desk<'_> {
        let line = |host: &Host| format!("{} ansible_host={}", host.name(), host.address());
        let hosts = estate.site.hosts.iter().map(line);
        let ansible = Ansible::create(&estate.operator, "inventory", hosts, "ansible_user=root");
        let file = |name: &str| estate.operator.dir.join(name);
        Desk {
            estate,
            inventory: ansible.dir.join("inventory"),
            go: file("go"),
            events: file("events"),
        }
    }

    fn start(&self, words: &[&str]) -> Running {
        let mut command: Command = self.estate.rolling(words);
        let path = std::env::var("PATH").expect("a PATH");
        command.env(
            "PATH",
            format!("{}:{path}", Core::Usual.programs().display()),
        );
        command.env("ANSIBLE_HOME", &self.estate.operator.dir);
        Running::start("rolling-restart", &mut command)
    }

    /// Goes on with the record of the last roll.
    pub(super) fn resume(&self, rolled: &Rolled, words: &[&str]) -> Running {
        let record = rolled.record.as_ref().expect("a record");
        let resume = ["--resume", record.to_str().expect("a path")];
        self.start(&[&resume, words].concat())
    }

    /// The events so far, each as the hook got it.
    fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.events).expect("events");
        text.lines()
            .map(|line| line.parse().expect("JSON"))
            .collect()
    }

    fn names_of_events(&self) -> Vec<String> {
        let name = |event: &Value| event["event"].as_str().expect("a name").to_owned();
        self.events().iter().map(name).collect()
    }
}

pub(super) fn ended(roll: Running, exit: i32) -> Rolled {
    Rolled::of(&roll.wait().expect_exit(exit))
}

/// An operator refuses the batch after the canary. The hook fails at each event, and does not stop the
/// roll. The file of an earlier day is no approval.
pub(super) fn refused(desk: &Desk) -> Rolled {
    std::fs::write(&desk.go, "from yesterday\n").expect("a file");
    let hook = format!("cat >>{}; exit 9", desk.events.display());
    let inventory = desk.inventory.to_str().expect("a path");
    let go = desk.go.to_str().expect("a path");
    let hosts = ["--inventory", inventory, "--group", "web"];
    let verb = ["--switch", "--to", GREEN, "--canary", "1", "--batch", "2"];
    let words = ["--go", go, "--hook", &hook];
    let roll = desk.start(&[hosts.as_slice(), &verb, &words].concat());
    roll.wait_for_word("waits for approval of batch 2 of 5");
    std::fs::write(&desk.go, "no: ann, the canary is slow\n").expect("a file");
    let rolled = ended(roll, 4);
    assert_eq!(rolled.outcome, "not_approved", "{rolled:#?}");
    let said = "batch 2 of 5 was refused by ann, the canary is slow (file of root): 1 of 8 ";
    assert!(rolled.message.starts_with(said), "{rolled:#?}");
    assert_eq!(rolled.in_state("done"), [1], "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached").len(), 7, "{rolled:#?}");
    let events = ["started", "host_done", "batch_done", "confirm", "stopped"];
    assert_eq!(desk.names_of_events(), events);
    rolled
}

/// The same hook, which must succeed now: no host begins. Returns how long such a call takes, too.
pub(super) fn stopped_by_a_hook(desk: &Desk, canary: &Rolled) -> (Rolled, Duration) {
    let begun = Instant::now();
    let rolled = ended(desk.resume(canary, &["--hook-must-succeed"]), 6);
    assert_eq!(rolled.outcome, "hook_failed", "{rolled:#?}");
    let said = "a hook failed at started: exit 9, without output";
    assert!(rolled.message.starts_with(said), "{rolled:#?}");
    assert_eq!(rolled.in_state("done"), [1], "{rolled:#?}");
    desk.estate.assert_current(2, BLUE);
    (rolled, begun.elapsed())
}

/// A request holds a host of the batch until the window has closed. The batch ends as it would.
/// Meanwhile another operator waits for the lock of that host, and calls his roll off. The window is
/// longer than the first look at all hosts: another call of this machine needed so long to look.
pub(super) fn closed_in_the_middle(desk: &Desk, before: &Rolled, look: Duration) -> [Rolled; 2] {
    let hook = format!("cat >>{}", desk.events.display());
    let window = Duration::from_secs((look * 3).as_secs() + 3).min(LONGEST);
    let open = format!("{}s", window.as_secs());
    let words = ["--not-after", &open, "--go-command", "echo ann"];
    let roll = desk.resume(before, &[&words[..], &["--hook", &hook]].concat());
    roll.wait_for_word("asking 7 hosts for the status");
    let closed = Instant::now() + window;
    let held_up = desk.estate.held_request(2);
    desk.estate.remote(2).wait_for_phase("drain");
    let other = waits_for_the_lock(desk.estate);
    sleep(closed.saturating_duration_since(Instant::now()));
    desk.estate.remote(2).answer_now();
    let rolled = ended(roll, 5);
    assert_eq!(held_up.answer().status, 200);
    assert_eq!(rolled.outcome, "window_closed", "{rolled:#?}");
    let said = ", before batch 2 of 4: 2 of 7";
    assert!(rolled.message.contains(said), "{rolled:#?}");
    assert_eq!(rolled.in_state("done"), [1, 2, 3], "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached"), [4, 5, 6, 7, 8]);
    let last = desk.events().pop().expect("events");
    assert_eq!(last["event"], "stopped");
    assert_eq!(last["roll"]["outcome"], "window_closed");
    assert_eq!(last["roll"]["exit"], 5);
    [rolled, other]
}

/// The window of a host ends after the roll has begun: that is no failure of the host.
pub(super) fn window_of_a_host(desk: &Desk, before: &Rolled) -> Rolled {
    let file = desk.estate.remote(4).file("etc/haproxy-gate/agent.toml");
    let open = std::fs::read_to_string(&file).expect("agent.toml");
    let closed = desk.estate.operator.dir.join("closed.toml");
    let windows = format!("{open}\n[agent]\nwindows = [\"{}\"]\n", another_time());
    std::fs::write(&closed, windows).expect("a file");
    // At the first event, and the first batch waits for it.
    let hook = format!("cp {} {}", closed.display(), file.display());
    let rolled = ended(
        desk.resume(before, &["--not-after", "1h", "--hook", &hook]),
        5,
    );
    std::fs::write(&file, open).expect("agent.toml");
    assert_eq!(rolled.outcome, "window_closed", "{rolled:#?}");
    let said = "the window of web4 closed ";
    assert!(rolled.message.starts_with(said), "{rolled:#?}");
    assert_eq!(rolled.in_state("failed"), [0; 0], "{rolled:#?}");
    let why = &rolled.host(4).message;
    assert!(
        why.starts_with("no operation that takes users away may begin before "),
        "{why}"
    );
    rolled
}

/// A window that is not now.
fn another_time() -> &'static str {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time after 1970");
    match now.as_secs() / 3600 % 24 {
        ..12 => "22:00-23:00 UTC",
        _ => "02:00-03:00 UTC",
    }
}
