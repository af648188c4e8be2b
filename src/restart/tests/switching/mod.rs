//! The rules of a switch.

mod properties;
mod world;
