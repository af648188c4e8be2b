//! The name of this host.

use crate::text::escape;

/// As the kernel has it.
pub fn name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    escape(name.trim())
}
