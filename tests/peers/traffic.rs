//! `lab-traffic`: see `peers::load::program`.

fn main() {
    peers::load::program::main();
}
