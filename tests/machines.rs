//! The whole thing on real systemd: two Debian 12 machines with the package, booted behind a
//! real HAProxy, under steady traffic. It needs root, `scripts/debian-root bookworm iptables`
//! and the package of `scripts/package`, and fails without.

mod lab;

#[path = "machines/package.rs"]
mod package;
#[path = "machines/pair.rs"]
mod pair;
#[path = "machines/restarts.rs"]
mod restarts;
