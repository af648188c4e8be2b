//! What must hold for everything that is parsed from outside. One function per kind of
//! input: it takes any bytes and panics where something does not hold. The fuzz targets
//! search for such bytes, `tests/corpora.rs` tries those that were found worth keeping.

pub mod answer;
pub mod cfg;
pub mod config;
pub mod health;
pub mod iptables;
pub mod journal;
pub mod servers;
pub mod stat;
pub mod table;

/// A text that is printed must not hold an escape sequence or a line of somebody else's.
pub fn assert_printable(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}
