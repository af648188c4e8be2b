//! The same for an app with targets.

use super::{Mistakes, answers};

const GOOD: &str = r#"[app.web]
keep = "10m"
verify = ["/bin/true"]
memory = "1200M"
[app.web.target.blue]
port = 1000
status_port = 2000
run = { systemd = "web@blue.service" }
[app.web.target.green]
port = 1001
status_port = 2001
run = { start = ["/bin/true"], stop = ["/bin/false"] }
[[haproxy]]
socket = "tcp://127.0.0.1:9999"
"#;

#[rustfmt::skip]
const MISTAKES: Mistakes = &[
    // Names and places of tables.
    ("[app.web.target.blue]", "[app.web.targets.blue]"),
    ("[app.web.target.blue]", "[app.web.Target.blue]"),
    ("[app.web.target.blue]", "[app.web.blue]"),
    ("[app.web.target.blue]", "[app.web.target]"),
    ("[app.web.target.blue]", "[[app.web.target.blue]]"),
    ("[app.web.target.blue]", "[target.blue]"),
    ("[app.web.target.blue]", "[app.web.target.\"dark blue\"]"),
    ("[app.web.target.green]", "[app.web.target.blue]"),
    ("[app.web.target.blue]\nport = 1000\nstatus_port = 2000\nrun = { systemd = \"web@blue.service\" }\n[app.web.target.green]", "[[app.web.target]]\nname = \"old\"\nport = 1000\nstatus_port = 2000\nrun = { systemd = \"web@old.service\" }\n[[app.web.target]]\nname = \"new\""),
    ("keep", "target = [\"blue\", \"green\"]\nkeep"),
    ("[app.web.target.blue]\nport = 1000\nstatus_port = 2000\nrun = { systemd = \"web@blue.service\" }\n[app.web.target.green]\nport = 1001\nstatus_port = 2001\nrun = { start = [\"/bin/true\"], stop = [\"/bin/false\"] }\n", "target = [\"blue\", \"green\"]\n"),
    // Keys of the app and of its targets.
    ("keep", "port = 1002\nkeep"),
    ("keep", "port = 1000\nkeep"),
    ("keep", "address = \"10.0.0.5\"\nkeep"),
    ("keep", "gate_to = 9200\nkeep"),
    ("keep", "restart = { systemd = \"web\" }\nkeep"),
    ("keep", "run = { systemd = \"web@blue\" }\nkeep"),
    ("port = 1000", "keep = \"5m\"\nport = 1000"),
    ("port = 1000", "health = { tcp = true }\nport = 1000"),
    ("port = 1000", "colour = \"blue\"\nport = 1000"),
    ("port = 1000\n", ""),
    ("status_port = 2000\n", ""),
    ("run = { systemd = \"web@blue.service\" }\n", ""),
    ("[app.web.target.blue]\nport = 1000\nstatus_port = 2000\nrun = { systemd = \"web@blue.service\" }\n[app.web.target.green]\nport = 1001\nstatus_port = 2001\nrun = { start = [\"/bin/true\"], stop = [\"/bin/false\"] }\n", "sticky = \"0s\"\n"),
    ("[app.web.target.blue]\nport = 1000\nstatus_port = 2000\nrun = { systemd = \"web@blue.service\" }\n[app.web.target.green]\nport = 1001\nstatus_port = 2001\nrun = { start = [\"/bin/true\"], stop = [\"/bin/false\"] }\n", "port = 1000\nstatus_port = 2000\nrestart = { systemd = \"web\" }\n"),
    // The run.
    ("run = { systemd = \"web@blue.service\" }", "systemd = \"web@blue.service\""),
    ("run = { systemd", "run = { unit"),
    ("run = { start = [\"/bin/true\"], stop = [\"/bin/false\"] }", "start = [\"/bin/true\"]\nstop = [\"/bin/false\"]"),
    ("{ systemd = \"web@blue.service\" }", "\"web@blue.service\""),
    ("{ systemd = \"web@blue.service\" }", "\"systemctl start web@blue\""),
    ("\"web@blue.service\"", "\"web@.service\""),
    ("\"web@blue.service\"", "\"/etc/systemd/system/web@blue.service\""),
    ("{ systemd = \"web@blue.service\" }", "{ systemd = \"web@blue\", start = [\"/bin/true\"] }"),
    (", stop = [\"/bin/false\"]", ""),
    ("start = [\"/bin/true\"]", "start = []"),
    ("start = [\"/bin/true\"]", "start = \"/bin/true\""),
    ("stop = [\"/bin/false\"]", "stop = []"),
    ("{ start = [\"/bin/true\"], stop = [\"/bin/false\"] }", "{ systemd = \"web@blue\" }"),
    ("run = { start = [\"/bin/true\"], stop = [\"/bin/false\"] }", "restart = { systemd = \"web@blue\" }\nrun = { systemd = \"web@green\" }"),
    ("run = { start = [\"/bin/true\"], stop = [\"/bin/false\"] }", "restart = { job = \"reload\" }\nrun = { systemd = \"web@green\" }"),
    // Ports and places.
    ("= 1001", "= 1000"),
    ("= 2001", "= 2000"),
    ("status_port = 2000", "status_port = 2000\nbackup_status_port = 3000"),
    ("status_port = 2001", "status_port = 2001\nbackup_status_port = 3000"),
    ("= 2001", "= 1000"),
    ("status_port = 2001", "gate_to = 9200\nstatus_port = 2001\n[agent]\nipv6 = false\n[app.api.target.x]\nport = 1005\nstatus_port = 2005\ngate_to = \"[fd00::2]:80\"\nrun = { systemd = \"x\" }\n[app.api.target.y]\nport = 1006\nstatus_port = 2006"),
    ("port = 1001", "gate_to = 2000\nport = 1001"),
    ("port = 1001", "gate_to = 1000\nport = 1001"),
    ("port = 1000", "gate_to = 1001\nport = 1000"),
    // Sizes, shares and times.
    ("\"1200M\"", "\"1200MB\""),
    ("\"1200M\"", "\"1200 MiB\""),
    ("\"1200M\"", "\"1.5g\""),
    ("\"1200M\"", "\"50%\""),
    ("\"1200M\"", "0"),
    ("\"1200M\"", "-1"),
    ("\"10m\"", "10"),
    ("\"10m\"", "\"10 minuts\""),
    ("\"10m\"", "true"),
    ("\"10m\"", "10m"),
    ("\"10m\"", "10m # warm"),
    ("\"10m\"", "\"10m # warm"),
    ("\"10m\"", "10 minutes # warm"),
    ("keep = \"10m\"", "keep: 10m # warm"),
    ("[\"/bin/true\"]", "[/bin/true] # a smoke"),
    ("[\"/bin/true\"]\nmemory", "\"/bin/true --now\"\nmemory"),
    ("[\"/bin/true\"]\nmemory", "[]\nmemory"),
    ("keep", "settle = \"30s\"\nkeep"),
    ("keep", "settle = 30\nkeep"),
    ("keep", "settle = { errors = \"1%\" }\nkeep"),
    ("keep", "settle = { for = \"0s\" }\nkeep"),
    ("keep", "settle = { time = \"30s\" }\nkeep"),
    ("keep", "settle = { for = \"30s\", errors = 1 }\nkeep"),
    ("keep", "settle = { for = \"30s\", errors = 0.01 }\nkeep"),
    ("keep", "settle = { for = \"30s\", errors = \"2\" }\nkeep"),
    ("keep", "settle = { for = \"30s\", errors = \"100%\" }\nkeep"),
    ("keep", "settle = { for = \"30s\", errors = \"-1%\" }\nkeep"),
    // Tables without the name of their app.
    ("[[haproxy]]", "[app.page]\nport = 1009\nstatus_port = 2009\nfile = \"/a.html\"\n[[haproxy]]"),
    ("[[haproxy]]", "[app.page]\nport = 1009\nstatus_port = 2009\n[[haproxy]]"),
    ("[[haproxy]]", "[app.readonly]\nstatus_port = 2010\n[[haproxy]]"),
    ("[[haproxy]]", "[app.timeouts]\ndrain = \"5s\"\n[[haproxy]]"),
    ("[[haproxy]]", "[app.api]\nport = 1003\nstatus_port = 2003\nrestart = { systemd = \"api\" }\n[app.page]\nport = 1009\nstatus_port = 2009\nfile = \"/a.html\"\n[[haproxy]]"),
    ("[app.web.target.green]", "[app.target.green]"),
    // Balancers.
    ("[[haproxy]]", "[[haproxy]]\nbackend = \"srvs\"\nmain = \"web1\""),
];

/// Mistakes whose answer only the operator knows.
const SAID: &[&str] = &[
    "gate_to = 2000\nport = 1001",
    "gate_to = 1000\nport = 1001",
    "gate_to = 1001\nport = 1000",
];

/// The words of a mistake that its answer loses.
#[rustfmt::skip]
const LOST: &[(&str, &[&str])] = &[
    ("[[app.web.target]]\nname = \"old\"\nport = 1000\nstatus_port = 2000\nrun = { systemd = \"web@old.service\" }\n[[app.web.target]]\nname = \"new\"", &["new", "old"]),
    ("target = [\"blue\", \"green\"]\nkeep", &["blue", "green"]),
    ("port = 1002\nkeep", &["1002"]),
    ("port = 1000\nkeep", &["1000"]),
    ("gate_to = 9200\nkeep", &["9200"]),
    ("restart = { systemd = \"web\" }\nkeep", &["systemd", "web"]),
    ("sticky = \"0s\"\n", &["10", "m"]),
    ("port = 1000\nstatus_port = 2000\nrestart = { systemd = \"web\" }\n", &["10", "m"]),
    ("run = { unit", &["unit"]),
    ("\"systemctl start web@blue\"", &["start", "systemctl"]),
    ("\"/etc/systemd/system/web@blue.service\"", &["etc", "system", "systemd"]),
    ("{ systemd = \"web@blue\", start = [\"/bin/true\"] }", &["bin", "start", "true"]),
    ("{ systemd = \"web@blue\" }", &["blue"]),
    ("restart = { systemd = \"web@blue\" }\nrun = { systemd = \"web@green\" }", &["blue"]),
    ("= 1000", &["1000"]),
    ("= 2000", &["2000"]),
    ("\"1200MB\"", &["mb"]),
    ("\"1200 MiB\"", &["mib"]),
    ("\"1.5g\"", &["1", "5", "g"]),
    ("\"50%\"", &["50"]),
    ("0", &["0"]),
    ("-1", &["1"]),
    ("\"10 minuts\"", &["minuts"]),
    ("true", &["true"]),
    ("settle = { for = \"0s\" }\nkeep", &["0"]),
    ("settle = { time = \"30s\" }\nkeep", &["time"]),
    ("settle = { for = \"30s\", errors = 0.01 }\nkeep", &["0", "01"]),
    ("settle = { for = \"30s\", errors = \"100%\" }\nkeep", &["100"]),
    ("[[haproxy]]\nbackend = \"srvs\"\nmain = \"web1\"", &["1", "srvs", "web"]),
];

#[test]
fn each_mistake_in_targets_has_its_place_what_is_wrong_and_lines_that_fix_it() {
    insta::assert_snapshot!(answers(GOOD, MISTAKES, SAID, LOST));
}
