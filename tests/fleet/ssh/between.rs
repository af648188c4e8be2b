//! What an operator has between two batches: an approval, hooks, a window; over an Ansible inventory.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Rolled, Rolling};
use lab::agent::Running;
use lab::ansible::{Ansible, Core};
use lab::estate::Estate;
use lab::site::Host;
use lab::traffic::{Traffic, assert_unnoticed};
use lab::wait_for;

/// How long the window of the test is open.
const WINDOW: Duration = Duration::from_secs(10);

/// A roll by an operator with an inventory.
struct Desk<'a> {
    estate: &'a Estate,
    inventory: PathBuf,
    /// An approval is written here.
    go: PathBuf,
    /// The hooks write here.
    events: PathBuf,
}

impl Desk<'_> {
    /// ssh knows only the addresses of the hosts: their names are Ansible's.
    fn of(estate: &Estate) -> Desk<'_> {
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
    fn resume(&self, rolled: &Rolled, words: &[&str]) -> Running {
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

fn ended(roll: Running, exit: i32) -> Rolled {
    Rolled::of(&roll.wait().expect_exit(exit))
}

/// One roll in four parts: an operator refuses the batch after the canary; a hook that must succeed
/// fails; the window closes while a batch is under way; the rest. No user notices.
#[test]
fn a_roll_stops_between_batches_and_goes_on() {
    let estate = Estate::of("ssh_between", 5);
    let desk = Desk::of(&estate);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let canary = refused(&desk);
    let none = stopped_by_a_hook(&desk, &canary);
    let batch = closed_in_the_middle(&desk, &none);
    let rolled = ended(desk.resume(&batch, &["--not-after", "1h"]), 0);
    assert_eq!(rolled.in_state("done"), [1, 2, 3, 4, 5], "{rolled:#?}");
    assert_eq!(estate.boots(), [2; 5]);
    let seen = watch.stop();
    seen.assert_at_most(2);
    seen.assert_batches(&[&[1], &[2, 3], &[4, 5]]);
    assert_unnoticed(&traffic.map(Traffic::stop));
    estate.assert_no_record();
    estate.assert_no_connection();
}

/// Its hook fails at each event, and does not stop it. The file of an earlier day is no approval.
fn refused(desk: &Desk) -> Rolled {
    std::fs::write(&desk.go, "from yesterday\n").expect("a file");
    let hook = format!("cat >>{}; exit 9", desk.events.display());
    let inventory = desk.inventory.to_str().expect("a path");
    let go = desk.go.to_str().expect("a path");
    let hosts = ["--inventory", inventory, "--group", "web"];
    let words = ["--canary", "1", "--batch", "2", "--go", go, "--hook", &hook];
    let roll = desk.start(&[hosts.as_slice(), &words].concat());
    roll.wait_for_word("waits for approval of batch 2 of 3");
    std::fs::write(&desk.go, "no: ann, the canary is slow\n").expect("a file");
    let rolled = ended(roll, 4);
    assert_eq!(rolled.outcome, "not_approved", "{rolled:#?}");
    let said = "batch 2 of 3 was refused by ann, the canary is slow (file of root): 1 of 5 ";
    assert!(rolled.message.starts_with(said), "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached"), [2, 3, 4, 5]);
    assert_eq!(desk.estate.boots(), [2, 1, 1, 1, 1]);
    let events = ["started", "host_done", "batch_done", "confirm", "stopped"];
    assert_eq!(desk.names_of_events(), events);
    rolled
}

/// The same hook, which must succeed now: no host begins.
fn stopped_by_a_hook(desk: &Desk, canary: &Rolled) -> Rolled {
    let rolled = ended(desk.resume(canary, &["--hook-must-succeed"]), 6);
    assert_eq!(rolled.outcome, "hook_failed", "{rolled:#?}");
    let said = "a hook failed at started: exit 9, without output";
    assert!(rolled.message.starts_with(said), "{rolled:#?}");
    assert_eq!(desk.estate.boots(), [2, 1, 1, 1, 1]);
    rolled
}

/// A request holds a host of the batch until the window has closed. The batch ends as it would.
fn closed_in_the_middle(desk: &Desk, before: &Rolled) -> Rolled {
    let hook = format!("cat >>{}", desk.events.display());
    let held_up = desk.estate.slow_request(2, 60_000);
    let begun = Instant::now();
    let roll = desk.resume(
        before,
        &[
            "--not-after",
            &format!("{}s", WINDOW.as_secs()),
            "--hook",
            &hook,
            "--go-command",
            "echo ann",
        ],
    );
    desk.estate.remote(2).wait_for_phase("drain");
    let limit = WINDOW * 2;
    wait_for("the window closes", limit, || {
        (begun.elapsed() > WINDOW).then_some(())
    });
    drop(held_up);
    let rolled = ended(roll, 5);
    assert_eq!(rolled.outcome, "window_closed", "{rolled:#?}");
    assert!(
        rolled.message.contains(", before batch 2 of 2: 2 of 4"),
        "{rolled:#?}"
    );
    assert_eq!(rolled.in_state("done"), [1, 2, 3]);
    assert_eq!(rolled.in_state("not_reached"), [4, 5]);
    assert_eq!(desk.estate.boots(), [2, 2, 2, 1, 1]);
    let last = desk.events().pop().expect("events");
    assert_eq!(
        (
            &last["event"],
            &last["roll"]["outcome"],
            &last["roll"]["exit"]
        ),
        (&"stopped".into(), &"window_closed".into(), &5.into())
    );
    rolled
}
