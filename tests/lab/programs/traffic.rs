//! `lab-traffic`: see `lab::load::program`.

fn main() {
    lab::load::program::main();
}
