//! The playbook `adopt`: what an existing backend lacks.

use std::fs;

use super::{ansible, start};
use lab::ansible::Core;
use lab::estate::Estate;

/// As an administrator has it before the agents come.
const PLAIN: &str = "\
defaults
    mode http
    timeout connect 4s
    timeout client 60s
    timeout server 60s

frontend users
    bind :80
    default_backend srvs

backend srvs
    balance roundrobin
    cookie SRV insert indirect nocache
    option redispatch
    option httpchk GET /healthz
    server web1 10.77.0.11:1000 cookie w1 check
    server web2 10.77.0.12:1000 cookie w2 check
";

/// Of a copy on the controller. It stays as it was, and so does the host.
#[test]
fn what_an_existing_backend_lacks_is_reported() {
    let estate = Estate::of("ansible_adopt", 3);
    let ansible = ansible(&estate).with_core(Core::Oldest);
    let file = ansible.dir.join("haproxy.cfg");
    ansible.write("haproxy.cfg", PLAIN);
    let before = (estate.host(1).rules(), estate.remote(1).history().len());
    let config = format!("haproxy_gate_haproxy_config={}", file.display());
    let variables = [
        "haproxy_gate_hosts=web1",
        "haproxy_gate_adopt=localhost",
        "haproxy_gate_executable=/usr/local/sbin/agent",
        &config,
    ];
    let words: Vec<&str> = variables.iter().flat_map(|one| ["-e", one]).collect();
    let mut adopt = ansible.playbook("haproxy_gate.agent.adopt", &words);
    let ended = start(&mut adopt).wait().expect_exit(0);
    for words in [
        "haproxy.cfg of localhost lacks this for the host. Nothing was written:",
        "error srvs: web1 checks the app itself; to add or change: on the line of web1: port 2000",
        "warning srvs: no timeout check; to add or change: in backend srvs: timeout check 2s",
        "server web1-twin 10.77.0.11:1000 cookie w1 check port 3000 backup",
        "changed=0 ",
    ] {
        assert!(ended.out.contains(words), "no {words:?} in {}", ended.out);
    }
    assert_eq!(fs::read_to_string(&file).expect("the file"), PLAIN);
    let after = (estate.host(1).rules(), estate.remote(1).history().len());
    assert_eq!(after, before);
}
