//! HAProxy's log of every request and every change of a server, with the kernel's times.

use lab::heard::Heard;
use lab::namespace::Namespace;
use lab::reference::Reference;

const PORT: u16 = 514;

/// Logs every request and every change of a server there. The lab's own log keeps the changes.
pub fn with_log(reference: Reference) -> Reference {
    reference.with("\n    option dontlog-normal", "").with(
        "log stdout format raw daemon",
        &format!("log stdout format raw daemon notice\n    log 127.0.0.1:{PORT} local0"),
    )
}

/// Listens in HAProxy's network from its return on.
pub fn hear(network: &Namespace) -> Heard {
    Heard::listen(&network.path(), PORT)
}
