//! What must hold for all parsed input. One function for each kind of input takes any bytes, and
//! panics if a property does not hold. The fuzz targets search for such bytes; `tests/corpora.rs`
//! runs the kept ones.

pub mod answer;
pub mod cfg;
pub mod config;
pub mod health;
pub mod iptables;
pub mod journal;
pub mod servers;
pub mod stat;
pub mod table;

/// A printed text must not contain an escape sequence or a second line.
pub fn assert_printable(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}
