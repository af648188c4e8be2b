//! The whole thing on real systemd: two Debian 12 machines with the package, booted behind a
//! real HAProxy, under steady traffic. It needs root, `scripts/debian-root bookworm iptables`,
//! the same with what Ansible needs, and the package of `scripts/package`, and fails without.

mod lab;

#[path = "machines/ansible.rs"]
mod ansible;
#[path = "machines/boots.rs"]
mod boots;
#[path = "machines/package.rs"]
mod package;
#[path = "machines/packages.rs"]
mod packages;
#[path = "machines/pair.rs"]
mod pair;
#[path = "machines/repairs.rs"]
mod repairs;
#[path = "machines/restarts.rs"]
mod restarts;
#[path = "machines/seen.rs"]
mod seen;
#[path = "machines/sidecar.rs"]
mod sidecar;
#[path = "machines/upgrades.rs"]
mod upgrades;
