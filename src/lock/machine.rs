//! Which machine this is: two hosts of one name must not take each other's place in the queue.

use std::fs;

/// A fingerprint of this machine's id. Empty: it has none.
pub(super) fn fingerprint() -> String {
    let id = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    match id.trim() {
        "" => String::new(),
        id => format!("{:016x}", hashed(id)),
    }
}

/// FNV-1a: the id itself is not for other machines.
fn hashed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_hash() {
        assert_eq!(hashed(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hashed("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
