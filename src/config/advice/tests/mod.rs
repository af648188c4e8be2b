//! Mistakes of operators with the full answers. Each answer is followed to the letter: the file
//! must be right then, or have its next mistake elsewhere.

mod targets;

use crate::config::{ConfigError, read};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const GOOD: &str = r#"[app.web]
port = 1000
status_port = 2000
backup_status_port = 3000
health = { http = "/healthz" }
restart = { command = ["/bin/true"] }
[[haproxy]]
socket = "tcp://127.0.0.1:9999"
"#;

/// What is replaced in GOOD, and the mistake instead of it.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str)] = &[
    // Names of keys.
    ("status_port", "statusport"),
    ("status_port", "status-port"),
    ("status_port", "StatusPort"),
    ("port = 1000", "prot = 1000"),
    ("port = 1000", "port = 1000\ncolour = \"red\""),
    ("port = 1000", "port = 1000\ntimeouts = { drian = \"60s\" }"),
    ("port = 1000", "port = 1000\ntimeouts = { foo = 1, drain = \"60s\" }"),
    ("\"/healthz\"", "\"/healthz\", interval = \"1s\""),
    ("socket", "address"),
    // Keys of another table.
    ("port = 1000", "port = 1000\ndrain = \"60s\""),
    ("port = 1000", "port = 1000\ntimeout = \"60s\""),
    ("health = { http = \"/healthz\" }", "http = \"/healthz\""),
    ("port = 1000", "port = 1000\nstatus = 200"),
    ("[[haproxy]]", "[[haproxy]]\non_drain_timeout = \"abort\""),
    ("[app.web]", "socket = \"/run/haproxy/admin.sock\"\n[app.web]"),
    ("[app.web]", "poll = \"30ms\"\n[app.web]"),
    ("port = 1000", "port = 1000\npoll = \"30ms\""),
    ("[[haproxy]]", "[app.web.timeouts]\ndrain = \"5s\"\nsticky = \"1s\"\n[[haproxy]]"),
    // Tables.
    ("[app.web]", "[apps.web]"),
    ("[app.web]", "[web]"),
    ("[app.web]", "[[app.web]]"),
    ("[app.web]", "[app]"),
    ("[app.web]", "[[app]]"),
    ("[app.web]", "[App.web]"),
    ("[app.web]", "[app.\"my web\"]"),
    ("[app.web]", "[app.my web]"),
    ("[app.web]", "[app/web]"),
    ("[app.web]\n", ""),
    ("[app.web]", "[app.web"),
    ("[[haproxy]]", "[haproxy]"),
    ("[[haproxy]]", "[[haproxy]"),
    ("[[haproxy]]", "[[haproxies]]"),
    ("[[haproxy]]", "[[balancer]]"),
    ("[[haproxy]]", "[haproxy.lb1]"),
    ("[[haproxy]]", "[timeouts]\ndrain = \"5s\"\n[[haproxy]]"),
    ("[[haproxy]]", "[app.web.timeout]\ndrain = \"5s\"\n[[haproxy]]"),
    ("[[haproxy]]", "[app.web]\nsticky = \"5s\"\n[[haproxy]]"),
    ("[[haproxy]]", "[app.web]\nport = 1001\nstatus_port = 2001\nrestart = { systemd = \"b\" }\n[[haproxy]]"),
    ("[[haproxy]]", "[haproxy]\nsocket = \"/a\"\n[haproxy]"),
    ("[[haproxy]]", "[general]\nlevel = \"info\"\n[[haproxy]]"),
    ("[[haproxy]]\nsocket = \"tcp://127.0.0.1:9999\"\n", ""),
    ("[[haproxy]]\nsocket = \"tcp://127.0.0.1:9999\"\n", "haproxy = \"tcp://127.0.0.1:9999\"\n"),
    (GOOD, ""),
    // Missing keys.
    ("restart = { command = [\"/bin/true\"] }\n", ""),
    ("status_port = 2000\n", ""),
    ("socket = \"tcp://127.0.0.1:9999\"\n", ""),
    ("command = [\"/bin/true\"]", "signal = \"SIGHUP\""),
    ("command = [\"/bin/true\"]", ""),
    // Ports.
    ("= 2000", "= 1000"),
    ("= 1000", "= 0"),
    ("= 1000", "= 70000"),
    ("= 1000", "= -1000"),
    ("= 1000", "= \"1000\""),
    ("= 1000", "= 1000.0"),
    ("= 1000", "= 01000"),
    ("= 1000", "= 1,000"),
    ("= 1000", "= [1000]"),
    ("= 1000", "= true"),
    ("= 1000", "= \"web\""),
    ("[[haproxy]]", "[app.other]\nport = 1001\nstatus_port = 2000\nrestart = { systemd = \"b\" }\n[[haproxy]]"),
    // Times.
    ("port = 1000", "port = 1000\ntimeouts = { drain = 60 }"),
    ("port = 1000", "port = 1000\ntimeouts = { drain = \"60\" }"),
    ("port = 1000", "port = 1000\ntimeouts = { drain = 60s }"),
    ("port = 1000", "port = 1000\ntimeouts = { drain = 1.5 }"),
    ("port = 1000", "port = 1000\ntimeouts = { drain = \"60S\" }"),
    ("port = 1000", "port = 1000\ntimeouts = { drain = \"0s\" }"),
    ("port = 1000", "port = 1000\ntimeouts = { drain = \"-5s\" }"),
    ("port = 1000", "port = 1000\ntimeouts = { drain = \"one minute\" }"),
    ("port = 1000", "port = 1000\ntimeouts = \"60s\""),
    ("port = 1000", "port = 1000\nsticky = 10"),
    ("[[haproxy]]", "[agent]\npoll = \"1ms\"\n[[haproxy]]"),
    // Addresses.
    ("tcp://127", "127"),
    ("tcp://127", "http://127"),
    ("tcp://127", "ipv4@127"),
    (":9999", ""),
    (":9999", ":9999/"),
    ("tcp://127.0.0.1:9999", "unix://run/haproxy.sock"),
    ("tcp://127.0.0.1:9999", "run/haproxy.sock"),
    ("tcp://127.0.0.1:9999", "/run/haproxy.sock\"\nmaster = \"master.sock"),
    ("\"tcp://127.0.0.1:9999\"", "9999"),
    ("\"tcp://127.0.0.1:9999\"", "[\"tcp://127.0.0.1:9999\"]"),
    ("\"tcp://127.0.0.1:9999\"", "{ path = \"/run/haproxy.sock\" }"),
    ("[[haproxy]]", "[agent]\nmetrics = 9127\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\nmetrics = \":9127\"\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\nmetrics = \"0.0.0.0:9127\"\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\nstate_dir = \"run\"\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\naddresses = \"192.0.2.11\"\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\nwindows = \"Mon-Fri 9-17\"\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\nwindows = [\"Mon-Fri 9:00-17:00\", \"22..2 Europe/Berlin\"]\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\nwindows = []\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\naddresses = [\"host\"]\n[[haproxy]]"),
    ("[[haproxy]]", "[[haproxy]]\nsource = 10"),
    ("[[haproxy]]", "[[haproxy]]\napp = \"wbe\""),
    // The restart and the health check.
    ("restart = { command = [\"/bin/true\"] }", "restart = \"systemctl restart web\""),
    ("restart = { command = [\"/bin/true\"] }", "restart = 'systemctl restart \"web 2\"'"),
    ("restart = { command = [\"/bin/true\"] }", "restart = \"systemctl restart web api\""),
    ("restart = { command = [\"/bin/true\"] }", "restart = \"service web restart\""),
    ("restart = { command = [\"/bin/true\"] }", "restart = \"systemctl kill -s HUP web\""),
    ("restart = { command = [\"/bin/true\"] }", "restart = \"web.service\""),
    ("restart = { command = [\"/bin/true\"] }", "restart = \"/usr/sbin/webctl restart\""),
    ("restart = { command = [\"/bin/true\"] }", "restart = [\"/bin/true\"]"),
    ("[\"/bin/true\"]", "\"/bin/true --now\""),
    ("[\"/bin/true\"]", "[]"),
    ("[\"/bin/true\"]", "[\"/bin/true\", 1]"),
    ("[\"/bin/true\"]", "[\"/bin/true\" \"--now\"]"),
    ("[\"/bin/true\"]", "[/bin/true, --now]"),
    ("command = [\"/bin/true\"]", "systemd = \"/etc/systemd/system/web.service\""),
    ("command = [\"/bin/true\"]", "systemd = \"web\", job = \"reload_or_restart\""),
    ("command = [\"/bin/true\"]", "job = \"restart\""),
    ("command = [\"/bin/true\"]", "signal = \"HUP\", pidfile = \"/run/web.pid\""),
    ("command = [\"/bin/true\"]", "signal = 1, pidfile = \"/run/web.pid\""),
    ("command = [\"/bin/true\"]", "signal = \"SIGHUP\", pidfile = \"web.pid\""),
    ("\"/healthz\"", "\"healthz\""),
    ("\"/healthz\"", "\"http://localhost:1000/healthz\""),
    ("\"/healthz\"", "\"/healthz\", status = \"200\""),
    ("\"/healthz\"", "\"/healthz\", times = 0"),
    ("\"/healthz\"", "\"/healthz\" status = 200"),
    ("\"/healthz\"", "\"/healthz\", verify = false"),
    ("http = \"/healthz\"", "https = \"/healthz\""),
    ("http = \"/healthz\"", "tcp = \"yes\""),
    ("{ http = \"/healthz\" }", "\"/healthz\""),
    ("{ http = \"/healthz\" }", "\"tcp\""),
    ("{ http = \"/healthz\" }", "[\"/usr/bin/check\"]"),
    ("{ http = \"/healthz\" }", "{ http: \"/healthz\" }"),
    ("port = 1000", "port = 1000\ngate_to = \"9200\""),
    ("port = 1000", "port = 1000\ngate_to = \"127.0.0.1:9200\""),
    ("port = 1000", "port = 1000\ngate_to = 2000"),
    // Other values.
    ("port = 1000", "port = 1000\nmin_available = \"2\""),
    ("port = 1000", "port = 1000\nmin_available = -1"),
    ("port = 1000", "port = 1000\non_drain_timeout = \"kill\""),
    ("port = 1000", "port = 1000\non_drain_timeout = \"Proceed\""),
    ("port = 1000", "port = 1000\non_drain_timeout = proceed"),
    ("port = 1000", "port = 1000\nalso_restarts = \"srvs/web1\""),
    ("port = 1000", "port = 1000\nupgrade = \"apt-get install web\""),
    ("port = 1000", "port = 1000\nupgrade = { command = [\"/bin/x\"] }"),
    ("[[haproxy]]", "[agent]\nipv6 = \"no\"\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\nipv6 = False\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\non_stop = \"Drain\"\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\niptables = \"nftables\"\n[[haproxy]]"),
    // TOML.
    ("port = 1000", "port 1000"),
    ("port = 1000", "port: 1000"),
    ("port = 1000", "port == 1000"),
    ("port = 1000", "port = 1000;"),
    ("port = 1000", "port = 1000,"),
    ("port = 1000", "port ="),
    ("port = 1000", "port = 1000\nport = 1001"),
    ("port = 1000", "// the app\nport = 1000"),
    ("port = 1000", "; the app\nport = 1000"),
    ("port = 1000", "the port = 1000"),
    ("\"tcp://127.0.0.1:9999\"", "tcp://127.0.0.1:9999"),
    ("\"tcp://127.0.0.1:9999\"", "“tcp://127.0.0.1:9999”"),
    ("\"tcp://127.0.0.1:9999\"", "\"tcp://127.0.0.1:9999"),
    ("\"tcp://127.0.0.1:9999\"", "'tcp://127.0.0.1:9999\""),
    ("\"/healthz\" }", "\"/healthz\""),
    ("\"/healthz\" }", "\"/healthz }"),
    ("\"/bin/true\"] }", "\"/bin/true\" }"),
    ("\"/bin/true\"] }", "\"/bin/true] }"),
    ("\"/bin/true\"", "\"C:\\web\""),
    ("[app.web]\nport = 1000", "\u{feff}[app.web]\r\nport = “1000”\r"),
    ("port = 1000", "port\t=\t'1000'"),
    ("port = 1000", "port = 1000\ntimeout.drain = \"5s\""),
    ("port = 1000", "port = 1000\ntimeouts = [\"60s\"]"),
    ("port = 1000", "port = 1000\ntimeouts.drain = 5"),
    ("port = 1000", "port = 1000\nhealth-check = 1"),
    // The operator's own values stay.
    ("\"tcp://127.0.0.1:9999\"", "[\"tcp://10.0.0.8:9999\", \"tcp://10.0.0.9:9999\"]"),
    ("\"tcp://127.0.0.1:9999\"", "\"tcp://10.0.0.8:9999,tcp://10.0.0.9:9999\""),
    ("socket = \"tcp://127.0.0.1:9999\"", "sockets = [\"10.0.0.8:9999\", \"/run/lb.sock\"]"),
    ("[[haproxy]]", "[[haproxy]]\nsocket = \"/run/lb.sock\"\n[[haproxy.lb1]]"),
    ("socket = \"tcp://127.0.0.1:9999\"", "socket = [\"10.0.0.8:9999\", \"/run/lb.sock\"]\nmaster = \"/run/m.sock\"\ntimeout = \"2s\"\napp = \"web\""),
    ("socket = \"tcp://127.0.0.1:9999\"", "socket = \"10.0.0.8:9999 10.0.0.9:9999\""),
    ("socket = \"tcp://127.0.0.1:9999\"", "socket = \"/run/lb.sock\"\nsockets = \"10.0.0.9:9999\"\napp = \"web\""),
    ("socket = \"tcp://127.0.0.1:9999\"", "socket = \"/run/lb.sock\"\nsocket = \"/run/lb2.sock\"\napp = \"web\""),
    ("tcp://127.0.0.1:9999", "http://lb2.example.org:8404/stats"),
    ("tcp://127.0.0.1:9999", "unix://10.0.0.1:9999"),
    ("http = \"/healthz\"", "path = \"/ready\""),
    ("http = \"/healthz\"", "uri = \"/ready\""),
    ("{ http = \"/healthz\" }", "{ tcp = true, http = \"/ready\" }"),
    ("{ http = \"/healthz\" }", "\"x\""),
    ("port = 1000", "port = 1000\nupgrade = \"apt-get update && apt-get install -y web\""),
    ("port = 1000", "port = 1000\nupgrade = \"release 'web 2'\""),
    ("port = 1000", "port = 1000\nport = 1000"),
    ("port = 1000", "port = 1000\nsticky = \"1s\"\nport = 1000"),
    ("port = 1000", "port = 1000\n= 5"),
    ("[[haproxy]]", "[haproxy]\nsocket = \"/run/a.sock\"\n[haproxy]"),
    ("[[haproxy]]", "[app.api]\nport = 1001\nstatus_port = 2001\nrestart = { systemd = \"b\" }\n[app.web]\nmin_available = 0\n[[haproxy]]"),
    ("port = 1000", "port = 1000\ngate_to = \"fd00::2:8080\""),
    ("port = 1000", "port = 1000\ngate_to = \"db.internal:9200\""),
    ("port = 1000", "port = 1000\ngate_to = \"localhost:9200\""),
    ("port = 1000", "port = 1000\naddress = \"10.0.0.1:1000\""),
    ("port = 1000", "port = 1000\naddress = \"[::1]\""),
    ("port = 1000", "port = 1000\nmin_available = \"0%\""),
    ("command = [\"/bin/true\"]", "unit = \"shop.service\""),
    ("command = [\"/bin/true\"]", "service = \"shop\""),
    ("command = [\"/bin/true\"]", "service = \"shop\", job = \"Restart\""),
    ("[app.web]", "[[app]]\nname = \"shop\""),
    ("[app.web]\nport = 1000\nstatus_port = 2000\nbackup_status_port = 3000", "[app]\nport = 1000\nstatus_port = 2000"),
    ("[[haproxy]]", "[[haproxy]]\nbackend = \"shop\""),
    ("[[haproxy]]", "[agent]\nipv6 = false\n[app.shop]\nport = 1001\nstatus_port = 2001\ngate_to = \"[fd00::2]:80\"\nrestart = { systemd = \"b\" }\n[[haproxy]]"),
    ("port = 1000", "port = 1000\non_drain_timeout = true"),
    ("command = [\"/bin/true\"]", "signal = \"hangup\", pidfile = \"/run/shop.pid\""),
    ("command = [\"/bin/true\"]", "signal = \"SIGUSR1\", pidfile = \"run/shop.pid\""),
    ("port = 1000", "port = 1000\ndrain_timeout = \"61s\""),
    ("port = 1000", "port = 1000\ntimeouts = { drain = \"2 minuts\" }"),
    (GOOD, "app:\n  web:\n    port: 1000\n"),
    ("\"/healthz\"", "\"/healthz\", status = \"200-299\""),
    ("http = \"/healthz\"", "https = \"/healthz\", ca = \"/etc/ssl/mine.pem\""),
    ("[[haproxy]]", "[app.web]\nhealth = { https = \"/x\", host = \"a\", ca = \"own.pem\" }\n[[haproxy]]"),
    // Notations of other tools.
    ("http = \"/healthz\"", "https = \"/healthz\", verify = \"yes\""),
    ("http = \"/healthz\"", "https = \"/healthz\", host = \"a.example\", verify = \"required\""),
    ("http = \"/healthz\"", "https = \"/healthz\", verify = \"no\""),
    ("http = \"/healthz\"", "https = \"https://shop.example/healthz\""),
    ("http = \"/healthz\"", "https = \"https://127.0.0.1:8443/healthz\""),
    ("\"/healthz\"", "\"https://shop.example:8443/healthz\""),
    ("\"/healthz\"", "\":8080/healthz\""),
    ("\"/healthz\"", "\"http://172.17.0.2:8080/healthz\""),
    ("\"/healthz\"", "\"http://shop.example/healthz\""),
    ("\"/healthz\"", "\"HEAD /healthz HTTP/1.1\""),
    ("{ http = \"/healthz\" }", "[\"/healthz\"]"),
    ("{ http = \"/healthz\" }", "\"http://localhost:8080/healthz\""),
    ("health = { http = \"/healthz\" }", "health: /healthz"),
    ("restart = { command = [\"/bin/true\"] }", "restart: systemctl restart shop"),
    ("http = \"/healthz\"", "http = \"/healthz\", port = 8080"),
    ("health = { http = \"/healthz\" }\nrestart = { command = [\"/bin/true\"] }", "restart = { command = [\"/bin/true\"] }\n[app.web.health]\nhttp = \"http://shop.example:8080/\""),
    ("health = { http = \"/healthz\" }\nrestart = { command = [\"/bin/true\"] }", "restart = { command = [\"/bin/true\"] }\n[app.web.health]\nhttp = \"/ready\"\nport = 8080"),
    ("port = 1000", "port = 1000\nmin_available = { percent = 50 }"),
    ("port = 1000", "port = 1000\nmin_available = 0.5"),
    ("port = 1000", "port = 1000\nmin_available = 50.0"),
    ("port = 1000", "port = 1000\nmin_available = \"25 percent\""),
    ("port = 1000", "port = 1000\nmin_available = { servers = 2 }"),
    ("[app.web]", "[service.web]"),
    ("[app.web]", "[services.shop]"),
    ("[app.web]", "[application.web]"),
    ("[[haproxy]]\nsocket", "[[haproxy]]\nsocket = \"/run/lb.sock\"\n[backend.shop]\nport = 1001\nstatus_port = 2001\nrestart = { systemd = \"b\" }\n[[haproxy]]\nsocket"),
    ("[[haproxy]]", "[haproxy]]"),
    ("port = 1000", "port = 1000\nsocket = \"tcp://10.0.0.9:9999\""),
    ("port = 1000", "port = 1000\nsocket = \"tcp://127.0.0.1:9999\""),
    ("port = 1000", "port = 1000\nhaproxy = \"tcp://10.0.0.9:9999\""),
    ("port = 1000", "port = 1000\nhaproxy = { socket = \"/run/lb.sock\", master = \"/run/m.sock\" }"),
    ("[[haproxy]]\nsocket", "[app.web.haproxy]\nsocket"),
    ("[app.web]\nport = 1000\nstatus_port = 2000\nbackup_status_port = 3000\nhealth = { http = \"/healthz\" }\nrestart = { command = [\"/bin/true\"] }\n[[haproxy]]\nsocket = \"tcp://127.0.0.1:9999\"\n", "haproxy = \"10.0.0.9:9999\"\n[app.web]\nport = 1000\nstatus_port = 2000\nrestart = { systemd = \"b\" }\n"),
    ("[app.web]\nport = 1000\nstatus_port = 2000\nbackup_status_port = 3000\nhealth = { http = \"/healthz\" }\nrestart = { command = [\"/bin/true\"] }\n[[haproxy]]\nsocket = \"tcp://127.0.0.1:9999\"\n", "haproxy = { socket = \"/run/lb.sock\" }\n[app.web]\nport = 1000\nstatus_port = 2000\nrestart = { systemd = \"b\" }\n"),
    ("[[haproxy]]", "[[haproxy]]\nsocket = \"tcp://127.0.0.1:9999\"\n[[haproxy]]"),
    ("[[haproxy]]", "[[haproxy]]\nmain = [\"shop1\"]"),
    ("[[haproxy]]", "[[haproxy]]\nsource = [\"10.0.0.7/24\"]"),
    ("[[haproxy]]", "[[haproxy]]\nsource = [\"10.0.0.0/24\"]"),
    ("[[haproxy]]", "[agent]\naddresses = [\"10.0.0.1/24\"]\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\naddresses = \"10.0.0.1/24\"\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\nmetrics = { port = 9128 }\n[[haproxy]]"),
    ("[[haproxy]]", "[agent]\nmetrics = { address = \"127.0.0.1\", port = 9128 }\n[[haproxy]]"),
    ("port = 1000", "port = 1000\non_drain_timeout = \"continue\""),
    ("command = [\"/bin/true\"]", "signal = \"SIGFOO\", pidfile = \"/run/shop.pid\""),
    ("command = [\"/bin/true\"]", "signal = \"SIGUP\", pidfile = \"/run/shop.pid\""),
    ("command = [\"/bin/true\"]", "systemd = \"shop.service.service\""),
];

/// Mistakes whose answer only the operator knows: the message says what is expected.
const SAID: &[&str] = &[
    "9999",
    "/run/haproxy.sock\"\nmaster = \"master.sock",
    "http://lb2.example.org:8404/stats",
    "signal = \"SIGHUP\", pidfile = \"web.pid\"",
    "\"x\"",
    "port = 1000\ngate_to = 2000",
    "port = 1000\ngate_to = \"db.internal:9200\"",
    "[agent]\naddresses = [\"host\"]\n[[haproxy]]",
    "[[haproxy]]\nsource = 10",
    "[app.api]\nport = 1001\nstatus_port = 2001\nrestart = { systemd = \"b\" }\n[app.web]\nmin_available = 0\n[[haproxy]]",
];

/// The words of a mistake that its answer loses, as no right file can have them there.
#[rustfmt::skip]
const LOST: &[(&str, &[&str])] = &[
    ("port = 1000\ntimeouts = { drian = \"60s\" }", &["drian"]),
    ("port = 1000\ntimeouts = { foo = 1, drain = \"60s\" }", &["1", "foo"]),
    ("\"/healthz\", interval = \"1s\"", &["1", "interval", "s"]),
    ("= 1000", &["1000"]),
    ("= 0", &["0"]),
    ("= 70000", &["70000"]),
    ("= 1000.0", &["0"]),
    ("= 01000", &["01000"]),
    ("= 1,000", &["000", "1"]),
    ("= true", &["true"]),
    ("= \"web\"", &["web"]),
    ("[app.other]\nport = 1001\nstatus_port = 2000\nrestart = { systemd = \"b\" }\n[[haproxy]]", &["2000"]),
    ("port = 1000\ntimeouts = { drain = \"0s\" }", &["0"]),
    ("port = 1000\ntimeouts = { drain = \"-5s\" }", &["5"]),
    ("port = 1000\ntimeouts = { drain = \"one minute\" }", &["minute", "one"]),
    ("[agent]\npoll = \"1ms\"\n[[haproxy]]", &["1"]),
    ("http://127", &["http"]),
    ("ipv4@127", &["4", "ipv"]),
    ("unix://run/haproxy.sock", &["unix"]),
    ("{ path = \"/run/haproxy.sock\" }", &["path"]),
    ("[agent]\nmetrics = \"0.0.0.0:9127\"\n[[haproxy]]", &["0"]),
    ("[[haproxy]]\napp = \"wbe\"", &["wbe"]),
    ("restart = \"systemctl restart web\"", &["systemctl"]),
    ("restart = \"service web restart\"", &["service"]),
    ("restart: systemctl restart shop", &["systemctl"]),
    ("systemd = \"/etc/systemd/system/web.service\"", &["etc", "system", "systemd"]),
    ("signal = \"HUP\", pidfile = \"/run/web.pid\"", &["hup"]),
    ("signal = 1, pidfile = \"/run/web.pid\"", &["1"]),
    ("\"http://localhost:1000/healthz\"", &["1000", "http", "localhost"]),
    ("\"/healthz\", times = 0", &["0"]),
    ("\"/healthz\", verify = false", &["false", "verify"]),
    ("tcp = \"yes\"", &["yes"]),
    ("port = 1000\ngate_to = \"127.0.0.1:9200\"", &["0", "1", "127"]),
    ("port = 1000\non_drain_timeout = \"kill\"", &["kill"]),
    ("port = 1000\nupgrade = { command = [\"/bin/x\"] }", &["command"]),
    ("[agent]\nipv6 = \"no\"\n[[haproxy]]", &["no"]),
    ("[agent]\niptables = \"nftables\"\n[[haproxy]]", &["nftables"]),
    ("unix://10.0.0.1:9999", &["unix"]),
    ("path = \"/ready\"", &["path"]),
    ("uri = \"/ready\"", &["uri"]),
    ("{ tcp = true, http = \"/ready\" }", &["tcp", "true"]),
    ("port = 1000\ngate_to = \"localhost:9200\"", &["localhost"]),
    ("port = 1000\naddress = \"10.0.0.1:1000\"", &["1000"]),
    ("unit = \"shop.service\"", &["unit"]),
    ("service = \"shop\"", &["service"]),
    ("[[app]]\nname = \"shop\"", &["shop"]),
    ("[agent]\nipv6 = false\n[app.shop]\nport = 1001\nstatus_port = 2001\ngate_to = \"[fd00::2]:80\"\nrestart = { systemd = \"b\" }\n[[haproxy]]", &["false"]),
    ("port = 1000\non_drain_timeout = true", &["true"]),
    ("signal = \"hangup\", pidfile = \"/run/shop.pid\"", &["hangup"]),
    ("port = 1000\ntimeouts = { drain = \"2 minuts\" }", &["minuts"]),
    ("\"/healthz\", status = \"200-299\"", &["200", "299", "status"]),
    ("https = \"/healthz\", verify = \"yes\"", &["verify", "yes"]),
    ("https = \"/healthz\", host = \"a.example\", verify = \"required\"", &["required", "verify"]),
    ("https = \"/healthz\", verify = \"no\"", &["no"]),
    ("https = \"https://shop.example/healthz\"", &["https"]),
    ("https = \"https://127.0.0.1:8443/healthz\"", &["0", "1", "127", "https"]),
    ("\"https://shop.example:8443/healthz\"", &["http"]),
    ("\"http://172.17.0.2:8080/healthz\"", &["http"]),
    ("\"http://shop.example/healthz\"", &["http"]),
    ("\"HEAD /healthz HTTP/1.1\"", &["1", "head", "http"]),
    ("\"http://localhost:8080/healthz\"", &["localhost"]),
    ("http = \"/healthz\", port = 8080", &["port"]),
    ("restart = { command = [\"/bin/true\"] }\n[app.web.health]\nhttp = \"http://shop.example:8080/\"", &["http"]),
    ("port = 1000\nmin_available = { percent = 50 }", &["percent"]),
    ("port = 1000\nmin_available = 0.5", &["0", "5"]),
    ("port = 1000\nmin_available = 50.0", &["0"]),
    ("port = 1000\nmin_available = \"25 percent\"", &["percent"]),
    ("port = 1000\nmin_available = { servers = 2 }", &["servers"]),
    ("port = 1000\nsocket = \"tcp://127.0.0.1:9999\"", &["0", "1", "127", "9999", "tcp"]),
    ("port = 1000\nhaproxy = { socket = \"/run/lb.sock\", master = \"/run/m.sock\" }", &["master", "socket"]),
    ("haproxy = { socket = \"/run/lb.sock\" }\n[app.web]\nport = 1000\nstatus_port = 2000\nrestart = { systemd = \"b\" }\n", &["socket"]),
    ("[agent]\naddresses = [\"10.0.0.1/24\"]\n[[haproxy]]", &["24"]),
    ("[agent]\naddresses = \"10.0.0.1/24\"\n[[haproxy]]", &["24"]),
    ("[agent]\nmetrics = { port = 9128 }\n[[haproxy]]", &["port"]),
    ("[agent]\nmetrics = { address = \"127.0.0.1\", port = 9128 }\n[[haproxy]]", &["address", "port"]),
    ("port = 1000\non_drain_timeout = \"continue\"", &["continue"]),
    ("signal = \"SIGFOO\", pidfile = \"/run/shop.pid\"", &["sigfoo"]),
    ("signal = \"SIGUP\", pidfile = \"/run/shop.pid\"", &["sigup"]),
    ("systemd = \"shop.service.service\"", &["service"]),
];

fn answer(text: &str) -> ConfigError {
    read(Path::new("agent.toml"), text)
        .err()
        .unwrap_or_else(|| panic!("no mistake in:\n{text}"))
}

/// The text after the operator has done each step.
fn followed(text: &str, error: &ConfigError) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for step in error.steps() {
        let numbers = step
            .what
            .split([' ', ':'])
            .filter_map(|word| word.parse::<usize>().ok());
        let numbers: Vec<usize> = numbers.collect();
        let range = match (step.what.split(' ').next(), numbers.as_slice()) {
            (Some("remove"), [line]) => line - 1..*line,
            (Some("write"), [line]) => line - 1..*line,
            (Some("write"), [first, last]) => first - 1..*last,
            (Some("add"), []) => lines.len()..lines.len(),
            (Some("add"), [line]) if step.what.contains("above") => line - 1..line - 1,
            (Some("add"), [line]) => *line..*line,
            other => panic!("{other:?}: {}", step.what),
        };
        lines.splice(range, step.lines.iter().cloned());
    }
    lines.join("\n") + "\n"
}

/// How often each word is in the values of a text: `60s` is two of them.
fn words(text: &str) -> BTreeMap<String, usize> {
    let kind = |c: char| (c.is_alphanumeric(), c.is_ascii_digit());
    let mut words = BTreeMap::new();
    for (_, value) in text.lines().filter_map(|line| line.split_once(['=', ':'])) {
        let chars: Vec<char> = value.to_lowercase().chars().collect();
        let runs = chars.chunk_by(|a, b| kind(*a) == kind(*b));
        for word in runs.filter(|run| run[0].is_alphanumeric()) {
            *words.entry(word.iter().collect()).or_default() += 1;
        }
    }
    words
}

/// The words that the lines which the answer changes have lost.
fn lost(before: &str, after: &str) -> Vec<String> {
    let after = words(after);
    let before = words(before).into_iter();
    let lost = before.filter(|(word, times)| after.get(word).unwrap_or(&0) < times);
    lost.map(|(word, _)| word).collect()
}

type Mistakes = &'static [(&'static str, &'static str)];

/// The answers to the mistakes in a good text. `said` and `lost` are its exceptions.
fn answers(good: &str, mistakes: Mistakes, said: &[&str], may_lose: &[(&str, &[&str])]) -> String {
    let (mut all, mut wrong, mut odd) = (String::new(), Vec::new(), Vec::new());
    for (from, to) in mistakes {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        let error = answer(&text);
        let answer = error.with_steps();
        let _ = write!(all, "### {}\n{answer}\n", to.replace('\n', "\n### "));
        let next = read(Path::new("agent.toml"), &followed(&text, &error)).err();
        let place = |error: &ConfigError| error.to_string().split(' ').next().map(str::to_owned);
        let is_stuck = next.as_ref().and_then(place) == place(&error);
        if is_stuck != said.contains(to) || is_stuck && !error.steps().is_empty() {
            wrong.push(*to);
        }
        let gone = lost(&text, &followed(&text, &error));
        let may_go = may_lose.iter().find(|(mistake, _)| mistake == to);
        if gone != may_go.map_or(&[][..], |(_, words)| words) {
            odd.push((*to, gone));
        }
        if let Some(next) = next {
            let _ = writeln!(all, "    then {next}");
        }
        all.push('\n');
    }
    assert_eq!(wrong, <Vec<&str>>::new());
    assert_eq!(odd, []);
    all
}

#[test]
fn each_mistake_has_its_place_what_is_wrong_and_lines_that_fix_it() {
    insta::assert_snapshot!(answers(GOOD, MISTAKES, SAID, LOST));
}
