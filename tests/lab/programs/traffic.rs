//! To come with the lab.

fn main() {}
