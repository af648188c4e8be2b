//! `lab-app`: see `peers::app`.

fn main() -> std::io::Result<()> {
    peers::app::main()
}
