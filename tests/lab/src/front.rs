//! Programs between HAProxy and an app on its host: TLS, HTTP/2, or a container's network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::namespace::Namespace;
use super::process::Process;
use super::site::Host;

/// Another HAProxy on the host, in front of the app.
pub fn front_of(host: &Host, mode: &str, to: &str, bind: &str) -> Process {
    let file = host.dir.join("front.cfg");
    let text = format!(
        "defaults\n mode {mode}\n timeout connect 2s\n timeout client 60s\n timeout server 60s\n \
         timeout tunnel 60s\nlisten app\n bind :1000 {bind}\n server app {to}\n"
    );
    fs::write(&file, text).expect("a configuration");
    let mut command = host.namespace.command("haproxy");
    Process::spawn("front", command.arg("-db").arg("-f").arg(file))
}

/// A network behind the host, which gets the traffic to the host's port 1000.
pub fn container(host: &Host) -> Namespace {
    let namespace = network_behind(host);
    let rule = "-t nat -A PREROUTING -p tcp --dport 1000 -m addrtype --dst-type LOCAL \
                -j DNAT --to-destination 10.88.0.2:1000";
    iptables(host, rule);
    namespace
}

/// The same as Docker publishes the container's port 8080 without its proxy. It forwards nothing
/// else.
pub fn published_container(host: &Host) -> Namespace {
    let namespace = network_behind(host);
    for rule in [
        "-t nat -N DOCKER",
        "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
        "-t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
        "-t nat -A DOCKER ! -i box0 -p tcp --dport 1000 -j DNAT --to-destination 10.88.0.2:8080",
        "-P FORWARD DROP",
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A FORWARD -d 10.88.0.2 ! -i box0 -o box0 -p tcp --dport 8080 -j ACCEPT",
    ] {
        iptables(host, rule);
    }
    namespace
}

fn iptables(host: &Host, rule: &str) {
    let rule: Vec<&str> = rule.split_whitespace().collect();
    host.namespace.run("iptables", &rule);
}

fn network_behind(host: &Host) -> Namespace {
    let namespace = Namespace::create(format!("{}-box", host.namespace.name));
    host.namespace.ip(&format!(
        "link add box0 type veth peer name eth0 netns {}\n\
         addr add 10.88.0.1/24 dev box0\n\
         link set box0 up\n",
        namespace.name
    ));
    namespace.ip("addr add 10.88.0.2/24 dev eth0\n\
         link set eth0 up\n\
         route add default via 10.88.0.1\n");
    host.namespace
        .run("sysctl", &["-qw", "net.ipv4.ip_forward=1"]);
    namespace
}

/// A new certificate with its key.
pub fn certificate(dir: &Path) -> PathBuf {
    let (file, both) = (
        |name| dir.join(name).display().to_string(),
        dir.join("both.pem"),
    );
    let mut openssl = Command::new("openssl");
    openssl.args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(' '));
    openssl.args([
        "-subj",
        "/CN=lab",
        "-keyout",
        &file("key"),
        "-out",
        &file("crt"),
    ]);
    let made = openssl.output().expect("openssl");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let part = |name| fs::read(dir.join(name)).expect("a part");
    fs::write(&both, [part("crt"), part("key")].concat()).expect("a certificate");
    both
}
