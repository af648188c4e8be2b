//! The operator's own tasks in a roll: the upgrade itself.

use serde_json::json;
use toml::Value;

use super::{ansible, assert_last_words, roll};
use lab::ansible::Ansible;
use lab::estate::{Estate, settings};
use lab::settings::Settings;
use lab::traffic::{Traffic, assert_unnoticed};

/// The operator's tasks. The upgrade tasks check that the host is out of rotation, the last ones
/// that it is back.
const HOOKS: [(&str, &str); 3] = [
    (
        "pre.yml",
        "- name: Note it\n  ansible.builtin.shell: echo pre >>/root/order\n",
    ),
    (
        "upgrade.yml",
        "\
- name: Look
  haproxy_gate.agent.agent_info:
  register: seen

- name: Demand to be out
  ansible.builtin.assert:
    that:
      - not seen.status.in_rotation
      - seen.status.gates | map(attribute='position') | unique == ['closed']
      - seen.status.balancers | map(attribute='lines') | flatten
        | map(attribute='in_flight') | sum == 0

- name: Start the new one
  ansible.builtin.shell: test ! -e /root/broken && web restart && echo upgrade >>/root/order
",
    ),
    (
        "post.yml",
        "\
- name: Look
  haproxy_gate.agent.agent_info:
  register: seen

- name: Demand to be in
  ansible.builtin.assert:
    that: seen.status.in_rotation

- name: Note it
  ansible.builtin.shell: echo post >>/root/order
",
    ),
];

const WORDS: [&str; 6] = [
    "-e",
    "haproxy_gate_pre_tasks=pre.yml",
    "-e",
    "haproxy_gate_upgrade_tasks=upgrade.yml",
    "-e",
    "haproxy_gate_post_tasks=post.yml",
];

fn with_hooks(estate: &Estate) -> Ansible<'_> {
    let ansible = ansible(estate);
    for (name, tasks) in HOOKS {
        ansible.write(name, tasks);
    }
    ansible
}

fn with_serial(serial: &'static str) -> Vec<&'static str> {
    [WORDS.as_slice(), &["-e", serial]].concat()
}

fn assert_order(estate: &Estate, number: usize, order: &[&str]) {
    let said = estate.remote(number).sh("cat /root/order");
    assert_eq!(said.lines().collect::<Vec<_>>(), order, "of host {number}");
}

/// The verbs and reasons of a host's agent in this roll, in order. Its first operation was before
/// the roll.
fn assert_reasons(estate: &Estate, number: usize, wanted: &[(&str, &str)]) {
    let history = estate.remote(number).history();
    let operations = history[1..].iter().map(|(verb, reason)| {
        let reason = reason.as_deref().unwrap_or("no reason");
        (verb.as_str(), reason)
    });
    assert_eq!(operations.collect::<Vec<_>>(), wanted, "of host {number}");
}

/// Out of rotation, upgraded, started, back in: one play, under traffic. A host whose upgrade fails stays
/// out until an operator looks at it. The host beside it comes back, and the others are untouched. The
/// next roll goes on with it. Each agent knows the reason.
#[test]
fn a_failed_upgrade_stops_the_roll() {
    let estate = Estate::of("ansible_broken", 5);
    let ansible = with_hooks(&estate);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    estate.remote(3).sh("touch /root/broken");
    let roll_because = |reason: &str, words: &[&str]| {
        let reason = json!({"haproxy_gate_reason": reason}).to_string();
        roll(&ansible, &[words, &["-e", &reason]].concat()).wait()
    };
    // The longest possible reason: with the name of the roll it does not fit.
    let reason = format!("--it's $(reboot) {}", "x".repeat(183));
    let ended = roll_because(&format!("{reason}x"), &WORDS);
    let says = "haproxy_gate_reason is not 1 to 200 characters on one line";
    for words in ["The roll did not begin. Problems:", says] {
        assert!(ended.out.contains(words), "no {words:?} in {}", ended.out);
    }
    let ended = roll_because(&reason, &with_serial("haproxy_gate_serial=2"));
    let ended = ended.expect_exit(2);
    let wanted = [
        "The roll has stopped.",
        "done: web1, web2, web4",
        "failed: web3: Start the new one: non-zero return code (the host stays out of rotation)",
        "not reached: web5",
        "continue with: --limit @",
    ];
    assert_last_words(&ended, &wanted);
    let seen = watch.stop();
    seen.assert_batches(&[&[1, 2], &[3, 4]]);
    let spans = seen.spans();
    assert!(
        spans[0].to > Some(spans[1].from),
        "one by one, not together: {spans:?}"
    );
    assert_eq!(estate.boots(), [2, 2, 1, 2, 1]);
    assert_order(&estate, 3, &["pre"]);
    let closed = [1, 2, 3, 4].map(|number| estate.host(number).gates_are_open());
    assert_eq!(closed, [[true; 2], [true; 2], [false; 2], [true; 2]]);
    let close = format!("rolling_restart.yml: {}", &reason[..179]);
    assert_reasons(&estate, 2, &[("close", &close), ("open", &reason)]);
    assert_reasons(&estate, 3, &[("close", &close)]);

    estate.remote(3).sh("rm /root/broken");
    let watch = estate.watch();
    let mut words = with_serial("haproxy_gate_serial=3");
    words.extend(["--limit", "@rolling_restart.retry"]);
    let ended = roll_because("fixed", &words).expect_exit(0);
    let done = ["The roll is over.", "done: web3, web5", "to do: none"];
    assert_last_words(&ended, &done);
    let again = [("close", "rolling_restart.yml: fixed"), ("open", "fixed")];
    assert_reasons(&estate, 5, &again);
    assert_eq!(estate.boots(), [2; 5]);
    for number in [1, 2, 4, 5] {
        assert_order(&estate, number, &["pre", "upgrade", "post"]);
    }
    assert_order(&estate, 3, &["pre", "pre", "upgrade", "post"]);
    watch.stop().assert_at_most(2);
    assert_unnoticed(&traffic.map(Traffic::stop));
}

/// The agent runs the upgrade and rolls it back if the app does not come up. Then the roll stops
/// with all hosts in rotation.
#[test]
fn an_upgrade_that_the_agent_rolls_back_stops_the_roll() {
    let rollback = [
        "sh",
        "-c",
        ". /etc/default/web; rm $dir/sick /root/upgraded",
    ];
    let rollback = Value::Array(rollback.map(Value::from).into());
    let change = |settings: Settings| settings.set("app.web.rollback", rollback.clone());
    let estate = Estate::with("ansible_back", 5, change);
    // It must be healthy within this time after the rollback.
    let hurried = change(settings()).set("app.web.timeouts.healthy", "3s");
    estate.remote(3).configure(&hurried);
    let ansible = ansible(&estate);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    estate.remote(3).app.set_sick_after_restart();
    // Ansible leaves the agent's variable as it is.
    let upgrade = "test \"$AGENT_APP\" = web && touch /root/upgraded";
    let reason = "web 2.1; it's $(reboot)";
    let upgrade = json!({"haproxy_gate_upgrade_command": upgrade, "haproxy_gate_reason": reason});
    let upgrade = upgrade.to_string();
    let words = ["-e", "haproxy_gate_serial=2", "-e", &upgrade];
    let ended = roll(&ansible, &words).wait().expect_exit(2);
    let wanted = [
        "The roll has stopped.",
        "done: web1, web2, web4",
        "failed: web3: Restart the app: ",
        "not reached: web5",
        "continue with: --limit @",
    ];
    assert_last_words(&ended, &wanted);
    let means = "(exit 17: the upgrade or the switch failed and was taken back";
    assert!(ended.out.contains(means), "{}", ended.out);
    assert_eq!(estate.boots(), [2, 2, 3, 2, 1]);
    assert_reasons(&estate, 1, &[("restart", reason)]);
    let upgraded = [1, 2, 3, 4, 5].map(|number| estate.remote(number).sh("ls /root"));
    let upgraded = upgraded.map(|files| files.contains("upgraded"));
    assert_eq!(upgraded, [true, true, false, true, false]);
    estate.wait_until_all_up();
    watch.stop().assert_at_most(2);
    assert_unnoticed(&traffic.map(Traffic::stop));
}

/// Here the roll stops, too, as soon as the host beside the lost one is back.
#[test]
fn a_lost_host_stops_the_roll() {
    let estate = Estate::of("ansible_lost", 5);
    let ansible = ansible(&estate);
    let tasks = "\
- name: Be reached no more
  ansible.builtin.shell: kill $(cat /run/sshd.pid)
  when: inventory_hostname == 'web3'

- name: Let the connections end, which last for some seconds
  ansible.builtin.shell: while [ -n \"$(ls ~/.ansible/cp)\" ]; do sleep 0.1; done
  delegate_to: localhost
  run_once: true

- name: Start the new one
  ansible.builtin.command: web restart
";
    ansible.write("upgrade.yml", tasks);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let tasks = "haproxy_gate_upgrade_tasks=upgrade.yml";
    let words = ["-e", "haproxy_gate_serial=2", "-e", tasks];
    let ended = roll(&ansible, &words).wait();
    assert_eq!(ended.exit, 4, "{}", ended.out);
    let wanted = [
        "The roll has stopped.",
        "done: web1, web2, web4",
        "failed: web3: unreachable in the middle of its restart",
        "not reached: web5",
        "continue with: --limit @",
    ];
    assert_last_words(&ended, &wanted);
    let left = ["web3", "web5"].map(str::to_owned);
    assert_eq!(ansible.left(), Some(left.to_vec()));
    assert_eq!(estate.boots(), [2, 2, 1, 2, 1]);
    watch.stop().assert_at_most(2);
    assert_unnoticed(&traffic.map(Traffic::stop));
}
