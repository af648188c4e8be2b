//! The role writes the same backend on a balancer that the agents print.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::start;
use lab::ansible::Ansible;
use lab::built;
use lab::operator::Operator;
use lab::site::Site;

/// Both templates of the role with the same variables: the configuration of the agents, and the
/// backend with the role's own lookups.
const PLAY: &str = "\
- hosts: localhost
  gather_facts: false
  vars:
    role: collections/ansible_collections/haproxy_gate/agent/roles/agent
  vars_files:
    - \"{{ role }}/defaults/main.yml\"
    - variables.yml
  tasks:
    - ansible.builtin.copy:
        content: \"{{ lookup('ansible.builtin.template', role ~ '/templates/' ~ item ~ '.j2') }}\"
        dest: \"{{ playbook_dir }}/{{ item }}\"
      loop: [agent.toml, backend.cfg]
";

/// The variables in README of the collection.
#[test]
fn the_role_writes_the_printed_backend_by_default() {
    let inventory = [
        "web1 haproxy_gate_address=10.0.0.11",
        "web2 ansible_host=10.0.0.12",
        "web3 haproxy_gate_address=2001:db8::13",
    ];
    let hosts = ["web1=10.0.0.11", "web2=10.0.0.12", "web3=2001:db8::13"];
    let variables = json!({
        "haproxy_gate_group": "web",
        "haproxy_gate_stats_bind": "ipv4@10.0.0.1:9999",
        "haproxy_gate_frontend_bind": ":80",
        "haproxy_gate_apps": {"web": {
            "port": 1000,
            "status_port": 2000,
            "backup_status_port": 3000,
            "health": {"http": "/healthz"},
            "restart": {"systemd": "web.service"},
        }},
        "haproxy_gate_haproxy": [{"socket": "tcp://10.0.0.1:9999"}],
    });
    let test = "ansible_backend";
    is_printed(
        test,
        &inventory,
        &variables,
        &hosts,
        ("srvs", "two-stage", &[]),
    );
}

#[test]
fn the_role_writes_the_printed_single_layout() {
    let variables = json!({
        "haproxy_gate_servers": [
            {"name": "web1", "address": "10.0.0.11"},
            {"name": "web2", "address": "10.0.0.12"},
        ],
        "haproxy_gate_layout": "single",
        "haproxy_gate_stats_bind": "ipv4@10.0.0.1:9999",
        "haproxy_gate_frontend_bind": ":80",
        "haproxy_gate_apps": {"web": {
            "port": 1000,
            "status_port": 2000,
            "health": {"http": "/healthz"},
            "restart": {"systemd": "web.service"},
        }},
        "haproxy_gate_haproxy": [{"socket": "tcp://10.0.0.1:9999"}],
    });
    let hosts = ["web1=10.0.0.11", "web2=10.0.0.12"];
    let test = "ansible_backend_single";
    is_printed(test, &[], &variables, &hosts, ("srvs", "single", &[]));
}

/// Every variable that can change the agents' configuration.
#[test]
fn the_role_writes_the_printed_backend_with_other_variables() {
    let variables = json!({
        "haproxy_gate_servers": [
            {"name": "a", "address": "10.0.0.11"},
            {"name": "b", "address": "[2001:db8::12]"},
        ],
        "haproxy_gate_backend": "api",
        "haproxy_gate_stats_bind": "ipv6@[2001:db8::1]:9998",
        "haproxy_gate_frontend_bind": ":80",
        "haproxy_gate_port": 1001,
        "haproxy_gate_status_port": 2001,
        "haproxy_gate_backup_status_port": 3001,
        "haproxy_gate_check": "/ping",
        "haproxy_gate_check_status": 204,
        "haproxy_gate_check_timeout": "1500ms",
        "haproxy_gate_ssl": true,
        "haproxy_gate_sni": "app.example.org",
        "haproxy_gate_send_proxy": "v2",
        "haproxy_gate_apps": {"web": {
            "port": 1001,
            "status_port": 2001,
            "backup_status_port": 3001,
            "health": {
                "https": "/ping",
                "status": 204,
                "timeout": "1500ms",
                "verify": false,
                "proxy": "v2",
            },
            "restart": {"systemd": "web.service"},
        }},
        "haproxy_gate_haproxy": [{"socket": "tcp://[2001:db8::1]:9998"}],
    });
    let hosts = ["a=10.0.0.11", "b=2001:db8::12"];
    let words = ["--sni", "app.example.org"];
    let test = "ansible_backend_other";
    is_printed(test, &[], &variables, &hosts, ("api", "two-stage", &words));
}

/// The name of the backend, its layout, and the arguments of the agent besides the hosts.
type Asked<'a> = (&'a str, &'a str, &'a [&'a str]);

fn is_printed(
    test: &str,
    inventory: &[&str],
    variables: &Value,
    hosts: &[&str],
    (backend, layout, words): Asked<'_>,
) {
    let site = Site::create(test, 0);
    let operator = Operator::create(site.dir.join("operator"), &site.balancer);
    let inventory = inventory.iter().map(|host| (*host).to_owned());
    let ansible = Ansible::create(&operator, "ansible", inventory, "");
    ansible.write("variables.yml", &variables.to_string());
    ansible.write("play.yml", PLAY);
    start(&mut ansible.playbook("play.yml", &[]))
        .wait()
        .expect_exit(0);

    let mut agent = Command::new(built::agent());
    agent.arg("--config").arg(ansible.dir.join("agent.toml"));
    agent.args(["haproxy-config", "--whole", "--layout", layout]);
    agent.args(["--backend", backend]).args(words);
    agent.args(hosts.iter().flat_map(|host| ["--host", host]));
    let printed = start(&mut agent).wait().expect_exit(0).out;

    let path = ansible.dir.join("backend.cfg");
    let mut haproxy = Command::new("haproxy");
    start(haproxy.args(["-c", "-f"]).arg(&path))
        .wait()
        .expect_exit(0);
    let written = fs::read_to_string(&path).expect("a backend");
    let servers = hosts.len() * if layout == "single" { 1 } else { 2 };
    assert_same(&sections(&written), &sections(&printed), servers);
}

/// The head of each section, and its lines with their comments.
type Section<'a> = (&'a str, Vec<&'a str>);

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match sections.last_mut() {
            _ if line.starts_with(|c: char| c.is_ascii_lowercase()) => {
                sections.push((line, Vec::new()));
            }
            Some((_, lines)) => lines.push(line),
            None => assert!(line.starts_with('#'), "{line}"),
        }
    }
    sections
}

/// The other parts of an existing configuration: a log, HAProxy's user, a socket for this machine.
const THERE: [&str; 4] = ["log", "user", "group", "stats socket /"];

/// Compares all but these parts and the names of other sections.
fn assert_same(written: &[Section<'_>], printed: &[Section<'_>], servers: usize) {
    let [global, rest @ ..] = written else {
        panic!("nothing was written");
    };
    let [printed_global, printed_rest @ ..] = printed else {
        panic!("nothing was printed");
    };
    assert_eq!((global.0, printed_global.0), ("global", "global"));
    let there = |line: &&&str| THERE.iter().any(|word| line.trim_start().starts_with(word));
    let others = printed_global.1.iter().filter(|line| !there(line));
    assert!(global.1.iter().eq(others), "{global:#?}");
    assert_eq!(rest.len(), printed_rest.len());
    for ((head, lines), (printed_head, printed_lines)) in rest.iter().zip(printed_rest) {
        let kind = printed_head.split(' ').next();
        assert_eq!(head.split(' ').next(), kind);
        assert_eq!(lines, printed_lines, "{head}");
    }
    let (head, lines) = rest.last().expect("a backend");
    let (printed_head, _) = printed_rest.last().expect("a backend");
    let (name, _) = head.split_once(" from ").expect("its own defaults");
    assert_eq!(name, *printed_head);
    let there = lines.iter().filter(|line| line.starts_with("    server "));
    assert_eq!(there.count(), servers);
}
