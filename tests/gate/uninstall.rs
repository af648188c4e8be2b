//! `agent uninstall` with real iptables removes all our rules, in both variants, and nothing else.

use super::*;
use haproxy_gate::state::directory;
use haproxy_gate::state::lock::{Lock, Owner};
use lab::agent::{Ended, Running};
use std::path::Path;

const PROGRAMS: [&str; 4] = [
    "iptables-nft",
    "ip6tables-nft",
    "iptables-legacy",
    "ip6tables-legacy",
];

/// There is no app in this configuration: it only says where the lock is.
const CONFIG: &str = "[agent]\nstate_dir = \"/run/state\"\n";

fn uninstall(arguments: &[&str]) -> Ended {
    uninstall_by(&mut Command::new(env!("CARGO_BIN_EXE_agent")), arguments)
}

fn uninstall_by(agent: &mut Command, arguments: &[&str]) -> Ended {
    std::fs::write("/run/agent.toml", CONFIG).unwrap();
    agent
        .args(["uninstall", "--config", "/run/agent.toml"])
        .args(arguments);
    Running::start("agent", agent).wait()
}

fn rules() -> String {
    let list = |program: &str| sh(&format!("{program} -t nat -S"));
    PROGRAMS.map(list).concat()
}

fn not_ours() -> String {
    let rules = rules();
    let others = rules.lines().filter(|line| !line.contains("HAPROXY-GATE"));
    others.collect::<Vec<_>>().join("\n")
}

/// Adds gates in both variants, as after a change of the host's iptables, and rules of other
/// programs.
fn fill() {
    for program in PROGRAMS {
        sh(&format!(
            "{program} -t nat -N OTHERS
             {program} -t nat -A OTHERS -p tcp --dport 99 -m comment --comment 'by: HAPROXY-GATE' -j RETURN
             {program} -t nat -A OUTPUT -p tcp --dport 99 -j REDIRECT --to-ports 98
             {program} -t nat -A POSTROUTING -p tcp --dport 97 -j ACCEPT"
        ));
    }
    for (variant, _) in VARIANTS {
        set(&firewall(variant), &gate(Role::Main, 2000), true);
        set(&firewall(variant), &gate(Role::Twin, 3000), true);
        parking::park(&firewall(variant), &parking::web("blue"));
    }
}

#[test]
fn our_rules_go_and_all_others_remain() {
    if !inside("uninstall::our_rules_go_and_all_others_remain") {
        return;
    }
    fill();
    // Foreign jumps to our chain would prevent its removal.
    for program in PROGRAMS {
        sh(&format!(
            "{program} -t nat -A OUTPUT -m addrtype --dst-type LOCAL -j HAPROXY-GATE
             {program} -t nat -A OTHERS -p tcp -m comment --comment 'by: hand' -j HAPROXY-GATE
             {program} -t nat -A OTHERS -p udp -g HAPROXY-GATE"
        ));
    }
    sh("iptables-nft -t nat -N HAPROXY-GATE-2; iptables-nft -t nat -A OUTPUT -j HAPROXY-GATE-2");
    let named_like = sh("iptables-nft -t nat -S | grep GATE-2");
    let (_app, before) = (TcpListener::bind("127.0.0.1:1000").unwrap(), not_ours());
    assert!(answers("127.0.0.1:2000"));

    let ended = uninstall(&["--json"]);
    assert_eq!((ended.exit, ended.err.as_str()), (0, ""), "{}", ended.out);
    let report = ended.json();
    assert_eq!(report["verb"], "uninstall");
    assert_eq!(
        (&report["outcome"], &report["exit"]),
        (&"removed".into(), &0.into())
    );
    // Our three jumps, one of them double, and two foreign jumps; then the flush and the deletion of
    // each chain.
    assert_eq!(
        report["calls"].as_array().unwrap().len(),
        PROGRAMS.len() * 10,
        "{report}"
    );
    let message = report["message"].as_str().unwrap();
    assert!(
        PROGRAMS.iter().all(|program| message.contains(program)),
        "{message}"
    );

    assert!(!answers("127.0.0.1:2000"));
    assert_eq!(not_ours(), before);
    assert_eq!(sh("iptables-nft -t nat -S | grep GATE-2"), named_like);
    sh("iptables-nft -t nat -F OUTPUT; iptables-nft -t nat -X HAPROXY-GATE-2");
    sh(
        "for i in iptables ip6tables; do for v in nft legacy; do $i-$v -t nat -F OTHERS; done; done",
    );
    assert!(!rules().contains("HAPROXY-GATE"), "{}", rules());

    let again = uninstall(&[]);
    assert_eq!((again.exit, again.err.as_str()), (0, ""));
    assert!(
        again
            .out
            .starts_with("no rule of the agent is there (iptables-nft, "),
        "{}",
        again.out
    );
    assert_eq!(uninstall(&["--json"]).json()["outcome"], "nothing_to_do");
}

#[test]
fn a_dry_run_prints_the_calls_and_makes_none() {
    if !inside("uninstall::a_dry_run_prints_the_calls_and_makes_none") {
        return;
    }
    fill();
    let (before, others) = (rules(), not_ours());
    let planned = uninstall(&["--dry-run"]);
    assert_eq!(
        (planned.exit, planned.err.as_str()),
        (0, ""),
        "{}",
        planned.out
    );
    let json = uninstall(&["--dry-run", "--json"]).json();
    assert_eq!(json["outcome"], "planned");
    assert_eq!(rules(), before);
    assert!(!Path::new("/run/state").exists());
    let (calls, last) = planned.out.trim_end().rsplit_once('\n').unwrap();
    assert!(
        last.starts_with("nothing was changed: these 28 calls "),
        "{last}"
    );
    assert_eq!(
        serde_json::json!(calls.lines().collect::<Vec<_>>()),
        json["calls"]
    );
    sh(calls);
    assert_eq!(not_ours(), others);
    assert_eq!(uninstall(&["--json"]).json()["outcome"], "nothing_to_do");
}

#[test]
fn a_missing_legacy_table_is_not_created() {
    if !inside("uninstall::a_missing_legacy_table_is_not_created") {
        return;
    }
    set(&firewall(Variant::Nft), &gate(Role::Main, 2000), true);
    let names = || sh("cat /proc/net/ip_tables_names /proc/net/ip6_tables_names");
    assert!(!names().contains("nat"), "{}", names());
    let ended = uninstall(&["--json"]).json();
    assert_eq!(ended["outcome"], "removed");
    assert!(!ended.to_string().contains("legacy"), "{ended}");
    assert!(!names().contains("nat"), "{}", names());
}

#[test]
fn a_running_operation_or_sidecar_is_a_refusal() {
    if !inside("uninstall::a_running_operation_or_sidecar_is_a_refusal") {
        return;
    }
    set(&firewall(Variant::Nft), &gate(Role::Main, 2000), true);
    let (before, state_dir) = (rules(), Path::new("/run/state"));
    for (path, who, fix) in [
        (directory::lock(state_dir), "agent restart web", ""),
        (
            directory::sidecar(state_dir),
            "agent run",
            "fix: systemctl stop haproxy-gate",
        ),
    ] {
        let lock = Lock::take(&path, &Owner::new(who)).unwrap();
        for arguments in [&["--json"][..], &["--json", "--dry-run"]] {
            let ended = uninstall(arguments);
            let report = ended.json();
            assert_eq!(
                (ended.exit, &report["outcome"]),
                (10, &"locked".into()),
                "{report}"
            );
            let message = report["message"].as_str().unwrap();
            assert!(message.contains(who) && message.contains(fix), "{message}");
            assert!(ended.err.contains(message), "{}", ended.err);
        }
        drop(lock);
        assert_eq!(rules(), before);
    }
    assert_eq!(uninstall(&[]).exit, 0);
}

#[test]
fn another_user_or_his_state_directory_is_a_refusal() {
    if !inside("uninstall::another_user_or_his_state_directory_is_a_refusal") {
        return;
    }
    set(&firewall(Variant::Nft), &gate(Role::Main, 2000), true);
    let before = rules();
    let agent = env!("CARGO_BIN_EXE_agent");
    sh(&format!("install -m 755 {agent} /run/agent"));
    let other = [
        "--reuid=4321",
        "--regid=4321",
        "--clear-groups",
        "/run/agent",
    ];
    let ended = uninstall_by(Command::new("setpriv").args(other), &[]);
    assert_eq!((ended.exit, ended.out.as_str()), (11, ""), "{}", ended.err);
    assert!(ended.err.contains("need root"), "{}", ended.err);

    sh("mkdir /run/state && chown 4321 /run/state");
    for arguments in [&["--json"][..], &["--json", "--dry-run"]] {
        let ended = uninstall(arguments);
        assert_eq!(
            (ended.exit, &ended.json()["outcome"]),
            (11, &"refused".into())
        );
        assert!(
            ended.err.contains("fix: state_dir = \"/run/haproxy-gate\""),
            "{}",
            ended.err
        );
    }
    assert_eq!(rules(), before);
}

#[test]
fn an_unreadable_table_is_reported_and_the_rest_is_removed() {
    if !inside("uninstall::an_unreadable_table_is_reported_and_the_rest_is_removed") {
        return;
    }
    fill();
    let sleeping = ["--no-fork", "/run/xtables.lock", "sleep", "30"];
    let owner = Running::start("flock", Command::new("flock").args(sleeping));
    sh("while flock -n /run/xtables.lock true; do sleep 0.02; done");
    let ended = uninstall(&["--json"]);
    let report = ended.json();
    assert_eq!(
        (ended.exit, &report["outcome"]),
        (1, &"gate_failed".into()),
        "{report}"
    );
    assert!(
        ended.err.contains("another process holds the xtables lock"),
        "{}",
        ended.err
    );
    assert!(!sh("iptables-nft -t nat -S; ip6tables-nft -t nat -S").contains("-N HAPROXY-GATE"));
    drop(owner);
    assert_eq!(uninstall(&["--json"]).json()["outcome"], "removed");
    assert!(!rules().contains("-N HAPROXY-GATE"));
}

#[test]
fn one_missing_variant_is_left_out_and_two_are_an_error() {
    if !inside("uninstall::one_missing_variant_is_left_out_and_two_are_an_error") {
        return;
    }
    fill();
    sh(
        "mkdir /run/bin /run/none; ln -s $(command -v iptables-nft) /run/bin/; \
        ln -s $(command -v ip6tables-nft) /run/bin/",
    );
    let by = |path: &str, arguments: &[&str]| {
        let mut agent = Command::new(env!("CARGO_BIN_EXE_agent"));
        uninstall_by(agent.env("PATH", path), arguments).json()
    };
    for arguments in [&["--json"][..], &["--json", "--dry-run"]] {
        let none = by("/run/none", arguments);
        assert_eq!(
            (&none["outcome"], &none["exit"]),
            (&"gate_failed".into(), &1.into())
        );
        assert!(
            none["message"]
                .as_str()
                .unwrap()
                .contains("apt install iptables"),
            "{none}"
        );
    }
    let nft = by("/run/bin", &["--json"]);
    assert_eq!(nft["outcome"], "removed", "{nft}");
    assert!(
        nft["message"]
            .as_str()
            .unwrap()
            .contains("are removed (iptables-nft, ip6tables-nft): HAProxy's next checks"),
        "{nft}"
    );
    let left = rules();
    let chains = ["-N HAPROXY-GATE\n", "-N HAPROXY-GATE-PARK\n"];
    let of_legacy = chains.map(|chain| left.matches(chain).count());
    assert_eq!(of_legacy, [2, 2], "{left}");
}

const HAPROXY: &str = "
global
  stats socket /run/lb.sock level user
defaults
  mode tcp
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  default-server check inter 50ms fall 2 rise 2
frontend www
  bind 127.0.0.1:80
  default_backend two-stage
frontend old
  bind 127.0.0.1:81
  default_backend classic
backend two-stage
  server main 127.0.0.1:1000 port 2000
  server twin 127.0.0.1:1000 port 3000 backup
backend classic
  server main 127.0.0.1:1000 port 2000
  server twin 127.0.0.1:1000 port 1000 backup
";

/// What `agent uninstall --help` says, with a real HAProxy.
#[test]
fn haproxy_then_serves_by_the_classic_twin() {
    if !inside("uninstall::haproxy_then_serves_by_the_classic_twin") {
        return;
    }
    fill();
    let _app = TcpListener::bind("127.0.0.1:1000").unwrap();
    std::fs::write("/run/haproxy.cfg", HAPROXY).unwrap();
    let arguments = ["-db", "-f", "/run/haproxy.cfg"];
    let _haproxy = Running::start("haproxy", Command::new("haproxy").args(arguments));
    let lines = "echo show stat | socat - UNIX-CONNECT:/run/lb.sock | \
                 awk -F, '$2 ~ /main|twin/ {print $1, $2, $18}'";
    let shows = |wanted: &str| {
        let before = Instant::now();
        while sh(&format!("{lines} || true")).trim_end() != wanted {
            let waited = before.elapsed() < Duration::from_secs(20);
            assert!(waited, "wanted:\n{wanted}\nis:\n{}", sh(lines));
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    shows("two-stage main UP\ntwo-stage twin UP\nclassic main UP\nclassic twin UP");
    assert_eq!(uninstall(&[]).exit, 0);
    shows("two-stage main DOWN\ntwo-stage twin DOWN\nclassic main DOWN\nclassic twin UP");
}
