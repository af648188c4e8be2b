//! The whole thing on real systemd: two Debian 12 machines with the package, booted behind a real
//! HAProxy, under steady traffic. It fails without root, `scripts/debian-root bookworm iptables`,
//! the same with the packages for Ansible, and the package of `scripts/package`.

mod ansible;
mod boots;
mod expect;
mod package;
mod packages;
mod pair;
mod readme;
mod repairs;
mod restarts;
mod sidecar;
mod switches;
mod upgrades;
