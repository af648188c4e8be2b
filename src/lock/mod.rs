//! The lock of a group of hosts, which `[lock]` names: at most `slots` of them restart at once. It is in
//! etcd, or in a server of the FleetLock protocol. A [`HostLock`] is one operation's share of it. The
//! requests and what an answer means are pure; `http` sends them.

mod endpoint;
mod engine;
mod etcd;
mod files;
mod fleetlock;
mod host_lock;
mod http;
mod look;
mod machine;
mod owner;
mod session;
mod settings;
mod state;

pub use endpoint::Endpoint;
pub use files::{FileFault, TlsFiles};
pub use host_lock::HostLock;
pub(crate) use look::give_back_left;
pub use look::{LockLook, Place, Release, look, look_with_ends, release};
pub use owner::Owner;
pub use settings::{Engine, LockSettings};

#[cfg(test)]
mod tests;
